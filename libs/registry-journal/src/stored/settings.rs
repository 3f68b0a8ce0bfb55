//! A tenant's settings as they are written, in its events and in its row.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use registry_domain::calendar::{Calendar, DayName, OwnDay};
use registry_domain::tenant::{CallPath, FieldName, HoldTime, ReadBack, ReturnUrl, Settings, SilenceDays};
use serde::{Deserialize, Serialize};

use super::{StoredError, word};

#[derive(Serialize, Deserialize)]
pub(super) struct StoredSettings {
    hold_seconds: u32,
    read_back: StoredReadBack,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    low_balance_threshold: Option<i64>,
    callbacks_missing_days: u16,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    own_days: BTreeMap<NaiveDate, StoredOwnDay>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    return_urls: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredOwnDay {
    business: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
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
            own_days: settings
                .calendar
                .own_days()
                .map(|(date, own)| (date, own.into()))
                .collect(),
            return_urls: settings.return_urls.iter().map(|url| url.as_str().to_owned()).collect(),
        }
    }
}

impl From<&OwnDay> for StoredOwnDay {
    fn from(own: &OwnDay) -> Self {
        Self {
            business: own.is_business(),
            name: own.name().map(|name| name.as_str().to_owned()),
        }
    }
}

impl StoredOwnDay {
    fn into_domain(self) -> Result<OwnDay, StoredError> {
        let name = self
            .name
            .map(|name| word("own_days", DayName::recorded(&name).ok()))
            .transpose()?;
        if self.business {
            return Ok(OwnDay::Business { name });
        }
        let name = word("own_days", name)?;
        Ok(OwnDay::Holiday { name })
    }
}

impl StoredSettings {
    pub(super) fn into_domain(self) -> Result<Settings, StoredError> {
        let Self {
            hold_seconds,
            read_back,
            low_balance_threshold,
            callbacks_missing_days,
            own_days,
            return_urls,
        } = self;
        let own_days = own_days.into_iter().map(|(date, own)| Ok((date, own.into_domain()?)));
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
            calendar: Calendar::with(own_days.collect::<Result<_, StoredError>>()?),
            return_urls: return_urls.into_iter().map(ReturnUrl::from_stored).collect(),
        })
    }
}

pub(super) fn days(days: u16) -> Result<SilenceDays, StoredError> {
    word("days", SilenceDays::from_days(days).ok())
}
