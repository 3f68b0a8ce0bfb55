//! What is taken out and handed over again is the same, letter for letter, in every kind of file.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use registry_tests::api::text_of;
use registry_tests::tenant::id_of;
use registry_tests::{Api, TestApp};
use serde_json::{Value, json};

use super::{made, taken};
use crate::imports::hand_over;

/// Shops of a round.
const SHOPS: usize = 60;

/// What stands in a file of a shop that can be registered from one.
const FIELDS: [&str; 6] = [
    "member_code",
    "merchant_code",
    "company_name",
    "branch_name",
    "business_number",
    "tags",
];

/// Names as nobody would choose them. CP949 has no emoji, and no letter of other scripts.
fn names(with_emoji: bool) -> BoxedStrategy<String> {
    let letters = if with_emoji {
        "['=+@＝－\\-a1 ,;\"가힣🍵é]{0,8}[가a=\"']"
    } else {
        "['=+@＝－\\-a1 ,;\"가힣]{0,8}[가a=\"']"
    };
    letters.boxed()
}

fn drawn<T: std::fmt::Debug>(runner: &mut TestRunner, strategy: &BoxedStrategy<T>) -> T {
    strategy.new_tree(runner).expect("a value").current()
}

/// Registers shops with such names, codes and tags, as far as the registry takes them.
async fn registered(api: &Api, member: &str, with_emoji: bool) -> BTreeMap<String, Value> {
    let mut runner = TestRunner::deterministic();
    let name = names(with_emoji);
    let mut shops = BTreeMap::new();
    for number in 0..SHOPS {
        let codes = ["0012", "1E5", "=1+1", "-7", "12", "+82"];
        let shop = json!({
            "member_code": member,
            "merchant_code": format!("{}{number:03}", codes[number % codes.len()]),
            "company_name": drawn(&mut runner, &name),
            "branch_name": drawn(&mut runner, &name),
            "tags": [drawn(&mut runner, &name).replace(',', "·"), "서울"],
        });
        let answer = api.post("/v1/merchants", &shop).await;
        if answer.status == 201 {
            let shop = answer.expect(201);
            shops.insert(text_of(&shop, "merchant_code").to_owned(), shop);
        }
    }
    assert!(shops.len() > SHOPS / 2, "most of them are taken: {}", shops.len());
    shops
}

/// What a row of a plan says of a shop.
fn said(shop: &Value) -> BTreeMap<&'static str, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let tags = shop["tags"].as_array().expect("tags").iter();
    let tags: Vec<_> = tags.map(text).collect();
    BTreeMap::from([
        ("member_code", text(&shop["member_code"])),
        ("merchant_code", text(&shop["merchant_code"])),
        ("company_name", text(&shop["business"]["company_name"])),
        ("branch_name", text(&shop["business"]["branch_name"])),
        ("tags", tags.join(", ")),
    ])
}

#[tokio::test]
async fn what_is_taken_out_and_handed_over_again_is_the_same() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    for (format, kind, with_emoji) in [
        ("csv", "text/csv", true),
        ("csv_cp949", "text/csv", false),
        (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            true,
        ),
    ] {
        let shops = registered(api, format, with_emoji).await;
        let wish =
            json!({ "format": format, "filter": format!("member_code={format}"), "columns": FIELDS, "reason": "x" });
        let export = made(api, &wish).await;
        let bytes = taken(api, &export).await;
        let file = hand_over(api, kind, bytes).await.expect(201);
        let columns = file["columns"].as_array().expect("columns").iter();
        let columns: Vec<_> = columns
            .map(|column| column["field"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(columns, FIELDS, "{format}");
        let wish = json!({ "action": "import", "import_id": id_of(&file), "existing": "update" });
        let plan = api.post("/v1/plans", &wish).await.expect(201);
        let rows = api
            .get(&format!("/v1/plans/{}/rows?limit=500", id_of(&plan)))
            .await
            .expect(200);
        let rows = rows["data"].as_array().expect("rows");
        assert_eq!(rows.len(), shops.len(), "{format}");
        for row in rows {
            let values = &row["source"]["values"];
            let shop = &shops[text_of(values, "merchant_code")];
            for (field, expected) in said(shop) {
                let found = values[field].as_str().unwrap_or_default();
                assert_eq!(found, expected, "{format}: {field} of {shop}");
            }
            // The registry sees it too: there is nothing to change.
            assert_eq!(
                (&row["state"], &row["code"]),
                (&json!("refused"), &json!("nothing_to_change")),
                "{format}: {row}"
            );
        }
    }
    app.finish().await;
}
