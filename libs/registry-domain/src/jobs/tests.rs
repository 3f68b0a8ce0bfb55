//! What fits which shop, how a job moves, and with whose rights it goes on.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::actor::{Actor, Channel};
use crate::ids::{EventId, KeyId, LinkId, MerchantId, PersonId, Seq, Stamp, TenantId, Version};
use crate::merchant::{Event, LINKS_MAX, Merchant, TAGS_MAX, evolve};
use crate::review::{ClaimSource, ReviewCode, ReviewStatus, Verification};
use crate::tenant::{self, Scope, SecretHash, Slug, Tenant};
use crate::{MemberCode, MerchantCode, Reference};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("a moment")
}

fn stamp(number: u64) -> Stamp {
    Stamp {
        event_id: EventId::from_uuid(Uuid::from_u128(u128::from(number))),
        seq: Seq(number),
        version: Version(number),
        recorded_at: at(0) + TimeDelta::seconds(i64::try_from(number).expect("a small number")),
    }
}

fn tag(text: &str) -> Label {
    Label::parse(text).expect("a tag")
}

fn tags(count: usize) -> Vec<Label> {
    (0..count).map(|number| tag(&format!("tag-{number}"))).collect()
}

/// A shop with a merchant code and tags, after these events.
fn shop(code: &str, tags: Vec<Label>, events: &[Event]) -> Merchant {
    let registered = Event::MerchantRegistered {
        reference: Reference {
            member_code: MemberCode::parse("acad-1").expect("a code"),
            merchant_code: MerchantCode::parse(code).expect("a code"),
        },
        company_name: None,
        branch_name: None,
        business_number: None,
        tags,
        metadata: std::collections::BTreeMap::new(),
        surroundings: crate::merchant::Surroundings::default(),
    };
    let id = MerchantId::from_uuid(Uuid::from_u128(1));
    let mut state = None;
    for (event, number) in std::iter::once(&registered).chain(events).zip(1..) {
        state = evolve(id, state, event, stamp(number));
    }
    state.expect("a shop")
}

fn plain() -> Merchant {
    shop("store-1", vec![], &[])
}

fn links(count: usize) -> Vec<Event> {
    let link = |number: usize| Event::LinkRequested {
        link_id: LinkId::from_uuid(Uuid::from_u128(number as u128)),
        redirect_url: None,
    };
    (0..count).map(link).collect()
}

#[test]
fn what_does_not_fit_a_shop_is_told_by_a_code() {
    let archived = || shop("store-1", vec![], &[Event::MerchantArchived]);
    let erased = || shop("store-1", vec![], &[Event::MerchantErased]);
    let long = || shop(&"x".repeat(31), vec![], &[]);
    let (some, more) = (Action::AddTags(vec![tag("a")]), Action::AddTags(tags(TAGS_MAX)));
    let none = Action::RemoveTags(vec![tag("a")]);
    let rows: Vec<(&Action, Merchant, Option<RowCode>)> = vec![
        (&Action::IssueLinks, plain(), None),
        (&Action::IssueLinks, archived(), Some(RowCode::Archived)),
        (&Action::IssueLinks, long(), Some(RowCode::CodesTooLong)),
        (
            &Action::IssueLinks,
            shop("s", vec![], &links(LINKS_MAX)),
            Some(RowCode::TooManyLinks),
        ),
        (&Action::AskNow, plain(), Some(RowCode::NotKnownUpstream)),
        (&Action::AskNow, archived(), Some(RowCode::Archived)),
        (&Action::Archive, plain(), None),
        (&Action::Archive, archived(), Some(RowCode::Archived)),
        (&Action::Restore, archived(), None),
        (&Action::Restore, plain(), Some(RowCode::NotArchived)),
        (&some, plain(), None),
        (&some, archived(), None),
        (&some, shop("s", vec![tag("a")], &[]), Some(RowCode::NothingToChange)),
        (&more, plain(), None),
        (&more, shop("s", vec![tag("a")], &[]), Some(RowCode::TooManyTags)),
        (&none, shop("s", vec![tag("a")], &[]), None),
        (&none, plain(), Some(RowCode::NothingToChange)),
        (&none, erased(), Some(RowCode::Erased)),
        (&Action::IssueLinks, erased(), Some(RowCode::Erased)),
    ];
    for (action, merchant, expected) in rows {
        assert_eq!(obstacle(action, &merchant), expected, "{action:?}");
    }
}

#[test]
fn a_shop_that_is_open_needs_no_link() {
    let opened = Event::ReviewChanged {
        from: ReviewStatus::InReview,
        to: ReviewStatus::Opened,
        code: ReviewCode::from_untrusted("O").expect("a code"),
        message: None,
        source: ClaimSource::ReadBack,
        verification: Verification::Verified,
    };
    let merchant = shop("store-1", vec![], &[opened]);
    assert_eq!(obstacle(&Action::IssueLinks, &merchant), Some(RowCode::AlreadyOpen));
}

#[test]
fn tags_are_added_behind_those_that_are_there_and_taken_away_from_among_them() {
    let merchant = shop("store-1", vec![tag("a"), tag("b")], &[]);
    let after = |action: Action| tags_after(&action, &merchant);
    assert_eq!(
        after(Action::AddTags(vec![tag("b"), tag("c")])),
        Some(vec![tag("a"), tag("b"), tag("c")])
    );
    assert_eq!(
        after(Action::RemoveTags(vec![tag("a"), tag("z")])),
        Some(vec![tag("b")])
    );
    assert_eq!(after(Action::AddTags(vec![tag("a")])), None);
    assert_eq!(after(Action::Archive), None);
}

#[test]
fn tags_go_with_actions_about_tags_only() {
    for kind in ActionKind::ALL {
        let is_about_tags = matches!(kind, ActionKind::AddTags | ActionKind::RemoveTags);
        assert_eq!(Action::of(*kind, vec![tag("a")]).is_some(), is_about_tags);
        let needs_a_file = *kind == ActionKind::Import;
        assert_eq!(Action::of(*kind, vec![]).is_some(), !is_about_tags && !needs_a_file);
    }
}

#[test]
fn a_job_moves_only_as_its_state_allows() {
    use JobState::{Cancelled, Finished, Making, Paused, Planned, Queued, Running};
    let table: &[(JobWish, &[(JobState, JobState)])] = &[
        (
            JobWish::Confirm,
            &[
                (Planned, Queued),
                (Queued, Queued),
                (Running, Running),
                (Paused, Paused),
                (Cancelled, Cancelled),
                (Finished, Finished),
            ],
        ),
        (JobWish::Pause, &[(Queued, Paused), (Running, Paused), (Paused, Paused)]),
        (
            JobWish::Resume,
            &[(Paused, Queued), (Queued, Queued), (Running, Running)],
        ),
        (
            JobWish::Cancel,
            &[
                (Queued, Cancelled),
                (Running, Cancelled),
                (Paused, Cancelled),
                (Cancelled, Cancelled),
            ],
        ),
    ];
    for (wish, moves) in table {
        for state in [Making, Planned, Queued, Running, Paused, Cancelled, Finished] {
            let expected = moves.iter().find(|(from, _)| *from == state).map(|(_, to)| *to);
            assert_eq!(
                follow(state, *wish),
                expected.ok_or(WrongState(state)),
                "{wish:?} {state:?}"
            );
        }
    }
}

fn tenant_with(key: KeyId, scopes: &[Scope]) -> Tenant {
    let id = TenantId::from_uuid(Uuid::from_u128(1));
    let events = [
        tenant::Event::TenantCreated {
            slug: Slug::parse("acme").expect("a slug"),
            name: tag("Acme"),
        },
        tenant::Event::ApiKeyIssued {
            key_id: key,
            name: tag("test"),
            scopes: Scope::in_order(scopes.to_vec()),
            networks: vec![],
            secret_hash: SecretHash([0; 32]),
            expires_at: Some(at(1_000)),
        },
    ];
    let mut state = None;
    for (event, number) in events.iter().zip(1..) {
        state = tenant::evolve(id, state, event, stamp(number));
    }
    state.expect("a tenant")
}

#[test]
fn a_job_goes_on_only_while_whoever_runs_it_may_do_what_it_does() {
    let key = KeyId::from_uuid(Uuid::from_u128(5));
    let tenant = tenant_with(key, &[Scope::JobsWrite, Scope::LinksWrite]);
    let may = |actor: &Actor, action: Action, second| may_still(&tenant, actor, &action, at(second));
    assert!(may(&Actor::ApiKey(key), Action::IssueLinks, 10));
    assert!(!may(&Actor::ApiKey(key), Action::Archive, 10));
    assert!(!may(&Actor::ApiKey(key), Action::IssueLinks, 1_000), "it has expired");
    let other = KeyId::from_uuid(Uuid::from_u128(6));
    assert!(!may(&Actor::ApiKey(other), Action::IssueLinks, 10));
    let stranger = Actor::Person {
        id: PersonId::from_uuid(Uuid::from_u128(7)),
        channel: Channel::Console,
    };
    assert!(!may(&stranger, Action::IssueLinks, 10));
    assert!(may(&Actor::Operator, Action::Archive, 10));
    let suspended = tenant::evolve(
        tenant.id,
        Some(tenant.clone()),
        &tenant::Event::TenantSuspended,
        stamp(3),
    );
    assert!(!may_still(
        &suspended.expect("a tenant"),
        &Actor::ApiKey(key),
        &Action::IssueLinks,
        at(10)
    ));
}

#[test]
fn every_row_has_one_end() {
    let ends = RowState::ALL.iter().filter(|state| state.is_end());
    assert_eq!(ends.count(), 4);
    assert!(Reason::parse(&"가".repeat(REASON_LENGTH_MAX)).is_ok());
    assert!(Reason::parse(&"가".repeat(REASON_LENGTH_MAX + 1)).is_err());
}
