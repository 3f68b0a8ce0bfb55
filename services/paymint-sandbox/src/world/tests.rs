use super::*;

const KEY: &str = "key-one";

fn world(faults: serde_json::Value) -> (World, MappingId) {
    let mut world = World::new(1, vec![KEY.to_owned()]);
    *world.faults_mut() = serde_json::from_value(faults).unwrap();
    let id = world.issue(issue("m", "s")).unwrap().id;
    (world, id)
}

fn issue(member: &str, merchant: &str) -> Issue {
    Issue {
        partner: 0,
        member_code: member.to_owned(),
        merchant_code: merchant.to_owned(),
        business_number: None,
        callback_url: Url::parse("http://partner.example/cb").unwrap(),
        redirect_url: None,
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

fn review(world: &mut World, id: MappingId, letters: &str) {
    for letter in letters.chars() {
        let letter = ReviewLetter::try_from(letter.to_string()).unwrap();
        let message = letter.has_message().then(|| "사유".to_owned());
        world.review(id, letter, message, None, now()).unwrap();
    }
}

/// Takes everything out of the outbox and returns the letters and the words of the faults.
fn sent(world: &mut World, id: MappingId) -> Vec<(String, String)> {
    let mut sent = Vec::new();
    while let Some((_, outgoing)) = world.next_outgoing(id) {
        let body: serde_json::Value = serde_json::from_slice(&outgoing.body).unwrap_or_default();
        let letter = body["merchant"]["reviewStatus"].as_str().unwrap_or("?").to_owned();
        let delivery = Delivery::Answered {
            http_status: 200,
            accepted: true,
            milliseconds: 1,
        };
        let record = outgoing.into_record(now(), delivery);
        sent.push((letter, record.fault().unwrap_or_default()));
        world.record(id, record);
    }
    sent
}

fn letters(sent: &[(String, String)]) -> String {
    sent.iter().map(|(letter, _)| letter.as_str()).collect()
}

#[test]
fn every_change_is_reported_in_order() {
    let (mut world, id) = world(serde_json::json!({}));
    world.open(id, now()).unwrap();
    world.open(id, now()).unwrap();
    review(&mut world, id, "PSPO");
    world.set_deleted(id, true, None, now()).unwrap();
    assert_eq!(letters(&sent(&mut world, id)), "WPSPOO");
    assert!(world.get(id).unwrap().callbacks.is_idle());
}

#[test]
fn a_sender_is_woken_once_for_all_that_waits() {
    let (mut world, id) = world(serde_json::json!({}));
    review(&mut world, id, "WPO");
    assert_eq!(world.take_wakes(), [Wake::Send(id)]);
    sent(&mut world, id);
    review(&mut world, id, "R");
    assert_eq!(world.take_wakes(), [Wake::Send(id)]);
}

#[test]
fn a_message_stays_with_s_and_r_alone() {
    let (mut world, id) = world(serde_json::json!({}));
    review(&mut world, id, "S");
    assert_eq!(world.get(id).unwrap().review_message.as_deref(), Some("사유"));
    review(&mut world, id, "P");
    assert_eq!(world.get(id).unwrap().review_message, None);
}

#[test]
fn the_same_codes_are_the_same_mapping_with_the_new_callback_url() {
    let (mut world, id) = world(serde_json::json!({}));
    let again = Issue {
        callback_url: Url::parse("http://partner.example/new").unwrap(),
        ..issue("m", "s")
    };
    let mapping = world.issue(again).unwrap();
    assert_eq!(
        (mapping.id, mapping.callback_url.as_str()),
        (id, "http://partner.example/new")
    );
    assert_ne!(world.issue(issue("m", "other")).unwrap().id, id);
    assert_ne!(
        world
            .issue(Issue {
                partner: 1,
                ..issue("m", "s")
            })
            .unwrap()
            .id,
        id
    );
}

#[test]
fn lost_callbacks_are_remembered_but_not_sent() {
    let (mut world, id) = world(serde_json::json!({"lost": 1}));
    review(&mut world, id, "WP");
    assert!(sent(&mut world, id).is_empty());
    let callbacks = &world.get(id).unwrap().callbacks;
    assert_eq!(callbacks.sent(), 0);
    let records: Vec<_> = callbacks
        .records()
        .map(|record| (record.number, record.delivery))
        .collect();
    assert_eq!(records, [(1, Delivery::NotSent), (2, Delivery::NotSent)]);
}

#[test]
fn duplicated_callbacks_are_sent_twice_in_a_row() {
    let (mut world, id) = world(serde_json::json!({"duplicated": 1}));
    review(&mut world, id, "WP");
    let sent = sent(&mut world, id);
    assert_eq!(letters(&sent), "WWPP");
    assert_eq!(
        sent.iter().map(|(_, fault)| fault.as_str()).collect::<Vec<_>>(),
        ["", "duplicated", "", "duplicated"]
    );
}

#[test]
fn a_delayed_callback_follows_its_successor() {
    let (mut world, id) = world(serde_json::json!({"delayed": 1, "delay_ms": 700}));
    review(&mut world, id, "W");
    let released = Wake::ReleaseLater {
        mapping: id,
        number: 1,
        after: Duration::from_millis(700),
    };
    assert_eq!(world.take_wakes(), [released]);
    world.faults_mut().delayed = 0.0;
    review(&mut world, id, "PO");
    assert_eq!(letters(&sent(&mut world, id)), "PWO");
    world.release(id, 1).unwrap();
    assert!(sent(&mut world, id).is_empty(), "it went out already");
}

#[test]
fn a_delayed_callback_without_successor_goes_out_when_its_time_is_over() {
    let (mut world, id) = world(serde_json::json!({"delayed": 1}));
    review(&mut world, id, "O");
    assert!(sent(&mut world, id).is_empty());
    assert!(!world.get(id).unwrap().callbacks.is_idle());
    world.take_wakes();
    world.release(id, 1).unwrap();
    assert_eq!(world.take_wakes(), [Wake::Send(id)]);
    assert_eq!(sent(&mut world, id), [("O".to_owned(), "delayed".to_owned())]);
}

#[test]
fn a_reordered_callback_follows_several_successors() {
    let (mut world, id) = world(serde_json::json!({"reordered": 1}));
    review(&mut world, id, "W");
    world.faults_mut().reordered = 0.0;
    review(&mut world, id, "PSPO");
    let order = letters(&sent(&mut world, id));
    assert!(order == "PSWPO" || order == "PSPWO", "{order}");
}

#[test]
fn garbage_and_the_wrong_kind_stand_in_for_a_callback() {
    let (mut world, id) = world(serde_json::json!({"wrong_kind": 1}));
    review(&mut world, id, "P");
    let (_, outgoing) = world.next_outgoing(id).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&outgoing.body).unwrap();
    assert_eq!(
        (outgoing.kind, body["apiKey"].as_str()),
        (CallbackKind::Approval, Some(KEY))
    );
    assert!(body["billId"].is_string() && body.get("memberId").is_none());

    world.faults_mut().wrong_kind = 0.0;
    world.faults_mut().garbage = 1.0;
    review(&mut world, id, "O");
    assert_eq!(world.next_outgoing(id).unwrap().1.kind, CallbackKind::Garbage);
}

#[test]
fn faults_depend_on_the_seed_alone() {
    let fates = |seed: u64, interleaved: bool| {
        let (mut world, first) =
            world(serde_json::json!({"seed": seed, "lost": 0.3, "duplicated": 0.3, "garbage": 0.2}));
        let second = world.issue(issue("m", "other")).unwrap().id;
        for letter in ["W", "P", "S", "P", "O", "P", "R", "W"] {
            review(&mut world, first, letter);
            if interleaved {
                review(&mut world, second, letter);
            }
        }
        if !interleaved {
            review(&mut world, second, "WPSPOPRW");
        }
        (sent(&mut world, first), sent(&mut world, second))
    };
    assert_eq!(fates(5, true), fates(5, false));
    assert_ne!(fates(5, true), fates(6, true));
}

#[test]
fn a_kept_callback_can_be_sent_again_byte_by_byte() {
    let (mut world, id) = world(serde_json::json!({}));
    assert_eq!(world.resend(id, None, now()), Err(Denied::NoSuchCallback));
    review(&mut world, id, "PO");
    sent(&mut world, id);
    *world.faults_mut() = serde_json::from_value(serde_json::json!({"lost": 1})).unwrap();
    world.resend(id, Some(1), now()).unwrap();
    world.resend(id, None, now()).unwrap();
    assert_eq!(world.resend(id, Some(99), now()), Err(Denied::NoSuchCallback));
    let again = sent(&mut world, id);
    assert_eq!(letters(&again), "PO");
    assert!(again.iter().all(|(_, fault)| fault == "resent"));
}

#[test]
fn what_waits_and_what_is_remembered_is_bounded() {
    let (mut world, id) = world(serde_json::json!({}));
    review(&mut world, id, &"P".repeat(1100));
    let last = world.get(id).unwrap().callbacks.records().next_back().unwrap();
    assert_eq!(
        (last.fault().as_deref(), last.delivery),
        (Some("overflow"), Delivery::NotSent)
    );
    assert_eq!(sent(&mut world, id).len(), 1000);
    assert_eq!(world.get(id).unwrap().callbacks.records().count(), 50);
}

#[test]
fn nothing_can_be_submitted_while_it_is_reviewed_open_or_deleted() {
    let (mut world, id) = world(serde_json::json!({}));
    let application = || Application {
        paymint_member_id: "pm".to_owned(),
        business: Business::default(),
    };
    world.submit(id, application(), now()).unwrap();
    assert_eq!(world.submit(id, application(), now()), Err(Denied::NothingToSubmit));
    review(&mut world, id, "R");
    world.submit(id, application(), now()).unwrap();
    review(&mut world, id, "O");
    assert_eq!(world.submit(id, application(), now()), Err(Denied::NothingToSubmit));
    review(&mut world, id, "S");
    world.set_deleted(id, true, None, now()).unwrap();
    assert_eq!(world.submit(id, application(), now()), Err(Denied::NothingToSubmit));
}

#[test]
fn the_mapping_status_follows_the_review() {
    let (mut world, id) = world(serde_json::json!({}));
    let status = |world: &World| world.get(id).unwrap().mapping_status();
    assert_eq!(status(&world), "INITIALIZED");
    world.open(id, now()).unwrap();
    assert_eq!(status(&world), "MEMBER_MAPPED");
    let business = Business {
        company_name: Some("상호".to_owned()),
        ..Business::default()
    };
    world
        .submit(
            id,
            Application {
                paymint_member_id: "pm".to_owned(),
                business,
            },
            now(),
        )
        .unwrap();
    assert_eq!(status(&world), "MERCHANT_OPENING");
    review(&mut world, id, "O");
    assert_eq!(status(&world), "COMPLETED");
}

fn order(bill_id: &str) -> Order {
    Order {
        bill_id: bill_id.to_owned(),
        send_type: SendType::Url,
        product_name: "수강료".to_owned(),
        price: 1000,
        supply_price: None,
        tax: None,
        member_name: "김하늘".to_owned(),
        phone: "01012345678".to_owned(),
        callback_url: Url::parse("http://partner.example/bill").unwrap(),
        issuer: None,
        message: None,
        expires_on: None,
        page_redirect_url: None,
    }
}

/// A paid bill whose approval nobody has answered.
fn paid(world: &mut World, id: MappingId) -> BillNumber {
    review(world, id, "O");
    let number = world.create_bill(id, order("B1"), now()).unwrap().number;
    world.pay_bill(number, None, None, now()).unwrap();
    sent(world, id);
    number
}

#[test]
fn hours_in_which_the_sandbox_did_not_run_are_counted_and_repeat_once() {
    let (mut world, id) = world(serde_json::json!({"lost": 1}));
    let number = paid(&mut world, id);
    let later = |minutes| now() + chrono::TimeDelta::minutes(minutes);
    assert_eq!(world.repeat_due(later(59)), []);
    assert_eq!(world.repeat_due(later(60)), [id]);
    assert_eq!(world.repeat_due(later(60)), []);
    assert_eq!(world.repeat_due(later(10 * 60 + 5)), [id]);
    let due_at = later(11 * 60);
    let owed = Telling::Owed { hours: 10, due_at };
    assert_eq!(world.bill(number).unwrap().telling, Some(owed));
    assert_eq!(world.repeat_due(later(24 * 60)), [id], "the last of the day");
    assert_eq!(world.repeat_due(later(25 * 60)), []);
    assert_eq!(world.bill(number).unwrap().telling, Some(Telling::GivenUp));
    assert_eq!(world.owed_approvals(), 0);
}

#[test]
fn a_last_day_ends_at_midnight_in_seoul() {
    let (mut world, id) = world(serde_json::json!({}));
    review(&mut world, id, "O");
    let order = Order {
        expires_on: chrono::NaiveDate::from_ymd_opt(2026, 9, 21),
        ..order("B1")
    };
    let midnight: DateTime<Utc> = "2026-09-21T15:00:00Z".parse().unwrap();
    let bill = world.create_bill(id, order, now()).unwrap();
    assert!(bill.is_payable(midnight - chrono::TimeDelta::seconds(1)));
    assert!(!bill.is_payable(midnight));
}

#[test]
fn bills_are_the_same_in_another_world_of_the_same_seed() {
    let payment = || {
        let (mut world, id) = world(serde_json::json!({}));
        let number = paid(&mut world, id);
        let bill = world.bill(number).unwrap();
        (bill.token.clone(), bill.state.clone())
    };
    assert_eq!(payment(), payment());
}
