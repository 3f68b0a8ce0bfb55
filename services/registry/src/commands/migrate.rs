//! `registry migrate`.

use std::process::ExitCode;

use registry_journal::port::SchemaState;

use crate::config::Config;
use crate::storage;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let database = config.database()?;
    let before = storage::schema_state(&database).await?;
    if let SchemaState::Newer { has, knows } = before {
        anyhow::bail!("the schema of {database} is at {has}, and this program knows {knows}; there is no way back");
    }
    // Where there is nothing to do nobody needs the right to do it.
    if before != SchemaState::Current {
        storage::migrate(&database).await?;
    }
    match before {
        SchemaState::Current | SchemaState::Newer { .. } => say!("the schema of {database} is up to date"),
        SchemaState::Empty => say!("{database} has a schema now"),
        SchemaState::Older { has, needs } => say!("the schema of {database} went from {has} to {needs}"),
    }
    Ok(ExitCode::SUCCESS)
}
