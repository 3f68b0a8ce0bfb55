//! Asking: one statement, on one of the connections that read.

use registry_journal::port::ReadError;
use registry_journal::port::raw::RawRow;
use sqlx::Sqlite;
use sqlx::query::{Map, Query};
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use crate::SqliteJournal;
use crate::error::read;

impl SqliteJournal {
    /// What a question finds.
    pub(crate) async fn all<Raw, F>(
        &self,
        question: &'static str,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Vec<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let found = statement.fetch_all(&self.readers).await.map_err(read(question))?;
        Ok(found.into_iter().map(Raw::into_row).collect::<Result<_, _>>()?)
    }

    /// The same where there is one row at most.
    pub(crate) async fn one<Raw, F>(
        &self,
        question: &'static str,
        statement: Map<'_, Sqlite, F, SqliteArguments>,
    ) -> Result<Option<Raw::Row>, ReadError>
    where
        Raw: RawRow + Send + Unpin,
        F: FnMut(SqliteRow) -> Result<Raw, sqlx::Error> + Send,
    {
        let found = statement.fetch_optional(&self.readers).await.map_err(read(question))?;
        Ok(found.map(Raw::into_row).transpose()?)
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
}
