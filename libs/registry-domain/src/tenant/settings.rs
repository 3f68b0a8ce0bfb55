//! What a tenant may set for itself, within limits.

use chrono::TimeDelta;

use super::return_url::ReturnUrl;
use crate::Adjustment;
use crate::calendar::{Calendar, OwnDaysChange, TooManyOwnDays};

/// Why a value cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The hold time is out of its limits.
    #[error(
        "the hold time must be between {} and {} seconds",
        HoldTime::SECONDS_MIN,
        HoldTime::SECONDS_MAX
    )]
    HoldTime,
    /// The number of days is out of its limits.
    #[error("the number of days must be between 1 and {}", SilenceDays::MAX)]
    SilenceDays,
    /// The path is not one.
    #[error(
        "the path must have 1 to {} letters, digits, `-`, `_`, `.`, `~` and single slashes, and no segment `.` or `..`",
        CallPath::LENGTH_MAX
    )]
    Path,
    /// The name of a field is not one.
    #[error(
        "a field name has 1 to {} letters, digits and underscores, and is not that of the key",
        FieldName::LENGTH_MAX
    )]
    FieldName,
    /// The URL is not one to which shops may be sent.
    #[error(
        "the URL must be https at a public name, with at most a port, a path and a query, and {} characters at most",
        ReturnUrl::LENGTH_MAX
    )]
    ReturnUrl,
}

/// How long a doubtful claim is held for upstream's word before it is applied unverified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldTime(u32);

impl HoldTime {
    /// Fewest seconds: one reading with its time-out and a second try must fit.
    pub const SECONDS_MIN: u32 = 60;
    /// Most seconds: a day.
    pub const SECONDS_MAX: u32 = 86_400;

    /// A hold time of so many seconds.
    pub const fn from_seconds(seconds: u32) -> Result<Self, SettingError> {
        if seconds < Self::SECONDS_MIN || seconds > Self::SECONDS_MAX {
            return Err(SettingError::HoldTime);
        }
        Ok(Self(seconds))
    }

    /// The seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// The time.
    pub const fn as_delta(self) -> TimeDelta {
        TimeDelta::seconds(self.0 as i64)
    }
}

/// After how many days without any callback, while links are issued, something must be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SilenceDays(u16);

impl SilenceDays {
    /// Most days.
    pub const MAX: u16 = 90;

    /// So many days.
    pub const fn from_days(days: u16) -> Result<Self, SettingError> {
        if days == 0 || days > Self::MAX {
            return Err(SettingError::SilenceDays);
        }
        Ok(Self(days))
    }

    /// The days.
    pub const fn days(self) -> u16 {
        self.0
    }

    /// The time.
    pub const fn as_delta(self) -> TimeDelta {
        TimeDelta::days(self.0 as i64)
    }
}

/// The path of a call below the tenant's base URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallPath(String);

impl CallPath {
    /// Longest path, in characters.
    pub const LENGTH_MAX: usize = 200;

    /// Reads a path. It may not lead out of the base URL, whoever reads it: the apiKey goes where it points. So it holds
    /// nothing that one reader decodes, folds or cuts off and another does not.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
        let is_folded = |segment: &str| !segment.is_empty() && segment.bytes().all(|byte| byte == b'.');
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len())
            && text.bytes().all(is_plain)
            && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
            && !text.contains("..")
            && !text.contains("//")
            && !text.split('/').any(is_folded);
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(SettingError::Path)
        }
    }

    /// A path as it was stored, perhaps before what is refused today was. Whoever calls looks at it again.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name of a field in the body of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName(String);

impl FieldName {
    /// Longest name, in characters.
    pub const LENGTH_MAX: usize = 40;

    /// Reads a name. It is not that of the field which holds the key, however that is spelt.
    pub fn parse(text: &str) -> Result<Self, SettingError> {
        let compared = text.replace('_', "").to_ascii_lowercase();
        let fits = (1..=Self::LENGTH_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !["", "apikey"].contains(&compared.as_str());
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(SettingError::FieldName)
        }
    }

    /// A name as it was stored, perhaps before what is refused today was. Whoever calls looks at it again.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether and how upstream is asked about one merchant. Neither the path of that call nor its fields are documented
/// beyond doubt (release notes v2.0.1), so they can be set; without the call nothing can be verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadBack {
    /// Whether upstream is asked at all.
    pub enabled: bool,
    /// Path of the mapping-status call below the base URL; none for the usual one.
    pub path: Option<CallPath>,
    /// The field for the member code; none for the usual one.
    pub member_field: Option<FieldName>,
    /// The field for the merchant code; none for the usual one.
    pub merchant_field: Option<FieldName>,
}

impl ReadBack {
    /// The usual field for the member code.
    pub const MEMBER_FIELD: &str = "member";
    /// The usual field for the merchant code.
    pub const MERCHANT_FIELD: &str = "merchant";

    /// Whether upstream is asked in the usual way.
    pub fn is_usual(&self) -> bool {
        self.path.is_none() && self.member_field.is_none() && self.merchant_field.is_none()
    }

    /// Whether both codes would go under one name, so that one of them would be lost.
    pub fn has_one_name(&self) -> bool {
        let member = self.member_field.as_ref().map_or(Self::MEMBER_FIELD, FieldName::as_str);
        let merchant = self
            .merchant_field
            .as_ref()
            .map_or(Self::MERCHANT_FIELD, FieldName::as_str);
        member.eq_ignore_ascii_case(merchant)
    }

    /// Whether upstream can be asked so. What was stored under older rules may be none of today's.
    pub fn is_usable(&self) -> bool {
        let is_path = |path: &CallPath| CallPath::parse(path.as_str()).is_ok();
        let is_name = |name: &FieldName| FieldName::parse(name.as_str()).is_ok();
        self.path.as_ref().is_none_or(is_path)
            && self.member_field.as_ref().is_none_or(is_name)
            && self.merchant_field.as_ref().is_none_or(is_name)
            && !self.has_one_name()
    }
}

/// A tenant's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a doubtful claim is held.
    pub hold_time: HoldTime,
    /// How upstream is asked about one merchant.
    pub read_back: ReadBack,
    /// Below how many points the balance is low; none for no warning. One point is worth one won.
    pub low_balance_threshold: Option<i64>,
    /// After how many days callbacks are missed.
    pub callbacks_missing_after: SilenceDays,
    /// On which days it works.
    pub calendar: Calendar,
    /// Where shops may be sent once they come back from Paymint; by itself to the first one.
    pub return_urls: Vec<ReturnUrl>,
}

impl Default for Settings {
    /// A quarter of an hour, asking, no warning for the balance, a week, Korea's calendar, no page to return to.
    fn default() -> Self {
        Self {
            hold_time: HoldTime(900),
            read_back: ReadBack {
                enabled: true,
                path: None,
                member_field: None,
                merchant_field: None,
            },
            low_balance_threshold: None,
            callbacks_missing_after: SilenceDays(7),
            calendar: Calendar::default(),
            return_urls: Vec::new(),
        }
    }
}

/// A change of settings. `None` = leave as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SettingsChange {
    /// How long a doubtful claim is held.
    pub hold_time: Option<HoldTime>,
    /// Whether upstream is asked about one merchant.
    pub read_back_enabled: Option<bool>,
    /// Path of that call.
    pub read_back_path: Adjustment<CallPath>,
    /// Its field for the member code.
    pub member_field: Adjustment<FieldName>,
    /// Its field for the merchant code.
    pub merchant_field: Adjustment<FieldName>,
    /// Below how many points the balance is low.
    pub low_balance_threshold: Adjustment<i64>,
    /// After how many days callbacks are missed.
    pub callbacks_missing_after: Option<SilenceDays>,
    /// What becomes of single days.
    pub own_days: OwnDaysChange,
    /// Where shops may be sent, whole.
    pub return_urls: Option<Vec<ReturnUrl>>,
}

impl SettingsChange {
    /// Whether it changes how upstream is asked about merchants.
    pub fn is_about_read_back(&self) -> bool {
        self.read_back_enabled.is_some()
            || self.read_back_path != Adjustment::Keep
            || self.member_field != Adjustment::Keep
            || self.merchant_field != Adjustment::Keep
    }

    /// The settings after the change.
    pub fn applied_to(self, settings: &Settings) -> Result<Settings, TooManyOwnDays> {
        let known = settings.clone();
        Ok(Settings {
            hold_time: self.hold_time.unwrap_or(known.hold_time),
            read_back: ReadBack {
                enabled: self.read_back_enabled.unwrap_or(known.read_back.enabled),
                path: self.read_back_path.applied_to(known.read_back.path),
                member_field: self.member_field.applied_to(known.read_back.member_field),
                merchant_field: self.merchant_field.applied_to(known.read_back.merchant_field),
            },
            low_balance_threshold: self.low_balance_threshold.applied_to(known.low_balance_threshold),
            callbacks_missing_after: self.callbacks_missing_after.unwrap_or(known.callbacks_missing_after),
            calendar: known.calendar.changed(self.own_days)?,
            return_urls: self.return_urls.unwrap_or(known.return_urls),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_limits() {
        for (seconds, fits) in [(59, false), (60, true), (86_400, true), (86_401, false)] {
            assert_eq!(HoldTime::from_seconds(seconds).is_ok(), fits, "{seconds}");
        }
        for (days, fits) in [(0, false), (1, true), (90, true), (91, false)] {
            assert_eq!(SilenceDays::from_days(days).is_ok(), fits, "{days}");
        }
        let defaults = Settings::default();
        assert!(HoldTime::from_seconds(defaults.hold_time.seconds()).is_ok());
        assert!(SilenceDays::from_days(defaults.callbacks_missing_after.days()).is_ok());
    }

    #[test]
    fn a_path_stays_below_the_base_url() {
        for path in ["auth/mapping-status", "/partner/auth/mapping-status", "a"] {
            assert!(CallPath::parse(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "https://elsewhere.example/x",
            "//elsewhere.example/x",
            "\\\\elsewhere.example",
            "../x",
            "a?b",
            "a#b",
            "a b",
            "가",
            "%2e%2e/x",
            "a/./b",
            "./a",
            "a//b",
            "..;/a",
            "a;b",
            "a\n",
            "/",
            &"a".repeat(201),
        ] {
            assert_eq!(CallPath::parse(path), Err(SettingError::Path), "{path}");
        }
        for (name, fits) in [
            ("member", true),
            ("member_id", true),
            ("", false),
            ("a\"", false),
            ("apiKey", false),
            ("API_KEY", false),
            ("_", false),
        ] {
            assert_eq!(FieldName::parse(name).is_ok(), fits, "{name}");
        }
    }
}
