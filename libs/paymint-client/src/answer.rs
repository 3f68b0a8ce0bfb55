//! What comes back in the envelope's `data`, one shape a call.

use std::fmt;

use serde_json::Value;
use url::Url;

use crate::answer_fields::list;
use crate::call_error::AnswerFault;
use crate::callback::MerchantReport;
use crate::json::{self, Object};
use crate::scrub::Scrubber;
use crate::wire;

/// The longest URL that is taken from an answer, in bytes.
const URL_MAX_BYTES: usize = 2048;

/// The page where a sub-merchant registers itself. Whoever holds it may act for that merchant: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationUrl(Url);

impl RegistrationUrl {
    /// Takes an absolute `http` or `https` URL of at most 2,048 bytes.
    fn parse(text: &str) -> Option<Self> {
        parse_url(text).map(Self)
    }

    /// The URL in clear, for the person who is to open it.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }

    /// Reads `data.url` of `/auth/mapping`.
    pub(crate) fn from_data(data: &Value) -> Result<Self, AnswerFault> {
        let url = data.get("url").and_then(Value::as_str).and_then(Self::parse);
        url.ok_or(AnswerFault::Field("data.url"))
    }
}

impl fmt::Debug for RegistrationUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RegistrationUrl(redacted)")
    }
}

/// A page where a customer pays, or gives a card. Whoever holds it sees the bill: `Debug` hides it.
///
/// The host is not fixed and may change; pages refuse to be framed (integrators: sure).
#[derive(Clone, PartialEq, Eq)]
pub struct BillLink(Url);

impl BillLink {
    /// Takes an absolute `http` or `https` URL of at most 2,048 bytes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        parse_url(text.trim()).map(Self)
    }

    /// The URL in clear, for the customer who is to open it.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for BillLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BillLink(redacted)")
    }
}

/// All of an answer's `data` as JSON, without the partner's key, card numbers and signatures.
///
/// It may still hold names and phone numbers: keep it where such may be kept. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct RawData(String);

impl RawData {
    pub(crate) fn of(data: &Value, scrubber: Scrubber<'_>) -> Self {
        let text = data.to_string();
        let clean = wire::parse(&text).and_then(|parsed| scrubber.tree(&parsed.wire));
        Self(clean.map_or(text, |clean| clean.to_text()))
    }

    /// The JSON text; `null` if there was no data.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RawData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("RawData(redacted)")
    }
}

fn parse_url(text: &str) -> Option<Url> {
    if text.len() > URL_MAX_BYTES {
        return None;
    }
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// What `/auth/mapping-status` says of one pair.
///
/// No public source shows this answer, so it is read in every plausible shape: the callback's objects, the same fields
/// without objects around them, and the list's names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingStatus {
    /// The partner's code of the user, if it is repeated.
    pub member_id: Option<String>,
    /// The partner's code of the place, if it is repeated.
    pub merchant_id: Option<String>,
    /// Paymint's own id of the person who registered.
    pub paymint_member_id: Option<String>,
    /// The state of the link, an upper-case word such as `MERCHANT_OPENING`.
    pub mapping_status: Option<String>,
    /// The business and its review.
    pub merchant: MerchantReport,
}

impl MappingStatus {
    pub(crate) fn from_data(data: &Value) -> Result<Self, AnswerFault> {
        let data = data.as_object().ok_or(AnswerFault::Field("data"))?;
        let business = data.get("merchant").and_then(Value::as_object).unwrap_or(data);
        let person = data.get("member").and_then(Value::as_object);
        let status = Self {
            member_id: either_code(data, &["memberId", "partnerMember"], "member"),
            merchant_id: either_code(data, &["merchantId", "partnerMerchant"], "merchant"),
            paymint_member_id: person.and_then(|member| field(member, &["id"])),
            mapping_status: field(data, &["mappingStatus"]).or_else(|| field(business, &["mappingStatus"])),
            merchant: MerchantReport {
                company_name: field(business, &["companyName", "companyNm"]),
                branch_name: field(business, &["branchName", "branchNm"]),
                business_number: field(business, &["businessNumber"]),
                review_status: field(business, &["reviewStatus"]),
                review_message: field(business, &["reviewMessage"]),
                is_deleted: field(business, &["isDeleted"]),
            },
        };
        let says_something = status.merchant.review_status.is_some()
            || status.mapping_status.is_some()
            || status.merchant.is_deleted.is_some();
        // An answer with no status at all must not be taken for "nothing has changed".
        if says_something {
            Ok(status)
        } else {
            Err(AnswerFault::Field("data.merchant.reviewStatus"))
        }
    }

    /// The same without secrets. Upstream is known to echo the key of a call.
    pub(crate) fn scrubbed(mut self, scrubber: Scrubber<'_>) -> Self {
        let merchant = &mut self.merchant;
        scrubber
            .for_identifiers()
            .fields([&mut self.paymint_member_id, &mut merchant.business_number]);
        scrubber.fields([
            &mut self.mapping_status,
            &mut merchant.company_name,
            &mut merchant.branch_name,
            &mut merchant.review_status,
            &mut merchant.review_message,
            &mut merchant.is_deleted,
        ]);
        self
    }
}

/// One field of an answer; a value that is no text counts as absent, because nothing is promised here.
fn field(object: &Object, names: &[&str]) -> Option<String> {
    json::text(object, names).ok().flatten()
}

/// A code under one of its names, or under a name that elsewhere holds an object.
fn either_code(object: &Object, names: &[&str], shared_name: &str) -> Option<String> {
    field(object, names).or_else(|| object.get(shared_name).and_then(json::scalar))
}

/// What `/read/mapping` says: every link of the partner, unpaged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingList {
    /// The readable rows, in upstream's order.
    pub rows: Vec<ListedMapping>,
    /// How many rows were not objects or named no merchant. They are left out, not guessed.
    pub unreadable: usize,
}

impl MappingList {
    pub(crate) fn from_data(data: &Value) -> Result<Self, AnswerFault> {
        if data.is_null() {
            return Ok(Self::default());
        }
        // One integrator saw a bare list; a list in an object is a guess.
        let items = list(data, &["list", "info"]).ok_or(AnswerFault::Field("data"))?;
        let rows: Vec<_> = items.iter().filter_map(ListedMapping::from_item).collect();
        Ok(Self {
            unreadable: items.len() - rows.len(),
            rows,
        })
    }

    /// The same without secrets.
    pub(crate) fn scrubbed(mut self, scrubber: Scrubber<'_>) -> Self {
        for row in &mut self.rows {
            scrubber.fields([&mut row.mapping_status, &mut row.company_name, &mut row.branch_name]);
            scrubber.for_identifiers().fields([&mut row.business_number]);
        }
        self
    }
}

/// One row of the list. The representative's name and e-mail address stand there too; they are not read.
#[derive(Clone, PartialEq, Eq)]
pub struct ListedMapping {
    /// The partner's code of the user (`partnerMember`).
    pub member_id: Option<String>,
    /// The partner's code of the place (`partnerMerchant`).
    pub merchant_id: String,
    /// The state of the link, an upper-case word such as `COMPLETED`.
    pub mapping_status: Option<String>,
    /// The name of the business (`companyNm`).
    pub company_name: Option<String>,
    /// The name of the branch (`branchNm`).
    pub branch_name: Option<String>,
    /// The business registration number.
    pub business_number: Option<String>,
}

impl ListedMapping {
    fn from_item(item: &Value) -> Option<Self> {
        let item = item.as_object()?;
        Some(Self {
            member_id: field(item, &["partnerMember", "memberId", "member"]),
            merchant_id: field(item, &["partnerMerchant", "merchantId", "merchant"])?,
            mapping_status: field(item, &["mappingStatus"]),
            company_name: field(item, &["companyNm", "companyName"]),
            branch_name: field(item, &["branchNm", "branchName"]),
            business_number: field(item, &["businessNumber"]),
        })
    }
}

impl fmt::Debug for ListedMapping {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ListedMapping")
            .field("member_id", &self.member_id)
            .field("merchant_id", &self.merchant_id)
            .field("mapping_status", &self.mapping_status)
            .finish_non_exhaustive()
    }
}

/// What both `remain_count` calls say: the prepaid points that are left.
#[derive(Clone, PartialEq, Eq)]
pub struct Balance {
    /// Points; one is worth one won. It may be negative.
    pub points: i64,
    /// Where points can be bought.
    pub charge_url: Option<Url>,
}

impl Balance {
    pub(crate) fn from_data(data: &Value) -> Result<Self, AnswerFault> {
        let balance = data.get("balance").and_then(json::scalar);
        let points = balance
            .and_then(|text| text.parse().ok())
            .ok_or(AnswerFault::Field("data.balance"))?;
        let charge_url = data.get("chargeUrl").and_then(Value::as_str).and_then(parse_url);
        Ok(Self { points, charge_url })
    }
}

impl fmt::Debug for Balance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The charge URL may carry a session.
        formatter
            .debug_struct("Balance")
            .field("points", &self.points)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_registration_url_is_an_absolute_web_address() {
        let url = RegistrationUrl::from_data(&json!({"url": "https://pay.example/r/abc"})).unwrap();
        assert_eq!(url.expose(), "https://pay.example/r/abc");
        assert_eq!(format!("{url:?}"), "RegistrationUrl(redacted)");
        for data in [
            json!(null),
            json!({}),
            json!({"url": null}),
            json!({"url": ""}),
            json!({"url": 5}),
            json!({"url": "/r/abc"}),
            json!({"url": "javascript:alert(1)"}),
            json!({"url": format!("https://pay.example/{}", "a".repeat(3000))}),
        ] {
            assert_eq!(
                RegistrationUrl::from_data(&data),
                Err(AnswerFault::Field("data.url")),
                "{data}"
            );
        }
    }

    #[test]
    fn a_status_is_read_in_the_shape_of_the_callback() {
        let status = MappingStatus::from_data(&json!({
            "memberId": "m", "merchantId": "s", "member": {"id": "pm"},
            "merchant": {"companyName": "c", "branchName": "b", "businessNumber": 1_178_178_260_u64,
                         "reviewStatus": "S", "reviewMessage": "x", "isDeleted": "N"},
            "mappingStatus": "MERCHANT_OPENING", "new": 1
        }));
        let status = status.unwrap();
        assert_eq!(status.member_id.as_deref(), Some("m"));
        assert_eq!(status.merchant_id.as_deref(), Some("s"));
        assert_eq!(status.paymint_member_id.as_deref(), Some("pm"));
        assert_eq!(status.mapping_status.as_deref(), Some("MERCHANT_OPENING"));
        assert_eq!(status.merchant.business_number.as_deref(), Some("1178178260"));
        assert_eq!(status.merchant.review_status.as_deref(), Some("S"));
    }

    #[test]
    fn a_status_is_read_flat_and_with_codes_under_the_other_names() {
        let status = MappingStatus::from_data(&json!({
            "member": "m", "merchant": "s", "companyNm": "c", "reviewStatus": "P", "reviewMessage": null
        }));
        let status = status.unwrap();
        assert_eq!(
            (status.member_id.as_deref(), status.merchant_id.as_deref()),
            (Some("m"), Some("s"))
        );
        assert_eq!(status.merchant.company_name.as_deref(), Some("c"));
        assert_eq!(status.merchant.review_status.as_deref(), Some("P"));
        assert_eq!(status.merchant.review_message, None);
    }

    #[test]
    fn a_status_that_says_nothing_is_a_fault() {
        for data in [
            json!(null),
            json!("O"),
            json!([]),
            json!({}),
            json!({"memberId": "m", "merchant": {}}),
        ] {
            assert!(MappingStatus::from_data(&data).is_err(), "{data}");
        }
    }

    #[test]
    fn a_list_keeps_the_readable_rows_and_counts_the_others() {
        let list = MappingList::from_data(&json!([
            {"partnerMember": "m", "partnerMerchant": "s", "mappingStatus": "COMPLETED", "companyNm": "c",
             "businessNumber": "1178178260", "ceoName": "x", "email": "y"},
            {"partnerMember": "m"}, 7, null
        ]));
        let list = list.unwrap();
        assert_eq!(list.unreadable, 3);
        assert_eq!(list.rows.len(), 1);
        assert_eq!(list.rows[0].mapping_status.as_deref(), Some("COMPLETED"));
        assert!(!format!("{list:?}").contains("1178178260"));
        assert_eq!(MappingList::from_data(&json!(null)), Ok(MappingList::default()));
        for wrapped in [
            json!({"list": [{"partnerMerchant": "s"}]}),
            json!({"info": [{"partnerMerchant": "s"}]}),
            json!({"data": [{"partnerMerchant": "s"}]}),
            json!({"data": {"list": [{"partnerMerchant": "s"}]}}),
        ] {
            assert_eq!(MappingList::from_data(&wrapped).unwrap().rows.len(), 1, "{wrapped}");
        }
        assert_eq!(MappingList::from_data(&json!({})), Err(AnswerFault::Field("data")));
    }

    #[test]
    fn a_balance_may_be_a_number_or_its_text() {
        let balance = Balance::from_data(&json!({"balance": 5500, "chargeUrl": "https://pay.example/charge"})).unwrap();
        assert_eq!(balance.points, 5500);
        assert_eq!(balance.charge_url.unwrap().as_str(), "https://pay.example/charge");
        assert_eq!(Balance::from_data(&json!({"balance": "-5"})).unwrap().points, -5);
        for data in [
            json!(null),
            json!({}),
            json!({"balance": "many"}),
            json!({"balance": 1.5}),
        ] {
            assert_eq!(
                Balance::from_data(&data),
                Err(AnswerFault::Field("data.balance")),
                "{data}"
            );
        }
    }
}
