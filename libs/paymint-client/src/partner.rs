//! What upstream knows of the partner itself, and where it reports to.
//!
//! That both calls exist is sure (release v2); neither path nor field is public. They are off, without a path to guess,
//! until [`ClientConfig::partner_info`](crate::ClientConfig) and
//! [`ClientConfig::callback_url_change`](crate::ClientConfig) say how they are made.

use serde_json::{Map, Value};
use url::Url;

use crate::answer::RawData;
use crate::answer_fields::raw;
use crate::api_key::ApiKey;
use crate::call_error::CallError;
use crate::client::Client;
use crate::configured_call::{ConfiguredCall, ExtraFields};

/// The reading call, once it is configured. Made by [`Client::partner_info`].
#[derive(Debug, Clone, Copy)]
pub struct PartnerInfo<'c> {
    client: &'c Client,
    call: &'c ConfiguredCall,
}

/// The changing call, once it is configured. Made by [`Client::callback_url_change`].
#[derive(Debug, Clone, Copy)]
pub struct CallbackUrlChange<'c> {
    client: &'c Client,
    call: &'c ConfiguredCall,
}

impl Client {
    /// The call that reads the partner's record, if it is configured.
    pub fn partner_info(&self) -> Option<PartnerInfo<'_>> {
        let call = self.addresses.partner_info.as_ref()?;
        Some(PartnerInfo { client: self, call })
    }

    /// The call that changes the partner's callback URL, if it is configured.
    pub fn callback_url_change(&self) -> Option<CallbackUrlChange<'_>> {
        let call = self.addresses.callback_url_change.as_ref()?;
        Some(CallbackUrlChange { client: self, call })
    }
}

impl PartnerInfo<'_> {
    /// Reads the partner's record, as upstream writes it. It changes nothing.
    pub async fn read(&self, key: &ApiKey, extra: &ExtraFields) -> Result<RawData, CallError> {
        let read = |data: &Value| Ok(raw(data, key));
        self.client
            .call_as_configured(self.call, key, None, Map::new(), extra, read)
            .await
    }
}

impl CallbackUrlChange<'_> {
    /// Has callbacks sent to another URL, in the field `callbackUrl`. Whether bills and links that exist already go on
    /// to report to the old one is not known: keep that alive.
    pub async fn change(&self, key: &ApiKey, callback_url: &Url, extra: &ExtraFields) -> Result<RawData, CallError> {
        let url = Value::String(callback_url.as_str().to_owned());
        let fields = Map::from_iter([("callbackUrl".to_owned(), url)]);
        let read = |data: &Value| Ok(raw(data, key));
        self.client
            .call_as_configured(self.call, key, None, fields, extra, read)
            .await
    }
}
