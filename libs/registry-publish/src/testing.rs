//! What the tests of this crate share: one tenant, and the first event of a merchant.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::merchant::{Event, Surroundings};
use registry_domain::tenant::Slug;
use registry_domain::{BusinessNumber, FreeText, Label, MemberCode, MerchantCode, Reference, TenantId};
use uuid::Uuid;

pub fn slug() -> Slug {
    Slug::parse("acme").unwrap()
}

pub fn tenant_id() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

pub fn text(text: &str) -> FreeText {
    FreeText::from_untrusted(text)
}

pub fn registered(business_number: &str) -> Event {
    Event::MerchantRegistered {
        reference: Reference {
            member_code: MemberCode::parse("member-1").unwrap(),
            merchant_code: MerchantCode::parse("shop-1").unwrap(),
        },
        company_name: Some(Label::parse("가나다 학원").unwrap()),
        branch_name: Some(Label::parse("강남점").unwrap()),
        business_number: Some(BusinessNumber::parse(business_number).unwrap()),
        tags: Vec::new(),
        metadata: BTreeMap::new(),
        surroundings: Surroundings::default(),
    }
}
