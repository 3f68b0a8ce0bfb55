//! Which API keys work: the one that is presented is looked up, and believed for a moment.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use registry_domain::KeyId;
use registry_domain::tenant::{SecretHash, TenantState};
use registry_journal::port::PresentedKey;
use registry_journal::{ReadError, Reader};
use registry_web::failures::Failures;

use crate::credentials::Presented;
use crate::key_failures::KeyFailure;
use crate::problem::{Code, Problem};

/// How long a good key is believed without asking storage again; a revoked one works for so long at most.
const BELIEF_TIME: Duration = Duration::from_secs(5);

/// How many good keys are remembered.
const BELIEFS_MAX: u64 = 10_000;

/// How exactly the last use of a key is noted.
const USE_INTERVAL: Duration = Duration::from_mins(1);

/// After how many seconds an address should come back from which too many keys did not work.
const TOO_MANY_FAILURES_SECONDS: u32 = 60;

/// Remembers good keys for a moment, so that a busy client does not cost a read per request.
pub struct Authenticator {
    beliefs: Cache<KeyId, Arc<Belief>>,
    failures: Failures,
    /// Keys whose use was noted within [`USE_INTERVAL`].
    noted: Cache<KeyId, ()>,
    metrics: Family<FailureLabels, Counter>,
}

/// A key that was looked up, with the hash of the secret that proved it.
struct Belief {
    secret_hash: SecretHash,
    kept: Arc<PresentedKey>,
}

/// Why keys did not work, for metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct FailureLabels {
    reason: &'static str,
}

impl Authenticator {
    /// An authenticator that remembers nothing yet, and counts failures in [these](Self::counters).
    pub fn new(metrics: Family<FailureLabels, Counter>) -> Self {
        Self {
            beliefs: Cache::builder()
                .max_capacity(BELIEFS_MAX)
                .time_to_live(BELIEF_TIME)
                .build(),
            failures: Failures::new(),
            noted: Cache::builder()
                .max_capacity(BELIEFS_MAX)
                .time_to_live(USE_INTERVAL)
                .build(),
            metrics,
        }
    }

    /// Counters of failures, there from the start: one that is born with its first failure shows no increase.
    pub fn counters() -> Family<FailureLabels, Counter> {
        let counters = Family::<FailureLabels, Counter>::default();
        for failure in KeyFailure::ALL {
            let reason = failure.as_str();
            counters.get_or_create(&FailureLabels { reason }).inc_by(0);
        }
        counters
    }

    /// Finds the key that was presented and says whether it works now and from there.
    pub async fn authenticate(
        &self,
        reader: &dyn Reader,
        presented: Presented,
        sender: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Arc<PresentedKey>, Problem> {
        let kept = match self.believed(presented) {
            Some(kept) => kept,
            None if self.failures.are_too_many(sender) => return Err(self.refuse(KeyFailure::Unseen, sender)),
            None => {
                let found = self.find(reader, presented).await?;
                found.ok_or_else(|| self.refuse(KeyFailure::Unknown, sender))?
            }
        };
        match failure_of(&kept, sender, now) {
            Some(failure) => Err(self.refuse(failure, sender)),
            None => Ok(kept),
        }
    }

    /// Forgets what is believed of a key: it has just changed.
    pub fn forget(&self, key: KeyId) {
        self.beliefs.invalidate(&key);
    }

    /// Whether the use of a key is to be noted: it was not within the last minute.
    pub fn is_to_be_noted(&self, key: KeyId) -> bool {
        if self.noted.contains_key(&key) {
            return false;
        }
        self.noted.insert(key, ());
        true
    }

    /// Counts a key that does not work, and says what its client is told.
    pub fn refuse(&self, failure: KeyFailure, sender: Option<IpAddr>) -> Problem {
        let reason = failure.as_str();
        self.metrics.get_or_create(&FailureLabels { reason }).inc();
        match failure {
            KeyFailure::Absent => Code::Unauthenticated.into(),
            KeyFailure::Unknown | KeyFailure::Expired | KeyFailure::Revoked => {
                self.failures.count(sender);
                Code::Unauthenticated.into()
            }
            KeyFailure::Network => {
                self.failures.count(sender);
                Code::NetworkNotAllowed.into()
            }
            KeyFailure::Suspended => Code::TenantSuspended.into(),
            KeyFailure::Unseen => Problem::from(Code::TooManyFailures).retry_after(TOO_MANY_FAILURES_SECONDS),
        }
    }

    fn believed(&self, presented: Presented) -> Option<Arc<PresentedKey>> {
        let belief = self.beliefs.get(&presented.key_id)?;
        presented.proves(belief.secret_hash).then(|| Arc::clone(&belief.kept))
    }

    async fn find(&self, reader: &dyn Reader, presented: Presented) -> Result<Option<Arc<PresentedKey>>, ReadError> {
        let kept = reader.presented_key(presented.key_id).await?;
        let Some(kept) = kept.filter(|kept| presented.proves(kept.key.secret_hash)) else {
            return Ok(None);
        };
        let kept = Arc::new(kept);
        let belief = Belief {
            secret_hash: kept.key.secret_hash,
            kept: Arc::clone(&kept),
        };
        self.beliefs.insert(presented.key_id, Arc::new(belief));
        Ok(Some(kept))
    }
}

fn failure_of(kept: &PresentedKey, sender: Option<IpAddr>, now: DateTime<Utc>) -> Option<KeyFailure> {
    let key = &kept.key;
    if key.revoked_at.is_some() {
        return Some(KeyFailure::Revoked);
    }
    if !key.is_usable(now) {
        return Some(KeyFailure::Expired);
    }
    if !key.may_come_from(sender) {
        return Some(KeyFailure::Network);
    }
    match kept.tenant_state {
        TenantState::Active => None,
        TenantState::Suspended => Some(KeyFailure::Suspended),
    }
}
