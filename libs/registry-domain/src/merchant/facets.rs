//! What lists filter and count a merchant by, as one number: storage can compare, index and count it without knowing a rule.

use super::call::CallOutcome;
use super::stage::{NextActor, Stage};
use super::state::{LinkState, Merchant, Warning};
use crate::alerts::Severity;
use crate::review::{ReviewStatus, Verification};
use crate::words::words;

/// How the link that was asked for last stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkStanding {
    /// None was ever asked for.
    None,
    /// Upstream is being asked.
    Requested,
    /// Upstream issued the URL.
    Issued,
    /// Upstream did not.
    Failed,
    /// Nobody knows whether upstream did.
    Unknown,
    /// The tenant took it back.
    Revoked,
}

words!(LinkStanding {
    None => "none",
    Requested => "requested",
    Issued => "issued",
    Failed => "failed",
    Unknown => "unknown",
    Revoked => "revoked",
});

/// How bad what the tenant was told of a merchant is, as long as that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertLevel {
    /// It was told of nothing.
    None,
    /// It will be late soon.
    Warn,
    /// It is late.
    Late,
    /// It is very late.
    Critical,
}

words!(AlertLevel {
    None => "none",
    Warn => "warn",
    Late => "late",
    Critical => "critical",
});

/// What lists filter and count a merchant by. A pure function of the merchant: neither the clock nor the tenant takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facets {
    /// Where it stands.
    pub stage: Stage,
    /// Its review status.
    pub status: ReviewStatus,
    /// How far what is shown can be trusted.
    pub verification: Verification,
    /// How its latest link stands.
    pub link: LinkStanding,
    /// Whether a claim waits for upstream's word.
    pub is_held: bool,
    /// Whether it may bill, by what is known of the merchant alone.
    pub may_bill: bool,
    /// How bad its alert is.
    pub alert: AlertLevel,
    warnings: u32,
}

/// Where each part stands in the number. What is stored is never given another meaning: a new part takes bits that are free.
const STATUS: u32 = 4;
const VERIFICATION: u32 = 7;
const LINK: u32 = 9;
const HELD: u32 = 12;
const MAY_BILL: u32 = 13;
const ALERT: u32 = 14;
const WARNINGS: u32 = 20;

impl Facets {
    /// Those of a merchant.
    pub fn of(merchant: &Merchant) -> Self {
        let mark = |warning: Warning| 1 << place(Warning::ALL, warning);
        Self {
            stage: merchant.stage(),
            status: merchant.review.status(),
            verification: merchant.billing().verification,
            link: merchant
                .latest_link()
                .map_or(LinkStanding::None, |link| standing(link.state)),
            is_held: !merchant.held.is_empty(),
            may_bill: merchant.billing().reason.may_bill(),
            alert: merchant
                .alerts
                .first()
                .map_or(AlertLevel::None, |alert| level(alert.severity)),
            warnings: merchant.warnings().into_iter().map(mark).sum(),
        }
    }

    /// Those of what has happened to it: what the tenant was told of that is of now, and of no moment of the past.
    #[must_use]
    pub const fn without_alert(self) -> Self {
        Self {
            alert: AlertLevel::None,
            ..self
        }
    }

    /// As one number.
    pub fn to_bits(self) -> i64 {
        let bits = place(Stage::ALL, self.stage)
            | place(ReviewStatus::ALL, self.status) << STATUS
            | place(Verification::ALL, self.verification) << VERIFICATION
            | place(LinkStanding::ALL, self.link) << LINK
            | u64::from(self.is_held) << HELD
            | u64::from(self.may_bill) << MAY_BILL
            | place(AlertLevel::ALL, self.alert) << ALERT
            | u64::from(self.warnings) << WARNINGS;
        bits.cast_signed()
    }

    /// Those that a number stands for; none if it stands for none.
    pub fn from_bits(bits: i64) -> Option<Self> {
        let bits = bits.cast_unsigned();
        let warnings = u32::try_from(bits >> WARNINGS).ok()?;
        let facets = Self {
            stage: at(Stage::ALL, bits, 4)?,
            status: at(ReviewStatus::ALL, bits >> STATUS, 3)?,
            verification: at(Verification::ALL, bits >> VERIFICATION, 2)?,
            link: at(LinkStanding::ALL, bits >> LINK, 3)?,
            is_held: bits >> HELD & 1 == 1,
            may_bill: bits >> MAY_BILL & 1 == 1,
            alert: at(AlertLevel::ALL, bits >> ALERT, 2)?,
            warnings,
        };
        (facets.to_bits().cast_unsigned() == bits).then_some(facets)
    }

    /// Who must act next.
    pub const fn next_actor(self) -> NextActor {
        self.stage.next_actor()
    }

    /// Whether there is such a warning.
    pub fn warns_of(self, warning: Warning) -> bool {
        u64::from(self.warnings) >> place(Warning::ALL, warning) & 1 == 1
    }

    /// Whether somebody must look now.
    pub fn needs_attention(self) -> bool {
        Warning::ALL
            .iter()
            .any(|warning| warning.calls_for_attention() && self.warns_of(*warning))
    }
}

/// One test on a number, as storage can make it: `bits & mask` is one of the values, or is not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetTest {
    /// What of the number is looked at.
    pub mask: i64,
    /// What that may be.
    pub wanted: Wanted,
}

/// What a part of a number may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// One of these.
    OneOf(Vec<i64>),
    /// Zero.
    Zero,
    /// Anything else.
    NotZero,
}

impl FacetTest {
    fn one_of<T: PartialEq + Copy>(all: &[T], wanted: &[T], shift: u32, width: u32) -> Self {
        let places = all.iter().zip(0_i64..).filter(|(value, _)| wanted.contains(value));
        Self {
            mask: ((1 << width) - 1) << shift,
            wanted: Wanted::OneOf(places.map(|(_, place)| place << shift).collect()),
        }
    }

    fn bit(shift: u32, is_set: bool) -> Self {
        Self {
            mask: 1 << shift,
            wanted: if is_set { Wanted::NotZero } else { Wanted::Zero },
        }
    }

    fn mask_of(warnings: impl Iterator<Item = Warning>) -> i64 {
        let mask: u64 = warnings.map(|warning| 1 << place(Warning::ALL, warning)).sum();
        (mask << WARNINGS).cast_signed()
    }

    /// The part of a number that says the stage.
    pub fn stage_bits(stage: Stage) -> i64 {
        place(Stage::ALL, stage).cast_signed()
    }

    /// In one of these stages.
    pub fn stages(stages: &[Stage]) -> Self {
        Self::one_of(Stage::ALL, stages, 0, 4)
    }

    /// With one of these review statuses.
    pub fn statuses(statuses: &[ReviewStatus]) -> Self {
        Self::one_of(ReviewStatus::ALL, statuses, STATUS, 3)
    }

    /// Trusted so far.
    pub fn verifications(verifications: &[Verification]) -> Self {
        Self::one_of(Verification::ALL, verifications, VERIFICATION, 2)
    }

    /// With a latest link that stands so.
    pub fn links(links: &[LinkStanding]) -> Self {
        Self::one_of(LinkStanding::ALL, links, LINK, 3)
    }

    /// With an alert that is so bad.
    pub fn alerts(levels: &[AlertLevel]) -> Self {
        Self::one_of(AlertLevel::ALL, levels, ALERT, 2)
    }

    /// With one of these warnings. They are not empty, and none stands there twice.
    pub fn warnings(warnings: &[Warning]) -> Self {
        let all = Warning::ALL.iter().copied();
        Self {
            mask: Self::mask_of(all.filter(|warning| warnings.contains(warning))),
            wanted: Wanted::NotZero,
        }
    }

    /// Whether somebody must look now.
    pub fn attention(needs: bool) -> Self {
        let all = Warning::ALL.iter().copied();
        Self {
            mask: Self::mask_of(all.filter(|warning| warning.calls_for_attention())),
            wanted: if needs { Wanted::NotZero } else { Wanted::Zero },
        }
    }

    /// Whether a claim waits for upstream's word.
    pub fn held(is_held: bool) -> Self {
        Self::bit(HELD, is_held)
    }

    /// Whether it may bill.
    pub fn may_bill(may_bill: bool) -> Self {
        Self::bit(MAY_BILL, may_bill)
    }

    /// Whether a number passes.
    pub fn holds(&self, bits: i64) -> bool {
        let part = bits & self.mask;
        match &self.wanted {
            Wanted::OneOf(values) => values.contains(&part),
            Wanted::Zero => part == 0,
            Wanted::NotZero => part != 0,
        }
    }
}

const fn standing(state: LinkState) -> LinkStanding {
    match state {
        LinkState::Requested => LinkStanding::Requested,
        LinkState::Issued => LinkStanding::Issued,
        LinkState::Failed(outcome) => match outcome {
            CallOutcome::NotSent | CallOutcome::Refused => LinkStanding::Failed,
            CallOutcome::Unknown => LinkStanding::Unknown,
        },
        LinkState::Revoked => LinkStanding::Revoked,
    }
}

const fn level(severity: Severity) -> AlertLevel {
    match severity {
        Severity::Warn => AlertLevel::Warn,
        Severity::Late => AlertLevel::Late,
        Severity::Critical => AlertLevel::Critical,
    }
}

fn place<T: PartialEq + Copy>(all: &[T], value: T) -> u64 {
    let place = all.iter().position(|candidate| *candidate == value);
    place.map_or(0, |place| place as u64)
}

fn at<T: Copy>(all: &[T], bits: u64, width: u32) -> Option<T> {
    let place = usize::try_from(bits & ((1 << width) - 1)).ok()?;
    all.get(place).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is stored keeps its meaning: words may be added at the end, and nowhere else.
    #[test]
    fn what_is_stored_keeps_its_meaning() {
        let first = |words: &[&'static str]| words.join(" ");
        assert_eq!(
            first(Stage::WORDS),
            "registered link_issued drafting in_review documents_required rejected opened unknown unlinked archived"
        );
        assert_eq!(
            first(ReviewStatus::WORDS),
            "none drafting in_review documents_required rejected opened unknown"
        );
        assert_eq!(first(Verification::WORDS), "verified unverified held conflicting");
        assert_eq!(
            first(LinkStanding::WORDS),
            "none requested issued failed unknown revoked"
        );
        assert_eq!(first(AlertLevel::WORDS), "none warn late critical");
        assert_eq!(
            first(Warning::WORDS),
            "merchant_code_shared business_number_shared business_number_doubtful business_name_doubtful \
             review_code_unknown deletion_mark_unknown mapping_status_unknown mapping_paused answers_conflict \
             missing_upstream missing_from_list callback_not_understood"
        );
    }

    proptest! {
        #[test]
        fn a_number_reads_back(
            stage in prop::sample::select(Stage::ALL),
            status in prop::sample::select(ReviewStatus::ALL),
            verification in prop::sample::select(Verification::ALL),
            link in prop::sample::select(LinkStanding::ALL),
            is_held: bool,
            may_bill: bool,
            alert in prop::sample::select(AlertLevel::ALL),
            warnings in 0..1_u32 << Warning::ALL.len(),
        ) {
            let facets = Facets { stage, status, verification, link, is_held, may_bill, alert, warnings };
            prop_assert_eq!(Facets::from_bits(facets.to_bits()), Some(facets));
        }

        #[test]
        fn no_number_is_read_as_another(bits: i64) {
            if let Some(facets) = Facets::from_bits(bits) {
                prop_assert_eq!(facets.to_bits(), bits);
            }
        }
    }
}
