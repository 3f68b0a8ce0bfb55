//! What must hold at the end of every test, whatever it was about.

use registry_domain::merchant::Stage;
use registry_domain::tenant::Slug;
use registry_domain::{Seq, TenantId};
use registry_journal::Archive;
use registry_journal::archive::Until;
use registry_journal::port::{Direction, MerchantFilter, MerchantQuery, PageSize, SortKey};
use registry_maintenance::verify::verify;
use serde_json::Value;

use crate::api::Api;
use crate::nats::TestNats;
use crate::tenant::TestTenant;

/// The chain is whole, and each row of a merchant is the fold of its events.
pub(crate) async fn check_log(archive: &Archive, tenant: TenantId) {
    // A question to Paymint may be answered while this looks: the log may grow, but what stood in it must be read.
    let head = archive.reader().head(tenant).await.expect("the log can be read");
    let report = verify(archive.reader(), tenant).await.expect("the log can be read");
    assert_eq!(report.flaw, None, "the log has a flaw");
    let grown = archive.reader().head(tenant).await.expect("the log can be read");
    let whole = head.seq..=grown.seq;
    assert!(whole.contains(&Seq(report.rows)), "the log was read whole: {whole:?}");
    let mut query = MerchantQuery {
        filter: MerchantFilter {
            stages: Stage::ALL.to_vec(),
            ..MerchantFilter::default()
        },
        sort: SortKey::CreatedAt,
        waits: None,
        direction: Direction::Ascending,
        after: None,
        limit: PageSize::MAX,
    };
    loop {
        let page = archive
            .reader()
            .merchants(tenant, &query)
            .await
            .expect("merchants can be listed");
        for listed in &page {
            let merchant = listed.merchant.as_ref().expect("every row can be read");
            let until = Until::Version(merchant.version);
            let folded = archive.merchant_at(tenant, merchant.id, until).await;
            let folded = folded.expect("the events can be read");
            assert_eq!(
                folded.as_ref(),
                Some(merchant),
                "the row of {} is not its fold",
                merchant.id
            );
        }
        let Some(last) = page.last() else { return };
        query.after = Some(last.position.clone());
    }
}

/// The stream holds every event of a merchant exactly once and in order. Returns how many.
pub async fn check_published(tenant: &TestTenant, nats: &TestNats) -> usize {
    check_stream(&tenant.api, &tenant.slug, nats).await
}

async fn check_stream(api: &Api, slug: &Slug, nats: &TestNats) -> usize {
    let public = public_events(api).await;
    let Some(last) = public.last().map(seq) else { return 0 };
    let mut messages = nats.stream(slug, last).await;
    messages.retain(|message| message.seq() <= last);
    let published: Vec<_> = messages.iter().map(crate::nats::Published::seq).collect();
    let expected: Vec<_> = public.iter().map(seq).collect();
    assert_eq!(published, expected, "each event is published once and in order");
    let length = nats.stream_length(slug).await;
    // What was answered to a question meanwhile is published too.
    let may_stand = public.len() as u64..=public_events(api).await.len() as u64;
    assert!(
        may_stand.contains(&length),
        "nothing else is published: {length} of {may_stand:?}"
    );
    let mut previous = 0;
    for (message, event) in messages.iter().zip(&public) {
        assert_eq!(message.previous_seq(), previous, "the chain of positions has no gap");
        let mut event = event.clone();
        // On whose behalf somebody called is no business of subscribers.
        event.as_object_mut().expect("an object").remove("on_behalf_of");
        assert_eq!(message.body["event"], event, "the feed and the stream say the same");
        assert_eq!(
            message.header("Nats-Msg-Id"),
            event["id"],
            "the message is named after the event"
        );
        previous = message.seq();
    }
    public.len()
}

async fn public_events(api: &Api) -> Vec<Value> {
    let mut events = api.feed().await;
    events.retain(|event| event["merchant_id"].is_string());
    events
}

fn seq(event: &Value) -> u64 {
    event["seq"].as_u64().expect("an event has a position")
}
