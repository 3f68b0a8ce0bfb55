//! What a sandbox knows when it is started again.

use std::net::SocketAddr;
use std::path::Path;

use paymint_sandbox::{Act, PartnerKey, RunningSandbox, Sandbox, SandboxConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{self, KEY};

async fn start(state_file: &Path, keys: &[&str]) -> Result<RunningSandbox, String> {
    let config = SandboxConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        public_url: None,
        api_keys: keys.iter().map(|key| PartnerKey::parse(key).unwrap()).collect(),
        seed: 7,
        state_file: Some(state_file.to_owned()),
    };
    Sandbox::start(config).await.map_err(|error| error.to_string())
}

async fn get(sandbox: &RunningSandbox, path: &str) -> Value {
    let url = sandbox.site_url().join(path).unwrap();
    support::json(support::http().get(url).send().await.unwrap()).await
}

/// Without what tells where the sandbox listens this time.
async fn mappings(sandbox: &RunningSandbox) -> Value {
    let text = get(sandbox, "/_sandbox/mappings").await.to_string();
    serde_json::from_str(&text.replace(sandbox.site_url().as_str(), "/")).unwrap()
}

#[tokio::test]
async fn what_was_known_is_known_again() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("dev/sandbox.json");
    let receiver = support::Receiver::start().await;
    let sandbox = start(&file, &[KEY]).await.unwrap();
    let acts: [(&str, &[Act]); 3] = [
        ("s1", &[Act::Submit, Act::Review('S', Some("통장 사본을 보내 주세요"))]),
        (
            "s2",
            &[Act::Submit, Act::Review('O', None), Act::FallSilent, Act::Delete],
        ),
        ("s3", &[]),
    ];
    for (merchant, acts) in acts {
        let url = receiver.url("m1", merchant).parse().unwrap();
        sandbox.link_elsewhere("m1", merchant, url).unwrap();
        for act in acts {
            sandbox.act("m1", merchant, *act).await.unwrap();
        }
    }
    let partner = sandbox.site_url().join("/_sandbox/partners/0").unwrap();
    let poor = json!({"points": 5, "refused_with": null});
    support::http().put(partner).json(&poor).send().await.unwrap();
    let before = mappings(&sandbox).await;
    assert_eq!(before[1]["callbacks"].as_array().unwrap().len(), 3);
    sandbox.shutdown().await;

    let sandbox = start(&file, &[KEY]).await.unwrap();
    assert_eq!(mappings(&sandbox).await, before);
    assert_eq!(get(&sandbox, "/_sandbox/partners/0").await["points"], 5);
    sandbox.act("m1", "s1", Act::Review('P', None)).await.unwrap();
    let url = receiver.url("m1", "s4").parse().unwrap();
    sandbox.link_elsewhere("m1", "s4", url).unwrap();
    let after = mappings(&sandbox).await;
    assert_eq!(after[0]["callbacks"][2]["number"], 3, "numbers go on");
    assert_eq!(after[3]["id"], "map_4");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_state_that_cannot_be_gone_on_from_is_refused_and_left_alone() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("sandbox.json");
    for (state, complaint) in [
        ("", "cannot be gone on from"),
        (
            "{\"format\":9,\"partners\":[],\"mappings\":[]}",
            "cannot be gone on from",
        ),
        (
            "{\"format\":1,\"partners\":[{},{}],\"mappings\":[]}",
            "cannot be gone on from",
        ),
    ] {
        std::fs::write(&file, state).unwrap();
        let refused = start(&file, &[KEY]).await.err().unwrap();
        assert!(
            refused.contains(complaint) && refused.contains("sandbox.json"),
            "{refused}"
        );
        assert_eq!(std::fs::read_to_string(&file).unwrap(), state);
    }
}

/// Only so many callbacks are written down, however many were sent, and the file is its owner's alone.
#[tokio::test]
async fn the_file_stays_small_and_is_private() {
    use std::os::unix::fs::PermissionsExt;

    let directory = TempDir::new().unwrap();
    let file = directory.path().join("sandbox.json");
    let receiver = support::Receiver::start().await;
    let sandbox = start(&file, &[KEY]).await.unwrap();
    sandbox
        .link_elsewhere("m1", "s1", receiver.url("m1", "s1").parse().unwrap())
        .unwrap();
    for _ in 0..20 {
        sandbox.act("m1", "s1", Act::Review('P', None)).await.unwrap();
    }
    sandbox.shutdown().await;
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("reviewStatus").count(), 3);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn bills_receipts_and_cards_are_known_again_and_an_owed_approval_comes_back() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("sandbox.json");
    let fixture = support::Fixture::start_with(Some(file.clone())).await;
    let mapping = fixture.open_business("s1").await;
    for id in ["B1", "B2", "B3"] {
        fixture.good("bill", fixture.bill(id, "1000")).await;
    }
    fixture.receiver.answer_with(500);
    fixture.on_bill("B1", "pay", json!({})).await;
    fixture.on_bill("B2", "pay", json!({})).await;
    fixture.good("bill/cancel", support::named("B2", "1000")).await;
    let receipt = json!({
        "billId": "R1", "price": "1100", "supplyPrice": "1000", "tax": "100", "issuanceNumber": "01012345678",
        "trader": "0", "hash": support::hash(&["R1", "1100"]),
    });
    fixture.good("cash-receipt/issue", receipt).await;
    let card = format!("/_sandbox/mappings/{mapping}/pay-methods/01012345678");
    fixture.put(&card, &json!({})).await;
    let lists = [
        "/_sandbox/bills".to_owned(),
        "/_sandbox/receipts".to_owned(),
        format!("/_sandbox/mappings/{mapping}/pay-methods"),
    ];
    fixture.settled(&mapping).await;
    let mut before = Vec::new();
    for list in &lists {
        before.push(without_address(&fixture, list).await);
    }
    assert_eq!(before[0].as_array().unwrap().len(), 3);
    let fixture = fixture.restart(file).await;
    for (list, before) in lists.iter().zip(before) {
        assert_eq!(without_address(&fixture, list).await, before);
    }
    assert_eq!(fixture.refused("bill", fixture.bill("B3", "1000")).await, "BILL_001");
    fixture.receiver.rest().await;
    fixture.receiver.answer_with(200);
    let (_, passed) = fixture.post("/_sandbox/repeats", &json!({"hours": 1})).await;
    assert_eq!(passed, json!({"repeated": 2, "owed": 0}));
    assert_eq!(fixture.receiver.next().await.json()["billId"], "B1");
    let made = fixture.good("bill", fixture.bill("B4", "1000")).await;
    assert_eq!(made["billId"], "B4");
}

async fn without_address(fixture: &support::Fixture, path: &str) -> Value {
    let text = fixture.get(path).await.to_string();
    serde_json::from_str(&text.replace(fixture.sandbox.site_url().as_str(), "/")).unwrap()
}

/// A state from before there were bills.
#[tokio::test]
async fn an_older_state_is_gone_on_from() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("sandbox.json");
    let older = r#"{"format":1,"partners":[{"points":77,"refused_with":null}],"mappings":[]}"#;
    std::fs::write(&file, older).unwrap();
    let sandbox = start(&file, &[KEY]).await.unwrap();
    assert_eq!(get(&sandbox, "/_sandbox/partners/0").await["points"], 77);
    assert_eq!(get(&sandbox, "/_sandbox/bills").await, json!([]));
    sandbox.shutdown().await;
}
