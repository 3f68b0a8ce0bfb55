//! Has the approvals go out again whose hour has come. Scripts need not wait for it: `POST /_sandbox/repeats` lets hours go by.

use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::upstream::Upstream;

/// How often it is looked. An hour that ends half a minute late is still an hour.
const PAUSE: Duration = Duration::from_secs(30);

/// Repeats what is due, until the sandbox stops.
pub(crate) async fn keep(upstream: Arc<Upstream>) {
    let stop = upstream.stop.clone();
    while stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_some() {
        upstream.with_world(|world| world.repeat_due(clock::now()));
    }
}
