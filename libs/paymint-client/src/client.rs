//! The calls. All of them are POST with a JSON body, reads included.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::address::{address, is_below};
use crate::answer::{Balance, MappingList, MappingStatus, RegistrationUrl};
use crate::api_key::ApiKey;
use crate::call_error::{AnswerFault, CallError};
use crate::client_error::ClientError;
use crate::config::ClientConfig;
use crate::request::{Keyed, MappingRequest, NamedPair, Nothing, Pair};
use crate::scrub::Scrubber;
use crate::status_call::StatusCall;
use crate::transport::{self, Answer};

/// The longest answer of a call about one merchant, in bytes.
const ANSWER_MAX_BYTES: usize = 256 * 1024;

/// The longest answer of the list call, in bytes: it is unpaged, with about 250 bytes a merchant.
const LIST_MAX_BYTES: usize = 32 * 1024 * 1024;

/// Speaks to one upstream. Cloning is cheap and shares the connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    addresses: Arc<Addresses>,
}

/// Where each call goes.
#[derive(Debug)]
struct Addresses {
    mapping: Url,
    mapping_status: StatusCall,
    mapping_list: Url,
    balance: Url,
    merchant_balance: Url,
}

impl Addresses {
    fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        Ok(Self {
            mapping: address(&config.base_url, "auth/mapping")?,
            mapping_status: match &config.status_call {
                Some(call) if is_below(&config.base_url, call.address()) => call.clone(),
                // It was made for another base.
                Some(_) => return Err(ClientError::Address),
                None => StatusCall::usual(&config.base_url)?,
            },
            mapping_list: address(&config.base_url, "read/mapping")?,
            balance: address(&config.base_url, "read/remain_count")?,
            merchant_balance: address(&config.base_url, "read/merchant/remain_count")?,
        })
    }
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

    async fn call<T>(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(base: &str) -> Result<Addresses, ClientError> {
        Addresses::new(&ClientConfig::new(Url::parse(base).unwrap()))
    }

    #[test]
    fn paths_are_appended_to_the_base() {
        for base in ["https://up.example/partner", "https://up.example/partner/"] {
            let addresses = addresses(base).unwrap();
            assert_eq!(addresses.mapping.as_str(), "https://up.example/partner/auth/mapping");
            assert_eq!(
                addresses.mapping_status.address().as_str(),
                "https://up.example/partner/auth/mapping-status"
            );
            assert_eq!(
                addresses.merchant_balance.as_str(),
                "https://up.example/partner/read/merchant/remain_count"
            );
        }
        assert_eq!(
            addresses("http://up.example").unwrap().mapping.as_str(),
            "http://up.example/auth/mapping"
        );
    }

    #[test]
    fn another_mapping_status_call_belongs_to_its_base() {
        let base = |text| Url::parse(text).unwrap();
        let call = StatusCall::below(&base("https://up.example/partner"), Some("/x/y"), None, None).unwrap();
        let mut config = ClientConfig::new(base("https://up.example/partner/"));
        config.status_call = Some(call.clone());
        let addresses = Addresses::new(&config).unwrap();
        assert_eq!(
            addresses.mapping_status.address().as_str(),
            "https://up.example/partner/x/y"
        );
        for elsewhere in [
            "https://up.example/other",
            "http://up.example/partner",
            "https://up.example:444/partner",
        ] {
            let config = ClientConfig {
                status_call: Some(call.clone()),
                ..ClientConfig::new(base(elsewhere))
            };
            assert!(
                matches!(Addresses::new(&config), Err(ClientError::Address)),
                "{elsewhere}"
            );
        }
    }

    #[test]
    fn only_a_plain_web_address_is_a_base() {
        for base in [
            "ftp://up.example/",
            "https://up.example/?x=1",
            "https://up.example/#x",
            "data:text/plain,x",
        ] {
            assert!(matches!(addresses(base), Err(ClientError::Address)), "{base}");
        }
    }
}
