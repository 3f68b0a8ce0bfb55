//! People, and what leads to them.

use chrono::{DateTime, TimeDelta, Utc};
use registry_domain::people::{EmailAddress, LinkPurpose, Role};
use registry_domain::tenant::{self, LastManager};
use registry_domain::{PersonId, TenantId};
use registry_journal::port::{Identity, PageSize, PasswordHash, People, Person, PersonLink, RoleMapping, SecretDigest};
use registry_journal::submission::Order;
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::{World, label, submission};

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::microseconds(seconds * 1_000_000 + 7)
}

pub(super) fn id(number: u128) -> PersonId {
    PersonId::from_uuid(Uuid::from_u128(number))
}

fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.test")).expect("an address")
}

pub(super) fn person(number: u128, name: &str) -> Person {
    Person {
        id: id(number),
        email: email(name),
        name: label("김운영"),
        identity: None,
        password_hash: None,
        is_administrator: false,
        created_at: at(0),
        disabled_at: None,
        signed_in_at: None,
    }
}

fn identity(subject: &str) -> Identity {
    Identity {
        issuer: "https://idp.example".to_owned(),
        subject: subject.to_owned(),
    }
}

pub(super) const fn digest(number: u8) -> SecretDigest {
    SecretDigest([number; 32])
}

pub(super) async fn with_people<H: Harness>(people: &[Person]) -> (H, H::Storage) {
    let harness = H::fresh().await;
    let storage = harness.open().await;
    for person in people {
        assert!(storage.add_person(person).await.expect("a person is taken"));
    }
    (harness, storage)
}

/// People are found by id and by address, listed in order, and what changes about them is there at once.
pub async fn people_are_found_and_changed<H: Harness>() {
    let mut kim = person(2, "kim");
    let lee = Person {
        identity: Some(identity("lee")),
        password_hash: Some(PasswordHash("$argon2id$lee".to_owned())),
        is_administrator: true,
        disabled_at: Some(at(3)),
        signed_in_at: Some(at(2)),
        ..person(1, "lee")
    };
    let (harness, storage) = with_people::<H>(&[kim.clone(), lee.clone()]).await;
    let found = |id| {
        let storage = storage.clone();
        async move { storage.person(id).await.expect("an answer") }
    };
    assert_eq!(found(kim.id).await, Some(kim.clone()));
    assert_eq!(found(id(9)).await, None);
    let by_email = storage.person_by_email(&email("lee")).await.expect("an answer");
    assert_eq!(by_email, Some(lee.clone()));
    assert_eq!(storage.person_by_email(&email("park")).await.expect("an answer"), None);
    let by_identity = storage.person_by_identity(&identity("lee")).await.expect("an answer");
    assert_eq!(by_identity, Some(lee.clone()));
    let none = storage.person_by_identity(&identity("kim")).await.expect("an answer");
    assert_eq!(none, None);
    let listed = storage.list_persons(None, PageSize::clamped(1)).await.expect("a page");
    assert_eq!(listed, std::slice::from_ref(&lee));
    let listed = storage.list_persons(Some(lee.id), PageSize::MAX).await.expect("a page");
    assert_eq!(listed, [kim.clone()]);
    let mut named = storage.persons(&[kim.id, lee.id, id(9)]).await.expect("an answer");
    named.sort_by_key(|person| person.id);
    assert_eq!(named, [lee.clone(), kim.clone()]);
    assert_eq!(storage.persons(&[]).await.expect("an answer"), []);

    let hash = PasswordHash("$argon2id$kim".to_owned());
    assert!(storage.set_password(kim.id, Some(&hash)).await.expect("it is changed"));
    assert!(storage.set_disabled(kim.id, Some(at(5))).await.expect("it is changed"));
    assert!(storage.set_administrator(kim.id, true).await.expect("it is changed"));
    storage.note_sign_in(kim.id, at(6)).await.expect("it is noted");
    (kim.password_hash, kim.disabled_at) = (Some(hash), Some(at(5)));
    (kim.is_administrator, kim.signed_in_at) = (true, Some(at(6)));
    let again = harness.open().await;
    assert_eq!(again.person(kim.id).await.expect("an answer"), Some(kim.clone()));
    assert!(storage.set_password(kim.id, None).await.expect("it is changed"));
    assert!(storage.set_disabled(kim.id, None).await.expect("it is changed"));
    assert!(!storage.set_disabled(id(9), None).await.expect("there is nobody"));
    (kim.password_hash, kim.disabled_at) = (None, None);
    assert_eq!(found(kim.id).await, Some(kim));
    assert_eq!(found(lee.id).await, Some(lee));
}

/// An address belongs to one person, and so does what the provider calls somebody.
pub async fn an_address_and_an_identity_are_one_persons<H: Harness>() {
    let (_harness, storage) = with_people::<H>(&[person(1, "kim"), person(2, "lee")]).await;
    let taken = person(3, "kim");
    assert!(!storage.add_person(&taken).await.expect("an answer"));
    assert!(!storage.add_person(&person(1, "park")).await.expect("an answer"));
    let told = async |number, subject: &str, address: &str| {
        let (identity, email) = (identity(subject), email(address));
        let name = label("Kim");
        storage
            .set_identity(id(number), &identity, &email, &name)
            .await
            .expect("an answer")
    };
    assert!(told(1, "s-1", "kim").await);
    // The provider knows another address by now.
    assert!(told(1, "s-1", "kim.new").await);
    assert!(!told(1, "s-1", "lee").await, "it is somebody else's");
    assert!(!told(1, "s-2", "kim.new").await, "the person is called something else");
    assert!(!told(2, "s-1", "lee").await, "it is what somebody else is called");
    let found = storage.person_by_identity(&identity("s-1")).await.expect("an answer");
    let found = found.expect("the person");
    assert_eq!(
        (found.id, found.email, found.name),
        (id(1), email("kim.new"), label("Kim"))
    );
    let another = Person {
        identity: Some(identity("s-1")),
        ..person(4, "park")
    };
    assert!(!storage.add_person(&another).await.expect("an answer"));
}

/// A link works once, for what it was made for, until it expires; the next one takes its place.
pub async fn a_link_works_once<H: Harness>() {
    let (harness, storage) = with_people::<H>(&[person(1, "kim"), person(2, "lee")]).await;
    let link = |number, of, purpose| PersonLink {
        digest: digest(number),
        person_id: id(of),
        purpose,
        created_at: at(0),
        expires_at: at(60),
    };
    let invitation = link(1, 1, LinkPurpose::Invitation);
    storage.put_link(&invitation).await.expect("it is kept");
    assert_eq!(
        storage.link(digest(1), at(59)).await.expect("an answer"),
        Some(invitation)
    );
    assert_eq!(storage.link(digest(1), at(60)).await.expect("an answer"), None);
    let take = async |number, purpose, now| {
        storage
            .take_link(digest(number), purpose, now)
            .await
            .expect("an answer")
    };
    assert_eq!(take(1, LinkPurpose::SignIn, at(1)).await, None);
    assert_eq!(take(1, LinkPurpose::Invitation, at(60)).await, None);
    storage
        .put_link(&link(2, 1, LinkPurpose::Invitation))
        .await
        .expect("it is kept");
    storage
        .put_link(&link(3, 1, LinkPurpose::SignIn))
        .await
        .expect("it is kept");
    storage
        .put_link(&link(4, 2, LinkPurpose::SignIn))
        .await
        .expect("it is kept");
    assert_eq!(
        take(1, LinkPurpose::Invitation, at(1)).await,
        None,
        "another took its place"
    );
    let mut tries = Vec::new();
    for _ in 0..4 {
        let storage = harness.open().await;
        tries.push(tokio::spawn(async move {
            storage
                .take_link(digest(2), LinkPurpose::Invitation, at(1))
                .await
                .expect("an answer")
        }));
    }
    let mut taken = Vec::new();
    for one in tries {
        taken.extend(one.await.expect("nobody panics"));
    }
    assert_eq!(taken, [id(1)]);
    storage.drop_links(id(1)).await.expect("they are gone");
    assert_eq!(take(3, LinkPurpose::SignIn, at(1)).await, None);
    assert_eq!(take(4, LinkPurpose::SignIn, at(1)).await, Some(id(2)));
}

/// A person is found in every tenant that they belong to, and in none that they have left.
pub async fn a_person_is_found_in_every_tenant<H: Harness>() {
    let world = World::<H>::new().await;
    let (umbrella, acme) = (world.tenant("umbrella").await, world.tenant("acme").await);
    world.tenant("other").await;
    let add = |person_id, role: Role| tenant::Command::AddMember {
        person_id,
        rights: role.into(),
        by_groups: false,
    };
    let to = |tenant, what| submission(tenant, Order::Tenant(what));
    let of = async |number| {
        let tenants = world.storage.tenants_of(id(number)).await.expect("an answer");
        let role = |tenant: &tenant::Tenant| tenant.member(id(number)).expect("a member").rights.role();
        tenants
            .iter()
            .map(|tenant| (tenant.id, role(tenant)))
            .collect::<Vec<(TenantId, Role)>>()
    };
    assert_eq!(of(1).await, []);
    world.write(to(umbrella, add(id(1), Role::Manager))).await;
    world.write(to(acme, add(id(1), Role::Viewer))).await;
    world.write(to(acme, add(id(2), Role::Operator))).await;
    assert_eq!(of(1).await, [(acme, Role::Viewer), (umbrella, Role::Manager)]);
    assert_eq!(of(2).await, [(acme, Role::Operator)]);
    let change = tenant::Command::ChangeMember {
        person_id: id(1),
        rights: Role::Operator.into(),
        by_groups: false,
        last_manager: LastManager::Stays,
    };
    world.write(to(acme, change)).await;
    let remove = tenant::Command::RemoveMember {
        person_id: id(1),
        last_manager: LastManager::MayGo,
    };
    world.write(to(umbrella, remove)).await;
    assert_eq!(of(1).await, [(acme, Role::Operator)]);
    world.write(to(umbrella, add(id(1), Role::Auditor))).await;
    assert_eq!(of(1).await, [(acme, Role::Operator), (umbrella, Role::Auditor)]);
}

/// Groups are roles of the tenants that say so; what a tenant says takes the place of what it said.
pub async fn groups_are_roles<H: Harness>() {
    let harness = H::fresh().await;
    let storage = harness.open().await;
    let (one, two) = (
        TenantId::from_uuid(Uuid::from_u128(1)),
        TenantId::from_uuid(Uuid::from_u128(2)),
    );
    let mapping = |tenant_id, group: &str, role| RoleMapping {
        tenant_id,
        group: group.to_owned(),
        role,
    };
    let ops = mapping(one, "운영팀", Role::Operator);
    let boss = mapping(one, "boss", Role::Manager);
    let theirs = mapping(two, "boss", Role::Viewer);
    storage
        .replace_role_mappings(one, &[ops.clone(), boss.clone()])
        .await
        .expect("they are kept");
    storage
        .replace_role_mappings(two, std::slice::from_ref(&theirs))
        .await
        .expect("they are kept");
    assert_eq!(
        storage.role_mappings(one).await.expect("a list"),
        [boss.clone(), ops.clone()]
    );
    let of = async |groups: &[&str]| {
        let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
        storage.mappings_of_groups(&groups).await.expect("a list")
    };
    assert_eq!(
        of(&["boss", "운영팀", "nobody"]).await,
        [boss.clone(), theirs.clone(), ops.clone()]
    );
    assert_eq!(of(&["운영팀"]).await, [ops]);
    assert_eq!(of(&[]).await, []);
    let less = mapping(one, "boss", Role::Auditor);
    storage
        .replace_role_mappings(one, std::slice::from_ref(&less))
        .await
        .expect("they are kept");
    assert_eq!(storage.role_mappings(one).await.expect("a list"), [less]);
    storage.replace_role_mappings(one, &[]).await.expect("they are kept");
    assert_eq!(storage.role_mappings(one).await.expect("a list"), []);
    assert_eq!(storage.role_mappings(two).await.expect("a list"), [theirs]);
}
