//! What of a file is shown to whoever may not see personal data: nowhere more than of a merchant.

use registry_domain::people::Role;
use registry_domain::tenant::Scope;
use registry_tests::tenant::id_of;
use registry_tests::{Api, TestApp};
use serde_json::{Value, json};

use super::{CSV, carried_out, hand_over, planned, table};
use crate::console::Pages;

/// One number is right, one is wrong, one stands where a name should; the last column is nothing of a merchant, and may be anything.
const FILE: &str = "\
member_code,merchant_code,company_name,business_number,contact
acad-12,store-1,가나다 학원,117-81-78260,010-2345-6789
acad-12,store-2,라마바,117-81-78261,kim@shop.example
acad-12,,이름만,1178178260,
";

/// What nobody sees who may not.
const PERSONAL: [&str; 6] = ["117-81-7826", "117817826", "-78260", "-78261", "010-2345", "kim@shop"];

/// What everybody sees.
const OPEN: &str = "가나다 학원";

/// Where the rows of a file stand, with what whoever reads them needs.
fn places(file: &str, plan: &str, job: &str) -> [String; 7] {
    [
        format!("/v1/imports/{file}"),
        format!("/v1/plans/{plan}"),
        format!("/v1/plans/{plan}/rows"),
        format!("/v1/plans/{plan}/rows.csv"),
        format!("/v1/jobs/{job}"),
        format!("/v1/jobs/{job}/rows"),
        format!("/v1/jobs/{job}/rows.csv"),
    ]
}

fn expect_masked(place: &str, text: &str) {
    for personal in PERSONAL {
        assert!(!text.contains(personal), "{place} shows {personal}: {text}");
    }
}

/// How a file is shown to two who hand it over themselves.
async fn handed_over(api: &Api) -> Value {
    hand_over(api, CSV, FILE.into()).await.expect(201)
}

#[tokio::test]
async fn what_is_personal_in_a_file_is_shown_to_nobody_who_may_not_see_it() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let others = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::PersonalRead);
    let blind = app.key(tenant.id, &others.collect::<Vec<_>>()).await;

    let (seen, masked) = (handed_over(&tenant.api).await, handed_over(&blind).await);
    assert_eq!(seen["columns"][3]["samples"][0], "117-81-78260");
    assert_eq!(seen["columns"][4]["samples"][1], "kim@shop.example");
    expect_masked("a file handed over", &masked.to_string());
    assert_eq!(masked["columns"][2]["samples"], seen["columns"][2]["samples"]);
    assert_eq!(masked["columns"][4]["samples"][2], "", "what is empty is no secret");

    let plan = planned(tenant, &seen, json!({})).await;
    let job = carried_out(tenant, &plan).await;
    let own = json!({ "action": "import", "import_id": id_of(&masked) });
    let own = blind.post("/v1/plans", &own).await.expect(201);
    expect_masked("a plan", &own.to_string());
    for place in places(id_of(&seen), id_of(&plan), id_of(&job)) {
        let whole = table(&tenant.api, &place).await;
        if place.contains("/imports") {
            let problem = blind.get(&place).await.problem(403, "insufficient_scope");
            assert_eq!(problem["required_scope"], "personal:read");
            continue;
        }
        let hidden = table(&blind, &place).await;
        expect_masked(&place, &hidden);
        if !place.contains("/rows") {
            continue;
        }
        assert!(hidden.contains(OPEN), "{place}: {hidden}");
        assert!(
            whole.contains("117-81-78260") && whole.contains("117-81-78261"),
            "whoever may sees them: {whole}"
        );
    }
    let csv = table(&tenant.api, &format!("/v1/jobs/{}/rows.csv", id_of(&job))).await;
    assert!(csv.contains("010-2345-6789"), "the file comes back whole: {csv}");
    // Why a row does not fit is no secret.
    let rows = table(&blind, &format!("/v1/plans/{}/rows?state=refused", id_of(&plan))).await;
    assert!(rows.contains("checksum_mismatch") && rows.contains("blank"), "{rows}");
    app.finish().await;
}

/// Headings that are none, because the first row was taken for them.
const BARE: &str = "\
가나다 학원,010-2345-6789,117-81-78260,acad-12,store-1
라마바,010-2345-0000,117-81-78261,acad-12,store-2
";

/// Nobody learns numbers by saying that they are names, or reads them in place of headings.
#[tokio::test]
async fn what_somebody_else_handed_over_is_not_read_as_what_it_is_not() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let others = Scope::ALL.iter().copied().filter(|scope| *scope != Scope::PersonalRead);
    let others = others.collect::<Vec<_>>();
    let (blind, colleague) = (app.key(tenant.id, &others).await, app.key(tenant.id, &others).await);
    let columns = ["company_name", "ignore", "branch_name", "member_code", "merchant_code"];
    for (owner, bystander) in [(&tenant.api, &blind), (&blind, &colleague)] {
        let file = hand_over(owner, CSV, BARE.into()).await.expect(201);
        let wish = json!({ "action": "import", "import_id": id_of(&file), "columns": columns });
        let problem = bystander.post("/v1/plans", &wish).await;
        let problem = problem.problem(403, "insufficient_scope");
        assert_eq!(problem["required_scope"], "personal:read");
        let path = format!("/v1/imports/{}?encoding=utf8", id_of(&file));
        bystander.get(&path).await.problem(403, "insufficient_scope");
        owner.get(&path).await.expect(200);
        owner.post("/v1/plans", &wish).await.expect(201);
    }

    let file = hand_over(&tenant.api, CSV, BARE.into()).await.expect(201);
    let columns = [
        "company_name",
        "ignore",
        "business_number",
        "member_code",
        "merchant_code",
    ];
    let plan = planned(tenant, &file, json!({ "columns": columns })).await;
    let rows = format!("/v1/plans/{}/rows.csv", id_of(&plan));
    let (whole, hidden) = (table(&tenant.api, &rows).await, table(&blind, &rows).await);
    assert!(
        whole.contains("010-2345-6789") && whole.contains("117-81-78260"),
        "{whole}"
    );
    expect_masked(&rows, &hidden);
    app.finish().await;
}

#[tokio::test]
async fn the_console_shows_no_more_of_it() {
    let app = TestApp::start().await;
    let tenant = &app.tenant;
    let file = handed_over(&tenant.api).await;
    let plan = planned(tenant, &file, json!({})).await;
    let preview = format!("/plans/{}", id_of(&plan));
    let columns = format!("/imports/{}", id_of(&file));
    let manager = Pages::new(&app).await;
    for page in [&columns, &preview] {
        assert!(manager.get(page).await.text.contains("117-81-78261"), "{page}");
    }
    let operator = Pages::of(&app, "김운영", Role::Operator).await;
    let viewer = Pages::of(&app, "이열람", Role::Viewer).await;
    let answer = operator.get(&columns).await;
    assert_eq!(answer.status, 403, "somebody else handed it over");
    expect_masked(&columns, &answer.text);
    for (who, page) in [(&operator, &preview), (&viewer, &preview)] {
        let answer = who.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.text.contains(OPEN), "{page}");
        expect_masked(page, &answer.text);
    }
    let job = carried_out(tenant, &plan).await;
    for state in ["", "?state=refused", "?state=done"] {
        let page = format!("/jobs/{}{state}", id_of(&job));
        expect_masked(&page, &operator.get(&page).await.text);
    }
    app.finish().await;
}
