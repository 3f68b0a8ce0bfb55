//! What is SQLite's own: which way each statement takes through the file, and what the file holds.

mod harness;

use std::fs;
use std::path::Path;

use harness::SqliteFile;
use registry_domain::Seq;
use registry_journal::contract::fixtures::World;
use registry_journal::contract::personal::{SECRETS, holds, write_secrets};
use registry_journal::contract::{EventColumn, Harness};
use registry_journal::port::ReadError;
use registry_journal::verify::verify;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

/// Every statement that the compiler checked.
fn statements() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(folder).unwrap();
    let statement = |file: fs::DirEntry| {
        let content: serde_json::Value = serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap();
        content["query"].as_str().unwrap().to_owned()
    };
    files.map(|file| statement(file.unwrap())).collect()
}

async fn plan(connection: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::query(explain).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| row.get("detail")).collect()
}

#[tokio::test]
async fn no_statement_scans_a_table_or_sorts() {
    let file = SqliteFile::fresh().await;
    file.open().await.close().await;
    let mut connection = file.connect().await;
    let statements = statements();
    assert!(statements.len() > 30, "{} statements", statements.len());
    for statement in statements {
        let plan = plan(&mut connection, &statement).await;
        // Lists that are handed in are walked; nothing else is.
        let bad = |step: &&String| {
            step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE") && !step.contains("CONSTANT ROW")
                || step.contains("USE TEMP B-TREE FOR ORDER BY")
        };
        let bad: Vec<_> = plan.iter().filter(bad).collect();
        assert!(bad.is_empty(), "{statement}\n{plan:#?}");
    }
}

/// The log and the rows of merchants share the file. What only events say stands nowhere in it.
#[tokio::test]
async fn the_file_shows_no_secret_of_the_log() {
    let world = World::<SqliteFile>::new().await;
    write_secrets(&world, "acme").await;
    let path = world.harness.path();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(fs::read(path.with_extension("db-wal")).unwrap());
    assert!(
        holds(&bytes, SECRETS[0]),
        "the merchant's row has its name, so the right bytes were searched"
    );
    // URLs, the key of the upstream, the raw body: no row needs them.
    for secret in &SECRETS[4..8] {
        assert!(!holds(&bytes, secret), "the file shows {secret}");
    }
}

/// One altered bit may leave bytes that are no text. The check still names the row.
#[tokio::test]
async fn a_row_that_is_no_text_any_more_is_named() {
    let world = World::<SqliteFile>::new().await;
    let tenant = world.tenant("acme").await;
    world.merchant(tenant, "m", "s").await;
    for column in ["stream_kind", "type", "actor", "data"] {
        world
            .harness
            .alter_event_byte(tenant, Seq(2), EventColumn(column))
            .await;
        let statement = format!("UPDATE events SET {column} = CAST(x'fe' || {column} AS TEXT) WHERE seq = 2");
        let mut connection = world.harness.connect().await;
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
        match verify(&world.storage, tenant).await {
            Err(ReadError::Inconsistent(row)) => {
                assert_eq!((row.table, row.key), ("events", format!("{tenant} seq 2")))
            }
            other => panic!("{other:?}"),
        }
    }
}
