//! `cqrs-es` with `postgres-es`: an aggregate folded from its whole stream, and a `GenericQuery` over a
//! `PostgresViewRepository`.
//!
//! - **Feed: none.** Events have no position across aggregates; `stream_all_events` reads the whole table, ordered by the
//!   number within each aggregate. There is no cursor that could be safe or unsafe.
//! - **Repeats: found by what we add**, the ids that the aggregate collects while it folds. The crate has no key.
//!   Two at the same moment meet in the primary key; the second gets a conflict and asks again.
//! - The view is written after the commit, by a statement that gives up when another update came between (the error goes
//!   to an error handler). Updates that are lost that way, and those of a process that ends in between, stay lost until
//!   somebody replays: 3 to 8 of a thousand pairs of different callbacks at the same moment (`simultaneous`).

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::GenericQuery;
use cqrs_es::{Aggregate, AggregateError, DomainEvent, EventEnvelope, View};
use postgres_es::{PostgresCqrs, PostgresViewRepository, postgres_cqrs};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::callback::{Callback, REGISTERED, now};
use crate::peer::{Answer, Peer, Projection};

/// As the crate's own `db/init.sql` has them.
const TABLES: &str = "
    CREATE TABLE events (
        aggregate_type text                         NOT NULL,
        aggregate_id   text                         NOT NULL,
        sequence       bigint CHECK (sequence >= 0) NOT NULL,
        event_type     text                         NOT NULL,
        event_version  text                         NOT NULL,
        payload        json                         NOT NULL,
        metadata       json                         NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    );
    CREATE TABLE merchant_view (
        view_id text                        NOT NULL,
        version bigint CHECK (version >= 0) NOT NULL,
        payload json                        NOT NULL,
        PRIMARY KEY (view_id)
    ) WITH (fillfactor = 80)";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MerchantEvent {
    Registered { at: DateTime<Utc> },
    CallbackReceived(Callback),
}

impl DomainEvent for MerchantEvent {
    fn event_type(&self) -> String {
        match self {
            Self::Registered { .. } => REGISTERED.to_owned(),
            Self::CallbackReceived(_) => "callback_received".to_owned(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
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

#[derive(Default, Serialize, Deserialize)]
struct Merchant {
    seen: HashSet<Uuid>,
}

impl Aggregate for Merchant {
    const TYPE: &'static str = "merchant";
    type Command = Command;
    type Event = MerchantEvent;
    type Error = Refused;
    type Services = ();

    async fn handle(&mut self, command: Command, _services: &(), sink: &EventSink<Self>) -> Result<(), Refused> {
        let event = match command {
            Command::Register => MerchantEvent::Registered { at: now() },
            Command::Receive(callback) if self.seen.contains(&callback.id) => return Err(Refused::Duplicate),
            Command::Receive(callback) => MerchantEvent::CallbackReceived(callback),
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: MerchantEvent) {
        match event {
            MerchantEvent::Registered { .. } => {}
            MerchantEvent::CallbackReceived(callback) => {
                self.seen.insert(callback.id);
            }
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct MerchantView {
    version: i64,
    status: String,
    updated_at: Option<DateTime<Utc>>,
    payload: String,
}

impl View<Merchant> for MerchantView {
    fn update(&mut self, event: &EventEnvelope<Merchant>) {
        self.version += 1;
        match &event.payload {
            MerchantEvent::Registered { at } => {
                REGISTERED.clone_into(&mut self.status);
                self.updated_at = Some(*at);
            }
            MerchantEvent::CallbackReceived(callback) => {
                self.status.clone_from(&callback.status);
                self.updated_at = Some(callback.received_at);
                self.payload.clone_from(&callback.payload);
            }
        }
    }
}

pub struct Store(PostgresCqrs<Merchant>);

impl Peer for Store {
    const CRATE: &'static str = "postgres-es";
    const DEDUPLICATION: &'static str = "added by us: ids collected by the aggregate";
    const FEED: &'static str = "none: no position across aggregates";
    const PROJECTION: Projection = Projection::AfterCommit;
    const LOG: &'static str = "
        SELECT aggregate_id::uuid AS merchant, sequence AS version, payload ->> 'id' AS callback,
               coalesce(payload ->> 'status', 'registered') AS status, coalesce(payload ->> 'payload', '') AS payload
        FROM events";
    const PROJECTED: &'static str = "
        SELECT view_id::uuid AS merchant, (payload ->> 'version')::bigint AS version, payload ->> 'status' AS status,
               payload ->> 'payload' AS payload
        FROM merchant_view";

    async fn install(pool: &PgPool) -> anyhow::Result<()> {
        sqlx::raw_sql(TABLES).execute(pool).await?;
        Ok(())
    }

    async fn open(pool: PgPool, _feed_pool: PgPool) -> anyhow::Result<Self> {
        let views = PostgresViewRepository::<MerchantView, Merchant>::new("merchant_view", pool.clone());
        let query = GenericQuery::new(Arc::new(views));
        Ok(Self(postgres_cqrs(pool, vec![Box::new(query)], ())))
    }

    async fn register(&self, merchant: Uuid) -> anyhow::Result<()> {
        Ok(self.0.execute(&merchant.to_string(), Command::Register).await?)
    }

    async fn receive(&self, merchant: Uuid, callback: Callback) -> anyhow::Result<Answer> {
        match self.0.execute(&merchant.to_string(), Command::Receive(callback)).await {
            Ok(()) => Ok(Answer::Accepted),
            Err(AggregateError::UserError(Refused::Duplicate)) => Ok(Answer::Duplicate),
            Err(AggregateError::AggregateConflict) => Ok(Answer::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn close(self) -> anyhow::Result<()> {
        Ok(())
    }
}
