//! Databases for a peer, on a server that is durable.

use anyhow::Context;
use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};

/// How often a copy may fail because a connection that was just closed still counts.
const COPY_ATTEMPTS: u32 = 50;

/// What the server promises about a commit.
#[derive(Debug, Clone, Serialize)]
pub struct Durability {
    fsync: String,
    synchronous_commit: String,
    full_page_writes: String,
    wal_sync_method: String,
}

/// Asks the server, and fails unless a commit outlives the machine.
pub async fn durability(pool: &PgPool) -> anyhow::Result<Durability> {
    let durability = Durability {
        fsync: show(pool, "SHOW fsync").await?,
        synchronous_commit: show(pool, "SHOW synchronous_commit").await?,
        full_page_writes: show(pool, "SHOW full_page_writes").await?,
        wal_sync_method: show(pool, "SHOW wal_sync_method").await?,
    };
    anyhow::ensure!(
        durability.fsync == "on" && durability.synchronous_commit == "on",
        "the server is not durable: {durability:?}"
    );
    Ok(durability)
}

async fn show(pool: &PgPool, statement: &'static str) -> anyhow::Result<String> {
    sqlx::query_scalar(statement).fetch_one(pool).await.context(statement)
}

/// A database of ours. It stays until it is removed.
pub struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    /// An empty one.
    pub async fn empty(server: &PgConnectOptions, label: &str) -> anyhow::Result<Self> {
        Self::create(server, label, "template0").await
    }

    /// One with the same rows, which are on the disk already. Nobody may be connected to this one.
    pub async fn copy(&self, label: &str) -> anyhow::Result<Self> {
        let copy = Self::create(&self.server, label, &self.name).await?;
        let pool = copy.pool(1).await?;
        for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
            sqlx::raw_sql(statement).execute(&pool).await?;
        }
        pool.close().await;
        Ok(copy)
    }

    async fn create(server: &PgConnectOptions, label: &str, template: &str) -> anyhow::Result<Self> {
        let name = format!("peer_{}_{label}", std::process::id());
        let mut connection = server.connect().await?;
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let mut attempts = 0;
        while let Err(error) = sqlx::raw_sql(&statement).execute(&mut connection).await {
            attempts += 1;
            anyhow::ensure!(attempts < COPY_ATTEMPTS, "{statement}: {error}");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        connection.close().await?;
        Ok(Self {
            server: server.clone(),
            name,
        })
    }

    /// So many connections, all of them open.
    pub async fn pool(&self, connections: u32) -> anyhow::Result<PgPool> {
        let options = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections)
            .test_before_acquire(false);
        Ok(options.connect_with(self.server.clone().database(&self.name)).await?)
    }

    /// Drops it.
    pub async fn remove(self) -> anyhow::Result<()> {
        let mut connection = self.server.connect().await?;
        let statement = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(&statement).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

/// How often the server has flushed its log so far.
pub async fn flushes(pool: &PgPool) -> anyhow::Result<i64> {
    // A session reads what it has read before unless told otherwise.
    sqlx::query("SELECT pg_stat_clear_snapshot()").execute(pool).await?;
    let flushes = sqlx::query_scalar("SELECT wal_sync FROM pg_stat_wal").fetch_one(pool);
    flushes.await.context("counting flushes")
}
