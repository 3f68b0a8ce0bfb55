//! The calls. All of them are POST with a JSON body, reads included.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::addresses::Addresses;
use crate::answer::{Balance, MappingList, MappingStatus, RegistrationUrl};
use crate::api_key::ApiKey;
use crate::call_error::{AnswerFault, CallError};
use crate::client_error::ClientError;
use crate::config::ClientConfig;
use crate::configured_call::{ConfiguredCall, ExtraFields};
use crate::json::Object;
use crate::request::{Assumed, Keyed, MappingRequest, NamedPair, Nothing, Pair};
use crate::scrub::Scrubber;
use crate::transport::{self, Answer};
use crate::values::MerchantCodes;

/// The longest answer of a call about one merchant, in bytes.
pub(crate) const ANSWER_MAX_BYTES: usize = 256 * 1024;

/// The longest answer of the list call, in bytes: it is unpaged, with about 250 bytes a merchant.
const LIST_MAX_BYTES: usize = 32 * 1024 * 1024;

/// Speaks to one upstream. Cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    pub(crate) addresses: Arc<Addresses>,
}

impl Client {
    /// Prepares a client. Nothing is sent.
    pub fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let addresses = Arc::new(Addresses::new(config)?);
        let http = transport::build(config)?;
        Ok(Self { http, addresses })
    }

    /// `/auth/mapping`: issues the page where a sub-merchant registers itself.
    pub async fn issue_registration_url(
        &self,
        key: &ApiKey,
        request: &MappingRequest<'_>,
    ) -> Result<RegistrationUrl, CallError> {
        self.call(
            &self.addresses.mapping,
            key,
            request,
            ANSWER_MAX_BYTES,
            RegistrationUrl::from_data,
        )
        .await
    }

    /// `/auth/mapping-status`: the state of one link and its review.
    pub async fn mapping_status(&self, key: &ApiKey, member: &str, merchant: &str) -> Result<MappingStatus, CallError> {
        let status_call = &self.addresses.mapping_status;
        let pair = NamedPair {
            member: (status_call.member_field(), member),
            merchant: (status_call.merchant_field(), merchant),
        };
        self.call(status_call.address(), key, pair, ANSWER_MAX_BYTES, |data| {
            Ok(MappingStatus::from_data(data)?.scrubbed(Scrubber::knowing(Some(key))))
        })
        .await
    }

    /// `/read/mapping`: every link of the partner, those included that were made by hand at Paymint.
    pub async fn list_mappings(&self, key: &ApiKey) -> Result<MappingList, CallError> {
        self.call(&self.addresses.mapping_list, key, Nothing {}, LIST_MAX_BYTES, |data| {
            Ok(MappingList::from_data(data)?.scrubbed(Scrubber::knowing(Some(key))))
        })
        .await
    }

    /// `/read/remain_count`: the points in the partner's wallet.
    pub async fn remain_count(&self, key: &ApiKey) -> Result<Balance, CallError> {
        self.call(
            &self.addresses.balance,
            key,
            Nothing {},
            ANSWER_MAX_BYTES,
            Balance::from_data,
        )
        .await
    }

    /// `/read/merchant/remain_count`: the points in one sub-merchant's wallet. Which of the two wallets pays is part
    /// of the partner's contract.
    pub async fn merchant_remain_count(
        &self,
        key: &ApiKey,
        member: &str,
        merchant: &str,
    ) -> Result<Balance, CallError> {
        let pair = Pair { member, merchant };
        self.call(
            &self.addresses.merchant_balance,
            key,
            pair,
            ANSWER_MAX_BYTES,
            Balance::from_data,
        )
        .await
    }

    /// A call whose fields are configured, about a pair or about the whole partner.
    pub(crate) async fn call_as_configured<T>(
        &self,
        call: &ConfiguredCall,
        key: &ApiKey,
        codes: Option<&MerchantCodes>,
        fields: Object,
        extra: &ExtraFields,
        read: impl FnOnce(&Value) -> Result<T, AnswerFault>,
    ) -> Result<T, CallError> {
        let body = Assumed {
            pair: codes.map(|codes| Pair {
                member: codes.member(),
                merchant: codes.merchant(),
            }),
            fields: call.body(fields, extra),
        };
        self.call(call.address(), key, body, ANSWER_MAX_BYTES, read).await
    }

    pub(crate) async fn call<T>(
        &self,
        address: &Url,
        key: &ApiKey,
        rest: impl Serialize,
        max_bytes: usize,
        read: impl FnOnce(&Value) -> Result<T, AnswerFault>,
    ) -> Result<T, CallError> {
        let body = Keyed {
            api_key: key.expose(),
            rest,
        };
        let answer = Answer::fetch(&self.http, address, &body, max_bytes).await?;
        tracing::debug!(
            path = address.path(),
            http_status = answer.http_status(),
            "upstream answered"
        );
        answer.read(key, read)
    }
}
