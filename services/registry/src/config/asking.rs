//! When and how often Paymint is asked.

use chrono::TimeDelta;
use registry_domain::merchant::QuestionPlan;
use registry_upstream::{InquiryLimits, Pace};

use super::Config;

impl Config {
    /// How often upstream is asked.
    pub fn pace(&self) -> Pace {
        let seconds = |value: u32| TimeDelta::seconds(i64::from(value));
        Pace {
            first: seconds(self.reconcile_first_seconds),
            longest: seconds(self.reconcile_longest_seconds),
            list: (self.reconcile_list_seconds > 0).then(|| seconds(self.reconcile_list_seconds)),
            balance: seconds(self.reconcile_balance_seconds),
        }
    }

    /// When upstream is asked about a merchant for the first time after a change.
    pub fn questions(&self) -> QuestionPlan {
        let Pace { first, longest, .. } = self.pace();
        QuestionPlan {
            first,
            // Whoever asks moves its intervals by chance, a little.
            longest: longest * 2,
        }
    }

    /// How often upstream may be asked.
    pub fn inquiry_limits(&self) -> InquiryLimits {
        InquiryLimits {
            calls_per_second: self.reconcile_calls_per_second,
        }
    }
}
