//! An installation has one master key.

use crate::contract::Harness;
use crate::contract::fixtures::{World, callback};
use crate::installation::{IfNone, InstallationError, recognise};
use crate::keyring::{Keyring, MasterKey};
use crate::port::{Founding, KeyEvidence};

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
