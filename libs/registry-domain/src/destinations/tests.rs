use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::alerts::HealthCondition;
use crate::ids::EventId;
use crate::merchant::Stage;

fn id(number: u128) -> DestinationId {
    DestinationId::from_uuid(Uuid::from_u128(number))
}

fn at(number: u64) -> Stamp {
    Stamp {
        event_id: EventId::from_uuid(Uuid::from_u128(number.into())),
        seq: Seq(number),
        version: Version(number),
        recorded_at: DateTime::from_timestamp(i64::try_from(number).unwrap(), 0).unwrap(),
    }
}

fn creation(number: u128, kind: DestinationKind) -> DestinationWish {
    DestinationWish::Create {
        id: id(number),
        name: Label::parse("당직").unwrap(),
        target: target(kind),
        wants: Wants {
            subjects: Vec::new(),
            least: Severity::Late,
        },
        secret: SecretText::new("whsec_x".to_owned()),
    }
}

fn target(kind: DestinationKind) -> Target {
    Target {
        kind,
        address: SecretText::new("https://x.example".to_owned()),
    }
}

fn change(number: u128, change: DestinationChange, expected: Option<Version>) -> DestinationWish {
    DestinationWish::Change {
        id: id(number),
        change,
        expected,
    }
}

fn done(known: &mut Vec<Destination>, wish: DestinationWish, stamp: u64) -> usize {
    let facts = decide(known, wish).unwrap();
    for fact in &facts {
        fact.apply_to(known, at(stamp));
    }
    facts.len()
}

#[test]
fn a_destination_gets_what_it_wants() {
    let wants = Wants {
        subjects: vec![Subject::Stage(Stage::InReview)],
        least: Severity::Late,
    };
    assert!(wants.include(Subject::Stage(Stage::InReview), Severity::Critical));
    assert!(!wants.include(Subject::Stage(Stage::InReview), Severity::Warn));
    assert!(!wants.include(Subject::Health(HealthCondition::BalanceLow), Severity::Critical));
    let all = Wants {
        subjects: Vec::new(),
        least: Severity::Warn,
    };
    assert!(all.include(Subject::Health(HealthCondition::BalanceLow), Severity::Warn));
}

#[test]
fn a_wish_that_is_fulfilled_or_cannot_be_is_no_fact() {
    let mut known = Vec::new();
    for number in 1..=20 {
        assert_eq!(done(&mut known, creation(number, DestinationKind::Mail), 1), 1);
    }
    assert_eq!(decide(&known, creation(1, DestinationKind::Mail)), Ok(vec![]));
    assert_eq!(
        decide(&known, creation(1, DestinationKind::Chat)),
        Err(DestinationRefusal::IdTaken)
    );
    assert_eq!(
        decide(&known, creation(21, DestinationKind::Mail)),
        Err(DestinationRefusal::TooMany)
    );
    let nothing = DestinationChange::default;
    assert_eq!(decide(&known, change(1, nothing(), None)), Ok(vec![]));
    assert_eq!(
        decide(&known, change(99, nothing(), None)),
        Err(DestinationRefusal::NoSuchDestination)
    );
    let rotation = DestinationWish::RotateSecret {
        id: id(1),
        secret: SecretText::new("y".to_owned()),
        overlap: TimeDelta::zero(),
        now: DateTime::UNIX_EPOCH,
    };
    assert_eq!(decide(&known, rotation), Err(DestinationRefusal::NotSigned));
    let elsewhere = DestinationChange {
        target: Some(target(DestinationKind::Chat)),
        ..nothing()
    };
    assert_eq!(
        decide(&known, change(1, elsewhere, None)),
        Err(DestinationRefusal::AnotherKind)
    );
    assert_eq!(
        decide(&known, change(1, nothing(), Some(Version(7)))),
        Err(DestinationRefusal::Changed)
    );
}

#[test]
fn while_two_secrets_work_both_are_known_and_no_third() {
    let mut known = Vec::new();
    done(&mut known, creation(1, DestinationKind::Webhook), 1);
    assert_eq!((known[0].secret_at, known[0].old_secret), (Some(Seq(1)), None));
    let rotation = |seconds| DestinationWish::RotateSecret {
        id: id(1),
        secret: SecretText::new("y".to_owned()),
        overlap: TimeDelta::seconds(seconds),
        now: DateTime::UNIX_EPOCH,
    };
    done(&mut known, rotation(10), 2);
    done(&mut known, rotation(20), 3);
    let old = OldSecret {
        stands_at: Seq(2),
        works_until: DateTime::UNIX_EPOCH + TimeDelta::seconds(20),
    };
    assert_eq!((known[0].secret_at, known[0].old_secret), (Some(Seq(3)), Some(old)));
}

#[test]
fn one_that_is_switched_on_again_gets_what_happens_then() {
    let mut known = Vec::new();
    done(&mut known, creation(1, DestinationKind::Chat), 1);
    let disable = || DestinationWish::Disable {
        id: id(1),
        reason: DisableReason::Failing,
    };
    assert_eq!(done(&mut known, disable(), 2), 1);
    assert_eq!(done(&mut known, disable(), 3), 0);
    assert_eq!(known[0].disabled.map(|it| it.reason), Some(DisableReason::Failing));
    let enable = DestinationChange {
        target: Some(target(DestinationKind::Chat)),
        enabled: Some(true),
        ..DestinationChange::default()
    };
    let enable = change(1, enable, None);
    assert_eq!(done(&mut known, enable, 4), 2);
    assert_eq!(
        (known[0].disabled, known[0].from, known[0].target_at),
        (None, Seq(4), Seq(4))
    );
    assert_eq!(done(&mut known, DestinationWish::Remove { id: id(1) }, 5), 1);
    assert!(known.is_empty());
}
