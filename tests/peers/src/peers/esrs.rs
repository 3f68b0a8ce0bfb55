//! `esrs`: an aggregate loaded from its whole stream without a lock, and a transactional event handler that writes the
//! merchant's row. The crate's other way, `lock_and_load`, keeps a connection per command while it needs a second one;
//! with more tasks than half the pool it stops.
//!
//! - **Feed: none.** `stream_events` reads the whole table by the clock of whoever wrote; there is no position to go on
//!   from. Event buses are told after the commit, and nobody tells them again.
//! - **Repeats: found by what we add**, the ids in the aggregate's state. Two at the same moment meet in the unique index
//!   over the number within the stream; the second gets an error of the database and asks again.

use std::collections::HashSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use esrs::handler::TransactionalEventHandler;
use esrs::manager::AggregateManager;
use esrs::store::StoreEvent;
use esrs::store::postgres::{PgStore, PgStoreBuilder, PgStoreError};
use esrs::{Aggregate, AggregateState};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::callback::{Callback, REGISTERED, now};
use crate::peer::{Answer, MERCHANTS, PROJECTED, Peer, Projection, UPSERT};

#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MerchantEvent {
    Registered { at: DateTime<Utc> },
    CallbackReceived(Callback),
}

enum Command {
    Register,
    Receive(Callback),
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the callback came before")]
    Duplicate,
}

#[derive(Default)]
struct Seen(HashSet<Uuid>);

struct Merchant;

impl Aggregate for Merchant {
    const NAME: &'static str = "merchant";
    type State = Seen;
    type Command = Command;
    type Event = MerchantEvent;
    type Error = Refused;

    fn handle_command(state: &Seen, command: Command) -> Result<Vec<MerchantEvent>, Refused> {
        match command {
            Command::Register => Ok(vec![MerchantEvent::Registered { at: now() }]),
            Command::Receive(callback) if state.0.contains(&callback.id) => Err(Refused::Duplicate),
            Command::Receive(callback) => Ok(vec![MerchantEvent::CallbackReceived(callback)]),
        }
    }

    fn apply_event(mut state: Seen, event: MerchantEvent) -> Seen {
        match event {
            MerchantEvent::Registered { .. } => {}
            MerchantEvent::CallbackReceived(callback) => {
                state.0.insert(callback.id);
            }
        }
        state
    }
}

struct Rows;

#[async_trait]
impl TransactionalEventHandler<Merchant, PgStoreError, PgConnection> for Rows {
    async fn handle(
        &self,
        event: &StoreEvent<MerchantEvent>,
        connection: &mut PgConnection,
    ) -> Result<(), PgStoreError> {
        let (status, at, payload) = match &event.payload {
            MerchantEvent::Registered { at } => (REGISTERED, at, ""),
            MerchantEvent::CallbackReceived(callback) => (
                callback.status.as_str(),
                &callback.received_at,
                callback.payload.as_str(),
            ),
        };
        let upsert = sqlx::query(UPSERT).bind(event.aggregate_id).bind(status);
        upsert.bind(at).bind(payload).execute(connection).await?;
        Ok(())
    }
}

pub struct Store(AggregateManager<PgStore<Merchant>>);

impl Store {
    async fn command(&self, state: AggregateState<Seen>, command: Command) -> anyhow::Result<Answer> {
        match self.0.handle_command(state, command).await {
            Ok(Ok(_)) => Ok(Answer::Accepted),
            Ok(Err(Refused::Duplicate)) => Ok(Answer::Duplicate),
            Err(PgStoreError::Sqlx(sqlx::Error::Database(error))) if error.is_unique_violation() => {
                Ok(Answer::Conflict)
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Peer for Store {
    const CRATE: &'static str = "esrs";
    const DEDUPLICATION: &'static str = "added by us: ids collected by the aggregate";
    const FEED: &'static str = "none: no position, event buses are told once after the commit";
    const PROJECTION: Projection = Projection::InTransaction;
    const LOG: &'static str = "
        SELECT aggregate_id AS merchant, sequence_number::bigint AS version, payload ->> 'id' AS callback,
               coalesce(payload ->> 'status', 'registered') AS status, coalesce(payload ->> 'payload', '') AS payload
        FROM merchant_events";
    const PROJECTED: &'static str = PROJECTED;

    async fn install(pool: &PgPool) -> anyhow::Result<()> {
        PgStoreBuilder::<Merchant>::new(pool.clone()).try_build().await?;
        sqlx::raw_sql(MERCHANTS).execute(pool).await?;
        Ok(())
    }

    async fn open(pool: PgPool, _feed_pool: PgPool) -> anyhow::Result<Self> {
        let builder = PgStoreBuilder::new(pool).without_running_migrations();
        let store = builder.add_transactional_event_handler(Rows).try_build().await?;
        Ok(Self(AggregateManager::new(store)))
    }

    async fn register(&self, merchant: Uuid) -> anyhow::Result<()> {
        let answer = self
            .command(AggregateState::with_id(merchant), Command::Register)
            .await?;
        anyhow::ensure!(answer == Answer::Accepted, "{answer:?}");
        Ok(())
    }

    async fn receive(&self, merchant: Uuid, callback: Callback) -> anyhow::Result<Answer> {
        let state = self.0.load(merchant).await?;
        let state = state.unwrap_or_else(|| AggregateState::with_id(merchant));
        self.command(state, Command::Receive(callback)).await
    }

    async fn close(self) -> anyhow::Result<()> {
        Ok(())
    }
}
