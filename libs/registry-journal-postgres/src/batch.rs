//! One batch, one transaction.

use std::fmt::Write as _;

use async_trait::async_trait;
use registry_domain::TenantId;
use registry_journal::port::{Journal, Loaded, Scope, TransactError, Writes};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::timeout;

use crate::session::{BATCH_LIMIT, limited};
use crate::{PostgresJournal, error, load, write};

#[async_trait]
impl Journal for PostgresJournal {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        let mut connection = self.writer.acquire().await.map_err(error::transact)?;
        let result = run(&mut connection, scope, decide).await;
        if let Err(TransactError::Transient(_) | TransactError::CommitUnknown(_)) = result {
            // Whatever state it is in: closing it makes the server roll back and free the locks.
            connection.close_on_drop();
        }
        result
    }
}

async fn run(
    connection: &mut PgConnection,
    scope: &Scope,
    decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
) -> Result<(), TransactError> {
    let work = async {
        let mut transaction = connection
            .begin_with(AssertSqlSafe(begin(&scope.tenants)))
            .await
            .map_err(error::transact)?;
        let loaded = load::load(&mut transaction, scope).await?;
        let writes = decide(loaded);
        write::write(&mut transaction, &writes, scope.now).await?;
        Ok::<_, TransactError>(transaction)
    };
    let transaction = match timeout(BATCH_LIMIT, work).await {
        Ok(done) => done?,
        Err(late) => return Err(TransactError::Transient(late.into())),
    };
    limited(BATCH_LIMIT, transaction.commit()).await.map_err(error::commit)
}

/// Begins and locks the tenants, in one round trip. Only our own numbers are text of the statement.
///
/// The locks come first: what is read afterwards is what the last batch of each tenant left behind, because in READ
/// COMMITTED each statement sees what is committed when it begins. Whoever waits has written nothing yet, so it holds
/// nobody up.
fn begin(tenants: &[TenantId]) -> String {
    let mut keys: Vec<i64> = tenants.iter().map(lock_key).collect();
    keys.sort_unstable();
    let mut text = "BEGIN ISOLATION LEVEL READ COMMITTED".to_owned();
    for key in keys {
        // Writing to a string cannot fail.
        let _infallible = write!(text, "; SELECT pg_advisory_xact_lock({key})");
    }
    text
}

/// The last eight bytes of an id are random. Two tenants that share a key would only wait for each other.
fn lock_key(tenant: &TenantId) -> i64 {
    let (_, random) = tenant.as_uuid().as_u64_pair();
    random.cast_signed()
}
