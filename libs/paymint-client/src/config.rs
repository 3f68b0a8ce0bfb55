//! How to reach the upstream.

use std::time::Duration;

use url::Url;

use crate::auto_payment::AutoPaymentCalls;
use crate::configured_call::ConfiguredCall;
use crate::status_call::StatusCall;

/// How to reach the upstream.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The partner API's address, such as `https://sandbox.paymint.co.kr/partner`. The paths of the calls are appended.
    /// There is no default, so that sandbox and production cannot be mixed up by accident.
    pub base_url: Url,
    /// The mapping-status call, if it is not the usual one. The release notes of v2.0.1 name its path so that two
    /// readings are possible, and no public page shows the request.
    pub status_call: Option<StatusCall>,
    /// The three calls of auto-payment. None: they are off. See [`AutoPaymentCalls::assumed`].
    pub auto_payment: Option<AutoPaymentCalls>,
    /// The call about a customer's means of payment. None: it is off. See [`PayMethods::assumed_call`].
    ///
    /// [`PayMethods::assumed_call`]: crate::PayMethods::assumed_call
    pub pay_method: Option<ConfiguredCall>,
    /// The call that reads the partner's record. None: it is off. Its path is not public.
    pub partner_info: Option<ConfiguredCall>,
    /// The call that changes the partner's callback URL. None: it is off. Its path is not public.
    pub callback_url_change: Option<ConfiguredCall>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a whole call may take, connection included.
    pub total_timeout: Duration,
}

impl ClientConfig {
    /// The configuration for this base, everything else being the default: `auth/mapping-status` with `member` and
    /// `merchant`, what is not public off, 5 s to connect, 15 s in total.
    pub fn new(base_url: Url) -> Self {
        Self {
            base_url,
            status_call: None,
            auto_payment: None,
            pay_method: None,
            partner_info: None,
            callback_url_change: None,
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(15),
        }
    }
}
