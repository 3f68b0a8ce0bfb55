//! A database of its own for each test, on the server that `TEST_POSTGRES_URL` names, and a hand inside it.

use async_trait::async_trait;
use registry_domain::{MerchantId, Seq, TenantId};
use registry_journal::StreamId;
use registry_journal::port::{Cause, CountTable};
use registry_journal_contract::{Damage, EventColumn, Harness};
use registry_journal_postgres::{PostgresJournal, migrate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use uuid::Uuid;

/// Rows as a service would have written them, but for the JSON in them, which nobody reads.
const SEED: &str = "
    CREATE TEMPORARY TABLE seed AS
    SELECT lpad(to_hex(t), 32, '0')::uuid AS tenant_id, lpad(to_hex(t * 1000000 + m), 32, '0')::uuid AS merchant_id,
        t, m, now() - m * interval '1 minute' AS at,
        (ARRAY['registered', 'drafting', 'in_review', 'opened', 'archived'])[m % 5 + 1] AS stage,
        (ARRAY[0, 2, 3, 6, 9])[m % 5 + 1] + 128 AS facets
    FROM generate_series(1, {tenants}) AS t, generate_series(1, {merchants}) AS m;
    INSERT INTO tenants SELECT tenant_id, 'tenant-' || t, '{}' FROM seed WHERE m = 1;
    INSERT INTO api_keys SELECT merchant_id, tenant_id FROM seed WHERE m = 1;
    INSERT INTO publish_cursors SELECT tenant_id, 1, 1, 1 FROM seed WHERE m = 1;
    INSERT INTO persons SELECT merchant_id, t || '-' || m || '@example.test', 'Kim', 'idp', t || '-' || m, NULL, false, at,
        NULL, NULL
    FROM seed;
    INSERT INTO memberships SELECT merchant_id, tenant_id FROM seed;
    INSERT INTO person_links SELECT sha256(uuid_send(merchant_id)), merchant_id, 'invitation', at, at FROM seed;
    INSERT INTO sessions SELECT sha256(uuid_send(merchant_id)), merchant_id, merchant_id, 'oidc', at, at, at, at,
        'sid-' || t || '-' || m, NULL
    FROM seed;
    INSERT INTO role_mappings SELECT tenant_id, 'group-' || m, 'viewer' FROM seed;
    INSERT INTO sign_in_failures SELECT sha256(uuid_send(merchant_id)), 1, at FROM seed;
    INSERT INTO key_uses SELECT tenant_id, merchant_id, at FROM seed;
    INSERT INTO merchant_alerts SELECT tenant_id, merchant_id, merchant_id, 'in_review', m % 3, at,
        CASE m % 5 WHEN 1 THEN at END, CASE m % 7 WHEN 1 THEN at END
    FROM seed;
    INSERT INTO delivery_cursors SELECT tenant_id, 1 FROM seed WHERE m = 1;
    INSERT INTO deliveries SELECT tenant_id, merchant_id, lpad(to_hex(m % 10), 32, '0')::uuid,
        CASE m % 5 WHEN 1 THEN 'digest' ELSE 'event' END, CASE m % 5 WHEN 1 THEN NULL ELSE m END,
        CASE m % 5 WHEN 1 THEN 'rule-' || m END, 0, 0, 0, 0,
        CASE m % 10 WHEN 1 THEN 'open' WHEN 2 THEN 'waiting' ELSE 'delivered' END, at, CASE WHEN m % 10 IN (1, 2) THEN at END,
        at, 1, at, NULL, NULL, NULL
    FROM seed;
    INSERT INTO views SELECT tenant_id, merchant_id, lpad(to_hex(m % 100), 32, '0')::uuid, m % 10 = 1, 'View ' || m, 'view ' || m,
        'stage=opened', '', 1, at, at
    FROM seed;
    INSERT INTO view_defaults SELECT tenant_id, merchant_id, merchant_id FROM seed;
    INSERT INTO jobs SELECT tenant_id, merchant_id, 'archive', '[]', CASE m % 10 WHEN 1 THEN 'running' ELSE 'finished' END, NULL,
        NULL, 'user:command_line', merchant_id, 'Why', at, at, CASE m % 10 WHEN 1 THEN NULL ELSE at END, NULL,
        CASE m % 10 WHEN 1 THEN at END, 0, 0, 0, 0, NULL
    FROM seed;
    INSERT INTO import_files SELECT tenant_id, merchant_id, at, '\\x00' FROM seed;
    INSERT INTO exports SELECT tenant_id, merchant_id, CASE m % 10 WHEN 1 THEN 'running' ELSE 'ready' END, '{}', 'user:command_line',
        merchant_id, 'Why', at, at, CASE m % 10 WHEN 1 THEN NULL ELSE at END, 1, 3, 3, 9, NULL, NULL
    FROM seed;
    INSERT INTO export_pieces SELECT tenant_id, merchant_id, 1, n, '\\x00' FROM seed, generate_series(0, 3) AS n;
    INSERT INTO job_sources SELECT tenant_id, merchant_id, n, '\\x00' FROM seed, generate_series(0, 3) AS n;
    INSERT INTO job_rows SELECT tenant_id, merchant_id, n, merchant_id, 'member-' || m, 'shop-' || m,
        CASE n WHEN 1 THEN 'running' WHEN 2 THEN 'waiting' ELSE 'done' END, CASE n WHEN 3 THEN 'archived' END, NULL, NULL, 1,
        at, CASE n WHEN 3 THEN at END, CASE n WHEN 3 THEN NULL ELSE at END
    FROM seed, generate_series(1, 3) AS n;
    INSERT INTO balances SELECT tenant_id, merchant_id, m, at FROM seed;
    INSERT INTO data_keys SELECT tenant_id, merchant_id, '\\x00' FROM seed;
    INSERT INTO idempotency_keys SELECT tenant_id, 'key-' || m, '\\x00', merchant_id, NULL, 1, at, at FROM seed;
    INSERT INTO merchant_links SELECT tenant_id, merchant_id, merchant_id FROM seed;
    INSERT INTO merchant_history SELECT tenant_id, merchant_id, v, 'none', stage, at, facets, at
    FROM seed, generate_series(1, 2) AS v;
    INSERT INTO merchants SELECT tenant_id, merchant_id, 'member-' || m, 'shop-' || m, 1, 'none', stage, at, 'Shop ' || m,
        NULL, lpad(m::text, 10, '0'), CASE m % 100 WHEN 0 THEN merchant_id END, CASE m % 100 WHEN 0 THEN at END, at, at,
        '{}', CASE stage WHEN 'registered' THEN NULL ELSE at END, CASE m % 100 WHEN 7 THEN at END, facets, 1
    FROM seed;
    INSERT INTO merchant_terms SELECT tenant_id, merchant_id, 1, at, at, NULL, 'shop' || m, 'shop' || m || ' member' || m,
        E'\\nshop' || m || E'\\n', lpad(m::text, 10, '0'), E'\\nmember:member-' || m || E'\\n', ARRAY[m % 7, m % 100, m]
    FROM seed;
    INSERT INTO merchant_milestones SELECT tenant_id, merchant_id, at, at, at, at, at, stage <> 'opened' FROM seed;
    INSERT INTO merchant_counts SELECT tenant_id, facets, count(*) FROM merchants GROUP BY 1, 2;
    INSERT INTO standing_counts SELECT tenant_id, stage, registry_day(stage_since), count(*) FROM merchants GROUP BY 1, 2, 3;
    INSERT INTO cohort_counts SELECT tenant_id, cohort_on, step, from_on, to_on, count(*) FROM merchant_milestones
    CROSS JOIN LATERAL registry_steps(created_at, linked_at, begun_at, submitted_at, opened_at, under_way)
    GROUP BY 1, 2, 3, 4, 5;
    INSERT INTO stay_counts SELECT tenant_id, 'opening', registry_day(opened_at), registry_day(created_at), count(*)
    FROM merchant_milestones GROUP BY 1, 2, 3, 4;
    INSERT INTO merchant_identities SELECT tenant_id, merchant_id, 'member-' || m, 'shop-' || m, lpad(m::text, 10, '0')
    FROM seed;
    INSERT INTO quarantine SELECT tenant_id, merchant_id, m, 'merchant', merchant_id, 1, 'unparseable',
        CASE m % 2 WHEN 1 THEN 'member-' || m END, CASE m % 2 WHEN 1 THEN 'shop-' || m END, at,
        CASE m % 10 WHEN 1 THEN 'open' ELSE 'redriven' END, NULL
    FROM seed;
    INSERT INTO unclaimed_merchants SELECT tenant_id, 'member-' || m, 'shop-' || m, merchant_id, at, at, 1, false, NULL,
        CASE m % 10 WHEN 1 THEN 'open' ELSE 'adopted' END, NULL, NULL
    FROM seed;
    INSERT INTO audit_entries SELECT tenant_id, 3 * m + 1, at, 'key_' || m % 7, 'api', 'note.added', merchant_id,
        CASE m % 50 WHEN 1 THEN 'refused' ELSE 'done' END
    FROM seed;
    INSERT INTO approvals SELECT tenant_id, merchant_id, v, merchant_id, uuid_send(merchant_id), at
    FROM seed, generate_series(1, 2) AS v;
    INSERT INTO events SELECT tenant_id, 3 * m + v, lpad(to_hex(t * 10000000 + 3 * m + v), 32, '0')::uuid, 'merchant',
        merchant_id, v, 'note.added', at, 'system', merchant_id, NULL, NULL, '{}', '\\x', '\\x'
    FROM seed, generate_series(1, 3) AS v;
    ANALYZE";

/// The login of a service, as `infra/postgres/roles.sql` makes it: it can do nothing before it has become one of three
/// roles. All databases of a server share it. The lock is one of the database that everybody has.
const SERVICE: &str = "
    DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(726567);
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registry_service') THEN
            CREATE ROLE registry_service LOGIN NOINHERIT PASSWORD 'of-a-test';
            GRANT registry_writer, registry_reader, registry_directory TO registry_service;
        END IF;
    END $$";

/// A database that goes with its handle.
pub struct PostgresDatabase {
    /// Its server, for a superuser.
    pub server: PgConnectOptions,
    /// Its name, which no other has.
    pub name: String,
}

impl PostgresDatabase {
    /// An empty database: no migration has run.
    pub async fn empty() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the edge: tests are told where the server is")]
        let url = std::env::var("TEST_POSTGRES_URL");
        let url = url.expect("TEST_POSTGRES_URL is the address of a superuser; `cargo xtask test` arranges a server");
        Self::on(&url).await
    }

    /// An empty database on another server.
    pub async fn on(url: &str) -> Self {
        let server: PgConnectOptions = url.parse().expect("it is the URL of a PostgreSQL database");
        #[expect(clippy::disallowed_methods, reason = "the edge: a name that no other test has")]
        let number = Uuid::new_v4().simple();
        let name = format!("registry_test_{number}");
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        Self { server, name }
    }

    /// Where it is, for a superuser.
    pub fn url(&self) -> String {
        self.server.clone().database(&self.name).to_url_lossy().to_string()
    }

    /// Where it is, for a service: whoever works as one logs in as one.
    pub fn service_url(&self) -> String {
        let options = self.server.clone().database(&self.name);
        let options = options.username("registry_service").password("of-a-test");
        options.to_url_lossy().to_string()
    }

    /// Makes the login of services. The migrations have made its roles.
    pub async fn admit_services(&self) {
        execute(&self.server.clone(), SERVICE).await;
    }

    /// A connection of a superuser.
    pub async fn connect(&self) -> PgConnection {
        let options = self.server.clone().database(&self.name);
        options.connect().await.expect("the database can be connected to")
    }

    /// Runs a statement as a superuser.
    pub async fn execute(&self, statement: &str) {
        execute(&self.server.clone().database(&self.name), statement).await;
    }

    /// Fills every table: `tenants` tenants, numbered from 1, with `merchants` merchants each; and tells the planner.
    pub async fn seed(&self, tenants: u32, merchants: u32) {
        let script = SEED
            .replace("{tenants}", &tenants.to_string())
            .replace("{merchants}", &merchants.to_string());
        self.execute(&script).await;
    }

    async fn try_on_event(&self, statement: &'static str, tenant: TenantId, seq: Seq) -> Result<(), Cause> {
        let done = sqlx::query(statement)
            .bind(tenant.as_uuid())
            .bind(position(seq))
            .execute(&mut self.connect().await)
            .await?;
        // A statement that finds no row would be refused by nobody.
        assert_eq!(done.rows_affected(), 1);
        Ok(())
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The runtime of the test cannot be waited for here.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(execute(&server, &statement));
        });
        // A server that the test has stopped took its databases with it.
        dropping.join().ok();
    }
}

async fn execute(database: &PgConnectOptions, statement: &str) {
    let mut connection = database.connect().await.expect("the database can be connected to");
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await;
    done.unwrap_or_else(|error| panic!("{statement}: {error}"));
    connection.close().await.ok();
}

fn position(seq: Seq) -> i64 {
    i64::try_from(seq.0).expect("a position of a small log")
}

#[async_trait]
impl Harness for PostgresDatabase {
    type Storage = PostgresJournal;

    async fn fresh() -> Self {
        let database = Self::empty().await;
        migrate(&database.url()).await.expect("the migrations run");
        database.admit_services().await;
        database
    }

    async fn open(&self) -> PostgresJournal {
        PostgresJournal::connect(&self.service_url())
            .await
            .expect("the database opens")
    }

    async fn try_update_event(&self, tenant: TenantId, seq: Seq) -> Result<(), Cause> {
        let statement = "UPDATE events SET actor = 'somebody' WHERE tenant_id = $1 AND seq = $2";
        self.try_on_event(statement, tenant, seq).await
    }

    async fn try_delete_event(&self, tenant: TenantId, seq: Seq) -> Result<(), Cause> {
        let statement = "DELETE FROM events WHERE tenant_id = $1 AND seq = $2";
        self.try_on_event(statement, tenant, seq).await
    }

    async fn alter_event_byte(&self, tenant: TenantId, seq: Seq, column: EventColumn) {
        let name = column.0;
        let mut connection = self.connect().await;
        let kind = format!("SELECT pg_typeof({name})::text FROM events LIMIT 1");
        let kind = sqlx::query(AssertSqlSafe(kind)).fetch_one(&mut connection).await;
        let kind: String = kind.expect("there are events").get(0);
        let flipped =
            |bytes: &str| format!("set_byte({bytes}, length({bytes}) - 1, get_byte({bytes}, length({bytes}) - 1) # 1)");
        // A number moves so far that it meets no neighbour.
        let changed = match kind.as_str() {
            "bigint" => format!("{name} + 1000000"),
            "timestamp with time zone" => format!("{name} + interval '1 second'"),
            "uuid" => format!("encode({}, 'hex')::uuid", flipped(&format!("uuid_send({name})"))),
            "text" => format!(
                "convert_from({}, 'UTF8')",
                flipped(&format!("convert_to({name}, 'UTF8')"))
            ),
            "bytea" => flipped(name),
            _ => panic!("{name} holds {kind}: nothing to alter"),
        };
        self.execute("ALTER TABLE events DISABLE TRIGGER events_refuse_change")
            .await;
        let update = format!("UPDATE events SET {name} = {changed} WHERE tenant_id = $1 AND seq = $2");
        let done = sqlx::query(AssertSqlSafe(update))
            .bind(tenant.as_uuid())
            .bind(position(seq))
            .execute(&mut connection)
            .await
            .expect("a superuser may do anything");
        assert_eq!(done.rows_affected(), 1);
    }

    async fn damage(&self, tenant: TenantId, merchant: MerchantId, damage: Damage) {
        let key = "WHERE tenant_id = $1 AND merchant_id = $2";
        let of_all = "WHERE tenant_id = $1 AND $2::uuid IS NOT NULL";
        let of_stream = "WHERE tenant_id = $1 AND stream_id = $2";
        let of_tenant = |version| {
            let state = format!(r#"replace(state, '{{"version":', '{{"version":{version},"was":')"#);
            format!("UPDATE tenants SET state = {state} WHERE tenant_id = $1 AND $2::uuid IS NOT NULL")
        };
        let statement = match damage {
            Damage::Status => format!("UPDATE merchants SET status = 'drafting' {key}"),
            Damage::State => format!("UPDATE merchants SET state = '{{' {key}"),
            // As of one that is registered and nothing else.
            Damage::Facets => format!("UPDATE merchants SET facets = 128 {key}"),
            // An earlier version would have moved the log: whoever remembers the merchant notices that it was somebody else.
            Damage::Outdated => format!(
                "WITH noticed AS (UPDATE tenants SET generation = generation + 1 WHERE tenant_id = $1)
                 UPDATE merchants SET facets = NULL, facets_version = 0 {key}"
            ),
            Damage::Lost => format!("DELETE FROM merchants {key}"),
            Damage::HistoryLost => format!("DELETE FROM merchant_history {key}"),
            Damage::TermsLost => format!("DELETE FROM merchant_terms {key}"),
            Damage::MilestonesLost => format!("DELETE FROM merchant_milestones {key}"),
            Damage::LinksLost => format!("DELETE FROM merchant_links {key}"),
            Damage::FoundElsewhere => format!("UPDATE merchant_identities SET merchant_code = 'elsewhere' {key}"),
            Damage::Surplus => format!(
                "INSERT INTO merchants SELECT tenant_id, gen_random_uuid(), member_code, 'made-up', version, status,
                     stage, stage_since, company_name, branch_name, business_number, pending_link_id, pending_since,
                     created_at, updated_at, state, ask_at, confirming_since, NULL, 0
                 FROM merchants {key}"
            ),
            Damage::ApprovalsLost => format!("DELETE FROM approvals {key}"),
            Damage::QuarantineLost => format!("DELETE FROM quarantine {of_stream} AND state = 'open'"),
            Damage::QuarantineReopened => {
                format!("UPDATE quarantine SET state = 'open', settled_by = NULL {of_stream} AND state = 'redriven'")
            }
            Damage::UnclaimedChanged => String::from(
                "UPDATE unclaimed_merchants SET callbacks = callbacks + 1 WHERE tenant_id = $1 AND $2::uuid IS NOT NULL",
            ),
            Damage::TenantBehind => of_tenant("0"),
            Damage::TenantAhead => of_tenant("1000"),
            Damage::AuditLost => format!("DELETE FROM audit_entries {key}"),
            Damage::AuditMadeUp => format!(
                "INSERT INTO audit_entries SELECT tenant_id, 1, recorded_at, actor, channel, action, merchant_id, outcome
                 FROM audit_entries {key}"
            ),
            Damage::AlertLost => format!("DELETE FROM merchant_alerts {key}"),
            Damage::AlertChanged => format!("UPDATE merchant_alerts SET rank = rank + 1 {key}"),
            Damage::AlertOfNoRule => format!("UPDATE merchant_alerts SET rule = 'nonsense', rank = 7 {key}"),
            Damage::AlertOfNobody => format!(
                "INSERT INTO merchant_alerts SELECT tenant_id, gen_random_uuid(), gen_random_uuid(), rule, rank, due_at, acknowledged_at,
                     snoozed_until
                 FROM merchant_alerts {key}"
            ),
            Damage::CountsLost(table) => format!("DELETE FROM {} {of_all}", table.as_str()),
            Damage::CountsChanged(table) => format!("UPDATE {} SET count = count + 1 {of_all}", table.as_str()),
            Damage::CountsMadeUp(table) => {
                let columns = match table {
                    CountTable::Merchants => "777777",
                    CountTable::Standing => "'nowhere', 7",
                    CountTable::Stays => "'nowhere', 7, 7",
                    CountTable::Cohorts => "7, 'nothing', 7, 7",
                };
                format!("INSERT INTO {} SELECT tenant_id, {columns}, 3 FROM merchants {key}", table.as_str())
            }
        };
        let done = sqlx::query(AssertSqlSafe(statement))
            .bind(tenant.as_uuid())
            .bind(merchant.as_uuid())
            .execute(&mut self.connect().await)
            .await
            .expect("a superuser may do anything");
        assert!(done.rows_affected() > 0);
    }

    async fn make_poison(&self, stream: StreamId) {
        let id = stream.as_uuid();
        self.execute(&format!(
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''poison''; END';
             CREATE TRIGGER poison BEFORE INSERT ON events FOR EACH ROW WHEN (new.stream_id = '{id}')
             EXECUTE FUNCTION poison()"
        ))
        .await;
    }
}
