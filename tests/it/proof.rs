//! What `registry verify` proves, against somebody who may write to the database and knows how hashes are made.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use registry::config::Database;
use registry::storage::Storage;
use registry_domain::{Seq, TenantId};
use registry_journal::chain::{GENESIS, hash_of};
use registry_journal::port::PageSize;
use registry_journal::{EventRow, Keyring, MasterKey};
use registry_tests::api::number_of;
use registry_tests::{Installation, TestNats, TestSandbox, TestTenant, check_published};

use crate::crash::open_unguarded;

/// Runs `registry verify` with these arguments: whether it is content, and what it says.
fn verify(installation: &Installation, arguments: &[&str]) -> (bool, String) {
    let output = installation.run(&[&["verify"], arguments].concat());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", output.status);
    let said = String::from_utf8(output.stdout).expect("it prints text");
    (output.status.success(), said)
}

/// Whoever takes a tenant's row away hides its log from everybody but `verify`, which tells whether that is whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_whose_tenant_is_gone_is_verified_all_the_same() {
    let installation = Installation::new();
    let (id, slug, _key) = installation.create_tenant();
    let (_, other, _key) = installation.create_tenant();
    let noted = installation.print(&["verify", "--ends"]);
    let file = installation.data_dir().join("ends");
    std::fs::write(&file, &noted).expect("a file can be written");
    let by_file = ["--expect-file", file.to_str().expect("a path is text")];
    let mut database = open_unguarded(&installation.database()).await;
    for statement in ["PRAGMA foreign_keys = OFF", "DELETE FROM tenants WHERE tenant_id = ?"] {
        let statement = sqlx::query(statement).bind(id.as_uuid());
        statement.execute(&mut database).await.expect("a row can be deleted");
    }
    for arguments in [&[][..], &by_file] {
        let (is_content, said) = verify(&installation, arguments);
        assert!(!is_content, "{said}");
        assert!(
            said.contains(&format!("{slug}: the row of {id} in `tenants` is gone")),
            "{said}"
        );
        assert!(
            said.contains(&format!("{slug}: 2 events, the chain is whole")),
            "{said}"
        );
        assert!(
            said.contains(&format!("{other}: 2 events, the chain is whole")),
            "{said}"
        );
        assert!(!said.contains("no such tenant"), "{said}");
    }
    let altered =
        sqlx::query("UPDATE events SET data = data || ' ' WHERE tenant_id = ? AND seq = 2").bind(id.as_uuid());
    altered.execute(&mut database).await.expect("a row can be changed");
    let (is_content, said) = verify(&installation, &[]);
    assert!(
        !is_content && said.contains(&format!("{slug}: event 2 was altered")),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_written_anew_is_found_by_what_was_noted_of_it() {
    let (nats, sandbox) = (TestNats::start(), TestSandbox::start().await);
    let mut installation = Installation::new().with("NATS_URL", nats.url());
    let (process, tenant) = installation.serve_tenant(&sandbox);
    let merchant = tenant.register("acad-1", "store-1").await;
    tenant.issue_link(&merchant).await;
    sandbox.mapping("acad-1", "store-1").await.submit("가나다 학원").await;
    check_published(&tenant, &nats).await;
    let told = told_to_subscribers(&tenant, &nats).await;
    assert!(process.terminate().success());

    let noted = installation.print(&["verify", "--ends"]);
    let end = noted
        .strip_prefix(&format!("{} ", tenant.slug))
        .expect("the tenant and its end");
    let file = installation.data_dir().join("ends");
    std::fs::write(&file, format!("# of Monday\n{noted}\n")).expect("a file can be written");

    // The log grows, and is still the one that was noted.
    let process = installation.serve();
    let tenant = tenant.reconnected();
    tenant.register("acad-1", "store-2").await;
    check_published(&tenant, &nats).await;
    assert!(process.terminate().success());
    let (slug, file) = (tenant.slug.as_str(), file.to_str().expect("a path is text"));
    let by_file = ["--expect-file", file];
    let by_end = ["--tenant", slug, "--expect", end];
    let by_subscriber = ["--tenant", slug, "--expect", &told];
    let by_stream = ["--nats-url", nats.url()];
    for arguments in [&[][..], &["--deep"], &by_file, &by_end, &by_subscriber, &by_stream] {
        let (is_content, said) = verify(&installation, arguments);
        assert!(is_content && said.contains("Not proven"), "{arguments:?}: {said}");
    }

    write_anew(&installation, tenant.id).await;
    assert!(verify(&installation, &[]).0, "the hashes have no key");
    for (arguments, complaint) in [
        (&["--deep"][..], "does not open"),
        (&by_file, "the log was written anew"),
        (&by_end, "the log was written anew"),
        (&by_subscriber, "the log was written anew"),
        (&by_stream, "the log was written anew"),
    ] {
        let (is_content, said) = verify(&installation, arguments);
        assert!(!is_content && said.contains(complaint), "{arguments:?}: {said}");
    }
    let gone = installation.data_dir().join("gone");
    std::fs::write(&gone, format!("no-such-tenant {end}\n")).expect("a file can be written");
    let (is_content, said) = verify(
        &installation,
        &["--expect-file", gone.to_str().expect("a path is text")],
    );
    assert!(!is_content && said.contains("no such tenant"), "{said}");

    // Whoever carries the log to NATS sees it too, and says so where people look.
    let process = installation.serve();
    let api = tenant.reconnected().api;
    let readiness = registry_tests::api::within(registry_tests::PATIENCE, async {
        loop {
            let readiness = api.get("/readyz").await.expect(200);
            if readiness["publishing"]["connected"] == true && readiness["publishing"]["diverged"] != 0 {
                return readiness;
            }
        }
    })
    .await;
    assert_eq!(readiness["status"], "degraded");
    let metrics = api.get("/metrics").await.text;
    let is_counted =
        metrics.contains("registry_relay_diverged_total") && !metrics.contains("registry_relay_diverged_total 0");
    assert!(is_counted, "{metrics}");
    assert!(process.terminate().success());
}

/// The end of the log as the newest message tells it.
async fn told_to_subscribers(tenant: &TestTenant, nats: &TestNats) -> String {
    let feed = tenant.api.feed().await;
    let newest = feed.iter().rfind(|event| event["merchant_id"].is_string());
    let seq = number_of(newest.expect("there are events"), "seq");
    let message = nats.stream(&tenant.slug, seq).await.pop().expect("a message");
    format!("{}:{}", message.header("Registry-Seq"), message.header("Registry-Hash"))
}

/// Changes an event that is not the newest of its stream, and gives everything from there the hashes that it should have.
async fn write_anew(installation: &Installation, tenant: TenantId) {
    let mut rows = log_of(installation, tenant).await;
    let newest: HashMap<_, _> = rows
        .iter()
        .filter(|row| !row.sealed.is_empty())
        .map(|row| (row.stream, row.seq))
        .collect();
    let is_older = |row: &EventRow| {
        let is_merchants = row.stream.merchant_id().is_some() && !row.sealed.is_empty();
        is_merchants && newest[&row.stream] != row.seq
    };
    let changed = rows.iter().position(is_older).expect("there is such an event");
    *rows[changed].sealed.last_mut().expect("it is sealed") ^= 1;
    let mut before = changed.checked_sub(1).map_or(GENESIS, |before| rows[before].hash);
    let mut database = open_unguarded(&installation.database()).await;
    for row in &mut rows[changed..] {
        row.hash = hash_of(&before, row);
        before = row.hash;
        let done = sqlx::query("UPDATE events SET sealed = ?, hash = ? WHERE tenant_id = ? AND seq = ?")
            .bind(&row.sealed)
            .bind(row.hash.to_vec())
            .bind(tenant.as_uuid().as_bytes().to_vec())
            .bind(i64::try_from(row.seq.0).expect("a position"))
            .execute(&mut database)
            .await;
        assert_eq!(done.expect("without its guard a row can be changed").rows_affected(), 1);
    }
    sqlx::Connection::close(database).await.expect("the file can be closed");
}

async fn log_of(installation: &Installation, tenant: TenantId) -> Vec<EventRow> {
    let storage = Storage::open(
        &Database::Sqlite(installation.database()),
        keyring(installation.data_dir()),
        None,
    )
    .await;
    let storage = storage.expect("the file can be opened");
    let rows = storage.reader.events_after(tenant, Seq::ZERO, PageSize::MAX).await;
    storage.close().await;
    rows.expect("the log can be read")
}

fn keyring(data: &Path) -> Arc<Keyring> {
    let key = std::fs::read_to_string(data.join("keys/master.key")).expect("there is a key");
    Arc::new(Keyring::new(&MasterKey::from_hex(&key).expect("it is a key")))
}

/// A log whose keys are damaged or lost is whole and can be read by nobody.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_does_not_open_what_it_sealed_is_found() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (process, tenant) = installation.serve_tenant(&sandbox);
    tenant.register("acad-1", "store-1").await;
    tenant.register("acad-1", "store-2").await;
    assert!(process.terminate().success());
    let (is_content, said) = verify(&installation, &[]);
    assert!(is_content && said.contains("3 sealed streams open"), "{said}");
    let one = "owner = (SELECT stream_id FROM events WHERE stream_kind = 'merchant' ORDER BY seq LIMIT 1)";
    for (statement, complaint) in [
        (
            format!("UPDATE data_keys SET wrapped = zeroblob(61) WHERE {one}"),
            "does not open",
        ),
        (format!("DELETE FROM data_keys WHERE {one}"), "is not there"),
    ] {
        let mut database = open_unguarded(&installation.database()).await;
        let done = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut database).await;
        assert_eq!(done.expect("a key can be destroyed").rows_affected(), 1);
        sqlx::Connection::close(database).await.expect("the file can be closed");
        let (is_content, said) = verify(&installation, &[]);
        assert!(!is_content && said.contains(complaint), "{said}");
    }
}
