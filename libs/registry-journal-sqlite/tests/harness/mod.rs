//! A database file of its own for each test, and a hand inside it.

use std::path::PathBuf;

use async_trait::async_trait;
use registry_domain::{MerchantId, Seq, TenantId};
use registry_journal::StreamId;
use registry_journal::port::{Cause, CountTable};
use registry_journal_contract::{Damage, EventColumn, Harness};
use registry_journal_sqlite::SqliteJournal;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use tempfile::TempDir;

/// A file in a directory that goes with it.
pub struct SqliteFile {
    directory: TempDir,
}

impl SqliteFile {
    /// Where the file is.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("registry.db")
    }

    /// A connection that knows nothing of the adapter.
    pub async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path());
        SqliteConnection::connect_with(&options)
            .await
            .expect("the file can be written")
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

fn position(seq: Seq) -> i64 {
    i64::try_from(seq.0).expect("a position of a small log")
}

#[async_trait]
impl Harness for SqliteFile {
    type Storage = SqliteJournal;

    async fn fresh() -> Self {
        let directory = TempDir::with_prefix("registry-journal-").expect("there is a temporary directory");
        let file = Self { directory };
        registry_journal_sqlite::migrate(&file.path())
            .await
            .expect("the schema is made");
        file
    }

    async fn open(&self) -> SqliteJournal {
        SqliteJournal::open(&self.path()).await.expect("the file opens")
    }

    async fn try_update_event(&self, tenant: TenantId, seq: Seq) -> Result<(), Cause> {
        let statement = "UPDATE events SET actor = 'somebody' WHERE tenant_id = ?1 AND seq = ?2";
        self.try_on_event(statement, tenant, seq).await
    }

    async fn try_delete_event(&self, tenant: TenantId, seq: Seq) -> Result<(), Cause> {
        let statement = "DELETE FROM events WHERE tenant_id = ?1 AND seq = ?2";
        self.try_on_event(statement, tenant, seq).await
    }

    async fn alter_event_byte(&self, tenant: TenantId, seq: Seq, column: EventColumn) {
        let mut connection = self.connect().await;
        let name = column.0;
        sqlx::query("DROP TRIGGER IF EXISTS events_refuse_update")
            .execute(&mut connection)
            .await
            .expect("the file can be written");
        // A number moves so far that it meets no neighbour.
        let select =
            format!("SELECT typeof({name}), CAST({name} AS BLOB) FROM events WHERE tenant_id = ?1 AND seq = ?2");
        let row = sqlx::query(AssertSqlSafe(select))
            .bind(tenant.as_uuid())
            .bind(position(seq))
            .fetch_one(&mut connection)
            .await
            .expect("the file can be written");
        let (kind, mut bytes): (String, Vec<u8>) = (row.get(0), row.get(1));
        let changed = match kind.as_str() {
            "integer" => format!("{name} + 1000000"),
            "text" => "CAST(?3 AS TEXT)".to_owned(),
            "blob" => "?3".to_owned(),
            _ => panic!("{name} holds {kind}: nothing to alter"),
        };
        *bytes.last_mut().expect("the column is filled") ^= 0x01;
        let update = format!("UPDATE events SET {name} = {changed} WHERE tenant_id = ?1 AND seq = ?2");
        let done = sqlx::query(AssertSqlSafe(update))
            .bind(tenant.as_uuid())
            .bind(position(seq))
            .bind(bytes)
            .execute(&mut connection)
            .await
            .expect("the file can be written");
        assert_eq!(done.rows_affected(), 1);
    }

    async fn damage(&self, tenant: TenantId, merchant: MerchantId, damage: Damage) {
        let key = "WHERE tenant_id = ?1 AND merchant_id = ?2";
        let of_all = "WHERE tenant_id = ?1 AND ?2 IS NOT NULL";
        let of_stream = "WHERE tenant_id = ?1 AND stream_id = ?2";
        let of_tenant = |version| {
            let state = format!(r#"replace(state, '{{"version":', '{{"version":{version},"was":')"#);
            format!("UPDATE tenants SET state = {state} WHERE tenant_id = ?1 AND ?2 IS NOT NULL")
        };
        let statement = match damage {
            Damage::Status => format!("UPDATE merchants SET status = 'drafting' {key}"),
            Damage::State => format!("UPDATE merchants SET state = '{{' {key}"),
            // As of one that is registered and nothing else.
            Damage::Facets => format!("UPDATE merchants SET facets = 128 {key}"),
            Damage::Outdated => format!("UPDATE merchants SET facets = NULL, facets_version = 0 {key}"),
            Damage::Lost => format!("DELETE FROM merchants {key}"),
            Damage::HistoryLost => format!("DELETE FROM merchant_history {key}"),
            Damage::TermsLost => format!("DELETE FROM merchant_terms {key}"),
            Damage::MilestonesLost => format!("DELETE FROM merchant_milestones {key}"),
            Damage::LinksLost => format!("DELETE FROM merchant_links {key}"),
            Damage::FoundElsewhere => format!("UPDATE merchants SET merchant_code = 'elsewhere' {key}"),
            Damage::Surplus => format!(
                "INSERT INTO merchants SELECT tenant_id, randomblob(16), member_code, 'made-up', version, status, stage,
                     stage_since, company_name, branch_name, business_number, pending_link_id, pending_since,
                     created_at, updated_at, state, ask_at, confirming_since, facets, facets_version
                 FROM merchants {key}"
            ),
            Damage::ApprovalsLost => format!("DELETE FROM approvals {key}"),
            Damage::QuarantineLost => format!("DELETE FROM quarantine {of_stream} AND state = 'open'"),
            Damage::QuarantineReopened => {
                format!("UPDATE quarantine SET state = 'open', settled_by = NULL {of_stream} AND state = 'redriven'")
            }
            Damage::UnclaimedChanged => String::from(
                "UPDATE unclaimed_merchants SET callbacks = callbacks + 1 WHERE tenant_id = ?1 AND ?2 IS NOT NULL",
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
                "INSERT INTO merchant_alerts SELECT tenant_id, randomblob(16), randomblob(16), rule, rank, due_at, acknowledged_at,
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
            .expect("the file can be written");
        assert!(done.rows_affected() > 0);
    }

    async fn make_poison(&self, stream: StreamId) {
        let statement = format!(
            "CREATE TRIGGER poison BEFORE INSERT ON events WHEN new.stream_id = x'{}'
             BEGIN SELECT RAISE(ABORT, 'poison'); END",
            stream.as_uuid().simple()
        );
        sqlx::query(AssertSqlSafe(statement))
            .execute(&mut self.connect().await)
            .await
            .expect("the file can be written");
    }
}
