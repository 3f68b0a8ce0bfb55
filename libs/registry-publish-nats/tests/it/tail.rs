use std::ops::ControlFlow;

use registry_publish::publisher::Publisher;
use registry_publish_nats::{TailError, TailFrom, get_document, tail};

use crate::server::{Server, merchant_id, message, slug};

#[tokio::test]
async fn what_is_published_from_now_on_arrives_as_it_is_published() {
    let server = Server::start();
    let publisher = server.publisher().await;
    publisher.prepare(&slug()).await.unwrap();
    publisher.publish(&slug(), 0, vec![message(1)]).await.unwrap();
    let (config, (sender, mut received)) = (server.config(), tokio::sync::mpsc::unbounded_channel());
    let tailing = tokio::spawn(async move {
        let on_message = |message: registry_publish_nats::TailMessage| {
            sender.send(message.body).unwrap();
            ControlFlow::Continue(())
        };
        tail(&config, &slug(), TailFrom::New, on_message).await
    });
    let stream = server.jetstream().await.get_stream("SMR_ACME-1").await.unwrap();
    crate::server::until_async(async || stream.get_info().await.unwrap().state.consumer_count == 1).await;
    publisher
        .publish(&slug(), 1, vec![message(2), message(3)])
        .await
        .unwrap();
    assert_eq!(received.recv().await.unwrap(), message(2).body);
    assert_eq!(received.recv().await.unwrap(), message(3).body);
    tailing.abort();
}

#[tokio::test]
async fn a_tenant_without_a_stream_is_told_apart() {
    let server = Server::start();
    let outcome = tail(&server.config(), &slug(), TailFrom::Start, |_| ControlFlow::Break(())).await;
    assert!(matches!(outcome, Err(TailError::OpenStream { .. })), "{outcome:?}");
    let outcome = get_document(&server.config(), &slug(), merchant_id(1)).await;
    assert!(matches!(outcome, Err(TailError::OpenBucket { .. })), "{outcome:?}");
}
