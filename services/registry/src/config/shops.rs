//! The pages of shops.

use chrono::TimeDelta;
use registry_domain::merchant::LINKS_MAX;
use registry_shop::ShopLimits;

use super::Config;
use super::source::Wrong;

/// Longest time that may be set.
const SECONDS_MAX: u32 = 86_400;

impl Config {
    pub(super) fn check_shops(&self) -> Result<(), Wrong> {
        let ensure = |setting, holds: bool| if holds { Ok(()) } else { Err(Wrong::new(setting)) };
        let (hour, day) = (self.shop_links_per_hour_max, self.shop_links_per_day_max);
        ensure("shop_link_reuse_seconds", self.shop_link_reuse_seconds <= SECONDS_MAX)?;
        ensure("shop_links_per_day_max", (1..=LINKS_MAX).contains(&day))?;
        ensure("shop_links_per_hour_max", (1..=day).contains(&hour))?;
        ensure("shop_pages_per_minute_max", self.shop_pages_per_minute_max > 0)?;
        ensure("shop_requests_max", (2..=10_000).contains(&self.shop_requests_max))?;
        ensure(
            "shop_return_seconds",
            (1..=SECONDS_MAX).contains(&self.shop_return_seconds),
        )
    }

    /// The limits of the pages of shops.
    pub fn shop_limits(&self) -> ShopLimits {
        let seconds = |value: u32| TimeDelta::seconds(i64::from(value));
        ShopLimits {
            reuse: seconds(self.shop_link_reuse_seconds),
            links_per_hour_max: self.shop_links_per_hour_max,
            links_per_day_max: self.shop_links_per_day_max,
            pages_per_minute_max: self.shop_pages_per_minute_max,
            requests_max: self.shop_requests_max,
            return_interval: seconds(self.shop_return_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_shops_have_limits() {
        let wrong = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check_shops().map_err(|wrong| wrong.setting)
        };
        assert_eq!(wrong(|_| {}), Ok(()));
        assert_eq!(
            wrong(|it| it.shop_links_per_hour_max = 16),
            Err("shop_links_per_hour_max")
        );
        assert_eq!(
            wrong(|it| it.shop_links_per_day_max = 201),
            Err("shop_links_per_day_max")
        );
        assert_eq!(
            wrong(|it| it.shop_link_reuse_seconds = 86_401),
            Err("shop_link_reuse_seconds")
        );
        assert_eq!(
            wrong(|it| it.shop_pages_per_minute_max = 0),
            Err("shop_pages_per_minute_max")
        );
        assert_eq!(wrong(|it| it.shop_requests_max = 1), Err("shop_requests_max"));
        assert_eq!(wrong(|it| it.shop_return_seconds = 0), Err("shop_return_seconds"));
    }
}
