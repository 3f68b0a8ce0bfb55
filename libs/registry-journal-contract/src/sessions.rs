//! Who is signed in, and who tried to.

use registry_domain::SessionId;
use registry_domain::people::SignInMethod;
use registry_journal::port::{Census, Identity, People, Person, SecretDigest, Session, Sessions};
use uuid::Uuid;

use crate::Harness;
use crate::people::{at, digest, id, person, with_people};

fn session(number: u8, of: u128, begun: i64) -> Session {
    Session {
        digest: digest(number),
        id: SessionId::from_uuid(Uuid::from_u128(number.into())),
        person_id: id(of),
        method: SignInMethod::Password,
        created_at: at(begun),
        seen_at: at(begun),
        idle_until: at(begun + 1_800),
        absolute_until: at(begun + 43_200),
        idp_sid: None,
        user_agent: Some("Firefox, Linux".to_owned()),
    }
}

/// A session is found by what the browser holds, lives on while it is used, and ends in every way it should.
pub async fn sessions_begin_and_end<H: Harness>() {
    let (harness, storage) = with_people::<H>(&[person(1, "kim"), person(2, "lee")]).await;
    let mut first = session(1, 1, 0);
    storage.add_session(&first, 9).await.expect("it begins");
    storage
        .touch_session(digest(1), at(100), at(1_900))
        .await
        .expect("it is used");
    // Another process, whose news is older.
    storage
        .touch_session(digest(1), at(50), at(1_850))
        .await
        .expect("it is used");
    (first.seen_at, first.idle_until) = (at(100), at(1_900));
    let again = harness.open().await;
    let found = again.session(digest(1)).await.expect("an answer");
    assert_eq!(found, Some((first.clone(), person(1, "kim"))));
    assert_eq!(storage.session(digest(9)).await.expect("an answer"), None);

    let of_idp = Session {
        idp_sid: Some("sid-1".to_owned()),
        method: SignInMethod::Oidc,
        ..session(2, 1, 10)
    };
    storage.add_session(&of_idp, 9).await.expect("it begins");
    storage.add_session(&session(3, 2, 20), 9).await.expect("it begins");
    let listed = storage.sessions_of(id(1), at(200)).await.expect("a list");
    assert_eq!(listed, [of_idp.clone(), first.clone()]);
    let listed = storage.sessions_of(id(1), at(1_899)).await.expect("a list");
    assert_eq!(listed, [first.clone()], "the other has been idle for too long");
    assert_eq!(storage.sessions_of(id(1), at(43_200)).await.expect("a list"), []);

    assert!(!storage.end_session_of(id(2), first.id).await.expect("it is not theirs"));
    assert_eq!(storage.end_sessions_of_idp(id(2), "sid-1").await.expect("an answer"), 0);
    assert_eq!(storage.end_sessions_of_idp(id(1), "sid-1").await.expect("an answer"), 1);
    assert!(storage.end_session_of(id(1), first.id).await.expect("it ends"));
    assert_eq!(storage.session(digest(1)).await.expect("an answer"), None);
    assert!(storage.end_session(digest(3)).await.expect("it ends"));
    assert!(!storage.end_session(digest(3)).await.expect("it has ended"));

    for (number, begun) in [(4, 40), (5, 50), (6, 60)] {
        storage
            .add_session(&session(number, 1, begun), 1)
            .await
            .expect("it begins");
    }
    storage.add_session(&session(7, 2, 70), 1).await.expect("it begins");
    let kept = storage.sessions_of(id(1), at(70)).await.expect("a list");
    let kept: Vec<_> = kept.iter().map(|session| session.digest).collect();
    assert_eq!(kept, [digest(6), digest(5)], "only the newest others stay");
    storage.forget_sessions(at(43_200 + 50)).await.expect("they go");
    assert_eq!(storage.session(digest(5)).await.expect("an answer"), None);
    assert_eq!(storage.end_sessions(id(1)).await.expect("an answer"), 1);
    assert!(storage.session(digest(7)).await.expect("an answer").is_some());
}

/// A session of the provider leads to whoever came with it, if that provider is who knows them.
pub async fn a_session_of_the_provider_leads_to_its_people<H: Harness>() {
    let of_idp = |number, name: &str| Person {
        identity: Some(Identity {
            issuer: "https://idp.example".to_owned(),
            subject: name.to_owned(),
        }),
        ..person(number, name)
    };
    let (_harness, storage) = with_people::<H>(&[of_idp(1, "kim"), of_idp(2, "lee"), person(3, "park")]).await;
    for (number, of, sid) in [(1, 1, "sid-1"), (2, 1, "sid-2"), (3, 2, "sid-2"), (4, 3, "sid-1")] {
        let session = Session {
            idp_sid: Some(sid.to_owned()),
            ..session(number, of, 0)
        };
        storage.add_session(&session, 9).await.expect("it begins");
    }
    for (issuer, sid, expected) in [
        ("https://idp.example", "sid-1", vec![id(1)]),
        ("https://idp.example", "sid-2", vec![id(1), id(2)]),
        ("https://idp.example", "sid-3", vec![]),
        ("https://another.example", "sid-1", vec![]),
    ] {
        let found = storage.persons_of_idp_session(issuer, sid).await.expect("an answer");
        let mut found: Vec<_> = found.iter().map(|person| person.id).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{issuer} {sid}");
    }
}

/// Everybody is counted once, by what they can do.
pub async fn people_and_sessions_are_counted<H: Harness>() {
    let kim = Person {
        signed_in_at: Some(at(1)),
        ..person(1, "kim")
    };
    let kept_out = Person {
        disabled_at: Some(at(1)),
        ..person(2, "lee")
    };
    let (_harness, storage) = with_people::<H>(&[kim, kept_out, person(3, "park"), person(4, "choi")]).await;
    for (number, begun) in [(1, 0), (2, 1_000)] {
        let begun = storage.add_session(&session(number, 1, begun), 9).await;
        begun.expect("it begins");
    }
    let census = storage.census(at(1_800)).await.expect("an answer");
    let expected = Census {
        active: 1,
        invited: 2,
        disabled: 1,
        memberships: 0,
        sessions: 1,
    };
    assert_eq!(census, expected);
}

/// What names a session in lists does not open it.
pub async fn an_id_of_a_session_is_of_no_use<H: Harness>() {
    let (_harness, storage) = with_people::<H>(&[person(1, "kim")]).await;
    let one = session(1, 1, 0);
    storage.add_session(&one, 9).await.expect("it begins");
    let mut as_secret = [0; 32];
    as_secret[16..].copy_from_slice(one.id.as_uuid().as_bytes());
    let found = storage.session(SecretDigest(as_secret)).await.expect("an answer");
    assert_eq!(found, None);
}

/// Failed sign-ins add up for an account and for an address, and are forgotten after a while.
pub async fn failures_are_counted_and_forgotten<H: Harness>() {
    let harness = H::fresh().await;
    let storage = harness.open().await;
    let (account, address, old) = (digest(1), digest(2), digest(3));
    let note = async |digests: &[SecretDigest], now| {
        let forgotten = at(now - 100);
        let noted = storage.note_sign_in_failure(digests, at(now), forgotten).await;
        noted.expect("it is noted");
    };
    let counts = async || {
        let found = storage
            .sign_in_failures(&[account, address, old])
            .await
            .expect("an answer");
        let mut found: Vec<_> = found
            .iter()
            .map(|row| (row.digest.0[0], row.count, row.failed_at))
            .collect();
        found.sort_unstable();
        found
    };
    assert_eq!(counts().await, []);
    note(&[old], 0).await;
    note(&[account, address], 100).await;
    note(&[address], 110).await;
    assert_eq!(
        counts().await,
        [(1, 1, at(100)), (2, 2, at(110))],
        "the oldest is forgotten"
    );
    note(&[address], 210).await;
    assert_eq!(counts().await, [(2, 3, at(210))]);
    note(&[address], 311).await;
    assert_eq!(counts().await, [(2, 1, at(311))], "it counts anew");
    storage.forget_sign_in_failures(address).await.expect("it is forgotten");
    assert_eq!(counts().await, []);
}
