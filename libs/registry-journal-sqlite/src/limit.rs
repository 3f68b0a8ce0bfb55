//! How long a question may take. SQLite has no setting for it; it asks now and then whether to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqliteConnection;

/// Longest that a question takes, as on a server.
pub(crate) const QUESTION_LIMIT: Duration = Duration::from_secs(15);

/// The same for a question that looks at all rows of a tenant, which only whoever compares them with its log asks.
pub(crate) const WALK_LIMIT: Duration = Duration::from_mins(5);

/// After how many of its steps SQLite asks: some milliseconds.
const STEPS: i32 = 100_000;

/// Whoever asks so long after the end is another question, on the connection of one that nobody waited for any more.
const STALE: Duration = Duration::from_secs(1);

/// A question that ends when its time is over. It has to be told when it has its answer: one that nobody waits for any more
/// must still come to its end.
pub(crate) struct Limit {
    is_running: Arc<AtomicBool>,
}

impl Limit {
    /// Limits what is asked next on a connection.
    pub(crate) async fn set(connection: &mut SqliteConnection, limit: Duration) -> Result<Self, sqlx::Error> {
        let is_running = Arc::new(AtomicBool::new(true));
        let (until, running) = (Instant::now() + limit, Arc::clone(&is_running));
        let may_go_on = move || {
            let now = Instant::now();
            if now < until || !running.load(Ordering::Relaxed) {
                return true;
            }
            running.store(false, Ordering::Relaxed);
            now > until + STALE
        };
        connection.lock_handle().await?.set_progress_handler(STEPS, may_go_on);
        Ok(Self { is_running })
    }

    /// The question has its answer.
    pub(crate) fn lift(self) {
        self.is_running.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection;

    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT count(*) FROM n";
    const LONG: &str =
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 200000) SELECT count(*) FROM n";

    async fn ask(connection: &mut SqliteConnection, question: &'static str) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar(question).fetch_one(connection).await
    }

    #[tokio::test]
    async fn a_question_ends_when_its_time_is_over() {
        let mut connection = SqliteConnection::connect(":memory:").await.unwrap();
        let limit = Limit::set(&mut connection, Duration::from_millis(20)).await.unwrap();
        let ended = ask(&mut connection, ENDLESS).await.unwrap_err();
        limit.lift();
        assert_eq!(ended.as_database_error().unwrap().message(), "interrupted");
        assert_eq!(
            ask(&mut connection, LONG).await.unwrap(),
            200_000,
            "the next one is not ended"
        );
    }

    #[tokio::test]
    async fn a_question_that_nobody_waits_for_any_more_ends_too() {
        let mut connection = SqliteConnection::connect(":memory:").await.unwrap();
        let _limit = Limit::set(&mut connection, Duration::from_millis(20)).await.unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(1), ask(&mut connection, ENDLESS)).await;
        assert!(given_up.is_err());
        assert_eq!(ask(&mut connection, LONG).await.unwrap(), 200_000);
    }

    #[tokio::test]
    async fn whoever_has_the_answer_hands_no_limit_on() {
        let mut connection = SqliteConnection::connect(":memory:").await.unwrap();
        let limit = Limit::set(&mut connection, Duration::ZERO).await.unwrap();
        limit.lift();
        assert_eq!(ask(&mut connection, LONG).await.unwrap(), 200_000);
    }
}
