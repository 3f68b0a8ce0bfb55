//! Days that are told from the one on which somebody asks.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use registry_domain::calendar::{Calendar, day_in_korea, start_in_korea};
use registry_tests::TestApp;
use registry_tests::api::{Api, text_of};
use serde_json::json;

/// As many shops as a list shows.
pub(super) async fn count(api: &Api, query: &str) -> usize {
    let listed = api.get(&format!("/v1/merchants?{query}")).await.expect(200);
    listed["data"].as_array().expect("a list").len()
}

/// Puts the clock to the noon in Korea of the next day that fits.
pub(super) fn advance_to(app: &TestApp, fits: impl Fn(NaiveDate) -> bool) -> DateTime<Utc> {
    let tomorrow = day_in_korea(app.now()).succ_opt().expect("a day");
    let day = tomorrow.iter_days().find(|day| fits(*day)).expect("a day");
    let noon = start_in_korea(day) + TimeDelta::hours(12);
    app.advance(noon - app.now());
    noon
}

#[tokio::test]
async fn days_are_told_from_the_day_on_which_one_asks() {
    let app = TestApp::start().await;
    let api = &app.tenant.api;
    let calendar = Calendar::default();
    let works = |day: NaiveDate| calendar.day(day).is_business();
    // A day of work before a day on which nobody works.
    let first = advance_to(&app, |day| works(day) && !works(day.succ_opt().expect("a day")));
    app.tenant.register("acad-1", "store-1").await;
    let queries = [
        "created_from=today",
        "created_from=-1d",
        "created_from=-1bd",
        "created_until=today",
    ];
    let counts = async || {
        let mut counts = Vec::new();
        for query in queries {
            let listed = count(api, query).await;
            let stats = api.get(&format!("/v1/stats/review-status?{query}")).await.expect(200);
            assert_eq!(
                stats["data"]["total"], listed,
                "{query}: what is counted is what is listed"
            );
            counts.push(listed);
        }
        counts
    };
    assert_eq!(counts().await, [1, 1, 1, 0]);
    // The next working day comes after at least one on which nobody works.
    advance_to(&app, works);
    assert_eq!(
        counts().await,
        [0, 0, 1, 1],
        "one business day ago is before the holiday"
    );
    app.tenant.register("acad-1", "store-2").await;
    assert_eq!(counts().await, [1, 1, 2, 1]);
    // In the past, days are told from the day of then.
    let then = format!(
        "created_from=today&as_of={}",
        (first + TimeDelta::hours(1)).format("%Y-%m-%dT%H:%M:%SZ")
    );
    assert_eq!(count(api, &then).await, 1);
    // The tenant says that it works on the day between.
    let holiday = day_in_korea(first).succ_opt().expect("a day");
    let own = json!({ holiday.to_string(): { "business_day": true, "name": null } });
    app.tenant.set(&json!({ "own_days": own })).await;
    assert_eq!(counts().await, [1, 1, 1, 1], "one business day ago is the day between");
    app.finish().await;
}

#[tokio::test]
async fn a_walk_that_lasts_over_midnight_stays_in_one_list() {
    let app = TestApp::start().await;
    advance_to(&app, |_| true);
    for number in 1..=3 {
        app.tenant.register("acad-1", &format!("store-{number}")).await;
    }
    let path = "/v1/merchants?created_from=today&limit=1&sort=created_at";
    let first = app.tenant.api.get(path).await.expect(200);
    app.advance(TimeDelta::days(1));
    let fresh = app.tenant.api.get(path).await.expect(200);
    assert_eq!(fresh["data"], json!([]), "a new walk is of the new day");
    let mut codes = vec![text_of(&first["data"][0], "merchant_code").to_owned()];
    let mut next = first["page"]["next"].clone();
    while let Some(cursor) = next.as_str() {
        let page = app.tenant.api.get(&format!("{path}&cursor={cursor}")).await.expect(200);
        codes.push(text_of(&page["data"][0], "merchant_code").to_owned());
        next = page["page"]["next"].clone();
    }
    assert_eq!(codes, ["store-1", "store-2", "store-3"]);
    app.finish().await;
}
