//! Migrating, and telling what a database's schema is.

use registry_journal::port::{Reader, SchemaState};
use registry_journal_contract::Harness;
use registry_journal_postgres::{OpenError, PostgresJournal, migrate, schema_state};
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;

use crate::cluster::Cluster;
use crate::harness::PostgresDatabase;

static MIGRATOR: Migrator = sqlx::migrate!();

/// Where a database is, for somebody else.
fn url_of(database: &PostgresDatabase, user: &str, password: &str) -> String {
    let options = database.server.clone().database(&database.name);
    options.username(user).password(password).to_url_lossy().to_string()
}

/// An empty, an older, the current and a newer schema are told apart.
#[tokio::test]
async fn the_schema_is_compared_with_ours() {
    let database = PostgresDatabase::empty().await;
    let state = async || {
        schema_state(&database.url())
            .await
            .expect("the database tells its schema")
    };
    assert_eq!(state().await, SchemaState::Empty);
    migrate(&database.url()).await.expect("the migrations run");
    assert_eq!(state().await, SchemaState::Current);
    database
        .execute(
            "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)",
        )
        .await;
    assert!(matches!(state().await, SchemaState::Newer { has: 9_999, .. }));
    database.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    assert!(matches!(state().await, SchemaState::Older { has: 1, .. }));
}

/// Merchants that were registered under an older schema are found under this one.
#[tokio::test]
async fn merchants_from_before_are_found() {
    let database = PostgresDatabase::empty().await;
    let before_identities = MIGRATOR.run_to(14, &mut database.connect().await).await;
    before_identities.expect("the older migrations run");
    database
        .execute(
            "INSERT INTO merchants (tenant_id, merchant_id, member_code, merchant_code, version, status, stage, stage_since,
                 business_number, created_at, updated_at, state)
             SELECT gen_random_uuid(), gen_random_uuid(), 'member-' || n, 'shop-' || n, 1, 'none', 'registered', now(),
                 CASE n WHEN 1 THEN '1178178260' END, now(), now(), '{}'
             FROM generate_series(1, 2) AS n",
        )
        .await;
    migrate(&database.url()).await.expect("the other migrations run");
    let found: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "SELECT i.member_code, i.merchant_code, i.business_number FROM merchants
         JOIN merchant_identities AS i USING (tenant_id, merchant_id) ORDER BY i.member_code",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .expect("rows");
    let row =
        |code: &str, shop: &str, number: Option<&str>| (code.to_owned(), shop.to_owned(), number.map(str::to_owned));
    assert_eq!(
        found,
        [
            row("member-1", "shop-1", Some("1178178260")),
            row("member-2", "shop-2", None)
        ]
    );
}

/// Many processes that migrate one database at once all succeed, and so do several databases of one cluster that make
/// the same roles.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrating_at_once_is_safe() {
    let databases = [PostgresDatabase::empty().await, PostgresDatabase::empty().await];
    let migrations = (0..12).map(|number| {
        let url = databases[number % 2].url();
        tokio::spawn(async move { migrate(&url).await })
    });
    for migration in migrations.collect::<Vec<_>>() {
        migration
            .await
            .expect("nobody panics")
            .expect("each finds it done, or does it");
    }
    for database in &databases {
        assert_eq!(
            schema_state(&database.url()).await.expect("an answer"),
            SchemaState::Current
        );
    }
}

/// A login that is no superuser, may become each of the service's three roles and inherits nothing from them, can do all
/// the service does and cannot migrate.
#[tokio::test]
async fn the_service_needs_no_superuser() {
    let database = PostgresDatabase::fresh().await;
    let name = database.name.replace("registry_test_", "registry_login_");
    let login = format!(
        "CREATE ROLE {name} LOGIN NOINHERIT PASSWORD 'of a test' IN ROLE registry_writer, registry_reader, registry_directory"
    );
    database.execute(&login).await;
    let url = url_of(&database, &name, "of a test");
    let elsewhere = PostgresDatabase::empty().await;
    let empty = schema_state(&url_of(&elsewhere, &name, "of a test")).await;
    assert_eq!(empty.expect("it may look"), SchemaState::Empty);
    assert_eq!(schema_state(&url).await.expect("it may look"), SchemaState::Current);
    let journal = PostgresJournal::connect(&url).await.expect("it may log in");
    journal.ping().await.expect("it may read");
    database.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    assert!(matches!(migrate(&url).await, Err(OpenError::NotOwner { .. })));
    journal.close().await;
    database.execute(&format!("DROP ROLE {name}")).await;
}

/// Whoever may make roles and owns the database can migrate it, and migrate it again. On a server of its own: from
/// PostgreSQL 16 on only who made a role may make itself a member, and on a shared one other tests have made ours.
#[tokio::test]
async fn an_owner_that_is_no_superuser_can_migrate() {
    let cluster = Cluster::start();
    let server: PgConnectOptions = cluster.url().parse().expect("a URL");
    let mut superuser = server.connect().await.expect("it has just been started");
    for statement in [
        "CREATE ROLE migrator LOGIN CREATEROLE",
        "CREATE DATABASE registry OWNER migrator",
    ] {
        sqlx::raw_sql(statement)
            .execute(&mut superuser)
            .await
            .expect("a superuser may");
    }
    let url = server.username("migrator").database("registry").to_url_lossy();
    for _ in 0..2 {
        migrate(url.as_str()).await.expect("the migrations run");
    }
    assert_eq!(
        schema_state(url.as_str()).await.expect("an answer"),
        SchemaState::Current
    );
}

/// The logins that `infra/postgres/roles.sql` makes, from the server that `infra/` sets up: one migrates, the other works,
/// and neither does the other's.
#[tokio::test]
async fn the_logins_of_an_installation_do_their_work() {
    let cluster = Cluster::of_an_installation();
    let url = |login| {
        let options: PgConnectOptions = cluster.installed_url(login).parse().expect("a URL");
        let password = std::fs::read_to_string(cluster.password_file(login)).expect("it can be read");
        options.password(&password).to_url_lossy().to_string()
    };
    let (owner, service) = (url("registry_migrate"), url("registry_service"));
    for login in [&service, &owner] {
        assert_eq!(schema_state(login).await.expect("it may look"), SchemaState::Empty);
    }
    migrate(&owner).await.expect("the migrations run");
    for login in [&service, &owner] {
        assert_eq!(schema_state(login).await.expect("it may look"), SchemaState::Current);
    }
    migrate(&owner).await.expect("there is nothing to do");
    assert!(matches!(migrate(&service).await, Err(OpenError::NotOwner { .. })));
    let journal = PostgresJournal::connect(&service).await.expect("it may log in");
    journal.ping().await.expect("it may read");
    journal.close().await;
    assert!(
        PostgresJournal::connect(&owner).await.is_err(),
        "it becomes none of the service's roles"
    );
}
