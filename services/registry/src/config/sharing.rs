//! What tenants share, and how much of it one of them may have.

use std::num::NonZeroU32;

use registry_http::RequestLimits;
use registry_imports::ReadingLimits;
use registry_shares::rates::Rate;

use super::Config;
use super::source::Wrong;

/// Most requests in a second that may be set.
const PER_SECOND_MAX: u32 = 100_000;

/// Longest burst that may be set.
const BURST_SECONDS_MAX: u32 = 3_600;

impl Config {
    pub(super) fn check_sharing(&self) -> Result<(), Wrong> {
        let ensure = |setting, holds: bool| if holds { Ok(()) } else { Err(Wrong::new(setting)) };
        for (setting, value, most) in [
            (
                "caller_requests_per_second",
                self.caller_requests_per_second,
                PER_SECOND_MAX,
            ),
            (
                "tenant_requests_per_second",
                self.tenant_requests_per_second,
                PER_SECOND_MAX,
            ),
            ("request_burst_seconds", self.request_burst_seconds, BURST_SECONDS_MAX),
        ] {
            ensure(setting, (1..=most).contains(&value))?;
        }
        ensure("link_calls_max", (2..=10_000).contains(&self.link_calls_max))?;
        ensure("file_readings_max", (2..=16).contains(&self.file_readings_max))?;
        ensure(
            "file_readings_waiting_max",
            (2..=64).contains(&self.file_readings_waiting_max),
        )?;
        ensure("queue_length_max", (16..=1_000_000).contains(&self.queue_length_max))?;
        ensure("queue_mebibytes_max", (1..=4_096).contains(&self.queue_mebibytes_max))?;
        ensure("past_reads_max", (1..=100).contains(&self.past_reads_max))?;
        ensure("past_events_max", (500..=10_000_000).contains(&self.past_events_max))?;
        ensure("relay_tenants_max", (2..=64).contains(&self.relay_tenants_max))?;
        ensure("event_streams_max", self.event_streams_max > 0)?;
        ensure("long_polls_max", self.long_polls_max > 0)?;
        ensure(
            "readers_max",
            self.readers_max.is_none_or(|readers| (4..=64).contains(&readers)),
        )?;
        ensure("file_downloads_max", (2..=1_000).contains(&self.file_downloads_max))?;
        ensure("body_mebibytes_max", (16..=4_096).contains(&self.body_mebibytes_max))
    }

    /// How many files are read and wait at once.
    pub(crate) fn reading_limits(&self) -> ReadingLimits {
        ReadingLimits {
            at_once: self.file_readings_max,
            waiting: self.file_readings_waiting_max,
        }
    }

    /// How often callers and tenants may ask.
    pub(crate) fn request_limits(&self) -> RequestLimits {
        let number = |value| NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        let rate = |per_second| Rate::new(number(per_second), number(self.request_burst_seconds));
        RequestLimits {
            caller: rate(self.caller_requests_per_second),
            tenant: rate(self.tenant_requests_per_second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_has_limits_that_leave_something() {
        let wrong = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check_sharing().map_err(|wrong| wrong.setting)
        };
        assert!(wrong(|_| ()).is_ok());
        assert_eq!(
            wrong(|config| config.caller_requests_per_second = 0),
            Err("caller_requests_per_second")
        );
        assert_eq!(
            wrong(|config| config.tenant_requests_per_second = 100_001),
            Err("tenant_requests_per_second")
        );
        assert_eq!(
            wrong(|config| config.request_burst_seconds = 3_601),
            Err("request_burst_seconds")
        );
        assert_eq!(wrong(|config| config.link_calls_max = 1), Err("link_calls_max"));
        assert_eq!(wrong(|config| config.file_readings_max = 1), Err("file_readings_max"));
        assert_eq!(
            wrong(|config| config.file_readings_waiting_max = 65),
            Err("file_readings_waiting_max")
        );
        assert_eq!(wrong(|config| config.queue_length_max = 15), Err("queue_length_max"));
        assert_eq!(
            wrong(|config| config.queue_mebibytes_max = 0),
            Err("queue_mebibytes_max")
        );
        assert_eq!(wrong(|config| config.past_reads_max = 0), Err("past_reads_max"));
        assert_eq!(wrong(|config| config.past_events_max = 499), Err("past_events_max"));
        assert_eq!(wrong(|config| config.relay_tenants_max = 1), Err("relay_tenants_max"));
        assert_eq!(wrong(|config| config.event_streams_max = 0), Err("event_streams_max"));
        assert_eq!(wrong(|config| config.long_polls_max = 0), Err("long_polls_max"));
        assert_eq!(wrong(|config| config.readers_max = Some(3)), Err("readers_max"));
        assert_eq!(wrong(|config| config.file_downloads_max = 1), Err("file_downloads_max"));
        assert_eq!(
            wrong(|config| config.body_mebibytes_max = 15),
            Err("body_mebibytes_max")
        );
    }
}
