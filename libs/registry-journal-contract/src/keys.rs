//! API keys: found without a tenant, and when they were used.

use chrono::TimeDelta;
use registry_domain::KeyId;
use registry_domain::tenant::{self, KeyIssue, Scope, SecretHash, TenantState};
use registry_journal::port::{KeyUses, Reader};
use registry_journal::submission::Order;
use uuid::Uuid;

use crate::Harness;
use crate::fixtures::{World, label, submission};

/// An API key is found by its public id alone, with all that is needed to judge it.
pub async fn keys_are_looked_up_without_a_tenant<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, _other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let key_id = KeyId::from_uuid(world.link_id().as_uuid());
    assert_eq!(world.storage.presented_key(key_id).await.expect("an answer"), None);
    let issue = KeyIssue {
        key_id,
        name: label("portal"),
        scopes: vec![Scope::MerchantsRead, Scope::LinksWrite],
        networks: vec!["198.51.100.0/24".parse().expect("a network")],
        secret_hash: SecretHash([5; 32]),
        expires_at: Some(world.now()),
        now: world.now(),
    };
    let to_tenant = |what| submission(tenant, Order::Tenant(what));
    world.write(to_tenant(tenant::Command::IssueKey(issue.clone()))).await;
    let found = world
        .storage
        .presented_key(key_id)
        .await
        .expect("an answer")
        .expect("the key");
    assert_eq!((found.tenant_id, found.tenant_slug.as_str()), (tenant, "acme"));
    assert_eq!((found.tenant_state, found.key.revoked_at), (TenantState::Active, None));
    assert_eq!(
        (found.key.scopes, found.key.networks, found.key.secret_hash),
        (issue.scopes, issue.networks, issue.secret_hash)
    );
    assert_eq!(found.key.expires_at, issue.expires_at);
    world.write(to_tenant(tenant::Command::RevokeKey(key_id))).await;
    world.write(to_tenant(tenant::Command::Suspend)).await;
    let found = world
        .storage
        .presented_key(key_id)
        .await
        .expect("an answer")
        .expect("the key");
    assert_eq!(
        (found.tenant_state, found.key.revoked_at),
        (TenantState::Suspended, Some(world.now()))
    );
}

/// The latest note of each key stands, and nobody else's is seen.
pub async fn uses_of_keys_are_remembered<H: Harness>() {
    let world = World::<H>::new().await;
    let (tenant, other) = (world.tenant("acme").await, world.tenant("umbrella").await);
    let (first, second) = (
        KeyId::from_uuid(Uuid::from_u128(1)),
        KeyId::from_uuid(Uuid::from_u128(2)),
    );
    let at = |seconds| world.now() + TimeDelta::seconds(seconds);
    let uses = async |tenant| {
        let mut uses = world.storage.key_uses(tenant).await.expect("an answer");
        uses.sort_unstable();
        uses
    };
    assert_eq!(uses(tenant).await, []);
    for (owner, key, seconds) in [
        (tenant, second, 5),
        (tenant, second, 3),
        (tenant, first, 4),
        (other, first, 9),
    ] {
        let saved = world.storage.save_key_use(owner, key, at(seconds)).await;
        saved.expect("it is saved");
    }
    assert_eq!(uses(tenant).await, [(first, at(4)), (second, at(5))]);
    assert_eq!(uses(other).await, [(first, at(9))]);
}
