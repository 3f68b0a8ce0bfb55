//! Given these events, when this command comes, then these events follow.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::*;
use crate::{KeyId, Label, Seq, Stamp, TenantId, Version};

fn tenant_id() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn key(number: u128) -> KeyIssue {
    KeyIssue {
        key_id: KeyId::from_uuid(Uuid::from_u128(number)),
        name: Label::parse("portal").unwrap(),
        scopes: vec![Scope::MerchantsRead],
        secret_hash: SecretHash([7; 32]),
        expires_at: None,
    }
}

fn after(commands: Vec<Command>) -> Option<Tenant> {
    let mut state = None;
    let mut version = Version::ZERO;
    for command in commands {
        for event in decide(state.as_ref(), command).expect("the command is accepted") {
            version = version.next();
            let stamp = Stamp {
                seq: Seq(version.0),
                version,
                recorded_at: DateTime::<Utc>::UNIX_EPOCH,
            };
            state = evolve(tenant_id(), state, &event, stamp);
        }
    }
    state
}

fn create() -> Command {
    let creation = Creation {
        slug: Slug::parse("acme").unwrap(),
        name: Label::parse("Acme").unwrap(),
        slug_taken: None,
    };
    Command::Create(creation)
}

#[test]
fn a_revoked_or_expired_key_is_not_usable() {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let expiring = KeyIssue {
        expires_at: Some(now),
        ..key(2)
    };
    let tenant = after(vec![
        create(),
        Command::IssueKey(key(1)),
        Command::IssueKey(expiring),
        Command::IssueKey(key(3)),
    ]);
    let usable = |tenant: &Tenant| tenant.keys.iter().map(|key| key.is_usable(now)).collect::<Vec<_>>();
    let tenant = tenant.unwrap();
    assert_eq!(usable(&tenant), [true, false, true]);
    let events = decide(Some(&tenant), Command::RevokeKey(key(1).key_id)).unwrap();
    let stamp = Stamp {
        seq: Seq(9),
        version: Version(9),
        recorded_at: now,
    };
    let tenant = evolve(tenant_id(), Some(tenant), &events[0], stamp).unwrap();
    assert_eq!(usable(&tenant), [false, false, true]);
    assert_eq!(decide(Some(&tenant), Command::RevokeKey(key(1).key_id)), Ok(vec![]));
}

#[test]
fn keys_are_limited() {
    let mut commands = vec![create()];
    commands.extend((0..KEYS_MAX as u128).map(|number| Command::IssueKey(key(number + 1))));
    let tenant = after(commands);
    assert_eq!(
        decide(tenant.as_ref(), Command::IssueKey(key(9_999))),
        Err(Refusal::TooManyKeys)
    );
}

#[test]
fn suspending_twice_is_one_fact() {
    let tenant = after(vec![create(), Command::Suspend]);
    assert_eq!(tenant.as_ref().map(|tenant| tenant.state), Some(TenantState::Suspended));
    assert_eq!(decide(tenant.as_ref(), Command::Suspend), Ok(vec![]));
}

#[test]
fn slugs_are_fit_for_subjects() {
    for text in ["acme", "a-1", "abc"] {
        assert!(Slug::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "ab",
        "Acme",
        "-acme",
        "acme-",
        "ac.me",
        "ac me",
        "가나다",
        &"a".repeat(41),
    ] {
        assert!(Slug::parse(text).is_err(), "{text}");
    }
}
