//! An installation to measure: keys, and a database on either engine. A measurement works on a copy, so that none pays
//! for what another wrote.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use registry::config::Config;
use registry::storage;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};
use tempfile::TempDir;
use url::Url;

/// A superuser's URL of the server to measure on, as `cargo xtask bench` sets it.
const SERVER: &str = "TEST_POSTGRES_URL";

/// Tells the databases of one run apart.
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Which database is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// Both, the one for scale first.
    pub(crate) const ALL: [Self; 2] = [Self::Postgres, Self::Sqlite];

    /// The engine that an option names.
    pub(crate) const fn of(sqlite: bool) -> Self {
        if sqlite { Self::Sqlite } else { Self::Postgres }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A data directory, and a database in it or on the server.
pub(crate) struct Installation {
    directory: TempDir,
    pub(crate) config: Config,
    pub(crate) engine: Engine,
}

impl Installation {
    /// An empty one with its schema.
    pub(crate) async fn empty(engine: Engine) -> anyhow::Result<Self> {
        let installation = Self::new(engine, None).await?;
        storage::migrate(&installation.config.database()?).await?;
        Ok(installation)
    }

    /// One with the same keys and the same rows. Nobody may be connected to this one.
    pub(crate) async fn copy(&self) -> anyhow::Result<Self> {
        let copy = Self::new(self.engine, self.database()).await?;
        copy_files(self.directory.path(), copy.directory.path())?;
        copy.settle().await?;
        Ok(copy)
    }

    async fn new(engine: Engine, template: Option<&str>) -> anyhow::Result<Self> {
        let directory = TempDir::with_prefix("registry-bench-")?;
        let database_url = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(create(template.unwrap_or("template0")).await?),
        };
        let config = Config {
            data_dir: directory.path().to_owned(),
            database_url,
            ..Config::default()
        };
        Ok(Self {
            directory,
            config,
            engine,
        })
    }

    /// What was written before is on the disk, and its statistics are known: a measurement pays only for its own.
    pub(crate) async fn settle(&self) -> anyhow::Result<()> {
        if let Some(url) = &self.config.database_url {
            let mut connection = PgConnection::connect(url).await?;
            sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await?;
            sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
            connection.close().await?;
        }
        Ok(())
    }

    /// How many merchants upstream is to be asked about, because a callback was doubtful. None, where a life is lived: a
    /// claim that is held is other work than one that is applied.
    pub(crate) async fn doubted(&self) -> anyhow::Result<i64> {
        const DOUBTED: &str = "SELECT count(*) FROM merchants WHERE confirming_since IS NOT NULL";
        let doubted = if let Some(url) = &self.config.database_url {
            let mut connection = PgConnection::connect(url).await?;
            let doubted = sqlx::query_scalar(DOUBTED).fetch_one(&mut connection).await?;
            connection.close().await?;
            doubted
        } else {
            let options = SqliteConnectOptions::new().filename(self.file());
            let mut connection = options.connect().await?;
            let doubted = sqlx::query_scalar(DOUBTED).fetch_one(&mut connection).await?;
            connection.close().await?;
            doubted
        };
        Ok(doubted)
    }

    /// The database file, on SQLite.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("registry.db")
    }

    /// The URL of the database, on PostgreSQL.
    pub(crate) fn url(&self) -> anyhow::Result<&str> {
        self.config
            .database_url
            .as_deref()
            .context("this is measured on PostgreSQL")
    }

    /// Drops the database. A directory goes by itself.
    pub(crate) async fn remove(self) -> anyhow::Result<()> {
        let Some(name) = self.database() else { return Ok(()) };
        let mut server = server().await?;
        let statement = format!("DROP DATABASE {name} WITH (FORCE)");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut server).await?;
        server.close().await?;
        Ok(())
    }

    fn database(&self) -> Option<&str> {
        let url = self.config.database_url.as_deref()?;
        url.rsplit('/').next()
    }
}

async fn server() -> anyhow::Result<PgConnection> {
    let url = server_url()?;
    PgConnection::connect(url.as_str())
        .await
        .context("connecting to PostgreSQL")
}

#[expect(clippy::disallowed_methods, reason = "where the server is, is told from outside")]
pub(crate) fn server_url() -> anyhow::Result<Url> {
    let url = std::env::var(SERVER).with_context(|| format!("{SERVER} is not set; run cargo xtask bench"))?;
    Ok(url.parse()?)
}

/// A new database; returns its URL.
async fn create(template: &str) -> anyhow::Result<String> {
    let number = DATABASES.fetch_add(1, Ordering::Relaxed);
    let name = format!("registry_bench_{}_{number}", std::process::id());
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    let mut attempts = 0;
    let mut server = server().await?;
    // A connection that was just closed may still count for a moment.
    while let Err(error) = sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(&mut server)
        .await
    {
        attempts += 1;
        anyhow::ensure!(attempts < 20, "{error}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.close().await?;
    let mut url = server_url()?;
    url.set_path(&name);
    Ok(url.into())
}

fn copy_files(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            std::fs::create_dir_all(&target)?;
            copy_files(&entry.path(), &target)?;
        } else {
            let copied = std::fs::copy(entry.path(), &target)?;
            anyhow::ensure!(copied == entry.metadata()?.len(), "the copy is short");
            std::fs::File::open(&target)?.sync_all()?;
        }
    }
    Ok(())
}
