//! A tenant's settings as they are written, in its events and in its row.

use registry_domain::tenant::{CallPath, FieldName, HoldTime, ReadBack, Settings, SilenceDays};
use serde::{Deserialize, Serialize};

use super::{StoredError, word};

#[derive(Serialize, Deserialize)]
pub(super) struct StoredSettings {
    hold_seconds: u32,
    read_back: StoredReadBack,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    low_balance_threshold: Option<i64>,
    callbacks_missing_days: u16,
}

#[derive(Serialize, Deserialize)]
struct StoredReadBack {
    enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    member_field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    merchant_field: Option<String>,
}

impl From<&Settings> for StoredSettings {
    fn from(settings: &Settings) -> Self {
        let read_back = &settings.read_back;
        let name = |field: &Option<FieldName>| field.as_ref().map(|name| name.as_str().to_owned());
        Self {
            hold_seconds: settings.hold_time.seconds(),
            read_back: StoredReadBack {
                enabled: read_back.enabled,
                path: read_back.path.as_ref().map(|path| path.as_str().to_owned()),
                member_field: name(&read_back.member_field),
                merchant_field: name(&read_back.merchant_field),
            },
            low_balance_threshold: settings.low_balance_threshold,
            callbacks_missing_days: settings.callbacks_missing_after.days(),
        }
    }
}

impl StoredSettings {
    pub(super) fn into_domain(self) -> Result<Settings, StoredError> {
        let Self {
            hold_seconds,
            read_back,
            low_balance_threshold,
            callbacks_missing_days,
        } = self;
        Ok(Settings {
            hold_time: word("hold_seconds", HoldTime::from_seconds(hold_seconds).ok())?,
            read_back: ReadBack {
                enabled: read_back.enabled,
                path: read_back.path.map(CallPath::from_stored),
                member_field: read_back.member_field.map(FieldName::from_stored),
                merchant_field: read_back.merchant_field.map(FieldName::from_stored),
            },
            low_balance_threshold,
            callbacks_missing_after: days(callbacks_missing_days)?,
        })
    }
}

pub(super) fn days(days: u16) -> Result<SilenceDays, StoredError> {
    word("days", SilenceDays::from_days(days).ok())
}
