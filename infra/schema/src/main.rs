//! Makes an empty database out of the migrations, for the compiler to check statements against. It knows no crate of
//! the workspace: the adapter, whose statements are to be checked, cannot be built before.

use std::path::PathBuf;

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations/sqlite");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).map(PathBuf::from);
    let path = path.context("the one argument is the file to make")?;
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.context("making the file")?;
    MIGRATOR.run(&pool).await.context("running the migrations")?;
    pool.close().await;
    Ok(())
}
