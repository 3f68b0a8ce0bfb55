//! Given these events, when this command comes, then these events follow.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::merchant::{QuarantineReason, QuarantineStanding};
use crate::people::{Rights, Role};
use crate::{Adjustment, EventId, KeyId, Label, PersonId, Seq, Stamp, TenantId, Version};

fn tenant_id() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn key(number: u128) -> KeyIssue {
    KeyIssue {
        key_id: KeyId::from_uuid(Uuid::from_u128(number)),
        name: Label::parse("portal").unwrap(),
        scopes: vec![Scope::MerchantsRead],
        networks: vec![],
        secret_hash: SecretHash([7; 32]),
        expires_at: None,
        now: DateTime::UNIX_EPOCH,
    }
}

fn rotation(of: u128, successor: u128, overlap: TimeDelta) -> KeyRotation {
    KeyRotation {
        key_id: KeyId::from_uuid(Uuid::from_u128(of)),
        successor: KeyId::from_uuid(Uuid::from_u128(successor)),
        secret_hash: SecretHash([8; 32]),
        overlap,
        expires_at: None,
        now: DateTime::UNIX_EPOCH,
    }
}

fn after(commands: Vec<Command>) -> Option<Tenant> {
    let mut state = None;
    let mut version = Version::ZERO;
    for command in commands {
        for event in decide(state.as_ref(), command, &Context::default()).expect("the command is accepted") {
            version = version.next();
            let stamp = Stamp {
                event_id: EventId::from_uuid(Uuid::nil()),
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
    let events = decide(Some(&tenant), Command::RevokeKey(key(1).key_id), &Context::default()).unwrap();
    let stamp = Stamp {
        event_id: EventId::from_uuid(Uuid::nil()),
        seq: Seq(9),
        version: Version(9),
        recorded_at: now,
    };
    let tenant = evolve(tenant_id(), Some(tenant), &events[0], stamp).unwrap();
    assert_eq!(usable(&tenant), [false, false, true]);
    assert_eq!(
        decide(Some(&tenant), Command::RevokeKey(key(1).key_id), &Context::default()),
        Ok(vec![])
    );
}

#[test]
fn keys_are_limited() {
    let mut commands = vec![create()];
    commands.extend((0..KEYS_MAX as u128).map(|number| Command::IssueKey(key(number + 1))));
    let tenant = after(commands);
    assert_eq!(
        decide(tenant.as_ref(), Command::IssueKey(key(9_999)), &Context::default()),
        Err(Refusal::TooManyKeys)
    );
}

#[test]
fn a_key_that_is_wished_for_again_is_there_already() {
    let tenant = after(vec![create(), Command::IssueKey(key(1))]).unwrap();
    let again = KeyIssue {
        secret_hash: SecretHash([9; 32]),
        ..key(1)
    };
    assert_eq!(
        decide(Some(&tenant), Command::IssueKey(again), &Context::default()),
        Ok(vec![])
    );
    let other = KeyIssue {
        scopes: vec![Scope::KeysWrite],
        ..key(1)
    };
    assert_eq!(
        decide(Some(&tenant), Command::IssueKey(other), &Context::default()),
        Err(Refusal::KeyIdTaken)
    );
}

#[test]
fn a_rotated_key_works_beside_its_successor_for_the_overlap() {
    let day = TimeDelta::days(1);
    let issue = KeyIssue {
        networks: vec!["10.0.0.0/8".parse().unwrap()],
        ..key(1)
    };
    let tenant = after(vec![
        create(),
        Command::IssueKey(issue),
        Command::RotateKey(rotation(1, 2, day)),
    ]);
    let tenant = tenant.unwrap();
    let [old, new] = &tenant.keys[..] else {
        panic!("two keys: {:?}", tenant.keys)
    };
    let now = DateTime::<Utc>::UNIX_EPOCH;
    assert_eq!(
        (old.is_usable(now), old.is_usable(now + day), old.successor),
        (true, false, Some(new.id))
    );
    assert!(new.is_usable(now + day * 10_000), "the old one had no end either");
    assert_eq!(
        (&new.name, &new.scopes, &new.networks),
        (&old.name, &old.scopes, &old.networks)
    );
    let again = Command::RotateKey(rotation(1, 2, day));
    assert_eq!(decide(Some(&tenant), again, &Context::default()), Ok(vec![]));
    let later = KeyRotation {
        now: now + day,
        ..rotation(1, 3, day)
    };
    assert_eq!(
        decide(Some(&tenant), Command::RotateKey(later), &Context::default()),
        Err(Refusal::KeyEnded)
    );
    let unknown = Command::RotateKey(rotation(7, 8, day));
    assert_eq!(
        decide(Some(&tenant), unknown, &Context::default()),
        Err(Refusal::NoSuchKey)
    );
}

#[test]
fn a_rotation_neither_prolongs_the_old_key_nor_shortens_the_lifetime() {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    let hour = TimeDelta::hours(1);
    let issue = KeyIssue {
        expires_at: Some(now + hour),
        ..key(1)
    };
    let tenant = after(vec![create(), Command::IssueKey(issue)]).unwrap();
    let half_past = KeyRotation {
        now: now + hour / 2,
        ..rotation(1, 2, TimeDelta::days(7))
    };
    let events = decide(Some(&tenant), Command::RotateKey(half_past), &Context::default()).unwrap();
    let [
        Event::ApiKeyRotated {
            works_until,
            expires_at,
            ..
        },
    ] = &events[..]
    else {
        panic!("one fact: {events:?}")
    };
    assert_eq!((*works_until, *expires_at), (now + hour, Some(now + hour / 2 + hour)));
}

#[test]
fn keys_that_come_and_go_are_not_remembered_for_ever() {
    let mut commands = vec![create()];
    for number in 1..=3 * KEYS_MAX as u128 {
        commands.push(Command::IssueKey(key(number)));
        commands.push(Command::RevokeKey(key(number).key_id));
    }
    commands.push(Command::IssueKey(key(9_999)));
    let tenant = after(commands).unwrap();
    assert_eq!(tenant.keys.len(), KEYS_MAX + 1);
    let ids: Vec<_> = tenant.keys.iter().rev().take(2).map(|key| key.id).collect();
    assert_eq!(ids, [key(9_999).key_id, key(3 * KEYS_MAX as u128).key_id]);
}

#[test]
fn a_key_may_come_from_its_networks_only() {
    let issue = KeyIssue {
        networks: vec!["10.1.0.0/16".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        ..key(1)
    };
    let tenant = after(vec![create(), Command::IssueKey(issue), Command::IssueKey(key(2))]).unwrap();
    let from = |index: usize, sender: Option<&str>| {
        tenant.keys[index].may_come_from(sender.map(|sender| sender.parse().unwrap()))
    };
    assert!(from(0, Some("10.1.255.1")) && from(0, Some("2001:db8::7")));
    assert!(!from(0, Some("10.2.0.1")) && !from(0, None));
    assert!(from(1, Some("10.2.0.1")) && from(1, None));
}

#[test]
fn suspending_twice_is_one_fact() {
    let tenant = after(vec![create(), Command::Suspend]);
    assert_eq!(tenant.as_ref().map(|tenant| tenant.state), Some(TenantState::Suspended));
    assert_eq!(
        decide(tenant.as_ref(), Command::Suspend, &Context::default()),
        Ok(vec![])
    );
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

/// A tenant under test, with the events of its last command.
struct Stream {
    state: Option<Tenant>,
    version: Version,
}

impl Stream {
    fn created() -> Self {
        let mut stream = Self {
            state: None,
            version: Version::ZERO,
        };
        stream.when(create());
        stream
    }

    fn when(&mut self, command: Command) -> Vec<Event> {
        self.when_known(command, &Context::default())
    }

    fn when_known(&mut self, command: Command, context: &Context) -> Vec<Event> {
        let events = decide(self.state.as_ref(), command, context).expect("the command is accepted");
        for event in &events {
            self.version = self.version.next();
            let stamp = Stamp {
                event_id: EventId::from_uuid(Uuid::nil()),
                seq: Seq(self.version.0),
                version: self.version,
                recorded_at: DateTime::<Utc>::UNIX_EPOCH,
            };
            self.state = evolve(tenant_id(), self.state.take(), event, stamp);
        }
        events
    }

    fn now(&self) -> &Tenant {
        self.state.as_ref().expect("the tenant was created")
    }

    fn set(&mut self, change: SettingsChange) {
        self.when(Command::ChangeSettings(Box::new(change)));
    }
}

fn pause(code: &str) -> Command {
    Command::PauseUpstream { code: code.to_owned() }
}

fn upstream() -> Upstream {
    Upstream {
        base_url: "https://upstream.example/partner".to_owned(),
        api_key: crate::merchant::SecretText::new("key".to_owned()),
    }
}

#[test]
fn a_refused_partner_is_one_alert() {
    let mut stream = Stream::created();
    assert_eq!(stream.when(Command::ResumeUpstream), []);
    let paused = Event::UpstreamPaused {
        code: "PARTNER_006".to_owned(),
    };
    assert_eq!(stream.when(pause("PARTNER_006")), [paused]);
    assert_eq!(stream.when(pause("PARTNER_002")), []);
    assert_eq!(
        stream.now().upstream_pause.as_ref().map(|pause| pause.code.as_str()),
        Some("PARTNER_006")
    );
    assert_eq!(stream.when(Command::ResumeUpstream), [Event::UpstreamResumed]);
    assert_eq!(stream.now().upstream_pause, None);
}

#[test]
fn another_key_is_worth_another_try() {
    let mut stream = Stream::created();
    stream.when(pause("PARTNER_002"));
    let events = stream.when(Command::ConfigureUpstream(upstream()));
    assert!(matches!(
        events[..],
        [Event::UpstreamConfigured { .. }, Event::UpstreamResumed]
    ));
    assert_eq!(stream.now().upstream_pause, None);
}

#[test]
fn settings_are_remembered_with_the_event_that_made_them() {
    let mut stream = Stream::created();
    let defaults = stream.now().settings.clone();
    assert_eq!(defaults, Settings::default());
    let change = |change| Command::ChangeSettings(Box::new(change));
    assert_eq!(stream.when(change(SettingsChange::default())), []);
    let same = SettingsChange {
        hold_time: Some(defaults.hold_time),
        low_balance_threshold: Adjustment::Unset,
        ..SettingsChange::default()
    };
    assert_eq!(stream.when(change(same)), []);
    stream.set(SettingsChange {
        read_back_enabled: Some(false),
        ..SettingsChange::default()
    });
    assert!(!stream.now().settings.read_back.enabled);
    assert_eq!(stream.now().settings_from, Version(2));
    stream.set(SettingsChange {
        read_back_path: Adjustment::Set(CallPath::parse("auth/other").unwrap()),
        ..SettingsChange::default()
    });
    let read_back = &stream.now().settings.read_back;
    assert!(!read_back.enabled, "what is left out stays");
    assert_eq!(read_back.path.as_ref().map(CallPath::as_str), Some("auth/other"));
}

#[test]
fn both_codes_have_a_field_of_their_own() {
    let mut stream = Stream::created();
    let named = |member: &str| {
        let change = SettingsChange {
            member_field: Adjustment::Set(FieldName::parse(member).unwrap()),
            ..SettingsChange::default()
        };
        Command::ChangeSettings(Box::new(change))
    };
    let tenant = stream.now().clone();
    for name in ["merchant", "MERCHANT"] {
        assert_eq!(
            decide(Some(&tenant), named(name), &Context::default()),
            Err(Refusal::OneFieldName)
        );
    }
    assert_eq!(stream.when(named("memberId")).len(), 1);
}

#[test]
fn what_was_stored_under_older_rules_is_kept_and_not_used() {
    let mut read_back = Settings::default().read_back;
    assert!(read_back.is_usable());
    for path in ["%2e%2e/%2e%2e/elsewhere", "a//b"] {
        read_back.path = Some(CallPath::from_stored(path.to_owned()));
        assert!(!read_back.is_usable(), "{path}");
    }
    read_back.path = None;
    for name in ["apiKey", "merchant"] {
        read_back.member_field = Some(FieldName::from_stored(name.to_owned()));
        assert!(!read_back.is_usable(), "{name}");
    }
}

#[test]
fn a_low_balance_is_told_once_on_the_way_down_and_once_on_the_way_up() {
    let mut stream = Stream::created();
    let seen = |points| Command::RecordBalance { points };
    assert_eq!(stream.when(seen(-5)), [], "no threshold, no alert");
    let threshold = |points| SettingsChange {
        low_balance_threshold: points,
        ..SettingsChange::default()
    };
    stream.set(threshold(Adjustment::Set(5_500)));
    let low = |seen| Event::BalanceLow { threshold: 5_500, seen };
    let recovered = |seen| Event::BalanceRecovered { threshold: 5_500, seen };
    assert_eq!(stream.when(seen(5_500)), []);
    assert_eq!(stream.when(seen(5_499)), [low(5_499)]);
    assert_eq!(stream.when(seen(0)), []);
    assert_eq!(stream.now().low_balance.map(|low| low.seen), Some(5_499));
    assert_eq!(stream.when(seen(500_000)), [recovered(500_000)]);
    assert_eq!(stream.when(seen(0)), [low(0)]);
    stream.set(threshold(Adjustment::Unset));
    assert_eq!(stream.when(seen(0)), [recovered(0)]);
}

#[test]
fn missing_callbacks_are_told_once_and_so_is_their_return() {
    let mut stream = Stream::created();
    let day = |day| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(day);
    let judge = |since: Option<i64>, now| Command::JudgeCallbacks {
        silent: since.map(|since| SilentLinks {
            since: day(since),
            links: 3,
        }),
        now: day(now),
    };
    assert_eq!(stream.when(judge(Some(0), 6)), []);
    assert_eq!(stream.when(judge(None, 7)), []);
    let missing = Event::CallbacksMissing {
        since: day(0),
        links: 3,
        after: Settings::default().callbacks_missing_after,
    };
    assert_eq!(stream.when(judge(Some(0), 7)), [missing]);
    assert_eq!(stream.when(judge(Some(0), 8)), []);
    assert_eq!(stream.now().callbacks_missing_since, Some(day(0)));
    assert_eq!(
        stream.when(judge(Some(8), 9)),
        [Event::CallbacksSeen],
        "newer links wait"
    );
    assert_eq!(stream.when(judge(None, 10)), []);
}

#[test]
fn a_pair_that_nobody_claimed_is_told_once_and_settled_once() {
    let reference = || crate::Reference {
        member_code: crate::MemberCode::parse("m").unwrap(),
        merchant_code: crate::MerchantCode::parse("s").unwrap(),
    };
    let listed = || {
        Command::ReceiveListed(ListedPair {
            reference: reference(),
            mapping_status: None,
            read_at: DateTime::<Utc>::UNIX_EPOCH,
        })
    };
    let dismiss = || Command::ResolveUnclaimed {
        reference: reference(),
        resolution: UnclaimedResolution::Dismissed(Label::parse("시험").unwrap()),
    };
    let pair = |pair| Context {
        pair,
        ..Context::default()
    };
    let registered = Context {
        pair_is_registered: true,
        ..Context::default()
    };
    let mut stream = Stream::created();
    assert_eq!(stream.when(listed()).len(), 1);
    for known in [
        pair(UnclaimedStanding::Open),
        pair(UnclaimedStanding::Settled),
        registered,
    ] {
        assert_eq!(stream.when_known(listed(), &known), []);
    }
    assert_eq!(
        decide(stream.state.as_ref(), dismiss(), &pair(UnclaimedStanding::Absent)),
        Err(Refusal::NoSuchUnclaimed)
    );
    assert!(matches!(
        stream.when_known(dismiss(), &pair(UnclaimedStanding::Open))[..],
        [Event::UnclaimedMerchantDismissed { .. }]
    ));
    assert_eq!(stream.when_known(dismiss(), &pair(UnclaimedStanding::Settled)), []);
}

#[test]
fn a_callback_of_nobody_is_discarded_once() {
    let discard = || Command::DiscardCallback {
        event_id: EventId::from_uuid(Uuid::from_u128(5)),
        reason: Label::parse("시험").unwrap(),
    };
    let it_is = |standing| Context {
        standing,
        ..Context::default()
    };
    let mut stream = Stream::created();
    let open = it_is(QuarantineStanding::Open(QuarantineReason::Unparseable));
    assert_eq!(stream.when_known(discard(), &open).len(), 1);
    assert_eq!(stream.when_known(discard(), &it_is(QuarantineStanding::Settled)), []);
    assert_eq!(
        decide(stream.state.as_ref(), discard(), &it_is(QuarantineStanding::Absent)),
        Err(Refusal::NotQuarantined)
    );
}

fn person(number: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(number))
}

fn add(number: u128, role: Role) -> Command {
    Command::AddMember {
        person_id: person(number),
        rights: role.into(),
        by_groups: false,
    }
}

fn change(number: u128, role: Role, last_manager: LastManager) -> Command {
    Command::ChangeMember {
        person_id: person(number),
        rights: role.into(),
        by_groups: false,
        last_manager,
    }
}

fn remove(number: u128, last_manager: LastManager) -> Command {
    Command::RemoveMember {
        person_id: person(number),
        last_manager,
    }
}

#[test]
fn people_come_change_and_go() {
    let tenant = after(vec![
        create(),
        add(1, Role::Manager),
        add(2, Role::Viewer),
        add(3, Role::Operator),
        change(2, Role::Auditor, LastManager::Stays),
        remove(3, LastManager::Stays),
    ]);
    let tenant = tenant.unwrap();
    let roles: Vec<_> = tenant
        .members
        .iter()
        .map(|member| (member.person_id, member.rights.role()))
        .collect();
    assert_eq!(roles, [(person(1), Role::Manager), (person(2), Role::Auditor)]);
    let told = |command| decide(Some(&tenant), command, &Context::default());
    assert_eq!(told(add(2, Role::Auditor)), Err(Refusal::MemberExists));
    assert_eq!(told(change(2, Role::Auditor, LastManager::Stays)), Ok(vec![]));
    assert_eq!(
        told(change(9, Role::Viewer, LastManager::MayGo)),
        Err(Refusal::NoSuchMember)
    );
    assert_eq!(told(remove(3, LastManager::MayGo)), Err(Refusal::NoSuchMember));
}

#[test]
fn the_last_manager_goes_only_if_that_is_meant() {
    let tenant = after(vec![create(), add(1, Role::Manager), add(2, Role::Viewer)]).unwrap();
    let told = |command| decide(Some(&tenant), command, &Context::default());
    assert_eq!(told(remove(1, LastManager::Stays)), Err(Refusal::LastManager));
    assert_eq!(
        told(change(1, Role::Operator, LastManager::Stays)),
        Err(Refusal::LastManager)
    );
    assert!(told(remove(2, LastManager::Stays)).is_ok());
    assert!(told(remove(1, LastManager::MayGo)).is_ok());
    assert!(told(change(1, Role::Operator, LastManager::MayGo)).is_ok());
    // One who stays a manager is changed like anybody.
    let less = Rights::new(Role::Manager, [], [crate::people::Extra::PersonalRead]).unwrap();
    let narrowed = Command::ChangeMember {
        person_id: person(1),
        rights: less,
        by_groups: false,
        last_manager: LastManager::Stays,
    };
    assert!(told(narrowed).is_ok());
    let two = after(vec![create(), add(1, Role::Manager), add(2, Role::Manager)]).unwrap();
    assert!(decide(Some(&two), remove(1, LastManager::Stays), &Context::default()).is_ok());
}

#[test]
fn a_membership_that_somebody_gives_no_longer_follows_groups() {
    let by_groups = Command::AddMember {
        person_id: person(1),
        rights: Role::Viewer.into(),
        by_groups: true,
    };
    let tenant = after(vec![create(), by_groups]).unwrap();
    assert!(tenant.members[0].by_groups);
    let tenant = after(vec![create(), add(1, Role::Viewer)]).unwrap();
    assert!(!tenant.members[0].by_groups);
}

#[test]
fn a_tenant_has_so_many_people_at_most() {
    let mut commands = vec![create()];
    commands.extend((0..MEMBERS_MAX as u128).map(|number| add(number, Role::Viewer)));
    let tenant = after(commands);
    let one_more = decide(tenant.as_ref(), add(9_999, Role::Viewer), &Context::default());
    assert_eq!(one_more, Err(Refusal::TooManyMembers));
}

#[test]
fn scopes_are_kept_in_one_order_and_once() {
    let tenant = after(vec![create()]).unwrap();
    let scopes = vec![Scope::PersonalRead, Scope::MerchantsRead, Scope::PersonalRead];
    let issue = KeyIssue { scopes, ..key(1) };
    let events = decide(Some(&tenant), Command::IssueKey(issue), &Context::default()).unwrap();
    let Event::ApiKeyIssued { scopes, .. } = &events[0] else {
        panic!("a key is issued");
    };
    assert_eq!(*scopes, [Scope::MerchantsRead, Scope::PersonalRead]);
}
