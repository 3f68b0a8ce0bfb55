//! An event with its merchant, as it is published: subject, headers, body.
//!
//! CloudEvents 1.0 in binary mode: the event's attributes are headers, the body is data. Subjects and headers hold
//! ids, words and numbers only, all of them ASCII: no code of a partner, no name, no Korean text.

use bytes::Bytes;
use chrono::SecondsFormat;
use registry_domain::merchant::Event;
use registry_domain::tenant::Slug;
use registry_domain::{EventId, MerchantId, Seq};
use registry_journal::RecordedEvent;
use registry_journal::record::StreamEvent;
use serde::Serialize;

use crate::document::{MaskedDocument, to_json};
use crate::event::{PublicEvent, public_event};

/// More than any message takes, headers included. It follows from the limits of the domain's texts: the largest is a payment
/// approval whose nine texts have all the characters that are kept, with a document that has as many. A test makes it.
pub const LARGEST_MESSAGE_BYTES: usize = 320 * 1024;

/// The id of the message, by which the broker drops a repeat within its window.
pub const MESSAGE_ID: &str = "Nats-Msg-Id";

/// Position of the event in the tenant's log, as a decimal number.
pub const REGISTRY_SEQ: &str = "Registry-Seq";

/// Position of the event published before this one; 0 for the first. One that is not the last position a subscriber
/// saw means that it missed something.
pub const REGISTRY_PREV_SEQ: &str = "Registry-Prev-Seq";

/// The hash that chains the event to everything before it in the tenant's log, as 64 hexadecimal digits. Beside the
/// position it is what `registry verify --expect` takes: it proves later that the log up to there is still the same.
pub const REGISTRY_HASH: &str = "Registry-Hash";

pub(crate) const CONTENT_TYPE: &str = "content-type";
pub(crate) const TRACE_PARENT: &str = "traceparent";
pub(crate) const CE_SPEC_VERSION: &str = "ce-specversion";
pub(crate) const CE_ID: &str = "ce-id";
pub(crate) const CE_TYPE: &str = "ce-type";
pub(crate) const CE_SOURCE: &str = "ce-source";
pub(crate) const CE_SUBJECT: &str = "ce-subject";
pub(crate) const CE_TIME: &str = "ce-time";
pub(crate) const CE_SEQUENCE: &str = "ce-sequence";
pub(crate) const CE_PARTITION_KEY: &str = "ce-partitionkey";
pub(crate) const CE_CORRELATION_ID: &str = "ce-correlationid";
pub(crate) const CE_CAUSATION_ID: &str = "ce-causationid";

/// A message ready to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `smr.v1.<tenant>.merchant.<group>.<event>.<merchant id>`.
    pub subject: String,
    /// The event's id, and the message's.
    pub id: EventId,
    /// Names and values, each name once.
    pub headers: Vec<(&'static str, String)>,
    /// JSON: the event, and the merchant as of it.
    pub body: Bytes,
    /// Position of the event in the tenant's log.
    pub seq: Seq,
}

#[derive(Serialize)]
struct Body<'a> {
    event: &'a PublicEvent,
    merchant: &'a MaskedDocument,
}

/// The message of an event; none for events of the tenant itself, which are not published.
///
/// `merchant` is the document as of this event, `previous` the position of the event published before it.
pub fn message_for(
    tenant: &Slug,
    recorded: &RecordedEvent,
    merchant: &MaskedDocument,
    previous: Seq,
) -> Option<Message> {
    let merchant_id = recorded.stream.merchant_id()?;
    let event = public_event(recorded);
    let body = to_json(&Body {
        event: &event,
        merchant,
    });
    Some(Message {
        subject: subject(tenant, merchant_id, recorded, event.data.event_type()),
        id: recorded.event_id,
        headers: headers(tenant, merchant_id, recorded, &event, previous),
        body,
        seq: recorded.stamp.seq,
    })
}

/// The subject that all of a tenant's messages match.
pub fn subject_filter(tenant: &Slug) -> String {
    format!("smr.v1.{tenant}.>")
}

/// Group and event are the two words of the type, `merchant.registered` included, so that every subject has seven
/// tokens. A changed review is found by its new status: `review.opened`.
fn subject(tenant: &Slug, merchant_id: MerchantId, recorded: &RecordedEvent, event_type: &str) -> String {
    match &recorded.event {
        StreamEvent::Merchant(Event::ReviewChanged { to, .. }) => {
            format!("smr.v1.{tenant}.merchant.review.{to}.{merchant_id}")
        }
        StreamEvent::Merchant(_) | StreamEvent::Tenant(_) => {
            format!("smr.v1.{tenant}.merchant.{event_type}.{merchant_id}")
        }
    }
}

fn headers(
    tenant: &Slug,
    merchant_id: MerchantId,
    recorded: &RecordedEvent,
    event: &PublicEvent,
    previous: Seq,
) -> Vec<(&'static str, String)> {
    let stamp = recorded.stamp;
    let merchant = merchant_id.to_string();
    let mut headers = vec![
        (MESSAGE_ID, event.id.clone()),
        (REGISTRY_SEQ, stamp.seq.to_string()),
        (REGISTRY_PREV_SEQ, previous.to_string()),
        (REGISTRY_HASH, hex::encode(recorded.hash)),
        (CONTENT_TYPE, "application/json".to_owned()),
        (TRACE_PARENT, traceparent(recorded)),
        (CE_SPEC_VERSION, "1.0".to_owned()),
        (CE_ID, event.id.clone()),
        (
            CE_TYPE,
            format!("kr.submerchant.merchant.{}.v1", event.data.event_type()),
        ),
        (CE_SOURCE, format!("/tenants/{tenant}/merchants/{merchant}")),
        (CE_SUBJECT, merchant.clone()),
        (CE_TIME, stamp.recorded_at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        // Compared as text by the CloudEvents extension, hence padded to the width of the largest number.
        (CE_SEQUENCE, format!("{:020}", stamp.version.0)),
        (CE_PARTITION_KEY, merchant),
        (CE_CORRELATION_ID, event.correlation_id.clone()),
    ];
    if let Some(id) = &event.causation_id {
        headers.push((CE_CAUSATION_ID, id.clone()));
    }
    headers
}

/// W3C trace context: the request is the trace, the event is the span, and nobody has sampled it.
fn traceparent(recorded: &RecordedEvent) -> String {
    let trace = recorded.correlation_id.as_uuid().as_u128();
    let span = span_of(recorded.event_id);
    format!("00-{trace:032x}-{span:016x}-00")
}

/// The last eight bytes of the id: the random ones of a `UUIDv7`.
fn span_of(id: EventId) -> u64 {
    id.as_uuid().as_u64_pair().1
}

#[cfg(test)]
mod tests {
    use registry_domain::codes::CODE_LENGTH_MAX;
    use registry_domain::merchant::{Approval, ApprovalKey, METADATA_MAX, Surroundings, TAGS_MAX};
    use registry_domain::review::{ClaimSource, ReviewCode, ReviewStatus, Verification};
    use registry_domain::tenant::Event as TenantEvent;
    use registry_domain::text::{FREE_TEXT_LENGTH_MAX, LABEL_LENGTH_MAX};
    use registry_domain::{CorrelationId, Label, LinkId, MemberCode, MerchantCode, Reference, ReportedNumber};
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;
    use crate::document::MerchantDocument;
    use crate::testing::{at, merchant_id, merchant_of, recorded, recorded_of_tenant, registered, slug, text};

    fn opened() -> Event {
        Event::ReviewChanged {
            from: ReviewStatus::InReview,
            to: ReviewStatus::Opened,
            code: ReviewCode::from_untrusted("O").unwrap(),
            message: Some(text("승인되었습니다")),
            source: ClaimSource::Callback,
            verification: Verification::Unverified,
        }
    }

    fn message(recorded: &RecordedEvent) -> Message {
        let merchant = merchant_of(&[registered("1178178260"), opened()]);
        let document = MerchantDocument::from_merchant(&merchant).masked();
        message_for(&slug(), recorded, &document, Seq(0)).expect("an event of a merchant is published")
    }

    #[test]
    fn the_subject_tells_the_event_or_the_new_status() {
        let id = merchant_id();
        for (event, words) in [
            (registered("1178178260"), "merchant.registered"),
            (Event::MerchantArchived, "merchant.archived"),
            (opened(), "review.opened"),
        ] {
            let subject = message(&recorded(2, event)).subject;
            assert_eq!(subject, format!("smr.v1.acme.merchant.{words}.{id}"));
            assert_eq!(subject.split('.').count(), 7);
        }
    }

    #[test]
    fn the_headers_are_those_of_the_contract_and_ascii() {
        let mut event = recorded(2, opened());
        event.causation_id = Some(event.event_id);
        let message = message(&event);
        let (id, merchant) = (event.event_id.to_string(), merchant_id().to_string());
        let expected = [
            ("Nats-Msg-Id", id.clone()),
            ("Registry-Seq", "2".to_owned()),
            ("Registry-Prev-Seq", "0".to_owned()),
            ("Registry-Hash", "02".repeat(32)),
            ("content-type", "application/json".to_owned()),
            (
                "traceparent",
                "00-01970000000070009000000000000001-8000000000000002-00".to_owned(),
            ),
            ("ce-specversion", "1.0".to_owned()),
            ("ce-id", id.clone()),
            ("ce-type", "kr.submerchant.merchant.review.changed.v1".to_owned()),
            ("ce-source", format!("/tenants/acme/merchants/{merchant}")),
            ("ce-subject", merchant.clone()),
            ("ce-time", "1970-01-01T00:00:02Z".to_owned()),
            ("ce-sequence", "00000000000000000002".to_owned()),
            ("ce-partitionkey", merchant),
            ("ce-correlationid", event.correlation_id.to_string()),
            ("ce-causationid", id),
        ];
        assert_eq!(message.headers, expected);
        let mut texts = message.headers.iter().map(|(_, value)| value).chain([&message.subject]);
        assert!(texts.all(|text| text.bytes().all(|byte| byte.is_ascii_graphic())));
    }

    #[test]
    fn the_body_is_the_event_and_the_merchant_with_its_number_masked() {
        let body: Value = serde_json::from_slice(&message(&recorded(2, opened())).body).unwrap();
        assert_eq!(body["event"]["type"], "review.changed");
        assert_eq!(body["event"]["data"]["message"], "승인되었습니다");
        assert_eq!(body["merchant"]["stage"], "opened");
        assert_eq!(body["merchant"]["business"]["number"], "117-81-*****");
        assert!(!body.to_string().contains("1178178260"));
    }

    /// Of every text as many characters as are kept, each of which takes the most bytes.
    #[test]
    fn the_largest_message_is_below_the_limit_and_not_far_below() {
        let widest = |characters: usize| "\u{1F600}".repeat(characters);
        let (code, label) = (
            widest(CODE_LENGTH_MAX),
            Label::parse(&widest(LABEL_LENGTH_MAX)).unwrap(),
        );
        let long = || Some(text(&widest(2 * FREE_TEXT_LENGTH_MAX)));
        let registered = Event::MerchantRegistered {
            reference: Reference {
                member_code: MemberCode::parse(&code).unwrap(),
                merchant_code: MerchantCode::parse(&code).unwrap(),
            },
            company_name: None,
            branch_name: None,
            business_number: None,
            tags: vec![label.clone(); TAGS_MAX],
            metadata: (0..METADATA_MAX)
                .map(|number| (format!("{number:040}"), label.clone()))
                .collect(),
            surroundings: Surroundings::default(),
        };
        let named = Event::BusinessDetailsChanged {
            company_name: long(),
            branch_name: long(),
            business_number: Some(ReportedNumber::from_untrusted(&widest(100))),
            source: ClaimSource::Callback,
        };
        let rejected = Event::ReviewChanged {
            from: ReviewStatus::InReview,
            to: ReviewStatus::Rejected,
            code: ReviewCode::from_untrusted("R").unwrap(),
            message: long(),
            source: ClaimSource::Callback,
            verification: Verification::Unverified,
        };
        let approved = Event::PaymentApprovalReceived {
            link_id: Some(LinkId::from_uuid(Uuid::from_u128(5))),
            received_at: at(9),
            approval: Approval {
                bill_id: long(),
                state: long(),
                price: long(),
                approval_number: long(),
                original_number: long(),
                approved_at: long(),
                pay_type: long(),
                issuer: long(),
                issuer_number_masked: long(),
                api_key: ApprovalKey::Differs,
            },
            decoded_with_loss: false,
            redrive_of: None,
        };
        let slug = Slug::parse(&"s".repeat(40)).unwrap();
        let merchant = merchant_of(&[registered, named, rejected]);
        let document = MerchantDocument::from_merchant(&merchant).masked();
        let message = message_for(&slug, &recorded(9_999_999_999, approved), &document, Seq(u64::MAX)).unwrap();
        let headers = message.headers.iter().map(|(name, value)| name.len() + value.len() + 4);
        let bytes = message.body.len() + headers.sum::<usize>();
        assert!(bytes < LARGEST_MESSAGE_BYTES, "{bytes}");
        assert!(bytes > LARGEST_MESSAGE_BYTES * 3 / 4, "{bytes}");
    }

    #[test]
    fn events_of_the_tenant_are_not_published() {
        let merchant = merchant_of(&[registered("1178178260")]);
        let document = MerchantDocument::from_merchant(&merchant).masked();
        let event = recorded_of_tenant(2, TenantEvent::TenantSuspended);
        assert_eq!(message_for(&slug(), &event, &document, Seq(1)), None);
    }

    #[test]
    fn a_trace_id_keeps_its_leading_zeros() {
        let mut event = recorded(2, opened());
        event.correlation_id = CorrelationId::from_uuid(Uuid::from_u128(0xab));
        let traceparent = traceparent(&event);
        assert_eq!(traceparent, "00-000000000000000000000000000000ab-8000000000000002-00");
    }
}
