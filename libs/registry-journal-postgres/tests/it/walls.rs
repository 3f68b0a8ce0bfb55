//! Row level security and privileges: who may see and do what, whatever a statement says.

use registry_domain::TenantId;
use registry_journal::port::Reader;
use registry_journal_contract::Harness;
use registry_journal_contract::fixtures::World;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row};
use uuid::Uuid;

use crate::harness::PostgresDatabase;

const ROLES: [&str; 4] = [
    "registry_owner",
    "registry_writer",
    "registry_reader",
    "registry_directory",
];

/// The tenants that are seen by who sees none.
const NOBODY: [Uuid; 0] = [];

async fn connect_as(database: &PostgresDatabase, role: &str) -> PgConnection {
    let options: PgConnectOptions = database.url().parse().expect("a URL");
    let options = options.options([("role", role)]);
    options.connect().await.expect("the database can be connected to")
}

async fn run(connection: &mut PgConnection, statement: &str) -> Result<(), String> {
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
    match done {
        Ok(_) => Ok(()),
        Err(error) => Err(error
            .as_database_error()
            .expect("the server answers")
            .message()
            .to_owned()),
    }
}

/// What functions of the owner's read and write for others: they are its walls.
const OF_FUNCTIONS: [&str; 5] = [
    "merchant_counts",
    "merchant_terms",
    "standing_counts",
    "stay_counts",
    "cohort_counts",
];

async fn tables_with_a_tenant(database: &PostgresDatabase) -> Vec<String> {
    let names = sqlx::query_scalar(
        "SELECT c.relname::text FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id'",
    );
    let names = names.fetch_all(&mut database.connect().await).await;
    names.expect("the catalogue can be read")
}

async fn tenants_seen(connection: &mut PgConnection, table: &str) -> Vec<Uuid> {
    let statement = format!("SELECT DISTINCT tenant_id FROM {table}");
    let seen = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_all(connection).await;
    seen.expect("the table can be read")
}

/// A statement without any condition shows the reader its own tenant's rows, of every table there is, and none when no
/// tenant is set. The owner, who is bound too, sees none but what its functions count and find.
#[tokio::test]
async fn a_forgotten_condition_shows_nothing_of_others() {
    let database = PostgresDatabase::fresh().await;
    database.seed(3, 5).await;
    let tables = tables_with_a_tenant(&database).await;
    assert!(tables.len() >= 12, "{tables:?}");
    let mut superuser = database.connect().await;
    let mut reader = connect_as(&database, "registry_reader").await;
    let mut owner = connect_as(&database, "registry_owner").await;
    let tenant = Uuid::from_u128(2);
    for table in &tables {
        assert_eq!(tenants_seen(&mut superuser, table).await.len(), 3, "{table} is filled");
        let is_for_functions = OF_FUNCTIONS.contains(&table.as_str());
        let owners = tenants_seen(&mut owner, table).await.len();
        assert_eq!(owners, if is_for_functions { 3 } else { 0 }, "{table}");
        assert_eq!(tenants_seen(&mut reader, table).await, NOBODY, "{table}");
        run(&mut reader, &format!("BEGIN; SET LOCAL registry.tenant = '{tenant}'"))
            .await
            .expect("it may say who it is");
        assert_eq!(tenants_seen(&mut reader, table).await, [tenant], "{table}");
        run(&mut reader, "ROLLBACK").await.expect("it ends");
        // The setting ends with the transaction, and leaves an empty text behind.
        assert_eq!(tenants_seen(&mut reader, table).await, NOBODY, "{table}");
    }
}

/// Nobody changes or removes events: the service's roles may not, and the owner and a superuser are refused.
#[tokio::test]
async fn nobody_changes_events() {
    let database = PostgresDatabase::fresh().await;
    database.seed(1, 1).await;
    let superuser = database.server.get_username();
    for role in ROLES.into_iter().chain([superuser]) {
        let mut connection = connect_as(&database, role).await;
        for statement in ["UPDATE events SET actor = 'x'", "DELETE FROM events", "TRUNCATE events"] {
            let refusal = run(&mut connection, statement).await.expect_err("it is refused");
            let is_privileged = ["registry_owner", superuser].contains(&role);
            let expected = if is_privileged {
                "events are append-only"
            } else {
                "permission denied for table events"
            };
            assert_eq!(refusal, expected, "{role}: {statement}");
        }
    }
}

/// Tables of which a tenant's rows can be taken away for it.
const OWN: [&str; 9] = [
    "deliveries",
    "views",
    "view_defaults",
    "jobs",
    "job_rows",
    "job_sources",
    "import_files",
    "exports",
    "export_pieces",
];

/// The reader writes nothing but its own tenant's cursors, plans, balances, uses of keys, deliveries, views, jobs,
/// files and exports. The directory reads no content.
#[tokio::test]
async fn roles_may_do_their_work_and_no_more() {
    let database = PostgresDatabase::fresh().await;
    database.seed(2, 1).await;
    let mut reader = connect_as(&database, "registry_reader").await;
    run(&mut reader, &format!("SET registry.tenant = '{}'", Uuid::from_u128(1)))
        .await
        .expect("it may say who it is");
    for table in tables_with_a_tenant(&database).await {
        let inserted = run(&mut reader, &format!("INSERT INTO {table} SELECT * FROM {table}")).await;
        let deleted = run(&mut reader, &format!("DELETE FROM {table}")).await;
        let denied = format!("permission denied for table {table}");
        let is_noted = ["publish_cursors", "balances", "key_uses", "delivery_cursors"].contains(&table.as_str());
        if is_noted || OWN.contains(&table.as_str()) {
            assert_ne!(inserted, Err(denied.clone()));
        } else {
            assert_eq!(inserted, Err(denied.clone()));
        }
        if OWN.contains(&table.as_str()) {
            assert_eq!(deleted, Ok(()));
            assert_eq!(
                tenants_seen(&mut database.connect().await, &table).await,
                [Uuid::from_u128(2)],
                "those of others are theirs"
            );
        } else {
            assert_eq!(deleted, Err(denied));
        }
    }
    let replan = "UPDATE merchants SET ask_at = '2000-01-01' WHERE true";
    run(&mut reader, replan)
        .await
        .expect("it plans its own tenant's questions");
    let planned: Vec<Uuid> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM merchants WHERE ask_at = '2000-01-01'")
        .fetch_all(&mut database.connect().await)
        .await
        .expect("rows");
    assert_eq!(planned, [Uuid::from_u128(1)]);
    let denied = run(&mut reader, "UPDATE merchants SET stage = 'opened'").await;
    assert_eq!(denied, Err("permission denied for table merchants".to_owned()));
    let own = "UPDATE publish_cursors SET seq = 7";
    run(&mut reader, own).await.expect("its own cursor is its own");
    let others = format!("INSERT INTO publish_cursors VALUES ('{}', 1, 1, 1)", Uuid::from_u128(9));
    let refusal = run(&mut reader, &others).await.expect_err("it is refused");
    assert!(refusal.contains("row-level security"), "{refusal}");
    let others = format!(
        "INSERT INTO balances VALUES ('{0}', '{0}', 1, now())",
        Uuid::from_u128(2)
    );
    let refusal = run(&mut reader, &others).await.expect_err("it is refused");
    assert!(refusal.contains("row-level security"), "{refusal}");
    let others = format!("INSERT INTO key_uses VALUES ('{0}', '{0}', now())", Uuid::from_u128(2));
    let refusal = run(&mut reader, &others).await.expect_err("it is refused");
    assert!(refusal.contains("row-level security"), "{refusal}");
    let moved: Vec<i64> = sqlx::query_scalar("SELECT seq FROM publish_cursors ORDER BY tenant_id")
        .fetch_all(&mut database.connect().await)
        .await
        .expect("rows");
    assert_eq!(moved, [7, 1]);
}

/// The directory knows where logs end and where something is due, and reads no content.
#[tokio::test]
async fn the_directory_reads_no_content() {
    let database = PostgresDatabase::fresh().await;
    database.seed(2, 1).await;
    let mut directory = connect_as(&database, "registry_directory").await;
    run(&mut directory, "SELECT tenant_id, seq FROM events")
        .await
        .expect("it knows where logs end");
    for statement in [
        "SELECT data FROM events",
        "SELECT * FROM merchants",
        "SELECT * FROM data_keys",
        "SELECT answer_body FROM deliveries",
    ] {
        let refusal = run(&mut directory, statement).await.expect_err("it is refused");
        assert!(refusal.starts_with("permission denied"), "{statement}: {refusal}");
    }
}

/// The adapter gives up a superuser's rights at once: what its roles may not do, it cannot do.
#[tokio::test]
async fn whoever_logs_in_is_bound_by_the_roles() {
    let world = World::<PostgresDatabase>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    world
        .harness
        .execute("REVOKE SELECT ON merchants FROM registry_reader")
        .await;
    let refusal = world
        .storage
        .merchant(tenant, merchant)
        .await
        .expect_err("it is refused");
    let refusal = std::error::Error::source(&refusal)
        .expect("there is a cause")
        .to_string();
    assert!(refusal.contains("permission denied for table merchants"), "{refusal}");
}

/// Every table is guarded: its rows are secured even from its owner, and the owner is the role that nobody logs in as.
#[tokio::test]
async fn every_table_is_guarded() {
    let database = PostgresDatabase::fresh().await;
    let rows = sqlx::query(
        "SELECT relname::text, relrowsecurity AND relforcerowsecurity, pg_get_userbyid(relowner)::text FROM pg_class
         WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> '_sqlx_migrations'",
    );
    for row in rows
        .fetch_all(&mut database.connect().await)
        .await
        .expect("the catalogue")
    {
        let (table, is_guarded, owner): (String, bool, String) = (row.get(0), row.get(1), row.get(2));
        assert!(is_guarded, "{table}");
        assert_eq!(owner, "registry_owner", "{table}");
    }
    let can_log_in: Vec<String> = sqlx::query_scalar(
        "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'registry\\_%r' AND rolcanlogin AND rolname = ANY ($1)",
    )
    .bind(ROLES.map(str::to_owned).to_vec())
    .fetch_all(&mut database.connect().await)
    .await
    .expect("the catalogue");
    assert_eq!(can_log_in, Vec::<String>::new());
}

/// A tenant that nobody has ever heard of sees nothing and breaks nothing.
#[tokio::test]
async fn an_unknown_tenant_sees_nothing() {
    let world = World::<PostgresDatabase>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    let nobody = TenantId::from_uuid(Uuid::from_u128(99));
    assert_eq!(world.storage.merchant(nobody, merchant).await.expect("an answer"), None);
    assert_eq!(world.storage.tenant(nobody).await.expect("an answer"), None);
}
