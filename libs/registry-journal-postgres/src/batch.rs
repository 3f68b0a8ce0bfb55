//! One batch, one transaction.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use registry_domain::TenantId;
use registry_journal::port::{Journal, Loaded, Scope, TransactError, Writes};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres};
use tokio::time::timeout;

use crate::session::{BATCH_LIMIT, limited};
use crate::{PostgresJournal, error, load, write};

/// The connections that write, as many as there are batches under way at once. They are kept from batch to batch:
/// handing one back to its pool costs a round trip each time.
pub(crate) struct WriterConnections {
    pool: PgPool,
    idle: Mutex<Vec<PoolConnection<Postgres>>>,
}

impl WriterConnections {
    pub(crate) fn new(pool: PgPool) -> Self {
        let idle = Mutex::default();
        Self { pool, idle }
    }

    async fn take(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let idle = self.idle().pop();
        match idle {
            Some(connection) => Ok(connection),
            None => self.pool.acquire().await,
        }
    }

    fn give_back(&self, connection: PoolConnection<Postgres>) {
        let mut idle = self.idle();
        if !self.pool.is_closed() {
            idle.push(connection);
        }
    }

    /// Waits for what is running and disconnects.
    pub(crate) async fn close(&self) {
        // From here on nobody gives one back.
        let closed = self.pool.close();
        self.idle().clear();
        closed.await;
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PoolConnection<Postgres>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journal for PostgresJournal {
    async fn transact(
        &self,
        scope: &Scope,
        decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
    ) -> Result<(), TransactError> {
        let mut connection = self.writers.take().await.map_err(error::transact)?;
        let result = run(&mut connection, scope, decide).await;
        if let Err(TransactError::Transient(_) | TransactError::CommitUnknown(_)) = result {
            // Whatever state it is in: closing it makes the server roll back and free the locks.
            connection.close_on_drop();
        } else {
            self.writers.give_back(connection);
        }
        result
    }
}

async fn run(
    connection: &mut PgConnection,
    scope: &Scope,
    decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
) -> Result<(), TransactError> {
    let begun = connection.begin_with(AssertSqlSafe(begin(&scope.tenants)));
    let mut transaction = limited(BATCH_LIMIT, begun).await.map_err(error::transact)?;
    let work = async {
        let loaded = load::load(&mut transaction, scope).await?;
        let writes = decide(loaded);
        write::write(&mut transaction, &writes, scope.now).await
    };
    match timeout(BATCH_LIMIT, work).await {
        Ok(Ok(())) => limited(BATCH_LIMIT, transaction.commit()).await.map_err(error::commit),
        Ok(Err(error)) => {
            // The locks must not wait for the next batch. If this fails the connection is gone, and they with it.
            limited(BATCH_LIMIT, transaction.rollback()).await.ok();
            Err(error)
        }
        Err(late) => Err(TransactError::Transient(late.into())),
    }
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
