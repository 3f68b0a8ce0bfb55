//! A plausible life of one business, planned ahead.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::letter::ReviewLetter;
use super::mapping::Mapping;
use super::{Application, made_up};

/// The steps of the longest life.
const STEPS_MAX: usize = 24;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// Where a life begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LifeStart {
    pub(crate) letter: ReviewLetter,
    pub(crate) is_deleted: bool,
}

impl LifeStart {
    pub(crate) fn of(mapping: &Mapping) -> Self {
        Self {
            letter: mapping.letter,
            is_deleted: mapping.is_deleted,
        }
    }
}

/// Something that happens to a business.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Open,
    Submit(Application),
    Review(ReviewLetter, Option<String>),
    Unlink,
    Relink,
}

/// A step and the model time since the beginning of the life.
#[derive(Debug, Clone)]
pub(crate) struct PlannedStep {
    pub(crate) at: Duration,
    pub(crate) step: Step,
}

/// What a business does next, and how long it takes at least and at most, in seconds.
struct Next {
    step: Step,
    wait: (u64, u64),
}

/// Plans a life. It ends, at the latest after 24 steps.
pub(crate) fn plan(start: LifeStart, dice: &mut StdRng) -> Vec<PlannedStep> {
    let mut state = start;
    let mut at = Duration::ZERO;
    let mut steps = Vec::new();
    while steps.len() < STEPS_MAX {
        let Some(Next { step, wait }) = next(state, dice) else {
            break;
        };
        at += Duration::from_secs(dice.random_range(wait.0..=wait.1));
        state = follow(state, &step);
        steps.push(PlannedStep { at, step });
    }
    steps
}

fn next(state: LifeStart, dice: &mut StdRng) -> Option<Next> {
    let chance: f64 = dice.random();
    if state.is_deleted {
        return (chance < 0.6).then_some(Next {
            step: Step::Relink,
            wait: (HOUR, 3 * DAY),
        });
    }
    let step = |step, from, to| Some(Next { step, wait: (from, to) });
    match state.letter {
        ReviewLetter::None => step(Step::Open, 60, 12 * HOUR),
        ReviewLetter::Drafting if chance < 0.04 => None,
        ReviewLetter::Drafting => step(Step::Submit(made_up::application(dice)), 300, 8 * HOUR),
        ReviewLetter::InReview => step(reviewed(chance, dice), HOUR, 3 * DAY),
        ReviewLetter::DocumentsRequired if chance < 0.06 => None,
        ReviewLetter::DocumentsRequired => step(Step::Review(ReviewLetter::InReview, None), HOUR, 2 * DAY),
        ReviewLetter::Rejected if chance < 0.5 => step(Step::Review(ReviewLetter::Drafting, None), HOUR, 5 * DAY),
        ReviewLetter::Opened if chance < 0.08 => step(Step::Unlink, DAY, 10 * DAY),
        ReviewLetter::Opened if chance < 0.14 => step(Step::Review(ReviewLetter::InReview, None), DAY, 10 * DAY),
        ReviewLetter::Rejected | ReviewLetter::Opened | ReviewLetter::Invented(_) => None,
    }
}

fn reviewed(chance: f64, dice: &mut StdRng) -> Step {
    if chance < 0.6 {
        return Step::Review(ReviewLetter::Opened, None);
    }
    if chance < 0.87 {
        return Step::Review(
            ReviewLetter::DocumentsRequired,
            Some(made_up::documents_message(dice).to_owned()),
        );
    }
    Step::Review(
        ReviewLetter::Rejected,
        Some(made_up::rejection_message(dice).to_owned()),
    )
}

fn follow(state: LifeStart, step: &Step) -> LifeStart {
    match step {
        Step::Open => LifeStart {
            letter: ReviewLetter::Drafting,
            ..state
        },
        Step::Submit(_) => LifeStart {
            letter: ReviewLetter::InReview,
            ..state
        },
        Step::Review(letter, _) => LifeStart {
            letter: *letter,
            ..state
        },
        Step::Unlink => LifeStart {
            is_deleted: true,
            ..state
        },
        Step::Relink => LifeStart {
            is_deleted: false,
            ..state
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::dice;

    const NEW: LifeStart = LifeStart {
        letter: ReviewLetter::None,
        is_deleted: false,
    };

    fn lives(seed: u64) -> Vec<Vec<PlannedStep>> {
        (0..500)
            .map(|number| plan(NEW, &mut dice::for_decision(seed, &[number])))
            .collect()
    }

    #[test]
    fn a_seed_gives_the_same_lives_and_another_seed_others() {
        assert_eq!(format!("{:?}", lives(1)), format!("{:?}", lives(1)));
        assert_ne!(format!("{:?}", lives(1)), format!("{:?}", lives(2)));
    }

    #[test]
    fn lives_end_and_go_forward_in_time() {
        for life in lives(3) {
            assert!((1..=STEPS_MAX).contains(&life.len()));
            assert!(life.is_sorted_by_key(|step| step.at));
            assert!(matches!(life[0].step, Step::Open));
        }
    }

    #[test]
    fn many_lives_see_every_letter_and_a_deletion() {
        let lives = lives(4);
        let seen = lives.iter().flatten().map(|planned| match &planned.step {
            Step::Open => "W".to_owned(),
            Step::Submit(_) => "P".to_owned(),
            Step::Review(letter, _) => letter.code().to_string(),
            Step::Unlink => "unlink".to_owned(),
            Step::Relink => "relink".to_owned(),
        });
        let expected = ["O", "P", "R", "S", "W", "relink", "unlink"].map(str::to_owned);
        assert_eq!(seen.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    }

    #[test]
    fn a_message_comes_exactly_with_s_and_r() {
        for planned in lives(5).into_iter().flatten() {
            if let Step::Review(letter, message) = planned.step {
                assert_eq!(letter.has_message(), message.is_some());
            }
        }
    }
}
