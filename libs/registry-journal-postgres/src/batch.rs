//! One batch, one transaction.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{
    Additions, AppendError, ExpectedHead, Journal, Loaded, LoadedMerchant, Scope, TransactError, Writes,
};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres};
use tokio::time::timeout;

use crate::session::{BATCH_LIMIT, Underway, limited};
use crate::{PostgresJournal, begin, error, load, write};

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

    /// One that nobody keeps: it goes back to the pool.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.pool.acquire().await
    }

    async fn begin(&self) -> Result<Underway, TransactError> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.pool.acquire().await.map_err(error::transact)?,
        };
        Ok(Underway::new(connection))
    }

    /// After work that failed, or not.
    fn end(&self, underway: Underway, failed: Option<&TransactError>) {
        match failed {
            Some(TransactError::Transient(_) | TransactError::CommitUnknown(_)) => self.forget_idle(),
            Some(TransactError::Rejected(_) | TransactError::Inconsistent(_) | TransactError::Untimely(_)) | None => {
                self.give_back(underway.ended());
            }
        }
    }

    /// What ended one connection, a restart of the server or of the network between, has ended them all: the next try
    /// must not meet another dead one.
    fn forget_idle(&self) {
        for mut connection in self.idle().drain(..) {
            connection.close_on_drop();
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
        let mut underway = self.writers.begin().await?;
        let result = run(underway.connection(), scope, decide).await;
        self.writers.end(underway, result.as_ref().err());
        result
    }

    async fn merchants(
        &self,
        wanted: &[(TenantId, MerchantId)],
    ) -> Result<HashMap<(TenantId, MerchantId), LoadedMerchant>, TransactError> {
        let mut underway = self.writers.begin().await?;
        let read = timeout(BATCH_LIMIT, load::merchants(underway.connection(), wanted)).await;
        let result = read.unwrap_or_else(|late| Err(TransactError::Transient(late.into())));
        self.writers.end(underway, result.as_ref().err());
        Ok(result?.merchants)
    }

    /// One statement, which commits by itself: a single round trip.
    async fn append(&self, expected: &[ExpectedHead], additions: Additions<'_>) -> Result<(), AppendError> {
        let mut underway = self.writers.begin().await?;
        let statement = write::append(additions.writes(), expected);
        let appended = limited(BATCH_LIMIT, statement.execute(underway.connection())).await;
        let result = appended.map(drop).map_err(error::append);
        let failed = match &result {
            Ok(()) | Err(AppendError::Moved) => None,
            Err(AppendError::Transact(error)) => Some(error),
        };
        self.writers.end(underway, failed);
        result
    }

    /// One statement, which commits by itself: no process that is frozen half-way holds its row.
    async fn probe(&self) -> Result<(), TransactError> {
        let connection = self.readers.probe.acquire().await.map_err(error::transact)?;
        let mut underway = Underway::new(connection);
        let statement = sqlx::query_scalar!(
            r#"
            INSERT INTO write_probes (id, probes) VALUES (1, 1)
            ON CONFLICT (id) DO UPDATE SET probes = write_probes.probes + 1
            RETURNING has_table_privilege('events', 'INSERT') AND has_table_privilege('merchants', 'UPDATE') AS "may_write!"
            "#
        );
        // A connection that failed at it is not used again.
        let may_write = statement
            .fetch_one(underway.connection())
            .await
            .map_err(error::commit)?;
        drop(underway.ended());
        if may_write {
            Ok(())
        } else {
            Err(TransactError::Rejected(
                "the writer's role may not write events and merchants".into(),
            ))
        }
    }
}

async fn run(
    connection: &mut PgConnection,
    scope: &Scope,
    decide: &mut (dyn FnMut(Loaded) -> Writes + Send),
) -> Result<(), TransactError> {
    let work = async {
        let loaded = begin::begin(connection, scope).await?;
        let loaded = load::load(connection, scope, loaded).await?;
        let writes = decide(loaded);
        write::write(connection, &writes, scope.now).await
    };
    match timeout(BATCH_LIMIT, work).await {
        Ok(Ok(())) => limited(BATCH_LIMIT, end(connection, "COMMIT"))
            .await
            .map_err(error::commit),
        Ok(Err(error)) => {
            // The locks must not wait for the next batch. If this fails the connection is gone, and they with it.
            limited(BATCH_LIMIT, end(connection, "ROLLBACK")).await.ok();
            Err(error)
        }
        Err(late) => Err(TransactError::Transient(late.into())),
    }
}

async fn end(connection: &mut PgConnection, how: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(how).execute(connection).await?;
    Ok(())
}
