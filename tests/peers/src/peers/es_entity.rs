//! `es-entity`: an entity loaded from its events; the repository writes the row of its index table and its event in one
//! statement.
//!
//! - **Feed: none.** Events have no position across entities (`obix`, another crate, adds an outbox).
//! - **Repeats: found by the crate's `idempotency_guard!`**, over the events that the entity has in memory. Two at the same
//!   moment meet in the unique key over the number within the stream; the second is told so and asks again.
//!
//! The macros check statements against a database, or against `.sqlx`, where ours are described.
#![expect(
    clippy::disallowed_methods,
    reason = "entity_id! can make ids by the clock; ours come from the caller"
)]

use chrono::{DateTime, Utc};
use es_entity::{
    EntityEvents, EntityEventsBuilder, EntityHydrationError, EsEntity, EsEvent, EsRepo, FromCaller, Idempotent,
    IntoEvents, Lane, TryFromEvents, errlanes, idempotency_guard,
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::callback::{Callback, REGISTERED, now};
use crate::peer::{Answer, Peer, Projection};

es_entity::entity_id! { MerchantId }

#[derive(EsEvent, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[es_event(id = "MerchantId")]
enum MerchantEvent {
    Registered { at: DateTime<Utc> },
    CallbackReceived(Callback),
}

#[derive(EsEntity)]
struct Merchant {
    id: MerchantId,
    version: i64,
    status: String,
    updated_at: DateTime<Utc>,
    payload: String,
    events: EntityEvents<MerchantEvent>,
}

impl Merchant {
    fn receive(&mut self, callback: Callback) -> Idempotent<()> {
        idempotency_guard!(
            self.events.iter_all().rev(),
            already_applied: MerchantEvent::CallbackReceived(seen) if seen.id == callback.id,
        );
        self.apply(&callback);
        self.events.push(MerchantEvent::CallbackReceived(callback));
        Idempotent::Executed(())
    }

    fn apply(&mut self, callback: &Callback) {
        self.version += 1;
        self.status.clone_from(&callback.status);
        self.updated_at = callback.received_at;
        self.payload.clone_from(&callback.payload);
    }
}

impl TryFromEvents<MerchantEvent> for Merchant {
    fn try_from_events(events: EntityEvents<MerchantEvent>) -> Result<Self, EntityHydrationError> {
        let (mut version, mut status, mut updated_at, mut payload) = (0, "", DateTime::UNIX_EPOCH, "");
        for event in events.iter_all() {
            version += 1;
            match event {
                MerchantEvent::Registered { at } => (status, updated_at) = (REGISTERED, *at),
                MerchantEvent::CallbackReceived(callback) => {
                    (status, updated_at, payload) = (&callback.status, callback.received_at, &callback.payload);
                }
            }
        }
        let mut hydrator = Self::hydrator();
        hydrator.id(*events.id()).version(version).updated_at(updated_at);
        hydrator.status(status.to_owned()).payload(payload.to_owned());
        hydrator.build(events)
    }
}

struct NewMerchant {
    id: MerchantId,
    version: i64,
    status: String,
    updated_at: DateTime<Utc>,
    payload: String,
}

impl IntoEvents<MerchantEvent> for NewMerchant {
    type IdSource = FromCaller;

    fn into_events(self, builder: EntityEventsBuilder<MerchantEvent, FromCaller>) -> EntityEvents<MerchantEvent> {
        builder.initial_events(self.id, [MerchantEvent::Registered { at: self.updated_at }])
    }
}

#[derive(EsRepo)]
#[es_repo(
    entity = "Merchant",
    id(source = "caller"),
    migrations_dir = "schema",
    columns(
        version(ty = "i64", find_by = false),
        status(ty = "String", find_by = false),
        updated_at(ty = "DateTime<Utc>", find_by = false),
        payload(ty = "String", find_by = false)
    )
)]
struct Merchants {
    pool: PgPool,
}

pub struct Store(Merchants);

impl Peer for Store {
    const CRATE: &'static str = "es-entity";
    const DEDUPLICATION: &'static str = "by the crate: idempotency_guard! over the entity's events";
    const FEED: &'static str = "none: no position across entities";
    const PROJECTION: Projection = Projection::InTransaction;
    const LOG: &'static str = "
        SELECT id AS merchant, sequence::bigint AS version, event ->> 'id' AS callback,
               coalesce(event ->> 'status', 'registered') AS status, coalesce(event ->> 'payload', '') AS payload
        FROM merchant_events";
    const PROJECTED: &'static str = "SELECT id AS merchant, version, status, payload FROM merchants";

    async fn install(pool: &PgPool) -> anyhow::Result<()> {
        sqlx::raw_sql(include_str!("../../schema/es_entity.sql"))
            .execute(pool)
            .await?;
        Ok(())
    }

    async fn open(pool: PgPool, _feed_pool: PgPool) -> anyhow::Result<Self> {
        Ok(Self(Merchants { pool }))
    }

    async fn register(&self, merchant: Uuid) -> anyhow::Result<()> {
        let new = NewMerchant {
            id: MerchantId::from(merchant),
            version: 1,
            status: REGISTERED.to_owned(),
            updated_at: now(),
            payload: String::new(),
        };
        self.0.create(new).await?;
        Ok(())
    }

    async fn receive(&self, merchant: Uuid, callback: Callback) -> anyhow::Result<Answer> {
        let mut merchant = self.0.find_by_id(MerchantId::from(merchant)).await?;
        if merchant.receive(callback).was_already_applied() {
            return Ok(Answer::Duplicate);
        }
        match self.0.update(&mut merchant).await {
            Ok(_) => Ok(Answer::Accepted),
            Err(error) if error.lane() == Lane::Transient => Ok(Answer::Conflict),
            Err(error) => Err(error.into()),
        }
    }

    async fn close(self) -> anyhow::Result<()> {
        Ok(())
    }
}
