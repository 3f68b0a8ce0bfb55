use serde_json::json;

use crate::support::Fixture;

/// Sets the letters, waits until everything is over, and returns the letters that arrived; `?` for what has none.
async fn arrivals(fixture: &Fixture, id: &str, letters: &str) -> String {
    for letter in letters.chars() {
        fixture.review(id, &letter.to_string()).await;
    }
    fixture.settled(id).await;
    let letter = |body: &[u8]| {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        body["merchant"]["reviewStatus"].as_str().unwrap_or("?").to_owned()
    };
    fixture
        .receiver
        .rest()
        .await
        .iter()
        .map(|arrival| letter(&arrival.body))
        .collect()
}

#[tokio::test]
async fn without_faults_the_order_is_kept_under_load() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let letters = "WPSPRWPO".repeat(10);
    assert_eq!(arrivals(&fixture, &id, &letters).await, letters);
}

#[tokio::test]
async fn lost_duplicated_and_overtaken_callbacks_arrive_so() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    fixture.set_faults(&json!({"lost": 1})).await;
    assert_eq!(arrivals(&fixture, &id, "WP").await, "");
    fixture.set_faults(&json!({"duplicated": 1})).await;
    assert_eq!(arrivals(&fixture, &id, "WP").await, "WWPP");
    fixture.set_faults(&json!({"delayed": 1, "delay_ms": 60_000})).await;
    fixture.review(&id, "S").await;
    fixture.set_faults(&json!({})).await;
    assert_eq!(arrivals(&fixture, &id, "PO").await, "PSO");
    fixture.set_faults(&json!({"delayed": 1, "delay_ms": 10})).await;
    assert_eq!(
        arrivals(&fixture, &id, "R").await,
        "R",
        "without a successor it goes out when its time is over"
    );
    fixture.set_faults(&json!({"garbage": 1})).await;
    assert_eq!(arrivals(&fixture, &id, "WP").await, "??");
    fixture.set_faults(&json!({"wrong_kind": 1})).await;
    assert_eq!(arrivals(&fixture, &id, "W").await, "?");
    let mapping = fixture.settled(&id).await;
    let faults: Vec<_> = mapping["callbacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|noted| noted["fault"].clone())
        .collect();
    let expected = json!([
        "lost",
        "lost",
        null,
        "duplicated",
        null,
        "duplicated",
        null,
        "delayed",
        null,
        "delayed",
        "garbage",
        "garbage",
        "wrong_kind"
    ]);
    assert_eq!(json!(faults), expected);
}

#[tokio::test]
async fn a_seed_gives_the_same_faults_in_another_sandbox() {
    let faults = |seed: u64| json!({"seed": seed, "lost": 0.3, "duplicated": 0.3, "delayed": 0.3, "garbage": 0.2, "delay_ms": 60_000});
    let mut seen = Vec::new();
    for seed in [11, 11, 12] {
        let fixture = Fixture::start().await;
        let (_, id) = fixture.issue("m1", "s1").await;
        fixture.set_faults(&faults(seed)).await;
        for letter in "WPSPSPRWPSPO".chars() {
            fixture.review(&id, &letter.to_string()).await;
        }
        // The last ones set free whatever was held.
        fixture.set_faults(&json!({})).await;
        seen.push(arrivals(&fixture, &id, "NNN").await);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
}
