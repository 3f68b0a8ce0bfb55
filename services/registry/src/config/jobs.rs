//! How much may be done to many merchants at once.

use chrono::TimeDelta;
use registry_exports::ExportLimits;
use registry_jobs::JobLimits;

use super::Config;
use super::source::Wrong;

impl Config {
    pub(super) fn check_jobs(&self) -> Result<(), Wrong> {
        for (setting, value, most) in [
            ("plan_rows_max", self.plan_rows_max, 100_000),
            ("jobs_kept_max", self.jobs_kept_max, 10_000),
            ("jobs_kept_days", self.jobs_kept_days, 365),
            ("jobs_running_max", self.jobs_running_max, 16),
            ("export_rows_max", self.export_rows_max, 1_000_000),
            ("export_mebibytes_max", self.export_mebibytes_max, 4_096),
            ("exports_kept_max", self.exports_kept_max, 100),
            ("exports_kept_hours", self.exports_kept_hours, 720),
        ] {
            if !(1..=most).contains(&value) {
                return Err(Wrong::new(setting));
            }
        }
        Ok(())
    }

    /// Limits of plans and jobs, for each tenant.
    pub(crate) fn job_limits(&self) -> JobLimits {
        JobLimits {
            rows_max: self.plan_rows_max,
            kept_max: self.jobs_kept_max,
            running_max: self.jobs_running_max,
            kept_for: TimeDelta::days(i64::from(self.jobs_kept_days)),
        }
    }
}

impl Config {
    /// Limits of files of lists, for each tenant.
    pub(crate) fn export_limits(&self) -> ExportLimits {
        ExportLimits {
            rows_max: u64::from(self.export_rows_max),
            bytes_max: u64::from(self.export_mebibytes_max) * 1024 * 1024,
            kept_max: self.exports_kept_max,
            kept_for: TimeDelta::hours(i64::from(self.exports_kept_hours)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_no_less_than_one_and_no_more_than_can_be_kept() {
        let wrong = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            config.check_jobs().map_err(|wrong| wrong.setting)
        };
        assert!(wrong(|_| ()).is_ok());
        assert_eq!(wrong(|config| config.plan_rows_max = 0), Err("plan_rows_max"));
        assert_eq!(wrong(|config| config.jobs_kept_max = 10_001), Err("jobs_kept_max"));
        assert_eq!(wrong(|config| config.jobs_kept_days = 366), Err("jobs_kept_days"));
        assert_eq!(wrong(|config| config.jobs_running_max = 17), Err("jobs_running_max"));
        assert_eq!(
            wrong(|config| config.export_rows_max = 1_000_001),
            Err("export_rows_max")
        );
        assert_eq!(
            wrong(|config| config.export_mebibytes_max = 0),
            Err("export_mebibytes_max")
        );
        assert_eq!(wrong(|config| config.exports_kept_max = 0), Err("exports_kept_max"));
        assert_eq!(
            wrong(|config| config.exports_kept_hours = 721),
            Err("exports_kept_hours")
        );
    }
}
