//! A process that dies while it makes a file.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use registry_journal::Ambient;
use registry_tests::Installation;
use registry_tests::api::{text_of, until};
use registry_tests::sandbox::TestSandbox;
use registry_tests::tenant::id_of;
use serde_json::json;
use tokio::task::block_in_place;

use super::{PATH, taken};

/// So many that a file is not made in a moment.
const SHOPS: usize = 600;

/// Files that are begun, and whose maker is killed.
const FILES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_made_whole_whoever_dies() {
    let sandbox = TestSandbox::start().await;
    let mut installation = Installation::new();
    let (mut process, mut tenant) = block_in_place(|| installation.serve_tenant(&sandbox));
    let codes: Vec<_> = (0..SHOPS).map(|number| format!("store-{number:04}")).collect();
    for some in codes.chunks(100) {
        join_all(some.iter().map(|code| tenant.register("acad-1", code))).await;
    }
    let mut died_amid = 0;
    for format in ["csv", "csv_cp949", "csv"].into_iter().take(FILES) {
        let wish = json!({
            "format": format, "filter": "sort=merchant_code", "columns": ["merchant_code"], "reason": "x",
        });
        let export = tenant.api.post(PATH, &wish).await.expect(202);
        let path = format!("{PATH}/{}", id_of(&export));
        until(async || tenant.api.get(&path).await.expect(200)["state"] != "queued").await;
        block_in_place(|| process.kill());
        let killed_at = Ambient::system().now();
        process = block_in_place(|| installation.serve());
        tenant = tenant.reconnected();
        until(async || !tenant.api.get(&path).await.expect(200)["ended_at"].is_null()).await;
        let export = tenant.api.get(&path).await.expect(200);
        let ended_at: DateTime<Utc> = text_of(&export, "ended_at").parse().expect("a moment");
        died_amid += usize::from(ended_at > killed_at);

        let file = taken(&tenant.api, &export).await;
        // Of one of them the line about it is not UTF-8.
        let text = String::from_utf8_lossy(&file);
        let found: Vec<_> = text.lines().skip(2).collect();
        assert_eq!(found, codes, "each once, in order");
    }
    assert!(died_amid > 0, "every file was made before somebody died");
    let exported = tenant.api.feed().await;
    let exported = exported.iter().filter(|event| event["type"] == "merchants.exported");
    assert_eq!(exported.count(), FILES, "that one was wanted is told once");
    block_in_place(|| {
        assert!(installation.print(&["verify"]).contains("the chain is whole"));
        assert!(process.terminate().success());
    });
}
