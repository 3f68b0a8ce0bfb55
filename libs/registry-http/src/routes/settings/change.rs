//! `PATCH /v1/settings`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use registry_documents::event::data::OwnDay;
use registry_domain::Adjustment;
use registry_domain::calendar::{self as domain, Calendar, DayName, OWN_DAYS_MAX};
use registry_domain::tenant::{
    CallPath, Command, FieldName, HoldTime, Refusal, ReturnUrl, Scope, SettingsChange, SilenceDays,
};
use registry_web::RequestContext;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Ref, Schema};
use utoipa_axum::routes;

use super::SettingsDocument;
use crate::body::JsonBody;
use crate::caller::Caller;
use crate::commands;
use crate::fields::{Fields, Null};
use crate::operation::{Access, Operation, Route};
use crate::problem::{Code, Fault, Problem};
use crate::routes::calendar;
use crate::state::AppState;

const SCOPE: Scope = Scope::SettingsWrite;

/// The operation with its documentation.
pub fn route() -> Route {
    let operation = Operation {
        access: Access::Key(SCOPE),
        problems: &[
            Code::InvalidJson,
            Code::RequestTimeout,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
            Code::ContentEncodingUnsupported,
            Code::ValidationFailed,
            Code::ReadBackRejected,
            Code::ReadBackUntried,
            Code::UpstreamUnusable,
            Code::UpstreamRateCapped,
            Code::Overloaded,
            Code::Stopping,
        ],
    };
    operation.document(routes!(change_settings))
}

/// Change your settings
///
/// Fields that are left out keep their value; what may be null is unset by null. Changes that are made at once do not
/// undo each other as long as they are about different fields. A change becomes an event. A new way of asking about
/// merchants is tried once before it is stored: about a shop of yours that has opened, or with codes that nobody has.
#[utoipa::path(
    patch,
    path = "/v1/settings",
    tag = "Account",
    request_body(content = SettingsPatch, description = "What shall be different"),
    responses((status = 200, description = "Your settings after the change", body = SettingsDocument))
)]
async fn change_settings(
    State(state): State<Arc<AppState>>,
    caller: Caller,
    context: RequestContext,
    body: JsonBody,
) -> Result<Json<SettingsDocument>, Problem> {
    caller.require(SCOPE)?;
    let (change, is_tried) = SettingsPatch::read(body.fields(Null::Refused)?)?;
    if is_tried && change.is_about_read_back() {
        let tenant = state.archive.reader().tenant(caller.tenant_id()).await?;
        let tenant = tenant.ok_or(Code::Unauthenticated)?;
        let after = change.clone().applied_to(&tenant.settings).map_err(Refusal::from)?;
        // Else it would be tried first, and be found unusable.
        if after.read_back.has_one_name() {
            return Err(Refusal::OneFieldName.into());
        }
        state.inquirer.try_read_back(&tenant, &after.read_back).await?;
    }
    let command = Command::ChangeSettings(Box::new(change));
    let done = commands::run_of_tenant(&state, &caller, &context, command).await?;
    Ok(Json(SettingsDocument::new(&done.tenant.settings)))
}

/// A change of your settings.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct SettingsPatch {
    /// For how many seconds a doubtful claim is held for Paymint's word.
    #[schema(required = false, minimum = 60, maximum = 86_400, example = 900)]
    hold_seconds: u32,
    /// How Paymint is asked about single merchants.
    #[schema(required = false)]
    read_back: ReadBackPatch,
    /// Below how many points your balance is low; null for no warning.
    #[schema(example = 5_500)]
    low_balance_threshold: Option<i64>,
    /// After how many days without any callback, while links are issued, callbacks are missed.
    #[schema(required = false, minimum = 1, maximum = 90, example = 7)]
    callbacks_missing_days: u16,
    #[schema(required = false, schema_with = own_days)]
    own_days: BTreeMap<NaiveDate, Option<OwnDay>>,
    /// Pages of yours to which shops may be sent once they come back from Paymint, all of them anew: https at a public name, with at
    /// most a port, a path and a query.
    #[schema(required = false, max_items = 20, example = json!(["https://partner.example/done"]))]
    return_urls: Vec<String>,
}

/// Beside what the type says: null takes a day away.
fn own_days() -> Object {
    let day = Ref::from_schema_name("OwnDay");
    let null = ObjectBuilder::new().schema_type(Type::Null);
    let days = ObjectBuilder::new()
        .description(Some(
            "Days that work, or do not, whatever Korea's calendar says, by their dates. Those that are left out stay as they are, \
             and null gives one back to the calendar. At most 400 are kept, of 2018 to 2036.",
        ))
        .additional_properties(Some(Schema::OneOf(OneOfBuilder::new().item(day).item(null).build())));
    days.examples([json!({"2026-12-24": {"business_day": false, "name": "창립기념일"}})])
        .build()
}

/// A change of how Paymint is asked about single merchants.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "stands for the body in the document; the body itself is read field by field"
)]
struct ReadBackPatch {
    /// Whether it is asked at all.
    #[schema(required = false, example = true)]
    enabled: bool,
    /// The path below your base URL; null for the usual one.
    #[schema(max_length = 200, example = "auth/mapping-status")]
    path: Option<String>,
    /// The field for the member code; null for the usual one.
    #[schema(max_length = 40, example = "member")]
    member_field: Option<String>,
    /// The field for the merchant code; null for the usual one.
    #[schema(max_length = 40, example = "merchant")]
    merchant_field: Option<String>,
    /// Whether what is new is tried before it is stored; true if left out. Not kept.
    #[schema(required = false, rename = "try", example = true)]
    try_it: bool,
}

impl SettingsPatch {
    /// The change, and whether what is new of it shall be tried.
    fn read(mut fields: Fields) -> Result<(SettingsChange, bool), Problem> {
        let mut is_tried = true;
        let hold = i64::from(HoldTime::SECONDS_MIN)..=i64::from(HoldTime::SECONDS_MAX);
        let days = 1..=i64::from(SilenceDays::MAX);
        let mut change = SettingsChange {
            hold_time: fields
                .number("hold_seconds", hold)
                .and_then(|seconds| HoldTime::from_seconds(u32::try_from(seconds).ok()?).ok()),
            callbacks_missing_after: fields
                .number("callbacks_missing_days", days)
                .and_then(|days| SilenceDays::from_days(u16::try_from(days).ok()?).ok()),
            low_balance_threshold: fields.adjustment("low_balance_threshold", |fields, name| {
                fields.number(name, i64::MIN..=i64::MAX)
            }),
            ..SettingsChange::default()
        };
        fields.object("read_back", |inner| {
            change.read_back_enabled = inner.boolean("enabled");
            change.read_back_path = inner.adjustment("path", |inner, name| inner.optional(name, CallPath::parse));
            change.member_field =
                inner.adjustment("member_field", |inner, name| inner.optional(name, FieldName::parse));
            change.merchant_field =
                inner.adjustment("merchant_field", |inner, name| inner.optional(name, FieldName::parse));
            is_tried = inner.boolean("try").unwrap_or(true);
        });
        let own_days = fields.objects("own_days", OWN_DAYS_MAX, read_day, read_own_day);
        change.own_days = own_days.unwrap_or_default();
        change.return_urls = fields.texts("return_urls", ReturnUrl::COUNT_MAX, ReturnUrl::parse);
        fields.finish()?;
        Ok((change, is_tried))
    }
}

/// A day that something can be said of.
fn read_day(text: &str) -> Result<NaiveDate, Fault> {
    let date = calendar::read_date(text)?;
    if Calendar::knows(date) {
        Ok(date)
    } else {
        Err(Fault::BeyondCalendar)
    }
}

/// A day that does not work has a name: those who find it closed ask why.
fn read_own_day(fields: &mut Fields) -> Option<domain::OwnDay> {
    if !fields.required_boolean("business_day")? {
        let name = fields.required("name", DayName::parse)?;
        return Some(domain::OwnDay::Holiday { name });
    }
    let name = match fields.adjustment("name", |fields, name| fields.optional(name, DayName::parse)) {
        Adjustment::Keep | Adjustment::Unset => None,
        Adjustment::Set(name) => Some(name),
    };
    Some(domain::OwnDay::Business { name })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(body: &Value) -> Result<SettingsChange, Problem> {
        let read = SettingsPatch::read(Fields::read(body.to_string().as_bytes(), Null::Refused).unwrap());
        read.map(|(change, _)| change)
    }

    #[test]
    fn what_is_left_out_is_not_touched_and_null_unsets() {
        assert_eq!(read(&json!({})).unwrap(), SettingsChange::default());
        let change = read(&json!({
            "hold_seconds": 60,
            "low_balance_threshold": null,
            "read_back": {"enabled": false, "path": null, "member_field": "memberId"},
        }));
        let expected = SettingsChange {
            hold_time: HoldTime::from_seconds(60).ok(),
            low_balance_threshold: Adjustment::Unset,
            read_back_enabled: Some(false),
            read_back_path: Adjustment::Unset,
            member_field: Adjustment::Set(FieldName::parse("memberId").unwrap()),
            ..SettingsChange::default()
        };
        assert_eq!(change.unwrap(), expected);
    }

    #[test]
    fn days_are_said_one_by_one() {
        let body = json!({"own_days": {
            "2026-12-24": {"business_day": false, "name": " 창립기념일 "},
            "2026-10-09": {"business_day": true, "name": null},
            "2026-05-01": null,
        }});
        let days = read(&body).unwrap().own_days;
        let name = DayName::parse("창립기념일").unwrap();
        let expected = [
            ("2026-12-24", Some(domain::OwnDay::Holiday { name })),
            ("2026-10-09", Some(domain::OwnDay::Business { name: None })),
            ("2026-05-01", None),
        ];
        assert_eq!(days, expected.map(|(day, own)| (day.parse().unwrap(), own)).into());
    }

    #[test]
    fn values_have_limits() {
        for bad in [
            json!({"hold_seconds": 59}),
            json!({"hold_seconds": 86_401}),
            json!({"hold_seconds": null}),
            json!({"callbacks_missing_days": 0}),
            json!({"callbacks_missing_days": 91}),
            json!({"low_balance_threshold": "5500"}),
            json!({"read_back": {"path": "../elsewhere"}}),
            json!({"read_back": {"path": "https://elsewhere.example"}}),
            json!({"read_back": {"path": "%2e%2e/elsewhere"}}),
            json!({"read_back": {"member_field": "a b"}}),
            json!({"read_back": {"member_field": "apiKey"}}),
            json!({"read_back": {"else": 1}}),
            json!({"readBack": {}}),
            json!({"own_days": {"2026-12-24": {"business_day": false}}}),
            json!({"own_days": {"2026-12-24": {"business_day": false, "name": " "}}}),
            json!({"own_days": {"2026-12-24": {"name": "휴무"}}}),
            json!({"own_days": {"2026-12-24": true}}),
            json!({"own_days": {"24.12.2026": null}}),
            json!({"own_days": {"2037-01-01": {"business_day": false, "name": "휴무"}}}),
            json!({"return_urls": ["http://partner.example/"]}),
            json!({"return_urls": ["https://127.0.0.1/"]}),
            json!({"return_urls": "https://partner.example/"}),
            json!({"return_urls": vec!["https://partner.example/"; 21]}),
            json!({"own_days": {"2026-02-30": {"business_day": false, "name": "휴무"}}}),
        ] {
            assert_eq!(read(&bad).unwrap_err().code(), Code::ValidationFailed, "{bad}");
        }
    }
}
