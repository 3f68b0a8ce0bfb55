//! Asking: a connection, a transaction that may see one tenant, one statement.

use std::time::Duration;

use futures::TryStreamExt;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{Asker, ReadError, WHOLE_LIST_LIMIT};
use registry_journal_rows::{RawMerchant, RawRow};
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::query::{Map, Query};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Postgres};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Sender;

use crate::session::{QUESTION_LIMIT, Underway, WALK_LIMIT, limited};
use crate::{PostgresJournal, error};

/// What a question may see.
#[derive(Clone, Copy)]
pub(crate) enum Sight {
    /// One tenant. The database shows nothing of any other, whatever the statement says.
    Tenant(TenantId),
    /// What must be known before a tenant is.
    Directory,
}

impl From<TenantId> for Sight {
    fn from(tenant: TenantId) -> Self {
        Self::Tenant(tenant)
    }
}

impl Sight {
    /// Beginning and what holds for the transaction are one text, and so one round trip.
    fn begin(self) -> String {
        format!("BEGIN READ ONLY; SET LOCAL {}", self.setting())
    }

    /// The same for a transaction that changes something.
    fn begin_change(self) -> String {
        format!("BEGIN; SET LOCAL {}", self.setting())
    }

    fn setting(self) -> String {
        match self {
            Self::Tenant(tenant) => format!("registry.tenant = '{}'", tenant.as_uuid()),
            Self::Directory => "ROLE registry_directory".to_owned(),
        }
    }
}

impl PostgresJournal {
    /// What a question finds.
    ///
    /// Connections are not tried out before they are used: that would be another round trip. After a restart of the
    /// server all of them are dead, and each shows it at the beginning, before anything was asked; then the next one is
    /// asked. The end goes with the connection's return to the pool, and nobody waits for it.
    pub(crate) async fn all<Raw, F>(
        &self,
        question: &'static str,
        sight: impl Into<Sight>,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let sight = sight.into();
        self.ask(question, sight, sight.begin(), QUESTION_LIMIT, statement)
            .await
    }

    /// The same for a question that looks at all rows of a tenant: whoever compares them with a log has minutes.
    pub(crate) async fn walk<Raw, F>(
        &self,
        question: &'static str,
        tenant: TenantId,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let sight = Sight::Tenant(tenant);
        let limit = WALK_LIMIT.as_millis();
        let begin = format!("{}; SET LOCAL statement_timeout = {limit}", sight.begin());
        self.ask(question, sight, begin, WALK_LIMIT, statement).await
    }

    async fn ask<Raw, F>(
        &self,
        question: &'static str,
        sight: Sight,
        begin: String,
        limit: Duration,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let _share = self.share(sight, question).await?;
        let mut not_asked = Some(statement);
        let mut dead_at_most = self.pool().options().get_max_connections();
        let asking = async {
            loop {
                let found = self.on_reader(async |connection| {
                    let mut transaction = connection.begin_with(AssertSqlSafe(begin.as_str())).await?;
                    let statement = not_asked.take().expect("a question is asked once");
                    statement.fetch_all(&mut *transaction).await
                });
                let found = found.await;
                let is_dead = found.as_ref().is_err_and(error::is_lost);
                if !is_dead || not_asked.is_none() || dead_at_most == 0 {
                    return found;
                }
                dead_at_most -= 1;
            }
        };
        let found = limited(limit, asking).await;
        let found = found.map_err(|error| error::read(question, error))?;
        Ok(found.into_iter().map(Raw::into_row).collect::<Result<_, _>>()?)
    }

    /// The same where there is one row at most.
    pub(crate) async fn one<Raw, F>(
        &self,
        question: &'static str,
        sight: impl Into<Sight>,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<Option<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        Ok(self.all(question, sight, statement).await?.pop())
    }

    /// Changes what is of no tenant, durably, with one statement that returns what it changed.
    pub(crate) async fn change<Raw, F>(
        &self,
        what: &'static str,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        self.change_of(what, Sight::Directory, statement).await
    }

    /// The same for what is a tenant's and no fact.
    pub(crate) async fn change_of<Raw, F>(
        &self,
        what: &'static str,
        sight: impl Into<Sight>,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let begin = sight.into().begin_change();
        let changing = self.on_reader(async |connection| {
            let mut transaction = connection.begin_with(AssertSqlSafe(begin)).await?;
            let changed = statement.fetch_all(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(changed)
        });
        let changed = limited(QUESTION_LIMIT, changing).await;
        let changed = changed.map_err(|error| error::read(what, error))?;
        Ok(changed.into_iter().map(Raw::into_row).collect::<Result<_, _>>()?)
    }

    /// The same, for whether it changed anything.
    pub(crate) async fn changed<F>(
        &self,
        what: &'static str,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<bool, ReadError>
    where
        F: FnMut(PgRow) -> Result<i64, sqlx::Error> + Send,
    {
        Ok(!self.change(what, statement).await?.is_empty())
    }

    /// The same for what is a tenant's and no fact.
    pub(crate) async fn changed_of<F>(
        &self,
        what: &'static str,
        tenant: TenantId,
        statement: Map<'_, Postgres, F, PgArguments>,
    ) -> Result<bool, ReadError>
    where
        F: FnMut(PgRow) -> Result<i64, sqlx::Error> + Send,
    {
        Ok(!self.change_of(what, tenant, statement).await?.is_empty())
    }

    /// Writes down what may be lost again in a power cut: nobody waits for the disk.
    pub(crate) async fn note(
        &self,
        what: &'static str,
        tenant: TenantId,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), ReadError> {
        let tenant = tenant.as_uuid();
        let begin = format!("BEGIN; SET LOCAL registry.tenant = '{tenant}'; SET LOCAL synchronous_commit = off");
        let noted = self.on_reader(async |connection| {
            let mut transaction = connection.begin_with(AssertSqlSafe(begin)).await?;
            statement.execute(&mut *transaction).await?;
            transaction.commit().await
        });
        let noted = limited(QUESTION_LIMIT, noted).await;
        noted.map_err(|error| error::read(what, error))
    }

    /// Hands over what a question finds, row by row, while it is found. Its connection is its own for so long; one whose rows nobody
    /// takes any more does not return to the pool, for the server would go on sending them.
    pub(crate) async fn each<Raw, F>(
        &self,
        question: &'static str,
        tenant: TenantId,
        statement: Map<'_, Postgres, F, PgArguments>,
        to: Sender<Raw::Row>,
    ) -> Result<(), ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(PgRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let sight = Sight::from(tenant);
        let _share = self.share(sight, question).await?;
        let limit = WHOLE_LIST_LIMIT.as_secs();
        let begin = format!("{}; SET LOCAL statement_timeout = '{limit}s'", sight.begin());
        let unread = |error| error::read(question, error);
        let mut underway = Underway::new(self.pool().acquire().await.map_err(unread)?);
        let mut transaction = underway
            .connection()
            .begin_with(AssertSqlSafe(begin))
            .await
            .map_err(unread)?;
        let mut found = statement.fetch(&mut *transaction);
        while let Some(raw) = found.try_next().await.map_err(unread)? {
            if to.send(raw.into_row()?).await.is_err() {
                return Ok(());
            }
        }
        drop(found);
        transaction.rollback().await.map_err(unread)?;
        drop(underway.ended());
        Ok(())
    }

    /// A tenant's share of the connections for requests, taken until it is dropped.
    pub(crate) async fn share(
        &self,
        sight: Sight,
        question: &'static str,
    ) -> Result<Option<OwnedSemaphorePermit>, ReadError> {
        match (self.asker, sight) {
            (Asker::Requests, Sight::Tenant(tenant)) => Ok(Some(self.readers.shares.enter(tenant, question).await?)),
            (Asker::Requests, Sight::Directory) | (Asker::Tasks | Asker::Door, _) => Ok(None),
        }
    }

    fn pool(&self) -> &PgPool {
        match self.asker {
            Asker::Requests => &self.readers.requests,
            Asker::Tasks => &self.readers.tasks,
            Asker::Door => &self.readers.door,
        }
    }

    /// Uses one connection. One that turns out to be lost, or whose user gives up, does not return to the pool.
    pub(crate) async fn on_reader<Answer>(
        &self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<Answer, sqlx::Error>,
    ) -> Result<Answer, sqlx::Error> {
        let mut underway = Underway::new(self.pool().acquire().await?);
        let answer = ask(underway.connection()).await;
        if !answer.as_ref().is_err_and(error::is_lost) {
            drop(underway.ended());
        }
        answer
    }
}

/// A statement that is a transaction of its own and says in it whose it is. The row of the wall comes first, because the
/// merchant is looked up by it; the ORDER BY names the index, as it does in what a batch loads.
pub(crate) fn merchant_by_id(
    tenant: TenantId,
    id: MerchantId,
) -> Map<'static, Postgres, impl FnMut(PgRow) -> Result<RawMerchant, sqlx::Error> + Send, PgArguments> {
    sqlx::query_as!(
        RawMerchant,
        r#"
        SELECT m.merchant_id AS "merchant_id!", m.state AS "state!"
        FROM (SELECT set_config('registry.tenant', $1, true)::uuid) AS wall (tenant)
        CROSS JOIN LATERAL (
            SELECT merchant_id, state FROM merchants
            WHERE tenant_id = wall.tenant AND merchant_id >= $2 ORDER BY merchant_id LIMIT 1
        ) AS m
        WHERE m.merchant_id = $2
        "#,
        tenant.as_uuid().to_string(),
        id.as_uuid()
    )
}
