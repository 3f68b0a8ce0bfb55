//! A tenant's settings.

pub mod change;
pub mod get;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use registry_documents::event::data::OwnDay;
use registry_domain::tenant::{CallPath, FieldName, ReturnUrl, Settings};
use serde::Serialize;
use utoipa::ToSchema;

/// What you have set for yourself.
#[derive(Serialize, ToSchema)]
#[schema(as = Settings)]
struct SettingsDocument {
    /// Always `settings`.
    #[schema(example = "settings")]
    object: &'static str,
    /// For how many seconds a doubtful claim is held for Paymint's word, before it is applied as `unverified`.
    #[schema(example = 900)]
    hold_seconds: u32,
    /// How Paymint is asked about single merchants.
    read_back: ReadBackDocument,
    /// Below how many points your balance is low; null for no warning. One point is worth one won.
    #[schema(required = true, example = 5_500)]
    low_balance_threshold: Option<i64>,
    /// After how many days without any callback, while links are issued, callbacks are missed.
    #[schema(example = 7)]
    callbacks_missing_days: u16,
    /// Days that work, or do not, whatever Korea's calendar says, by their dates.
    #[schema(example = json!({"2026-12-24": {"business_day": false, "name": "창립기념일"}}))]
    own_days: BTreeMap<NaiveDate, OwnDay>,
    /// Pages of yours to which shops may be sent once they come back from Paymint: these, and what lies below them. The first one
    /// is where they are sent if nothing else was asked for.
    #[schema(example = json!(["https://partner.example/done"]))]
    return_urls: Vec<String>,
}

/// How Paymint is asked about single merchants. Neither path nor fields of that call are documented beyond doubt.
#[derive(Serialize, ToSchema)]
#[schema(as = ReadBack)]
struct ReadBackDocument {
    /// Whether it is asked at all. Without that nothing can be verified.
    #[schema(example = true)]
    enabled: bool,
    /// The path below your base URL; null for the usual one, `auth/mapping-status`.
    #[schema(required = true)]
    path: Option<String>,
    /// The field for the member code; null for the usual one, `member`.
    #[schema(required = true)]
    member_field: Option<String>,
    /// The field for the merchant code; null for the usual one, `merchant`.
    #[schema(required = true)]
    merchant_field: Option<String>,
}

impl SettingsDocument {
    fn new(settings: &Settings) -> Self {
        let read_back = &settings.read_back;
        let name = |field: &Option<FieldName>| field.as_ref().map(FieldName::as_str).map(str::to_owned);
        Self {
            object: "settings",
            hold_seconds: settings.hold_time.seconds(),
            read_back: ReadBackDocument {
                enabled: read_back.enabled,
                path: read_back.path.as_ref().map(CallPath::as_str).map(str::to_owned),
                member_field: name(&read_back.member_field),
                merchant_field: name(&read_back.merchant_field),
            },
            low_balance_threshold: settings.low_balance_threshold,
            callbacks_missing_days: settings.callbacks_missing_after.days(),
            own_days: OwnDay::all(&settings.calendar),
            return_urls: settings
                .return_urls
                .iter()
                .map(ReturnUrl::as_str)
                .map(str::to_owned)
                .collect(),
        }
    }
}
