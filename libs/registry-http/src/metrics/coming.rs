//! Numbers about people and how they come in.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use registry_people::{Census, People};

use super::{counter, counters, gauge};

/// Numbers that are kept beside sign-ins, and how many people there were when they were last counted. Nobody is asked.
pub(super) struct Coming(pub(super) People);

impl fmt::Debug for Coming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coming").finish_non_exhaustive()
    }
}

impl Collector for Coming {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counts = self.0.counts();
        counter(&mut encoder, "sign_ins", "People who came in", counts.signed_in)?;
        let refused: Vec<_> = counts
            .refused
            .iter()
            .map(|(why, count)| (why.as_str(), *count))
            .collect();
        counters(
            &mut encoder,
            ("sign_ins_refused", "reason"),
            "Sign-ins that were refused, by reason",
            &refused,
        )?;
        counter(
            &mut encoder,
            "sessions_ended",
            "Sessions that somebody ended before their time",
            counts.sessions_ended,
        )?;
        gauge(
            &mut encoder,
            "sign_in_facts_late",
            "Facts about sign-ins that wait because no log takes them",
            counts.facts.late,
        )?;
        counter(
            &mut encoder,
            "sign_in_facts_lost",
            "Facts about sign-ins that are in no tenant's log",
            counts.facts.lost,
        )?;
        match counts.census {
            Some(census) => encode_census(&mut encoder, census),
            None => Ok(()),
        }
    }
}

fn encode_census(encoder: &mut DescriptorEncoder<'_>, census: Census) -> Result<(), fmt::Error> {
    let mut people = encoder.encode_descriptor("people", "People, by what they can do", None, MetricType::Gauge)?;
    for (state, count) in [
        ("active", census.active),
        ("invited", census.invited),
        ("disabled", census.disabled),
    ] {
        ConstGauge::new(count).encode(people.encode_family(&[("state", state)])?)?;
    }
    gauge(
        encoder,
        "memberships",
        "Pairs of a person and a tenant that they have ever belonged to",
        census.memberships,
    )?;
    gauge(encoder, "sessions", "Sessions that are alive", census.sessions)
}
