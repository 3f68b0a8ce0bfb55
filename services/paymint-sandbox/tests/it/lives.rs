use serde_json::{Value, json};

use crate::support::Fixture;

/// So fast that days are over at once.
const AT_ONCE: f64 = 1e9;

async fn live(fixture: &Fixture, request: &Value) -> Value {
    let (status, begun) = fixture.post("/_sandbox/lives", request).await;
    assert_eq!(status, 202, "{begun}");
    let id = begun["id"].as_str().unwrap();
    let report = fixture.get(&format!("/_sandbox/lives/{id}?wait_ms=60000")).await;
    assert_eq!(report["finished"], true, "{report}");
    report
}

/// What script and receiver see of all mappings after their lives.
async fn histories(seed: u64) -> (Value, Vec<String>) {
    let fixture = Fixture::start().await;
    for merchant in 0..30 {
        fixture.issue("m1", &format!("s{merchant}")).await;
    }
    let report = live(&fixture, &json!({"merchants": 30, "speed": AT_ONCE, "seed": seed})).await;
    assert_eq!(report["steps_done"], report["steps_planned"]);
    assert_eq!(
        (report["requested"].as_u64(), report["merchants"].as_u64()),
        (Some(30), Some(30))
    );
    let arrivals = fixture.receiver.rest().await;
    assert_eq!(report["callbacks_sent"], arrivals.len());
    let mut histories = vec![String::new(); 30];
    for arrival in &arrivals {
        let merchant: usize = arrival.json()["merchantId"].as_str().unwrap()[1..].parse().unwrap();
        histories[merchant].push_str(&arrival.letter());
    }
    let mappings = fixture.get("/_sandbox/mappings").await;
    let ends: Vec<_> = mappings
        .as_array()
        .unwrap()
        .iter()
        .map(|mapping| mapping["review_status"].as_str().unwrap())
        .collect();
    // Nothing was lost, so what the partner heard last is how it stands.
    for (history, end) in histories.iter().zip(ends) {
        assert!(history.starts_with("WP") || history == "W", "{history}");
        assert!(history.ends_with(end), "{history} {end}");
    }
    (report, histories)
}

#[tokio::test]
async fn lives_come_to_an_end_and_are_given_by_their_seed() {
    let (first, histories_of_first) = histories(5).await;
    let (again, histories_of_again) = histories(5).await;
    assert_eq!(histories_of_first, histories_of_again);
    assert_eq!(first["steps_planned"], again["steps_planned"]);
    assert_ne!(histories(6).await.1, histories_of_first);
}

#[tokio::test]
async fn fewer_mappings_than_asked_for_are_said_to_be_fewer() {
    let fixture = Fixture::start().await;
    fixture.issue("m1", "s1").await;
    let report = live(&fixture, &json!({"merchants": 10, "speed": AT_ONCE})).await;
    assert_eq!(
        (report["requested"].as_u64(), report["merchants"].as_u64()),
        (Some(10), Some(1))
    );
    assert_eq!(report["seed"], 7, "without a seed the sandbox's own is used");
}

#[tokio::test]
async fn a_mapping_lives_one_life_at_a_time() {
    let fixture = Fixture::start().await;
    fixture.issue("m1", "s1").await;
    let (_, slow) = fixture
        .post("/_sandbox/lives", &json!({"merchants": 1, "speed": 1, "seed": 1}))
        .await;
    assert_eq!(
        (slow["merchants"].as_u64(), slow["finished"].as_bool()),
        (Some(1), Some(false))
    );
    assert!(slow["seconds_planned"].as_f64().unwrap() > 60.0);
    let none_left = live(&fixture, &json!({"merchants": 1, "speed": AT_ONCE, "seed": 1})).await;
    assert_eq!(
        (none_left["merchants"].as_u64(), none_left["steps_planned"].as_u64()),
        (Some(0), Some(0))
    );
}
