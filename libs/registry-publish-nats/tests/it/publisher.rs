use std::ops::ControlFlow;
use std::time::Duration;

use async_nats::jetstream::stream::Config;
use futures::StreamExt;
use registry_domain::Seq;
use registry_publish::publisher::{BucketEntry, BucketValue, LastEvent, PublishError, Publisher, Standing};
use registry_publish_nats::{NatsPublisher, TailFrom, TailMessage, get_document, tail};

use crate::server::{Server, event_id, merchant_id, message, other_session, slug, until, until_async};

const EMPTY: Standing = Standing {
    last: None,
    stream_seq: 0,
    bucket_seq: 0,
    bucket_position: Seq::ZERO,
};

fn put(number: u128, json: &'static str, position: u64) -> BucketEntry {
    BucketEntry {
        merchant_id: merchant_id(number),
        value: BucketValue::Document(json.into()),
        position: Seq(position),
    }
}

fn event(seq: u64) -> LastEvent {
    LastEvent {
        seq: Seq(seq),
        event_id: event_id(seq),
        hash: None,
    }
}

#[tokio::test]
async fn messages_are_stored_in_order_and_unchanged() {
    let server = Server::start();
    let publisher = server.publisher().await;
    assert_eq!(publisher.prepare(&slug()).await.unwrap(), EMPTY);
    // More than may be in flight at once.
    let messages: Vec<_> = (1..=600).map(message).collect();
    assert_eq!(publisher.publish(&slug(), 0, messages.clone()).await.unwrap(), 600);
    let mut expected = messages.iter();
    let check = |received: TailMessage| {
        let sent = expected.next().unwrap();
        assert_eq!((&received.subject, &received.body), (&sent.subject, &sent.body));
        for (name, value) in &sent.headers {
            assert!(
                received.headers.contains(&((*name).to_owned(), value.clone())),
                "{name}"
            );
        }
        if expected.len() == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    tail(&server.config(), &slug(), TailFrom::Start, check).await.unwrap();
    let standing = publisher.prepare(&slug()).await.unwrap();
    assert_eq!((standing.last, standing.stream_seq), (Some(event(600)), 600));
}

#[tokio::test]
async fn a_publisher_that_has_missed_something_stores_nothing() {
    let server = Server::start();
    let (active, zombie) = (server.publisher().await, server.publisher().await);
    active.prepare(&slug()).await.unwrap();
    zombie.prepare(&slug()).await.unwrap();
    active.publish(&slug(), 0, vec![message(1), message(2)]).await.unwrap();
    for after in [0, 1, 3] {
        let late: Vec<_> = (3..=400).map(message).collect();
        let outcome = zombie.publish(&slug(), after, late).await;
        assert!(
            matches!(outcome, Err(PublishError::OutOfStep)),
            "after {after}: {outcome:?}"
        );
    }
    let standing = zombie.prepare(&slug()).await.unwrap();
    assert_eq!((standing.last, standing.stream_seq), (Some(event(2)), 2));
    assert_eq!(zombie.publish(&slug(), 2, vec![message(3)]).await.unwrap(), 3);
}

#[tokio::test]
async fn a_message_from_elsewhere_in_the_middle_of_a_batch_leaves_no_hole() {
    let server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    let jetstream = server.jetstream().await;
    let messages: Vec<_> = (1..=3_000).map(message).collect();
    let interfere = async {
        let stored = async || {
            jetstream
                .get_stream("SMR_ACME-1")
                .await
                .unwrap()
                .cached_info()
                .state
                .messages
        };
        until_async(async || stored().await > 0).await;
        jetstream
            .publish("smr.v1.acme-1.by.hand", "hello".into())
            .await
            .unwrap()
            .await
            .unwrap()
            .sequence
    };
    let slug = slug();
    let (outcome, sequence) = tokio::join!(publisher.publish(&slug, 0, messages), interfere);
    assert!(sequence <= 3_000, "it was meant to come in between");
    assert!(matches!(outcome, Err(PublishError::OutOfStep)), "{outcome:?}");
    let standing = publisher.prepare(&slug).await.unwrap();
    assert_eq!(
        (standing.last, standing.stream_seq),
        (Some(event(sequence - 1)), sequence)
    );
}

#[tokio::test]
async fn a_message_is_not_stored_twice_even_if_its_acknowledgement_was_lost() {
    let server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    publisher
        .publish(&slug(), 0, vec![message(1), message(2)])
        .await
        .unwrap();
    let outcome = publisher
        .publish(&slug(), 0, vec![message(1), message(2), message(3)])
        .await;
    assert_eq!(outcome.unwrap(), 3, "the first two are where they were");
    let standing = publisher.prepare(&slug()).await.unwrap();
    assert_eq!((standing.last, standing.stream_seq), (Some(event(3)), 3));
    let beside = publisher.publish(&slug(), 2, vec![message(2)]).await;
    assert!(matches!(beside, Err(PublishError::OutOfStep)), "{beside:?}");
}

#[tokio::test]
async fn the_bucket_holds_the_newest_document_and_forgets_a_deleted_one() {
    let server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    let entries = [
        put(1, "{\"version\":1}", 1),
        put(2, "{}", 2),
        put(1, "{\"version\":2}", 3),
    ];
    assert_eq!(publisher.put_documents(&slug(), 0, &entries).await.unwrap(), 3);
    let read = async |number| {
        get_document(&server.config(), &slug(), merchant_id(number))
            .await
            .unwrap()
    };
    assert_eq!(read(1).await.unwrap(), "{\"version\":2}");
    assert_eq!(read(3).await, None);
    let deleted = BucketEntry {
        value: BucketValue::Deleted,
        ..put(1, "", 9)
    };
    assert_eq!(publisher.put_documents(&slug(), 3, &[deleted]).await.unwrap(), 4);
    assert_eq!(read(1).await, None);
    let stale = publisher
        .put_documents(&slug(), 3, &[put(1, "{\"version\":1}", 1)])
        .await;
    assert!(matches!(stale, Err(PublishError::OutOfStep)), "{stale:?}");
    assert_eq!(read(1).await, None);
    let standing = publisher.prepare(&slug()).await.unwrap();
    assert_eq!((standing.bucket_seq, standing.bucket_position), (4, Seq(9)));
}

#[tokio::test]
async fn the_stream_is_made_as_the_contract_says() {
    let server = Server::start();
    let mut config = server.config();
    config.max_bytes = Some(1_000_000);
    let publisher = NatsPublisher::connect(config).await.unwrap();
    until(|| publisher.session().is_some()).await;
    publisher.prepare(&slug()).await.unwrap();
    let jetstream = server.jetstream().await;
    let found = jetstream
        .get_stream("SMR_ACME-1")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    assert_eq!(found.subjects, ["smr.v1.acme-1.>"]);
    assert!(found.deny_delete && found.deny_purge && !found.allow_direct);
    assert_eq!(found.max_age, Duration::from_hours(90 * 24));
    assert_eq!(found.duplicate_window, Duration::from_mins(2));
    assert_eq!(found.max_bytes, 1_000_000);
    let bucket = jetstream.get_stream("KV_smr_acme-1_merchants").await.unwrap();
    assert_eq!(bucket.cached_info().config.max_messages_per_subject, 1);
}

#[tokio::test]
async fn a_stream_that_somebody_made_differently_is_used_as_it_is() {
    let server = Server::start();
    let jetstream = server.jetstream().await;
    let theirs = Config {
        name: "SMR_ACME-1".to_owned(),
        subjects: vec!["smr.v1.acme-1.>".to_owned()],
        max_age: Duration::from_hours(1),
        ..Config::default()
    };
    jetstream.create_stream(theirs).await.unwrap();
    let publisher = server.publisher().await;
    assert_eq!(publisher.prepare(&slug()).await.unwrap(), EMPTY);
    assert_eq!(publisher.publish(&slug(), 0, vec![message(1)]).await.unwrap(), 1);
    let found = jetstream
        .get_stream("SMR_ACME-1")
        .await
        .unwrap()
        .cached_info()
        .config
        .clone();
    assert_eq!((found.max_age, found.deny_delete), (Duration::from_hours(1), false));
}

/// Made by hand, or by a registry from before batches.
#[tokio::test]
async fn a_stream_and_a_bucket_from_elsewhere_are_taught_to_take_batches() {
    let server = Server::start();
    let jetstream = server.jetstream().await;
    let theirs = [
        ("SMR_ACME-1", "smr.v1.acme-1.>"),
        ("KV_smr_acme-1_merchants", "$KV.smr_acme-1_merchants.>"),
    ];
    for (name, subject) in theirs {
        let stream = Config {
            name: name.to_owned(),
            subjects: vec![subject.to_owned()],
            ..Config::default()
        };
        jetstream.create_stream(stream).await.unwrap();
    }
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    let two = vec![message(1), message(2)];
    assert_eq!(publisher.publish(&slug(), 0, two).await.unwrap(), 2);
    let two = [put(1, "{}", 1), put(2, "{}", 2)];
    assert_eq!(publisher.put_documents(&slug(), 0, &two).await.unwrap(), 2);
}

/// There is no old server to be had, so what one would answer is answered for it.
#[tokio::test]
async fn a_server_without_batches_is_told_from_one_that_is_away() {
    let server = Server::start();
    let publisher = server.publisher().await;
    let client = async_nats::connect(server.config().url).await.unwrap();
    let mut received = client.subscribe("smr.v1.acme-1.>").await.unwrap();
    // What comes back says that the server knows of the subscription.
    client.publish("smr.v1.acme-1.by.hand", "hello".into()).await.unwrap();
    received.next().await.unwrap();
    let answer = async {
        let message = received.next().await.unwrap();
        let answer = r#"{"stream":"SMR_ACME-1","seq":1}"#;
        client.publish(message.reply.unwrap(), answer.into()).await.unwrap();
    };
    let slug = slug();
    let (outcome, ()) = tokio::join!(publisher.publish(&slug, 0, vec![message(1)]), answer);
    let Err(PublishError::Refused(cause)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(cause.to_string().contains("2.14"), "{cause}");
}

#[tokio::test]
async fn messages_that_are_not_ours_are_passed_over() {
    let server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    publisher.publish(&slug(), 0, vec![message(1)]).await.unwrap();
    let jetstream = server.jetstream().await;
    jetstream
        .publish("smr.v1.acme-1.by.hand", "hello".into())
        .await
        .unwrap()
        .await
        .unwrap();
    let standing = publisher.prepare(&slug()).await.unwrap();
    assert_eq!((standing.last, standing.stream_seq), (Some(event(1)), 2));
    assert_eq!(publisher.publish(&slug(), 2, vec![message(2)]).await.unwrap(), 3);
}

#[tokio::test]
async fn a_server_that_comes_back_empty_is_noticed_and_filled_again() {
    let mut server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    publisher.publish(&slug(), 0, vec![message(1)]).await.unwrap();
    let before = publisher.session();
    server.stop();
    other_session(&publisher, before).await;
    assert_eq!(publisher.session(), None);
    for outcome in [
        publisher.publish(&slug(), 1, vec![message(2)]).await.map(drop),
        publisher.put_documents(&slug(), 0, &[put(1, "{}", 1)]).await.map(drop),
        publisher.prepare(&slug()).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(PublishError::Unavailable(_))), "{outcome:?}");
    }
    server.wipe();
    server.start_again();
    other_session(&publisher, None).await;
    assert_ne!(publisher.session(), before);
    let outcome = publisher.publish(&slug(), 1, vec![message(2)]).await;
    assert!(
        matches!(outcome, Err(PublishError::Unavailable(_))),
        "there is no stream: {outcome:?}"
    );
    assert_eq!(publisher.prepare(&slug()).await.unwrap(), EMPTY);
    assert_eq!(
        publisher
            .publish(&slug(), 0, vec![message(1), message(2)])
            .await
            .unwrap(),
        2
    );
}

#[tokio::test]
async fn a_server_that_is_killed_keeps_what_it_acknowledged() {
    let mut server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    publisher
        .publish(&slug(), 0, vec![message(1), message(2)])
        .await
        .unwrap();
    publisher.put_documents(&slug(), 0, &[put(1, "{}", 2)]).await.unwrap();
    server.stop();
    until(|| publisher.session().is_none()).await;
    server.start_again();
    until(|| publisher.session().is_some()).await;
    let standing = publisher.prepare(&slug()).await.unwrap();
    assert_eq!((standing.last, standing.stream_seq), (Some(event(2)), 2));
    assert_eq!((standing.bucket_position, standing.bucket_seq), (Seq(2), 1));
}

#[tokio::test]
async fn a_server_that_is_away_at_the_start_is_waited_for() {
    let mut server = Server::start();
    server.stop();
    let publisher = NatsPublisher::connect(server.config()).await.unwrap();
    assert_eq!(publisher.session(), None);
    let outcome = publisher.prepare(&slug()).await;
    assert!(matches!(outcome, Err(PublishError::Unavailable(_))), "{outcome:?}");
    server.start_again();
    other_session(&publisher, None).await;
    assert_eq!(publisher.prepare(&slug()).await.unwrap(), EMPTY);
}

#[tokio::test]
async fn a_message_that_is_too_large_is_refused() {
    let server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    let mut large = message(1);
    large.body = vec![b' '; 2 * 1024 * 1024].into();
    let outcome = publisher.publish(&slug(), 0, vec![large]).await;
    let Err(PublishError::Refused(cause)) = outcome else {
        panic!("{outcome:?}");
    };
    let told = cause.to_string();
    assert!(
        told.contains(&message(1).subject) && told.contains("2097152"),
        "it is named: {told}"
    );
    assert_eq!(publisher.publish(&slug(), 0, vec![message(1)]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_login_in_the_url_is_used() {
    let with_password = (
        &["--user", "registry", "--pass", "p@ss/1"] as &[_],
        "registry:p%40ss%2F1",
    );
    let with_token = (&["--auth", "a-token"] as &[_], "a-token");
    for (arguments, login) in [with_password, with_token] {
        let server = Server::start_with(arguments);
        let publisher = NatsPublisher::connect(server.config_of(login)).await.unwrap();
        until(|| publisher.session().is_some()).await;
    }
}
