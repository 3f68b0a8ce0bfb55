//! Where each call of a client goes.

use url::Url;

use crate::address::{address, is_below};
use crate::auto_payment::AutoPaymentCalls;
use crate::client_error::ClientError;
use crate::config::ClientConfig;
use crate::configured_call::ConfiguredCall;
use crate::status_call::StatusCall;

/// Where each call goes. What is not configured is none.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) mapping: Url,
    pub(crate) mapping_status: StatusCall,
    pub(crate) mapping_list: Url,
    pub(crate) balance: Url,
    pub(crate) merchant_balance: Url,
    pub(crate) bill: Url,
    pub(crate) bill_resend: Url,
    pub(crate) bill_read: Url,
    pub(crate) bill_destroy: Url,
    pub(crate) bill_cancel: Url,
    pub(crate) cash_receipt_issue: Url,
    pub(crate) cash_receipt_cancel: Url,
    pub(crate) cash_receipt_read: Url,
    pub(crate) auto_payment: Option<AutoPaymentCalls>,
    pub(crate) pay_method: Option<ConfiguredCall>,
    pub(crate) partner_info: Option<ConfiguredCall>,
    pub(crate) callback_url_change: Option<ConfiguredCall>,
}

impl Addresses {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, ClientError> {
        let base = &config.base_url;
        check_base(config)?;
        Ok(Self {
            mapping: address(base, "auth/mapping")?,
            mapping_status: match &config.status_call {
                Some(call) if is_below(base, call.address()) => call.clone(),
                // It was made for another base.
                Some(_) => return Err(ClientError::Address),
                None => StatusCall::usual(base)?,
            },
            mapping_list: address(base, "read/mapping")?,
            balance: address(base, "read/remain_count")?,
            merchant_balance: address(base, "read/merchant/remain_count")?,
            bill: address(base, "bill")?,
            bill_resend: address(base, "bill/resend")?,
            bill_read: address(base, "bill/read")?,
            bill_destroy: address(base, "bill/destroy")?,
            bill_cancel: address(base, "bill/cancel")?,
            cash_receipt_issue: address(base, "cash-receipt/issue")?,
            cash_receipt_cancel: address(base, "cash-receipt/cancel")?,
            cash_receipt_read: address(base, "cash-receipt/read")?,
            auto_payment: config.auto_payment.clone(),
            pay_method: config.pay_method.clone(),
            partner_info: config.partner_info.clone(),
            callback_url_change: config.callback_url_change.clone(),
        })
    }
}

/// A configured call may have been made for another base.
fn check_base(config: &ClientConfig) -> Result<(), ClientError> {
    let single = [&config.pay_method, &config.partner_info, &config.callback_url_change];
    let of_auto_payment = config.auto_payment.iter().flat_map(AutoPaymentCalls::all);
    let mut all = single.into_iter().flatten().chain(of_auto_payment);
    if all.all(|call| is_below(&config.base_url, call.address())) {
        Ok(())
    } else {
        Err(ClientError::Address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auto_payment::AutoPaymentCalls;

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
    fn configured_calls_belong_to_their_base_too() {
        let base = |text| Url::parse(text).unwrap();
        let (ours, other) = (
            base("https://up.example/partner"),
            base("https://elsewhere.example/partner"),
        );
        let call = ConfiguredCall::below(&other, "x").unwrap();
        let mut configs = [(); 4].map(|()| ClientConfig::new(ours.clone()));
        configs[0].pay_method = Some(call.clone());
        configs[1].partner_info = Some(call.clone());
        configs[2].callback_url_change = Some(call.clone());
        let mut calls = AutoPaymentCalls::assumed(&ours).unwrap();
        calls.delete = call;
        configs[3].auto_payment = Some(calls);
        for config in configs {
            assert!(matches!(Addresses::new(&config), Err(ClientError::Address)));
        }
        let mut config = ClientConfig::new(ours.clone());
        config.auto_payment = Some(AutoPaymentCalls::assumed(&ours).unwrap());
        assert!(Addresses::new(&config).is_ok());
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
