//! How often a caller and a tenant may ask, and what each answer says about it: `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10).

use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use registry_domain::{KeyId, PersonId, TenantId};
use registry_shares::rates::{Rate, Rates, TooOften};

use crate::problem::{Code, Problem};

/// Says how much is left.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Says what there is in all.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// How often it may be asked.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// By one API key, or by one person.
    pub caller: Rate,
    /// By all keys of a tenant; and by all its people, who have as much for themselves: a program that floods leaves them theirs.
    pub tenant: Rate,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A program.
    Key(KeyId),
    /// Somebody, through the console or a command.
    Person(PersonId),
}

impl Asker {
    /// What its limit is called.
    const fn policy(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::Person(_) => "person",
        }
    }
}

/// Of what all of a tenant's askers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Programs,
    People,
}

/// Which limit was met, for metrics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LimitLabels {
    limit: &'static str,
}

/// How often everybody has asked.
pub struct RequestRates {
    callers: Rates<(TenantId, Asker)>,
    tenants: Rates<(TenantId, Kind)>,
    limited: Family<LimitLabels, Counter>,
}

/// The name of the limit of a tenant.
const TENANT: &str = "tenant";

impl RequestRates {
    /// Nobody has asked yet.
    pub fn new(limits: RequestLimits) -> Self {
        let limited = Family::<LimitLabels, Counter>::default();
        // There from the start: a counter that is born with its first request shows no increase.
        for limit in ["key", "person", TENANT] {
            limited.get_or_create(&LimitLabels { limit }).inc_by(0);
        }
        Self {
            callers: Rates::new(limits.caller),
            tenants: Rates::new(limits.tenant),
            limited,
        }
    }

    /// Who asked too often, by the limit that was met.
    pub fn limited(&self) -> &Family<LimitLabels, Counter> {
        &self.limited
    }

    /// Counts a request, or refuses it; what its answer says about that is left in `told`. A request is counted once, however often
    /// it is looked who makes it. Whoever meets their own limit takes nothing of their tenant's.
    pub fn count(&self, tenant: TenantId, asker: Asker, told: &Told) -> Result<(), Problem> {
        if told.0.get().is_some() {
            return Ok(());
        }
        let (mut says, policy) = (Says::default(), asker.policy());
        let own = self.callers.ask(&(tenant, asker));
        says.standing(policy, self.callers.rate(), own);
        let all = own.and_then(|_| {
            let kind = match asker {
                Asker::Key(_) => Kind::Programs,
                Asker::Person(_) => Kind::People,
            };
            let all = self.tenants.ask(&(tenant, kind));
            says.standing(TENANT, self.tenants.rate(), all);
            all
        });
        let limit = if own.is_err() { policy } else { TENANT };
        told.0.get_or_init(|| says);
        all.map(|_| ()).map_err(|too_often| {
            self.limited.get_or_create(&LimitLabels { limit }).inc();
            Problem::from(Code::RateLimited).retry_after(seconds(too_often.wait))
        })
    }

    /// Of how many callers and tenants something is kept.
    pub fn kept(&self) -> usize {
        self.callers.kept() + self.tenants.kept()
    }
}

/// What an answer says of the limits that its request has met. It travels with the request, for whoever counts it to fill in.
#[derive(Clone, Default)]
pub struct Told(Arc<OnceLock<Says>>);

#[derive(Default)]
struct Says {
    left: String,
    policies: String,
}

impl Says {
    fn standing(&mut self, policy: &str, rate: Rate, asked: Result<u32, TooOften>) {
        let left = asked.unwrap_or(0);
        let (most, window) = (rate.burst.get(), seconds(rate.time_of(rate.burst.get())));
        let until_whole = seconds(rate.time_of(most.saturating_sub(left)));
        let comma = if self.left.is_empty() { "" } else { ", " };
        // A string takes everything.
        let _ = write!(self.left, "{comma}\"{policy}\";r={left};t={until_whole}");
        let _ = write!(self.policies, "{comma}\"{policy}\";q={most};w={window}");
    }
}

impl Told {
    /// Writes it down. Nothing if the request was not counted.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Some(says) = self.0.get() else { return };
        for (name, text) in [(RATE_LIMIT, &says.left), (RATE_LIMIT_POLICY, &says.policies)] {
            headers.extend(HeaderValue::from_str(text).map(|value| (name, value)));
        }
    }
}

/// So many whole seconds that it is certainly over.
fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use uuid::Uuid;

    use super::*;

    const TENANT_ID: TenantId = TenantId::from_uuid(Uuid::from_u128(1));

    fn rates(caller: u32, tenant: u32) -> RequestRates {
        let rate = |number| Rate::new(NonZeroU32::new(number).unwrap(), NonZeroU32::MIN);
        let limits = RequestLimits {
            caller: rate(caller),
            tenant: rate(tenant),
        };
        RequestRates::new(limits)
    }

    fn key(number: u128) -> Asker {
        Asker::Key(KeyId::from_uuid(Uuid::from_u128(number)))
    }

    fn header(told: &Told, name: &HeaderName) -> String {
        let mut headers = HeaderMap::new();
        told.write(&mut headers);
        headers[name].to_str().unwrap().to_owned()
    }

    #[test]
    fn an_answer_says_what_is_left_and_what_there_is() {
        let (rates, told) = (rates(10, 20), Told::default());
        assert!(rates.count(TENANT_ID, key(1), &told).is_ok());
        assert_eq!(header(&told, &RATE_LIMIT), r#""key";r=9;t=1, "tenant";r=19;t=1"#);
        assert_eq!(
            header(&told, &RATE_LIMIT_POLICY),
            r#""key";q=10;w=1, "tenant";q=20;w=1"#
        );
        assert!(rates.count(TENANT_ID, key(1), &told).is_ok());
        assert!(rates.count(TENANT_ID, key(1), &Told::default()).is_ok());
        let third = Told::default();
        assert!(rates.count(TENANT_ID, key(1), &third).is_ok());
        let left = header(&third, &RATE_LIMIT);
        assert!(left.starts_with(r#""key";r=7;"#), "one request is counted once: {left}");
        let mut headers = HeaderMap::new();
        Told::default().write(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn a_key_that_floods_takes_nothing_of_the_others() {
        let rates = rates(1, 3);
        let ask = |asker| rates.count(TENANT_ID, asker, &Told::default()).map_err(|it| it.code());
        assert!(ask(key(1)).is_ok());
        for _ in 0..100 {
            assert_eq!(ask(key(1)), Err(Code::RateLimited));
        }
        assert!(ask(key(2)).is_ok() && ask(key(3)).is_ok());
        assert_eq!(ask(key(4)), Err(Code::RateLimited), "of the tenant's there is no more");
        let person = Asker::Person(PersonId::from_uuid(Uuid::from_u128(1)));
        assert!(ask(person).is_ok(), "its people have theirs");
    }
}
