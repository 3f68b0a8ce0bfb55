//! Asking: one statement, on one of the connections that read.

use std::time::Duration;

use futures::TryStreamExt;
use registry_domain::TenantId;
use registry_journal::port::{Asker, ReadError, WHOLE_LIST_LIMIT};
use registry_journal_rows::RawRow;
use sqlx::query::{Map, Query};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqlitePool};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::Sender;

use crate::SqliteJournal;
use crate::error::read;
use crate::limit::{Limit, QUESTION_LIMIT, WALK_LIMIT};

/// What a question is about.
#[derive(Clone, Copy)]
pub(crate) enum Sight {
    /// One tenant.
    Tenant(TenantId),
    /// What must be known before a tenant is.
    Directory,
}

impl From<TenantId> for Sight {
    fn from(tenant: TenantId) -> Self {
        Self::Tenant(tenant)
    }
}

impl SqliteJournal {
    /// What a question finds. One of a tenant's ends when its time is over: it may have to look at much.
    pub(crate) async fn all<Raw, F>(
        &self,
        question: &'static str,
        sight: impl Into<Sight>,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let limit = match self.asker {
            Asker::Requests => Some(QUESTION_LIMIT),
            Asker::Tasks | Asker::Door => None,
        };
        self.ask(question, sight.into(), limit, statement).await
    }

    /// The same for a question that looks at all rows of a tenant: whoever compares them with a log has minutes.
    pub(crate) async fn walk<Raw, F>(
        &self,
        question: &'static str,
        tenant: TenantId,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        self.ask(question, Sight::Tenant(tenant), Some(WALK_LIMIT), statement)
            .await
    }

    async fn ask<Raw, F>(
        &self,
        question: &'static str,
        sight: Sight,
        limit: Option<Duration>,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let _share = self.share(sight, question).await?;
        let mut connection = self.pool().acquire().await.map_err(read(question))?;
        let limit = match limit {
            Some(limit) => Some(Limit::set(&mut connection, limit).await.map_err(read(question))?),
            None => None,
        };
        let found = statement.fetch_all(&mut *connection).await;
        if let Some(limit) = limit {
            limit.lift();
        }
        let found = found.map_err(read(question))?;
        Ok(found.into_iter().map(Raw::into_row).collect::<Result<_, _>>()?)
    }

    /// The same where there is one row at most: it is found by its key, or counted among few.
    pub(crate) async fn one<Raw, F>(
        &self,
        question: &'static str,
        sight: impl Into<Sight>,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Option<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let _share = self.share(sight.into(), question).await?;
        let found = statement.fetch_optional(self.pool()).await.map_err(read(question))?;
        Ok(found.map(Raw::into_row).transpose()?)
    }

    /// Hands over what a question finds, row by row, while it is found. Its connection is its own for so long.
    pub(crate) async fn each<Raw, F>(
        &self,
        question: &'static str,
        tenant: TenantId,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
        to: Sender<Raw::Row>,
    ) -> Result<(), ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let _share = self.share(tenant.into(), question).await?;
        let mut connection = self.pool().acquire().await.map_err(read(question))?;
        let limit = Limit::set(&mut connection, WHOLE_LIST_LIMIT).await;
        let limit = limit.map_err(read(question))?;
        let mut found = statement.fetch(&mut *connection);
        while let Some(raw) = found.try_next().await.map_err(read(question))? {
            if to.send(raw.into_row()?).await.is_err() {
                break;
            }
        }
        limit.lift();
        Ok(())
    }

    /// A tenant's share of the connections for requests, taken until it is dropped.
    async fn share(&self, sight: Sight, question: &'static str) -> Result<Option<OwnedSemaphorePermit>, ReadError> {
        match (self.asker, sight) {
            (Asker::Requests, Sight::Tenant(tenant)) => Ok(Some(self.readers.shares.enter(tenant, question).await?)),
            (Asker::Requests, Sight::Directory) | (Asker::Tasks | Asker::Door, _) => Ok(None),
        }
    }

    fn pool(&self) -> &SqlitePool {
        match self.asker {
            Asker::Requests => &self.readers.requests,
            Asker::Tasks => &self.readers.tasks,
            Asker::Door => &self.readers.door,
        }
    }

    /// Writes down what is no fact.
    pub(crate) async fn note(
        &self,
        what: &'static str,
        statement: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<(), ReadError> {
        statement.execute(&self.writer).await.map_err(read(what))?;
        Ok(())
    }

    /// The same with several statements, all of them or none.
    pub(crate) async fn note_together<const N: usize>(
        &self,
        what: &'static str,
        statements: [Query<'_, Sqlite, SqliteArguments>; N],
    ) -> Result<(), ReadError> {
        let transaction = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = transaction.map_err(read(what))?;
        for statement in statements {
            statement.execute(&mut *transaction).await.map_err(read(what))?;
        }
        transaction.commit().await.map_err(read(what))
    }

    /// Changes what is no fact with one statement that returns what it changed.
    pub(crate) async fn change<Raw, F>(
        &self,
        what: &'static str,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let changed = statement.fetch_all(&self.writer).await.map_err(read(what))?;
        Ok(changed.into_iter().map(Raw::into_row).collect::<Result<_, _>>()?)
    }

    /// The same, for whether it changed anything.
    pub(crate) async fn changed<F>(
        &self,
        what: &'static str,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<bool, ReadError>
    where
        F: FnMut(SqliteRow) -> Result<i64, sqlx::Error> + Send,
    {
        Ok(!self.change(what, statement).await?.is_empty())
    }
}
