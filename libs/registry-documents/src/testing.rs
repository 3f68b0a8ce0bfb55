//! What the tests of this crate share: one merchant of one tenant, and events of theirs.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::{self, Merchant, Surroundings, fold};
use registry_domain::tenant::{self, Slug};
use registry_domain::{
    Actor, BusinessNumber, CorrelationId, EventId, FreeText, Label, MemberCode, MerchantCode, MerchantId, Reference,
    Seq, Stamp, TenantId, Version,
};
use registry_journal::RecordedEvent;
use registry_journal::record::{StreamEvent, StreamId};
use uuid::Uuid;

pub fn slug() -> Slug {
    Slug::parse("acme").unwrap()
}

pub fn tenant_id() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

pub fn merchant_id() -> MerchantId {
    MerchantId::from_uuid(Uuid::from_u128(2))
}

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

pub fn text(text: &str) -> FreeText {
    FreeText::from_untrusted(text)
}

pub fn reference() -> Reference {
    Reference {
        member_code: MemberCode::parse("member-1").unwrap(),
        merchant_code: MerchantCode::parse("shop-1").unwrap(),
    }
}

pub fn registered(business_number: &str) -> merchant::Event {
    merchant::Event::MerchantRegistered {
        reference: reference(),
        company_name: Some(Label::parse("가나다 학원").unwrap()),
        branch_name: Some(Label::parse("강남점").unwrap()),
        business_number: Some(BusinessNumber::parse(business_number).unwrap()),
        tags: vec![Label::parse("vip").unwrap()],
        metadata: BTreeMap::from([("region".to_owned(), Label::parse("south").unwrap())]),
        surroundings: Surroundings::default(),
    }
}

/// The first event is number one.
pub fn stamp(number: u64) -> Stamp {
    Stamp {
        event_id: EventId::from_uuid(Uuid::from_u128(number.into())),
        seq: Seq(number),
        version: Version(number),
        recorded_at: at(i64::try_from(number).unwrap()),
    }
}

pub fn recorded(number: u64, event: merchant::Event) -> RecordedEvent {
    record(number, StreamId::Merchant(merchant_id()), StreamEvent::Merchant(event))
}

pub fn recorded_of_tenant(number: u64, event: tenant::Event) -> RecordedEvent {
    record(number, StreamId::Tenant(tenant_id()), StreamEvent::Tenant(event))
}

fn record(number: u64, stream: StreamId, event: StreamEvent) -> RecordedEvent {
    RecordedEvent {
        tenant_id: tenant_id(),
        event_id: EventId::from_uuid(Uuid::from_u128(
            0x0197_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
        )),
        stream,
        stamp: stamp(number),
        hash: [u8::try_from(number % 256).unwrap(); 32],
        event_type: String::new(),
        actor: Actor::System,
        on_behalf_of: None,
        address: None,
        correlation_id: CorrelationId::from_uuid(Uuid::from_u128(0x0197_0000_0000_7000_9000_0000_0000_0001)),
        causation_id: None,
        event,
        erased: false,
    }
}

/// The merchant that these events make.
pub fn merchant_of(events: &[merchant::Event]) -> Merchant {
    let stamps = (1..).map(stamp);
    fold(merchant_id(), events.iter().zip(stamps)).expect("the first event registers the merchant")
}
