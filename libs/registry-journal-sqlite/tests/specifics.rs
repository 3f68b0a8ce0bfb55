//! What is SQLite's own: which way each statement takes through the file, and what the file holds.

mod harness;

use std::fs;
use std::path::Path;

use harness::SqliteFile;
use registry_domain::Seq;
use registry_journal::port::{ReadError, SchemaState};
use registry_journal::submission::WriteError;
use registry_journal_contract::Harness;
use registry_journal_contract::fixtures::{World, callback};
use registry_journal_contract::personal::{SECRETS, holds, write_secrets};
use registry_journal_sqlite::{migrate, schema_state};
use registry_maintenance::verify::{Flaw, verify};
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

/// Every statement that the compiler checked.
fn statements() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".sqlx");
    let files = fs::read_dir(folder).expect("there is a description of each statement");
    let statement = |file: fs::DirEntry| {
        let content = fs::read(file.path()).expect("a description can be read");
        let content: serde_json::Value = serde_json::from_slice(&content).expect("a description is JSON");
        content["query"].as_str().expect("it has a query").to_owned()
    };
    files
        .map(|file| statement(file.expect("the folder can be listed")))
        .collect()
}

async fn plan(connection: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::query(explain).fetch_all(connection).await;
    let rows = rows.expect("the statement fits the schema");
    rows.iter().map(|row| row.get("detail")).collect()
}

#[tokio::test]
async fn no_statement_scans_a_table_or_sorts() {
    let file = SqliteFile::fresh().await;
    file.open().await.close().await;
    let mut connection = file.connect().await;
    let statements = statements();
    assert!(statements.len() > 30, "{} statements", statements.len());
    // All people of an installation are counted, every half a minute: staff, not shops.
    let is_census = |statement: &String| statement.contains("(SELECT count(*) FROM memberships)");
    // What is to be sent has an index of its own, which is walked to learn whose it is.
    let is_due = |statement: &String| statement.contains("FROM deliveries WHERE next_attempt_at <= ?1 GROUP BY");
    // Likewise with what is to be worked at.
    let is_due_job = |statement: &String| statement.contains("WHERE resume_at <= ?1 AND resume_at IS NOT NULL");
    // And with the files that are to be made.
    let is_due_export = |statement: &String| statement.contains("FROM exports WHERE state IN ('queued', 'running')");
    // Whoever compares compares all, and of the ids of all a page of each table is put together.
    let compares = ["'merchant_counts' AS counts", "-- A page of the ids of all merchants"];
    let is_comparison = |statement: &String| compares.iter().any(|part| statement.contains(part));
    let is_any_due = |statement: &String| is_due(statement) || is_due_job(statement) || is_due_export(statement);
    let walks = |statement: &String| is_census(statement) || is_any_due(statement) || is_comparison(statement);
    for statement in statements.into_iter().filter(|statement| !walks(statement)) {
        let plan = plan(&mut connection, &statement).await;
        // Lists that are handed in are walked, what a part of the statement has found, and the database's own list of
        // tables, and the few keys of the installation; nothing else is.
        let is_short = |step: &str| {
            [
                "VIRTUAL TABLE",
                "CONSTANT ROW",
                "sqlite_master",
                "SCAN callback_keys",
                "SCAN w",
                "SCAN (subquery-",
            ]
            .iter()
            .any(|it| step.contains(it))
        };
        let bad = |step: &&String| {
            step.starts_with("SCAN") && !is_short(step) || step.contains("USE TEMP B-TREE FOR ORDER BY")
        };
        let bad: Vec<_> = plan.iter().filter(bad).collect();
        assert!(bad.is_empty(), "{statement}\n{plan:#?}");
        // The list inside, the rows of a tenant outside: that would be the one times the other.
        let is_inside_out =
            |steps: &[String]| steps[0].ends_with("(tenant_id=?)") && steps[1].contains("VIRTUAL TABLE");
        assert!(!plan.windows(2).any(is_inside_out), "{statement}\n{plan:#?}");
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
    for column in ["stream_kind", "type", "actor", "data"] {
        let world = World::<SqliteFile>::new().await;
        let tenant = world.tenant("acme").await;
        world.merchant(tenant, "m", "s").await;
        let mut connection = world.harness.connect().await;
        let damage = format!(
            "DROP TRIGGER events_refuse_update;
             UPDATE events SET {column} = CAST(x'fe' || {column} AS TEXT) WHERE seq = 2"
        );
        sqlx::raw_sql(AssertSqlSafe(damage))
            .execute(&mut connection)
            .await
            .unwrap();
        match verify(&world.storage, tenant).await {
            Err(ReadError::Inconsistent(row)) => {
                assert_eq!((row.table, row.key), ("events", format!("{tenant} seq 2")), "{column}");
            }
            other => panic!("{column}: {other:?}"),
        }
    }
}

/// The chain of what is left is whole. What stands elsewhere tells that there was more.
#[tokio::test]
async fn a_log_that_was_cut_is_told() {
    let world = World::<SqliteFile>::new().await;
    let tenant = world.tenant("acme").await;
    let mut connection = world.harness.connect().await;
    let cut = "DROP TRIGGER events_refuse_delete; DELETE FROM events";
    sqlx::raw_sql(cut).execute(&mut connection).await.unwrap();
    let report = verify(&world.storage, tenant).await.unwrap();
    assert_eq!(report.flaw, Some(Flaw::CutOff { seq: Seq(1) }));
}

/// SQLite may end a transaction by itself, as it does when the disk is full.
#[tokio::test]
async fn a_transaction_that_the_file_ended_does_not_hold_up_the_next() {
    let world = World::<SqliteFile>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let mut connection = world.harness.connect().await;
    let no_room = "CREATE TRIGGER no_room BEFORE INSERT ON events BEGIN SELECT RAISE(ROLLBACK, 'no room'); END";
    sqlx::raw_sql(no_room).execute(&mut connection).await.unwrap();
    for _ in 0..2 {
        let answer = world.writer.report(callback(tenant, merchant, "P", "")).await;
        assert_eq!(answer, Err(WriteError::Failed));
    }
    sqlx::raw_sql("DROP TRIGGER no_room")
        .execute(&mut connection)
        .await
        .unwrap();
    world.report(callback(tenant, merchant, "P", "")).await;
    world.expect_sound(tenant, 4).await;
}

/// Any number of processes may make one new file; whoever opens it then finds the whole schema.
#[tokio::test]
async fn many_may_migrate_at_once() {
    let directory = tempfile::TempDir::with_prefix("registry-journal-").unwrap();
    let path = directory.path().join("registry.db");
    assert_eq!(schema_state(&path).await.unwrap(), SchemaState::Empty);
    let all: Vec<_> = (0..8)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { migrate(&path).await })
        })
        .collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert_eq!(schema_state(&path).await.unwrap(), SchemaState::Current);
}

/// A schema that is not ours is told, older or newer.
#[tokio::test]
async fn another_schema_is_told() {
    let file = SqliteFile::fresh().await;
    let mut connection = file.connect().await;
    let newest: i64 = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    for (change, expected) in [
        (
            "UPDATE _sqlx_migrations SET version = 1000 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
            SchemaState::Newer {
                has: 1000,
                knows: newest,
            },
        ),
        (
            "DELETE FROM _sqlx_migrations WHERE version > 3",
            SchemaState::Older { has: 3, needs: newest },
        ),
    ] {
        sqlx::raw_sql(change).execute(&mut connection).await.unwrap();
        assert_eq!(schema_state(&file.path()).await.unwrap(), expected);
    }
}
