//! Whether keys can be looked up, asked now and then.

use std::sync::Arc;
use std::time::Duration;

use registry_domain::causes;
use registry_journal::{ReadError, Reader};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// How long storage may take to answer.
const LIMIT: Duration = Duration::from_secs(2);

/// For how long an answer, or that there was none, is believed.
const BELIEF_TIME: Duration = Duration::from_secs(1);

/// What was found out last. One question at a time, however many want to know.
pub struct Lookups {
    keys: Arc<dyn Reader>,
    known: Mutex<Option<(Instant, bool)>>,
}

impl Lookups {
    /// Nothing is known yet.
    pub fn new(keys: Arc<dyn Reader>) -> Self {
        Self {
            keys,
            known: Mutex::default(),
        }
    }

    /// Whether storage answers where keys are looked up.
    pub async fn work(&self) -> bool {
        let mut known = self.known.lock().await;
        if let Some((at, works)) = *known
            && at.elapsed() < BELIEF_TIME
        {
            return works;
        }
        let answer = timeout(LIMIT, self.keys.ping()).await;
        let works = matches!(answer, Ok(Ok(())));
        if known.replace((Instant::now(), works)).is_none_or(|(_, worked)| worked) && !works {
            let error = answer.ok().and_then(Result::err);
            let error = error.as_ref().map(|error: &ReadError| causes(error).to_string());
            tracing::error!(error, "keys cannot be looked up");
        }
        works
    }
}
