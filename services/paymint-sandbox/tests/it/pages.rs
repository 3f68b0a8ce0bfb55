use crate::support::{Arrival, Fixture};

const GOOD: [(&str, &str); 4] = [
    ("member_id", "kim01"),
    ("business_number", "117-81-78260"),
    ("company_name", "가나다학원"),
    ("branch_name", "강남점"),
];

#[tokio::test]
async fn a_person_opens_the_page_and_submits_it() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    let (status, html) = fixture.open_page(&page).await;
    assert_eq!(status, 200);
    for field in ["member_id", "business_number", "company_name", "branch_name"] {
        assert!(html.contains(&format!(r#"<label for="{field}">"#)), "{field}");
        assert!(html.contains(&format!(r#"name="{field}""#)), "{field}");
    }
    assert!(!html.contains("<script") && !html.contains("https://"));
    assert_eq!(fixture.receiver.next().await.letter(), "W");

    let (status, place, _) = fixture.send_form(&page, &GOOD).await;
    assert_eq!((status, place.as_deref()), (303, Some(page.as_str())));
    let body = fixture.receiver.next().await.json();
    assert_eq!(body["member"]["id"], "kim01");
    assert_eq!(body["merchant"]["reviewStatus"], "P");
    assert_eq!(body["merchant"]["businessNumber"], "1178178260");
    assert_eq!(
        (
            body["merchant"]["companyName"].as_str(),
            body["merchant"]["branchName"].as_str()
        ),
        (Some("가나다학원"), Some("강남점"))
    );

    let (_, html) = fixture.open_page(&page).await;
    assert!(html.contains("신청이 접수되었습니다") && !html.contains("<form"));
    assert!(html.contains(r#"href="https://partner.example/done""#));
    // Opening it again and submitting it twice reports nothing new.
    fixture.send_form(&page, &GOOD).await;
    fixture.settled(&id).await;
    assert_eq!(fixture.receiver.rest().await.len(), 0);
}

#[tokio::test]
async fn what_was_typed_stays_when_something_is_wrong() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    let typed = [
        ("member_id", "kim01"),
        ("business_number", "117-81-78261"),
        ("company_name", "<b>상호</b>"),
    ];
    let (status, _, html) = fixture.send_form(&page, &typed).await;
    assert_eq!(status, 422);
    assert!(html.contains(r#"value="kim01""#) && html.contains(r#"value="117-81-78261""#));
    assert!(
        html.contains("&#60;b&#62;상호&#60;/b&#62;") && !html.contains("<b>상호"),
        "it is escaped"
    );
    assert_eq!(html.matches("aria-invalid").count(), 1);
    assert!(html.contains("사업자등록번호 10자리를 확인해 주세요."));
    assert_eq!(
        fixture.get(&format!("/_sandbox/mappings/{id}")).await["review_status"],
        "N"
    );
}

#[tokio::test]
async fn missing_documents_and_rejections_are_shown_and_can_be_answered() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    fixture.send_form(&page, &GOOD).await;
    for code in ["S", "R"] {
        fixture.review(&id, code).await;
        let (_, html) = fixture.open_page(&page).await;
        assert!(html.contains("서류를 보완해 주세요.") && html.contains(r#"value="가나다학원""#));
        let (status, ..) = fixture.send_form(&page, &GOOD).await;
        assert_eq!(status, 303);
    }
    fixture.settled(&id).await;
    let letters: String = fixture.receiver.rest().await.iter().map(Arrival::letter).collect();
    assert_eq!(letters, "PSPRP");
}

#[tokio::test]
async fn a_deleted_link_takes_no_application() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    fixture
        .send_form(&format!("/desk/{id}/deletion"), &[("deleted", "true")])
        .await;
    let (_, html) = fixture.open_page(&page).await;
    assert!(html.contains("연동이 해제되었습니다") && !html.contains("<form"));
}

#[tokio::test]
async fn the_desk_moves_a_business_by_its_buttons() {
    let fixture = Fixture::start().await;
    let (page, id) = fixture.issue("m1", "s1").await;
    fixture.send_form(&page, &GOOD).await;
    let (_, html) = fixture.open_page("/desk").await;
    assert!(html.contains(&format!(r#"href="/desk/{id}""#)) && html.contains("가나다학원"));
    let desk = format!("/desk/{id}");
    let press = async |code, message| {
        let (status, place, _) = fixture
            .send_form(&format!("/desk/{id}/review"), &[("code", code), ("message", message)])
            .await;
        assert_eq!((status, place.as_deref()), (303, Some(desk.as_str())));
    };
    press("S", "통장 사본").await;
    // The message field is shared, so it may hold something when a letter without a message is pressed.
    press("P", "통장 사본").await;
    press("O", "").await;
    fixture
        .send_form(&format!("/desk/{id}/deletion"), &[("deleted", "true")])
        .await;
    fixture
        .send_form(&format!("/desk/{id}/deletion"), &[("deleted", "false")])
        .await;
    fixture.settled(&id).await;
    fixture.send_form(&format!("/desk/{id}/resend"), &[]).await;
    fixture.settled(&id).await;
    let arrivals = fixture.receiver.rest().await;
    let told = arrivals.iter().map(|arrival| {
        let merchant = &arrival.json()["merchant"];
        format!(
            "{}{}{}",
            arrival.letter(),
            merchant["isDeleted"].as_str().unwrap(),
            merchant["reviewMessage"].as_str().unwrap_or("")
        )
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["PN", "SN통장 사본", "PN", "ON", "OY", "ON", "ON"]
    );
    let (_, html) = fixture.open_page(&desk).await;
    assert!(html.contains("0000 · HTTP 200") && html.contains("resent"));
}

#[tokio::test]
async fn the_desk_asks_for_a_message_where_one_is_needed() {
    let fixture = Fixture::start().await;
    let (_, id) = fixture.issue("m1", "s1").await;
    let (status, _, html) = fixture
        .send_form(&format!("/desk/{id}/review"), &[("code", "R"), ("message", "  ")])
        .await;
    assert_eq!(status, 422);
    assert!(html.contains("메시지가 필요합니다"));
    let (status, _, html) = fixture.send_form(&format!("/desk/{id}/resend"), &[]).await;
    assert_eq!(status, 422);
    assert!(html.contains("아직 보낸 콜백이 없습니다."));
    assert_eq!(
        fixture.get(&format!("/_sandbox/mappings/{id}")).await["review_status"],
        "N"
    );
}

#[tokio::test]
async fn the_desk_lists_fifty_at_a_time_and_by_letter() {
    let fixture = Fixture::start().await;
    for merchant in 0..51 {
        fixture.issue("m1", &format!("s{merchant}")).await;
    }
    fixture.review("map_1", "O").await;
    let rows = |html: &str| html.matches("<code>m1</code>").count();
    let (_, html) = fixture.open_page("/desk").await;
    assert_eq!(rows(&html), 50);
    assert!(html.contains("/desk?page=1"));
    let (_, html) = fixture.open_page("/desk?page=1").await;
    assert_eq!(rows(&html), 1);
    let (_, html) = fixture.open_page("/desk?letter=O").await;
    assert_eq!(rows(&html), 1);
}

#[tokio::test]
async fn unknown_pages_are_not_found_and_no_page_can_be_framed() {
    let fixture = Fixture::start().await;
    for path in ["/register/unknown", "/desk/map_9", "/desk/nonsense"] {
        assert_eq!(fixture.open_page(path).await.0, 404, "{path}");
    }
    let response = fixture.http.get(fixture.url("/desk")).send().await.unwrap();
    let policy = response.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    let (status, sheet) = fixture.open_page("/assets/sandbox.css").await;
    assert!(status == 200 && !sheet.contains("url("));
}
