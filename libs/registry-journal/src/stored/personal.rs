//! The part of an event that is personal or secret. It stands in the log only sealed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use registry_domain::merchant::RawPayload;
use registry_domain::{Label, OnBehalfOf};
use serde::{Deserialize, Serialize};

use super::observation::{StoredApproval, StoredObservation};
use super::{StoredError, to_json};
use crate::submission::Origin;

/// Everything that any event seals. Absent fields take no room.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Personal {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) company_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) branch_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) business_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_key: Option<String>,
    /// Where a destination leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signing_secret: Option<String>,
    /// Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payload: Option<String>,
    /// Hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) observation: Option<StoredObservation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<StoredApproval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<BTreeMap<String, String>>,
    /// On whose behalf the request came that caused the event. Any event may have it, and the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) on_behalf_of: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<IpAddr>,
}

impl Personal {
    /// What is to be sealed of an event, with what is personal of the request that caused it.
    pub(crate) fn with_origin(personal: Option<Self>, origin: &Origin) -> Option<Self> {
        if origin.on_behalf_of.is_none() && origin.address.is_none() {
            return personal;
        }
        Some(Self {
            on_behalf_of: origin.on_behalf_of.as_ref().map(|name| name.as_str().to_owned()),
            address: origin.address,
            ..personal.unwrap_or_default()
        })
    }

    /// On whose behalf the request came.
    pub(crate) fn on_behalf_of(&self) -> Result<Option<OnBehalfOf>, StoredError> {
        let name = self.on_behalf_of.as_deref().map(OnBehalfOf::recorded).transpose();
        name.map_err(|_| StoredError::Value { field: "on_behalf_of" })
    }

    /// From which address it came.
    pub(crate) const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The bytes to seal.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_json(self).into_bytes()
    }

    /// Reads opened bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoredError> {
        serde_json::from_slice(bytes).map_err(|error| StoredError::Personal(error.into()))
    }

    pub(super) fn raw(&self) -> Result<RawPayload, StoredError> {
        let text = self.payload.as_deref().unwrap_or_default();
        STANDARD
            .decode(text)
            .map(RawPayload)
            .map_err(|_| StoredError::Value { field: "payload" })
    }
}

pub(super) fn encode_payload(payload: &RawPayload) -> String {
    STANDARD.encode(&payload.0)
}

pub(super) fn label(field: &'static str, text: &str) -> Result<Label, StoredError> {
    Label::recorded(text).map_err(|_| StoredError::Value { field })
}

pub(super) fn optional_label(field: &'static str, text: Option<&String>) -> Result<Option<Label>, StoredError> {
    text.map(|text| label(field, text)).transpose()
}

pub(super) fn labels(field: &'static str, texts: &[String]) -> Result<Vec<Label>, StoredError> {
    texts.iter().map(|text| label(field, text)).collect()
}

pub(super) fn metadata(texts: &BTreeMap<String, String>) -> Result<BTreeMap<String, Label>, StoredError> {
    texts
        .iter()
        .map(|(key, text)| Ok((key.clone(), label("metadata", text)?)))
        .collect()
}

pub(super) fn texts(labels: &[Label]) -> Vec<String> {
    labels.iter().map(|label| label.as_str().to_owned()).collect()
}

pub(super) fn text_map(metadata: &BTreeMap<String, Label>) -> BTreeMap<String, String> {
    metadata
        .iter()
        .map(|(key, label)| (key.clone(), label.as_str().to_owned()))
        .collect()
}
