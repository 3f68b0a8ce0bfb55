//! `disintegrate` with `disintegrate-postgres`: a decision over the merchant's events, and an event listener that writes
//! the merchant's row.
//!
//! - **Feed: the listener, not order-safe.** It reads up to an epoch, before the first append that is still open; a
//!   transaction that commits late is waited for. But the epoch is found by a function inside the statement that reads,
//!   which sees newer rows than that statement; when it ends the listener stores the epoch and not the last row it was
//!   given. Under load it passes over events for good: `updates_lost` counts them.
//! - **Repeats: found by what we add**, the ids that the decision's state collects. Appending is serializable and refuses
//!   when the state's query would now give more, reckoned from that same epoch; of a thousand pairs handed in at the same
//!   moment one came through twice (`simultaneous`).
//! - Its schema is written for PostgreSQL 16 (a hexadecimal number in a function); before it we write that function with
//!   the same number in decimal.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use disintegrate::serde::json::Json;
use disintegrate::{
    Decision, DecisionError, Event, EventListener, EventStore, NoSnapshot, PersistedEvent, StateMutate, StateQuery,
    StreamQuery, query,
};
use disintegrate_postgres::{
    PgDecisionMaker, PgEventId, PgEventListener, PgEventListenerConfig, PgEventListenerError, PgEventStore,
    RetryAction, decision_maker,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::callback::{Callback, REGISTERED, now};
use crate::peer::{Answer, MERCHANTS, PROJECTED, Peer, Projection, UPSERT};

/// How often the listener looks without being told.
const POLL: Duration = Duration::from_millis(50);

/// What the crate's set-up leaves out where it stops at its hexadecimal number.
const BEFORE_16: &str = include_str!("../../schema/disintegrate_before_16.sql");

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MerchantEvent {
    Registered {
        #[id]
        merchant_id: Uuid,
        at: DateTime<Utc>,
    },
    CallbackReceived {
        #[id]
        merchant_id: Uuid,
        callback: Callback,
    },
}

/// Whose callbacks were seen, and which.
#[derive(Debug, Default, Clone, StateQuery, Serialize, Deserialize)]
#[state_query(MerchantEvent)]
struct Merchant {
    #[id]
    merchant_id: Uuid,
    seen: HashSet<Uuid>,
}

impl StateMutate for Merchant {
    fn mutate(&mut self, event: MerchantEvent) {
        match event {
            MerchantEvent::Registered { .. } => {}
            MerchantEvent::CallbackReceived { callback, .. } => {
                self.seen.insert(callback.id);
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("the callback came before")]
    Duplicate,
}

struct Append(MerchantEvent);

impl Decision for Append {
    type Event = MerchantEvent;
    type StateQuery = Merchant;
    type Error = Refused;

    fn state_query(&self) -> Merchant {
        match &self.0 {
            MerchantEvent::Registered { merchant_id, .. } | MerchantEvent::CallbackReceived { merchant_id, .. } => {
                Merchant {
                    merchant_id: *merchant_id,
                    seen: HashSet::new(),
                }
            }
        }
    }

    fn process(&self, state: &Merchant) -> Result<Vec<MerchantEvent>, Refused> {
        match &self.0 {
            MerchantEvent::CallbackReceived { callback, .. } if state.seen.contains(&callback.id) => {
                Err(Refused::Duplicate)
            }
            event @ (MerchantEvent::Registered { .. } | MerchantEvent::CallbackReceived { .. }) => {
                Ok(vec![event.clone()])
            }
        }
    }
}

struct Rows {
    query: StreamQuery<PgEventId, MerchantEvent>,
    pool: PgPool,
}

#[async_trait]
impl EventListener<PgEventId, MerchantEvent> for Rows {
    type Error = sqlx::Error;

    fn id(&self) -> &'static str {
        "merchants"
    }

    fn query(&self) -> &StreamQuery<PgEventId, MerchantEvent> {
        &self.query
    }

    async fn handle(&self, event: PersistedEvent<PgEventId, MerchantEvent>) -> Result<(), sqlx::Error> {
        let (merchant_id, status, at, payload) = match event.into_inner() {
            MerchantEvent::Registered { merchant_id, at } => (merchant_id, REGISTERED.to_owned(), at, String::new()),
            MerchantEvent::CallbackReceived { merchant_id, callback } => {
                (merchant_id, callback.status, callback.received_at, callback.payload)
            }
        };
        let upsert = sqlx::query(UPSERT)
            .bind(merchant_id)
            .bind(status)
            .bind(at)
            .bind(payload);
        upsert.execute(&self.pool).await?;
        Ok(())
    }
}

type Events = Json<MerchantEvent>;

pub struct Store {
    events: PgEventStore<MerchantEvent, Events>,
    decisions: PgDecisionMaker<MerchantEvent, Events, NoSnapshot>,
    stop: CancellationToken,
    listener: JoinHandle<Result<(), disintegrate_postgres::Error>>,
}

impl Store {
    async fn append(&self, event: MerchantEvent) -> anyhow::Result<Answer> {
        match self.decisions.make(Append(event)).await {
            Ok(_) => Ok(Answer::Accepted),
            Err(DecisionError::Domain(Refused::Duplicate)) => Ok(Answer::Duplicate),
            Err(DecisionError::StateStore(error)) if is_conflict(error.downcast_ref()) => Ok(Answer::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

/// The crate tells a conflict that shows at the commit, but not one that the database finds earlier.
fn is_conflict(error: Option<&disintegrate_postgres::Error>) -> bool {
    match error {
        Some(disintegrate_postgres::Error::Concurrency) => true,
        Some(disintegrate_postgres::Error::Database(sqlx::Error::Database(error))) => {
            error.code().as_deref() == Some("40001")
        }
        Some(_) | None => false,
    }
}

impl Peer for Store {
    const CRATE: &'static str = "disintegrate-postgres";
    const DEDUPLICATION: &'static str = "added by us: ids collected by the decision's state";
    const FEED: &'static str = "the listener, up to an epoch that is not of the snapshot it reads";
    const PROJECTION: Projection = Projection::FromFeed;
    const LOG: &'static str = "
        SELECT merchant_id AS merchant, row_number() OVER (PARTITION BY merchant_id ORDER BY event_id) AS version,
               data #>> '{callback,id}' AS callback, coalesce(data #>> '{callback,status}', 'registered') AS status,
               coalesce(data #>> '{callback,payload}', '') AS payload
        FROM event CROSS JOIN LATERAL (SELECT convert_from(event.payload, 'UTF8')::jsonb AS data) AS decoded";
    const PROJECTED: &'static str = PROJECTED;

    async fn install(pool: &PgPool) -> anyhow::Result<()> {
        let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
            .fetch_one(pool)
            .await?;
        let installed = PgEventStore::try_new(pool.clone(), Events::default()).await;
        if version < 160_000 {
            sqlx::raw_sql(BEFORE_16).execute(pool).await?;
        } else {
            installed?;
        }
        sqlx::raw_sql(MERCHANTS).execute(pool).await?;
        Ok(())
    }

    async fn open(pool: PgPool, feed_pool: PgPool) -> anyhow::Result<Self> {
        let rows = Rows {
            query: query!(MerchantEvent),
            pool: feed_pool.clone(),
        };
        let again = |_: PgEventListenerError<sqlx::Error>, _| RetryAction::Wait { duration: POLL };
        let config = PgEventListenerConfig::poller(POLL).with_notifier().with_retry(again);
        let events = PgEventStore::new_uninitialized(feed_pool, Events::default());
        let listener = PgEventListener::builder(events).register_listener(rows, config);
        let stop = CancellationToken::new();
        let listener = tokio::spawn(listener.start_with_shutdown(stop.clone().cancelled_owned()));
        let events = PgEventStore::new_uninitialized(pool, Events::default());
        Ok(Self {
            decisions: decision_maker(events.clone(), NoSnapshot),
            events,
            stop,
            listener,
        })
    }

    async fn register(&self, merchant: Uuid) -> anyhow::Result<()> {
        let event = MerchantEvent::Registered {
            merchant_id: merchant,
            at: now(),
        };
        self.events.append_without_validation(vec![event]).await?;
        Ok(())
    }

    async fn receive(&self, merchant: Uuid, callback: Callback) -> anyhow::Result<Answer> {
        let event = MerchantEvent::CallbackReceived {
            merchant_id: merchant,
            callback,
        };
        self.append(event).await
    }

    async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        Ok(self.listener.await??)
    }

    async fn append_late(connection: &mut PgConnection, merchant: Uuid, callback: Callback) -> anyhow::Result<bool> {
        let event = MerchantEvent::CallbackReceived {
            merchant_id: merchant,
            callback,
        };
        sqlx::query("SELECT event_store_begin_epoch()")
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO event (event_type, payload, merchant_id) VALUES ($1, $2, $3)")
            .bind(event.name())
            .bind(serde_json::to_vec(&event)?)
            .bind(merchant)
            .execute(connection)
            .await?;
        Ok(true)
    }
}
