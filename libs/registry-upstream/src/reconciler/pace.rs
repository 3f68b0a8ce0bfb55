//! When to ask again. Time is an argument, and so is what stands for chance.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::MerchantId;
use registry_journal::port::DueQuestion;

/// After a failed question it is asked again in this part of the usual time.
const SOONER_AFTER_FAILURE: i32 = 4;

/// Shortest and longest pause before a doubtful claim is asked about again.
const CONFIRMATION_PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(10), TimeDelta::minutes(5));

/// No merchant is asked about in a round sooner than this after it was asked about last, whatever has happened to it since:
/// who floods one shop's URL shall not use up what all shops of the tenant have to share.
pub(super) const SPACING: TimeDelta = TimeDelta::seconds(2);

/// How far an interval is moved by chance, in either direction, in thousandths: merchants that were registered in one
/// go shall not be asked about in one go for ever.
const JITTER_PER_MILLE: i64 = 100;

/// How often upstream is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How long after its last change a merchant is asked about first, and the shortest interval.
    pub first: TimeDelta,
    /// The longest interval.
    pub longest: TimeDelta,
    /// How often upstream's list is compared with ours; `None`: never.
    pub list: Option<TimeDelta>,
    /// How often the balance is read of a tenant that wants to be warned.
    pub balance: TimeDelta,
}

impl Pace {
    /// When a merchant is asked about again after an answer: in a quarter of the time that it has been as it is. So a
    /// fresh application is asked about every few minutes in its first hour, and one that stands still once a day.
    pub(super) fn after_answer(&self, question: &DueQuestion, now: DateTime<Utc>) -> DateTime<Utc> {
        now + jittered(self.interval(question, now), question.merchant_id, now)
    }

    /// When it is asked about again after a failure: sooner than after an answer, and the longer it has been as it is
    /// the later.
    pub(super) fn after_failure(&self, question: &DueQuestion, now: DateTime<Utc>) -> DateTime<Utc> {
        let pause = match question.confirming_since {
            Some(since) => ((now - since) / 2).clamp(CONFIRMATION_PAUSE.0, CONFIRMATION_PAUSE.1),
            None => (self.interval(question, now) / SOONER_AFTER_FAILURE).max(self.first),
        };
        now + jittered(pause, question.merchant_id, now)
    }

    fn interval(&self, question: &DueQuestion, now: DateTime<Utc>) -> TimeDelta {
        let age = now - question.updated_at;
        (age / 4).clamp(self.first, self.longest.max(self.first))
    }
}

/// Up to a tenth longer or shorter. The merchant and the moment decide, mixed so that neighbours do not move alike.
fn jittered(interval: TimeDelta, merchant_id: MerchantId, now: DateTime<Utc>) -> TimeDelta {
    let (high, low) = merchant_id.as_uuid().as_u64_pair();
    let moment = now.timestamp_micros().cast_unsigned();
    let mixed = (high ^ low.rotate_left(32) ^ moment).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    // The upper bits of a product are the well mixed ones.
    let draw = i64::from(u32::try_from(mixed >> 40).unwrap_or(0));
    let per_mille = draw % (2 * JITTER_PER_MILLE + 1) - JITTER_PER_MILLE;
    interval + TimeDelta::milliseconds(interval.num_milliseconds() / 1_000 * per_mille)
}

#[cfg(test)]
mod tests {
    use registry_domain::Version;
    use uuid::Uuid;

    use super::*;

    const PACE: Pace = Pace {
        first: TimeDelta::minutes(5),
        longest: TimeDelta::days(1),
        list: Some(TimeDelta::hours(6)),
        balance: TimeDelta::minutes(15),
    };

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn question(number: u128, confirming_since: Option<DateTime<Utc>>) -> DueQuestion {
        DueQuestion {
            merchant_id: MerchantId::from_uuid(Uuid::from_u128(number)),
            version: Version(1),
            ask_at: at(0),
            confirming_since,
            updated_at: at(0),
        }
    }

    fn minutes(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
        (to - from).as_seconds_f64() / 60.0
    }

    #[test]
    fn the_longer_a_merchant_stands_still_the_later_it_is_asked_about_again() {
        // Age, wait after an answer, wait after a failure, all in minutes and without chance.
        let table = [
            (0, 5.0, 5.0),
            (20, 5.0, 5.0),
            (60, 15.0, 5.0),
            (600, 150.0, 37.5),
            (5_760, 1_440.0, 360.0),
            (1_000_000, 1_440.0, 360.0),
        ];
        for (age, answered, failed) in table {
            let now = at(age);
            for (next, expected) in [
                (PACE.after_answer(&question(7, None), now), answered),
                (PACE.after_failure(&question(7, None), now), failed),
            ] {
                let wait = minutes(now, next);
                assert!((expected * 0.9..=expected * 1.1).contains(&wait), "{age} {wait}");
            }
        }
    }

    #[test]
    fn a_doubtful_claim_is_asked_about_again_soon() {
        for (age, expected) in [(0, 1.0 / 6.0), (1, 0.5), (4, 2.0), (60, 5.0)] {
            let wait = minutes(at(age), PACE.after_failure(&question(7, Some(at(0))), at(age)));
            assert!((expected * 0.9..=expected * 1.1).contains(&wait), "{age} {wait}");
        }
    }

    #[test]
    fn merchants_of_one_moment_spread_out() {
        let waits: Vec<_> = (0..1_000)
            .map(|number| minutes(at(600), PACE.after_answer(&question(number, None), at(600))))
            .collect();
        let (early, late) = (
            waits.iter().copied().fold(f64::MAX, f64::min),
            waits.iter().copied().fold(0.0, f64::max),
        );
        assert!(early >= 135.0 && late <= 165.0, "{early} {late}");
        assert!(late - early > 20.0, "{early} {late}");
        let middle = waits.iter().sum::<f64>() / 1_000.0;
        assert!((147.0..153.0).contains(&middle), "{middle}");
    }

    #[test]
    fn a_pace_for_tests_may_be_fast() {
        let fast = Pace {
            first: TimeDelta::seconds(1),
            longest: TimeDelta::seconds(1),
            ..PACE
        };
        let wait = fast.after_answer(&question(1, None), at(600)) - at(600);
        assert!((900..=1_100).contains(&wait.num_milliseconds()), "{wait}");
    }
}
