//! Cards on file (RP).

use serde_json::{Value, json};

use crate::support::{Fixture, KEY, PHONE, hash, named, official_approval};

async fn ask(fixture: &Fixture, name: &str, key: &str, fields: Value) -> Value {
    fixture.call(name, "s1", key, fields).await.1
}

/// A bill that a card on file pays: without a way to send it.
fn on_file(fixture: &Fixture, bill_id: &str) -> Value {
    let mut bill = fixture.bill(bill_id, "1000");
    bill.as_object_mut().unwrap().remove("sendType");
    bill
}

#[tokio::test]
async fn a_card_is_put_on_file_pays_and_is_deleted() {
    let validator = official_approval();
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    let customer = json!({"phone": PHONE});
    let none = ask(&fixture, "customer/pay-method", "customer", customer.clone()).await;
    assert_eq!(none["data"]["payMethods"], json!([]));
    assert_eq!(fixture.refused("bill/rp", on_file(&fixture, "B1")).await, "BILL_006");
    assert_eq!(fixture.get("/_sandbox/bills").await, json!([]), "no id was used up");

    let back = "https://partner.example/cards";
    let wish = json!({"phone": PHONE, "memberName": "김하늘", "pageRedirectUrl": back});
    let managed = ask(&fixture, "rp/manage", "rp", wish.clone()).await;
    assert_eq!(managed["code"], "0000", "{managed}");
    let again = ask(&fixture, "rp/manage", "rp", wish).await;
    assert_eq!(managed["data"], again["data"], "it is the same page");
    let url = managed["data"]["url"].as_str().unwrap();
    let page = format!("/{}", url.strip_prefix(fixture.sandbox.site_url().as_str()).unwrap());
    let (status, html) = fixture.open_page(&page).await;
    assert!(status == 200 && html.contains("김하늘 님") && html.contains("카드 등록하기"));
    assert_eq!(
        fixture.refused("bill/rp", on_file(&fixture, "B1")).await,
        "BILL_006",
        "not yet"
    );
    let (status, place, _) = fixture.send_form(&page, &[]).await;
    assert_eq!((status, place.as_deref()), (303, Some(page.as_str())));
    let (_, html) = fixture.open_page(&page).await;
    assert!(html.contains("카드가 등록되었습니다") && html.contains(back));

    let listed = ask(&fixture, "customer/pay-method", "customer", customer.clone()).await;
    let method = &listed["data"]["payMethods"][0];
    assert_eq!(
        (&method["payType"], &method["rpKey"]),
        (&json!("CARD_RP"), &managed["data"]["rpKey"])
    );
    assert!(method["issuerNum"].as_str().unwrap().contains('*'));

    let paid = fixture.good("bill/rp", on_file(&fixture, "B1")).await;
    assert_eq!(
        (&paid["apprState"], &paid["apprPayType"]),
        (&json!("F"), &json!("CARD_RP"))
    );
    assert_eq!(paid["apprIssuerNum"], method["issuerNum"]);
    assert!(paid["shortUrl"].is_string());
    let approval = fixture.receiver.next().await.json();
    assert!(validator.is_valid(&approval), "{approval}");
    assert_eq!(approval["apprNum"], paid["apprNum"]);
    assert_eq!(
        fixture.refused("bill/rp", on_file(&fixture, "B1")).await,
        "BILL_001",
        "not twice"
    );

    // The other reading: a bill that exists is paid.
    fixture.good("bill", fixture.bill("B2", "1000")).await;
    assert_eq!(fixture.refused("bill/rp", named("B2", "999")).await, "VALIDATION_002");
    let paid = fixture.good("bill/rp", named("B2", "1000")).await;
    assert_eq!(paid["apprState"], "F");
    assert_eq!(
        fixture.refused("bill/rp", named("B2", "1000")).await,
        "BILL_006",
        "not twice either"
    );

    let wrong = json!({"phone": PHONE, "rpKey": "RP0"});
    assert_eq!(ask(&fixture, "rp/delete", "rp", wrong).await["code"], "BILL_006");
    let deleted = ask(&fixture, "rp/delete", "rp", json!({"phone": PHONE})).await;
    assert_eq!(deleted["data"], json!({"apiKey": KEY, "phone": PHONE}));
    assert_eq!(fixture.open_page(&page).await.0, 404);
    assert_eq!(
        ask(&fixture, "rp/delete", "rp", json!({"phone": PHONE})).await["code"],
        "BILL_006"
    );
    assert_eq!(fixture.refused("bill/rp", on_file(&fixture, "B3")).await, "BILL_006");
}

#[tokio::test]
async fn a_card_that_the_bank_refuses_leaves_the_bill_waiting() {
    let fixture = Fixture::start().await;
    let mapping = fixture.open_business("s1").await;
    let cards = format!("/_sandbox/mappings/{mapping}/pay-methods");
    let (status, card) = fixture
        .put(&format!("{cards}/{PHONE}"), &json!({"declines": true}))
        .await;
    assert_eq!((status, &card["declines"]), (200, &json!(true)));
    assert_eq!(fixture.get(&cards).await, json!([card]));
    assert_eq!(fixture.refused("bill/rp", on_file(&fixture, "B1")).await, "PAYMENT_001");
    let shown = fixture.shown_bill("B1").await;
    assert_eq!((&shown["state"], &shown["declines"]), (&json!("W"), &json!(1)));
    fixture.put(&format!("{cards}/{PHONE}"), &json!({})).await;
    assert_eq!(fixture.good("bill/rp", named("B1", "1000")).await["apprState"], "F");
    let deleted = fixture
        .http
        .delete(fixture.url(&format!("{cards}/{PHONE}")))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 200);
    assert_eq!(fixture.get(&cards).await, json!([]));
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let fixture = Fixture::start().await;
    fixture.open_business("s1").await;
    for (name, key) in [
        ("rp/manage", "rp"),
        ("rp/delete", "rp"),
        ("customer/pay-method", "customer"),
    ] {
        for (fields, code) in [
            (json!({}), "VALIDATION_002"),
            (json!({"phone": "010-1234-5678"}), "VALIDATION_001"),
        ] {
            assert_eq!(ask(&fixture, name, key, fields).await["code"], code, "{name}");
        }
        let (_, answer) = fixture.call(name, "nobody", key, json!({"phone": PHONE})).await;
        assert_eq!(answer["code"], "PARTNER_004", "{name}");
    }
    let mut wrong = on_file(&fixture, "B1");
    wrong["hash"] = json!(hash(&["B1", "1000"]));
    assert_eq!(fixture.refused("bill/rp", wrong).await, "VALIDATION_002");
    assert_eq!(fixture.refused("bill/rp", named("B1", "1000")).await, "BILL_003");
    fixture
        .put("/_sandbox/rules", &json!({"no_pay_method": "BILL_005"}))
        .await;
    assert_eq!(fixture.refused("bill/rp", on_file(&fixture, "B1")).await, "BILL_005");
}
