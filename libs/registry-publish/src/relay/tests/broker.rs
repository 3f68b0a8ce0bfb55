//! A broker in memory, with the fence of the real one, that fails on demand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use registry_documents::message::{Message, REGISTRY_HASH, REGISTRY_PREV_SEQ, REGISTRY_SEQ};
use registry_domain::tenant::Slug;
use registry_domain::{MerchantId, Seq};
use serde_json::Value;
use tokio::sync::watch;

use crate::publisher::{BucketEntry, BucketValue, LastEvent, PublishError, Publisher, Standing};

pub struct Broker {
    state: Mutex<State>,
    session: watch::Sender<Option<u64>>,
}

#[derive(Default)]
struct State {
    sessions: u64,
    /// Writes that still succeed.
    allowed: usize,
    unfit: bool,
    messages: Vec<Message>,
    stream_seq: u64,
    bucket: HashMap<MerchantId, BucketValue>,
    bucket_seq: u64,
    bucket_position: u64,
}

impl Broker {
    pub fn new() -> Arc<Self> {
        let state = State {
            sessions: 1,
            allowed: usize::MAX,
            ..State::default()
        };
        Arc::new(Self {
            state: Mutex::new(state),
            session: watch::Sender::new(Some(1)),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn disconnect(&self) {
        self.session.send_replace(None);
    }

    pub fn reconnect(&self) {
        let mut state = self.state();
        state.sessions += 1;
        self.session.send_replace(Some(state.sessions));
    }

    /// After so many further writes, none succeeds.
    pub fn fail_after(&self, writes: usize) {
        self.state().allowed = writes;
    }

    pub fn set_unfit(&self, unfit: bool) {
        self.state().unfit = unfit;
    }

    pub fn wipe(&self) {
        let mut state = self.state();
        state.messages.clear();
        state.stream_seq = 0;
        drop(state);
        self.wipe_bucket();
    }

    pub fn wipe_bucket(&self) {
        let mut state = self.state();
        state.bucket.clear();
        (state.bucket_seq, state.bucket_position) = (0, 0);
    }

    /// Loses all messages but the first ones, as after a power failure.
    pub fn cut_stream(&self, kept: usize) {
        let mut state = self.state();
        state.messages.truncate(kept);
        state.stream_seq = kept as u64;
    }

    /// Drops all messages for their age; the sequence stays.
    pub fn age_out(&self) {
        self.state().messages.clear();
    }

    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.clone()
    }

    pub fn bodies(&self) -> Vec<Value> {
        let body = |message: &Message| serde_json::from_slice(&message.body).unwrap();
        self.state().messages.iter().map(body).collect()
    }

    pub fn document(&self, id: MerchantId) -> Option<Value> {
        match self.state().bucket.get(&id)? {
            BucketValue::Document(json) => Some(serde_json::from_slice(json).unwrap()),
            BucketValue::Deleted => None,
        }
    }

    pub fn bucket_writes(&self) -> u64 {
        self.state().bucket_seq
    }
}

/// The event's position, and that of the event published before it.
pub fn chain_of(message: &Message) -> (u64, u64) {
    (number(message, REGISTRY_SEQ), number(message, REGISTRY_PREV_SEQ))
}

fn header<'a>(message: &'a Message, name: &str) -> &'a str {
    let found = message.headers.iter().find(|(header, _)| *header == name);
    &found.expect("the header is there").1
}

fn number(message: &Message, name: &str) -> u64 {
    header(message, name).parse().unwrap()
}

impl State {
    fn write(&mut self, after: u64, seq: u64) -> Result<(), PublishError> {
        if self.allowed == 0 {
            return Err(PublishError::Unavailable("it was told to fail".into()));
        }
        if after != seq {
            return Err(PublishError::OutOfStep);
        }
        self.allowed = self.allowed.saturating_sub(1);
        Ok(())
    }
}

#[async_trait]
impl Publisher for Broker {
    fn session(&self) -> Option<u64> {
        *self.session.borrow()
    }

    fn name(&self) -> String {
        "a broker in memory".to_owned()
    }

    fn last_trouble(&self) -> Option<String> {
        None
    }

    fn fitness(&self) -> Result<(), PublishError> {
        if self.state().unfit {
            return Err(PublishError::Unfit("it was told to be".into()));
        }
        Ok(())
    }

    async fn other_session(&self, known: Option<u64>) {
        let mut session = self.session.subscribe();
        session.wait_for(|session| *session != known).await.unwrap();
    }

    async fn prepare(&self, _: &Slug) -> Result<Standing, PublishError> {
        let state = self.state();
        Ok(Standing {
            last: state.messages.last().map(|message| LastEvent {
                seq: message.seq,
                event_id: message.id,
                hash: hex::decode(header(message, REGISTRY_HASH)).unwrap().try_into().ok(),
            }),
            stream_seq: state.stream_seq,
            bucket_seq: state.bucket_seq,
            bucket_position: Seq(state.bucket_position),
        })
    }

    async fn publish(&self, _: &Slug, after: u64, messages: Vec<Message>) -> Result<u64, PublishError> {
        let mut state = self.state();
        for (message, after) in messages.into_iter().zip(after..) {
            let seq = state.stream_seq;
            state.write(after, seq)?;
            state.messages.push(message);
            state.stream_seq += 1;
        }
        Ok(state.stream_seq)
    }

    async fn put_documents(&self, _: &Slug, after: u64, entries: &[BucketEntry]) -> Result<u64, PublishError> {
        let mut state = self.state();
        for (entry, after) in entries.iter().zip(after..) {
            let seq = state.bucket_seq;
            state.write(after, seq)?;
            state.bucket.insert(entry.merchant_id, entry.value.clone());
            state.bucket_seq += 1;
            state.bucket_position = entry.position.0;
        }
        Ok(state.bucket_seq)
    }
}
