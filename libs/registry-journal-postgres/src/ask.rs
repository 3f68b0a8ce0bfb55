//! Asking: a connection, a transaction that may see one tenant, one question.

use registry_domain::TenantId;
use registry_journal::port::ReadError;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::session::{QUESTION_LIMIT, READERS, limited};
use crate::{PostgresJournal, error};

/// All statements of one question see one moment.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// How a transaction ends.
#[derive(Clone, Copy)]
enum End {
    /// It only read. It is rolled back when the connection returns to the pool: nobody waits for that.
    Dropped,
    /// It wrote.
    Committed,
}

impl PostgresJournal {
    /// Asks about one tenant. The database shows nothing of any other, whatever the statement says.
    pub(crate) async fn ask<Answer>(
        &self,
        question: &'static str,
        tenant: TenantId,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>,
    ) -> Result<Answer, ReadError> {
        let tenant = tenant.as_uuid();
        let begin = format!("{BEGIN}; SET LOCAL registry.tenant = '{tenant}'");
        let answer = self.in_transaction(&begin, End::Dropped, ask).await;
        answer.map_err(|error| error::read(question, error))
    }

    /// Asks what must be known before a tenant is.
    pub(crate) async fn ask_directory<Answer>(
        &self,
        question: &'static str,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>,
    ) -> Result<Answer, ReadError> {
        let begin = format!("{BEGIN}; SET LOCAL ROLE registry_directory");
        let answer = self.in_transaction(&begin, End::Dropped, ask).await;
        answer.map_err(|error| error::read(question, error))
    }

    /// Writes down what may be lost again in a power cut: nobody waits for the disk.
    pub(crate) async fn note<Done>(
        &self,
        what: &'static str,
        tenant: TenantId,
        write: impl AsyncFnOnce(&mut PgConnection) -> Result<Done, sqlx::Error>,
    ) -> Result<Done, ReadError> {
        let tenant = tenant.as_uuid();
        let begin = format!("BEGIN; SET LOCAL registry.tenant = '{tenant}'; SET LOCAL synchronous_commit = off");
        let done = self.in_transaction(&begin, End::Committed, write).await;
        done.map_err(|error| error::read(what, error))
    }

    /// Connections are not tried out before they are used. After a restart of the server all of them are dead, and each
    /// shows it at the beginning, before anything was asked: then another one is asked.
    async fn in_transaction<Answer>(
        &self,
        begin: &str,
        end: End,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>,
    ) -> Result<Answer, sqlx::Error> {
        let mut not_asked = Some(ask);
        let mut dead_at_most = READERS;
        loop {
            let answer = self.on_reader(async |connection| run(connection, begin, end, &mut not_asked).await);
            let answer = answer.await;
            let is_dead = answer.as_ref().is_err_and(error::is_lost);
            if !is_dead || not_asked.is_none() || dead_at_most == 0 {
                return answer;
            }
            dead_at_most -= 1;
        }
    }

    /// Uses one connection. One that turns out to be lost does not return to the pool.
    pub(crate) async fn on_reader<Answer>(
        &self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>,
    ) -> Result<Answer, sqlx::Error> {
        let mut connection = self.readers.acquire().await?;
        let answer = limited(QUESTION_LIMIT, ask(&mut connection)).await;
        if answer.as_ref().is_err_and(error::is_lost) {
            connection.close_on_drop();
        }
        answer
    }
}

/// Beginning, with the settings of the transaction, is one round trip, and the question is another.
async fn run<Answer>(
    connection: &mut PgConnection,
    begin: &str,
    end: End,
    ask: &mut Option<impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>>,
) -> Result<Answer, sqlx::Error> {
    let mut transaction = connection.begin_with(AssertSqlSafe(begin)).await?;
    let ask = ask.take().expect("a question is asked once");
    let answer = ask(&mut transaction).await?;
    match end {
        End::Dropped => {}
        End::Committed => transaction.commit().await?,
    }
    Ok(answer)
}
