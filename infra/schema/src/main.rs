//! Makes an empty database out of the migrations, for the compiler to check statements against. It knows no crate of
//! the workspace: the adapters, whose statements are to be checked, cannot be built before.

use anyhow::{Context, Result, bail};
use sqlx::migrate::{MigrateDatabase, Migrator};
use sqlx::postgres::{PgPool, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool};

static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1);
    let url = url.context("the one argument is the URL of the database to make")?;
    match url.split_once("://") {
        Some(("postgres", _)) => {
            Postgres::create_database(&url).await.context("making the database")?;
            let pool = PgPool::connect(&url).await.context("connecting to it")?;
            POSTGRES.run(&pool).await.context("running the migrations")?;
            pool.close().await;
        }
        Some(("sqlite", _)) => {
            Sqlite::create_database(&url).await.context("making the file")?;
            let pool = SqlitePool::connect(&url).await.context("opening it")?;
            SQLITE.run(&pool).await.context("running the migrations")?;
            pool.close().await;
        }
        _ => bail!("{url} is neither postgres:// nor sqlite://"),
    }
    Ok(())
}
