//! An installation has one master key, and callback keys, and logs.

use registry_journal::installation::{IfNone, InstallationError, recognise, recognise_callback_keys};
use registry_journal::keyring::{KeyCheck, Keyring, MasterKey};
use registry_journal::port::{Founding, KeyEvidence};

use crate::Harness;
use crate::fixtures::{World, callback};

fn keyring(number: u8) -> Keyring {
    Keyring::new(&MasterKey::from_bytes([number; 32]))
}

/// Where nothing is, nothing is found, and looking makes nothing. Once it was founded the key is known, and no other is.
pub async fn an_installation_knows_its_master_key<H: Harness>() {
    let harness = H::fresh().await;
    let storage = harness.open().await;
    let (ours, other) = (keyring(7), keyring(8));
    let none = recognise(&storage, &ours, IfNone::Refuse).await;
    assert!(matches!(none, Err(InstallationError::None)), "{none:?}");
    let evidence = storage.key_evidence().await.expect("storage answers");
    assert_eq!(evidence, KeyEvidence::default());
    recognise(&storage, &ours, IfNone::Found).await.expect("it is made");
    for if_none in [IfNone::Found, IfNone::Refuse] {
        let again = harness.open().await;
        recognise(&again, &ours, if_none).await.expect("it is ours");
        let refused = recognise(&again, &other, if_none).await;
        assert!(matches!(refused, Err(InstallationError::OtherKey)), "{refused:?}");
    }
}

/// Of many processes that make an installation at once, each with a key of its own, one wins.
pub async fn one_of_many_founders_wins<H: Harness>() {
    let harness = H::fresh().await;
    let mut founders = Vec::new();
    for number in 0..8 {
        let storage = harness.open().await;
        let founding = async move { recognise(&storage, &keyring(number), IfNone::Found).await };
        founders.push(tokio::spawn(founding));
    }
    let mut winners = 0;
    for founder in founders {
        match founder.await.expect("nobody panics") {
            Ok(()) => winners += 1,
            Err(InstallationError::OtherKey) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(winners, 1);
}

/// An installation from before there was a check value is known by what its key has wrapped, and is not given another key.
pub async fn an_older_installation_is_known_by_what_it_has_wrapped<H: Harness>() {
    let world = World::<H>::new().await;
    let tenant = world.tenant("acme").await;
    let merchant = world.merchant(tenant, "m", "s").await;
    world.report(callback(tenant, merchant, "S", "sealed")).await;
    let check = async || world.storage.key_evidence().await.expect("storage answers").check;
    let refused = recognise(&world.storage, &keyring(8), IfNone::Found).await;
    assert!(matches!(refused, Err(InstallationError::OtherKey)), "{refused:?}");
    assert_eq!(check().await, None);
    recognise(&world.storage, &keyring(7), IfNone::Refuse)
        .await
        .expect("it opens");
    assert_eq!(check().await, Some(keyring(7).check()));
}

fn keys(keys: &[(u8, u8)]) -> Vec<(u8, KeyCheck)> {
    let key = |(number, byte): &(u8, u8)| (*number, KeyCheck::from([*byte; 32]));
    keys.iter().map(key).collect()
}

/// A callback key is known by its number, and the newest must be there. Who only looks writes nothing down.
pub async fn an_installation_knows_its_callback_keys<H: Harness>() {
    let harness = H::fresh().await;
    let storage = harness.open().await;
    let open = async |ours: &[(u8, u8)], if_none| {
        let storage = harness.open().await;
        recognise_callback_keys(&storage, &keys(ours), if_none).await
    };
    open(&[(1, 1)], IfNone::Refuse).await.expect("nothing is known");
    assert!(storage.callback_key_checks().await.expect("storage answers").is_empty());
    open(&[(1, 1)], IfNone::Found).await.expect("it is the first");
    for if_none in [IfNone::Refuse, IfNone::Found] {
        let other = open(&[(1, 2)], if_none).await;
        assert!(
            matches!(other, Err(InstallationError::OtherCallbackKey { number: 1 })),
            "{other:?}"
        );
        let foreign = open(&[(2, 2)], if_none).await;
        assert!(
            matches!(foreign, Err(InstallationError::CallbackKeyLacking { number: 1 })),
            "{foreign:?}"
        );
    }
    open(&[(2, 2), (1, 1)], IfNone::Refuse)
        .await
        .expect("a new one is no other one");
    open(&[(1, 1)], IfNone::Found)
        .await
        .expect("nobody has founded with the new one");
    open(&[(2, 2), (1, 1)], IfNone::Found)
        .await
        .expect("the new one is taken");
    open(&[(2, 2)], IfNone::Found).await.expect("the old one may go");
    let old = open(&[(1, 1)], IfNone::Found).await;
    assert!(
        matches!(old, Err(InstallationError::CallbackKeyLacking { number: 2 })),
        "{old:?}"
    );
    let known = storage.callback_key_checks().await.expect("storage answers");
    assert_eq!(known.into_iter().collect::<Vec<_>>(), keys(&[(1, 1), (2, 2)]));
}

/// Every log is found, one after the other; their tenants are not asked for.
pub async fn logs_are_found_without_their_tenants<H: Harness>() {
    let world = World::<H>::new().await;
    let mut tenants = vec![world.tenant("acme").await, world.tenant("other").await];
    tenants.sort_unstable();
    let mut found = Vec::new();
    while let Some(next) = world
        .storage
        .next_log(found.last().copied())
        .await
        .expect("storage answers")
    {
        found.push(next);
    }
    assert_eq!(found, tenants);
}
