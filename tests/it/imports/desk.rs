//! Shops from a file in the console: with JavaScript and without, down to the rows that come back.

use encoding_rs::EUC_KR;
use registry_tests::{Answer, TestApp};
use reqwest::Method;
use serde_json::json;

use super::table;
use crate::chromium::{Browser, Screen};

/// Where pictures of the pages are left, for whoever wants to see them.
const PICTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pictures/imports");

/// What the console says on the way.
struct Words {
    language: &'static str,
    merchants: &'static str,
    upload: &'static str,
    columns: &'static str,
    rows: &'static str,
    preview: &'static str,
    fault: &'static str,
    confirm: &'static str,
    refused: &'static str,
}

const KOREAN: Words = Words {
    language: "ko",
    merchants: "가맹점",
    upload: "파일 올리기",
    columns: "열 확인",
    rows: "400행",
    preview: "계획을 보고 확인하세요",
    fault: "사업자번호: 사업자등록번호의 검증 숫자가 맞지 않습니다",
    confirm: "360곳에 실행",
    refused: "쓸 수 없는 값이 있습니다",
};

const ENGLISH: Words = Words {
    language: "en",
    merchants: "Merchants",
    upload: "Upload",
    columns: "Check the columns",
    rows: "400 rows",
    preview: "Look at the plan, then confirm it",
    fault: "Business number: the check digit does not match",
    confirm: "Do it for 360",
    refused: "a cell cannot be used",
};

/// The top of the page, and what stands below; nothing of it may stand out at the side.
async fn picture(browser: &Browser, name: &str) {
    let width = "return [document.documentElement.scrollWidth, window.innerWidth]";
    let width = browser.run(width).await;
    assert!(width[0].as_u64() <= width[1].as_u64(), "{name} is too wide: {width}");
    std::fs::create_dir_all(PICTURES).expect("a folder");
    // What is clicked next is looked for from the top.
    for (part, script) in [
        (
            "-below",
            "window.scrollBy({ top: window.innerHeight - 80, behavior: 'instant' })",
        ),
        ("", "window.scrollTo({ top: 0, behavior: 'instant' })"),
    ] {
        browser.run(script).await;
        let picture = browser.client.screenshot().await.expect("a picture");
        std::fs::write(format!("{PICTURES}/{name}{part}.png"), picture).expect("a file");
    }
}

/// Forty of these are wrong, each in its own way or another.
fn file(rows: usize) -> String {
    let row = |number: usize| match number % 10 {
        3 if number < 200 => format!("acad-12,store-{number},이름 {number},117-81-78261\n"),
        7 if number < 200 => format!("acad-12,,이름 {number},\n"),
        _ => format!("acad-12,store-{number},이름 {number},\n"),
    };
    format!(
        "회원코드,매장코드,상호,사업자번호\n{}",
        (0..rows).map(row).collect::<String>()
    )
}

async fn go_through(screen: Screen, scripts: bool, words: &Words) {
    let language = words.language;
    let look = async |browser: &Browser, name: &str| {
        if scripts {
            picture(browser, &format!("{name}-{screen:?}-{language}")).await;
        }
    };
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let browser = Browser::on(screen, scripts).await;
    browser.sign_in(&link).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("가맹점.csv");
    std::fs::write(&path, EUC_KR.encode(&file(400)).0).expect("a file");
    browser
        .client
        .goto(&format!("{home}/merchants"))
        .await
        .expect("the list opens");
    let language = format!("button[name='language'][value='{language}']");
    browser.click(&language, words.merchants).await;
    look(&browser, "0-merchants").await;
    browser.click("a[href$='/imports/new']", words.upload).await;
    look(&browser, "0-new").await;
    browser.fill("#f-file", path.to_str().expect("a path")).await;
    browser.click("form[enctype] button.go", words.columns).await;
    browser.see(words.rows).await;
    browser.see("CP949").await;
    look(&browser, "1-columns").await;
    browser.click("form[action$='/plan'] button.go", words.preview).await;
    // All that is wrong is shown before anything is written.
    look(&browser, "2-preview").await;
    let bad = "return document.querySelectorAll('td .bad').length";
    if scripts {
        assert_eq!(browser.run(bad).await, json!(40));
    }
    browser.see(words.fault).await;
    let listed = app.tenant.api.get("/v1/merchants?limit=1").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    browser.see(words.confirm).await;
    browser.fill("#f-reason", "이관").await;
    browser.click("form[action$='/confirmation'] button.go", "이관").await;
    let jobs = app.tenant.api.get("/v1/jobs").await.expect(200);
    let job = jobs["data"][0]["id"].as_str().expect("a job").to_owned();
    registry_tests::api::until(async || {
        !app.tenant.api.get(&format!("/v1/jobs/{job}")).await.expect(200)["ended_at"].is_null()
    })
    .await;
    let over = app.tenant.api.get(&format!("/v1/jobs/{job}")).await.expect(200);
    assert_eq!(
        (&over["counts"]["done"], &over["counts"]["refused"]),
        (&json!(360), &json!(40))
    );
    browser
        .client
        .goto(&format!("{home}/jobs/{job}?state=refused"))
        .await
        .expect("the job opens");
    browser.see(words.refused).await;
    look(&browser, "3-refused").await;
    // What comes back has the shape of the file: corrected, it is read in as it is, and nothing twice.
    let wrong = table(&app.tenant.api, &format!("/v1/jobs/{job}/rows.csv?state=refused")).await;
    assert_eq!(wrong.lines().count(), 41, "{wrong}");
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:?}");
    app.finish().await;
}

#[tokio::test]
async fn a_file_is_looked_at_row_by_row_and_read_in() {
    go_through(Screen::Wide, true, &KOREAN).await;
}

#[tokio::test]
async fn the_same_in_english() {
    go_through(Screen::Wide, true, &ENGLISH).await;
}

#[tokio::test]
async fn the_same_on_a_telephone() {
    go_through(Screen::Narrow, true, &KOREAN).await;
}

#[tokio::test]
async fn the_same_on_a_telephone_in_english() {
    go_through(Screen::Narrow, true, &ENGLISH).await;
}

#[tokio::test]
async fn the_same_without_scripts() {
    go_through(Screen::Wide, false, &KOREAN).await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_told_with_its_line() {
    let app = TestApp::start().await;
    let (home, link) = app.open_console().await;
    let browser = Browser::on(Screen::Narrow, true).await;
    browser.sign_in(&link).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.csv");
    std::fs::write(&path, b"a,b\nc,\xff\xff\n").expect("a file");
    browser
        .client
        .goto(&format!("{home}/imports/new"))
        .await
        .expect("the page opens");
    browser.fill("#f-file", path.to_str().expect("a path")).await;
    browser
        .click("form[enctype] button.go", "행 2: 이 인코딩으로는 읽을 수 없는 줄입니다")
        .await;
    picture(&browser, "4-wrong-Narrow-ko").await;
    let request = app.tenant.api.request(Method::GET, "/v1/imports/template?format=xlsx");
    let answer = Answer::to(request).await;
    assert_eq!(answer.status, 200);
    app.finish().await;
}
