//! `eventcore` with its PostgreSQL store: a command over the merchant's stream, and a transactional projector on the
//! order-safe delivery source.
//!
//! - **Feed: `PostgresProjectionSource`, order-safe.** A trigger numbers each event under a lock on one row, kept until the
//!   commit: whoever comes second waits for whoever came first. That is what makes it safe, and what appending costs. (The
//!   crate's older `EventReader` goes by the clock of the client and skips; it is not used here.)
//! - **Repeats: found by what we add**, the ids that the command's state collects. Two at the same moment meet in the
//!   expected version; the crate asks again by itself.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use eventcore::postgres::PostgresEventStore;
use eventcore::postgres::projections::{
    DeliveryPosition, DeliverySourceId, EventTypeName, NoopAfterCommit, PostgresProjectionConfig,
    PostgresProjectionSource, PostgresProjectionStore, PostgresProjector, ProjectionRunOutcome, ProjectionSelection,
    ProjectionSelectionId, ProjectionStreamFilter, ProjectorName, Transaction, TransactionalProjectionError,
    run_transactional_projection,
};
use eventcore::{
    CommandError, CommandLogic, CommandStreams, Event, NewEvents, RetryPolicy, StreamDeclarations, StreamId, execute,
};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Postgres};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::callback::{Callback, REGISTERED, now};
use crate::peer::{Answer, MERCHANTS, PROJECTED, Peer, Projection, UPSERT};

/// How often the projector looks.
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MerchantEvent {
    Registered { merchant: StreamId, at: DateTime<Utc> },
    CallbackReceived { merchant: StreamId, callback: Callback },
}

impl Event for MerchantEvent {
    fn stream_id(&self) -> &StreamId {
        match self {
            Self::Registered { merchant, .. } | Self::CallbackReceived { merchant, .. } => merchant,
        }
    }

    fn event_type_name() -> &'static str {
        "merchant"
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the callback came before")]
struct Duplicate;

struct Append(MerchantEvent);

impl CommandStreams for Append {
    fn stream_declarations(&self) -> StreamDeclarations {
        StreamDeclarations::try_from_streams(vec![self.0.stream_id().clone()]).expect("one stream is declared once")
    }
}

impl CommandLogic for Append {
    type Event = MerchantEvent;
    type State = HashSet<Uuid>;

    fn apply(&self, mut seen: HashSet<Uuid>, event: &MerchantEvent) -> HashSet<Uuid> {
        match event {
            MerchantEvent::Registered { .. } => {}
            MerchantEvent::CallbackReceived { callback, .. } => {
                seen.insert(callback.id);
            }
        }
        seen
    }

    fn handle(&self, seen: HashSet<Uuid>) -> Result<NewEvents<MerchantEvent>, CommandError> {
        match &self.0 {
            MerchantEvent::CallbackReceived { callback, .. } if seen.contains(&callback.id) => {
                Err(CommandError::business_rule_violated(Duplicate))
            }
            event @ (MerchantEvent::Registered { .. } | MerchantEvent::CallbackReceived { .. }) => {
                Ok(vec![event.clone()].into())
            }
        }
    }
}

struct Rows(ProjectorName);

impl PostgresProjector for Rows {
    type Event = MerchantEvent;
    type Error = sqlx::Error;
    type AfterCommit = NoopAfterCommit;

    fn name(&self) -> &ProjectorName {
        &self.0
    }

    async fn apply<'a, 'c>(
        &'a mut self,
        event: &'a MerchantEvent,
        _position: DeliveryPosition,
        transaction: &'a mut Transaction<'c, Postgres>,
    ) -> Result<NoopAfterCommit, sqlx::Error>
    where
        'c: 'a,
    {
        let (status, at, payload) = match event {
            MerchantEvent::Registered { at, .. } => (REGISTERED, at, ""),
            MerchantEvent::CallbackReceived { callback, .. } => (
                callback.status.as_str(),
                &callback.received_at,
                callback.payload.as_str(),
            ),
        };
        let merchant =
            Uuid::try_parse(event.stream_id().as_ref()).map_err(|error| sqlx::Error::Decode(error.into()))?;
        let upsert = sqlx::query(UPSERT).bind(merchant).bind(status).bind(at).bind(payload);
        upsert.execute(&mut **transaction).await?;
        Ok(NoopAfterCommit)
    }
}

type Projected = Result<ProjectionRunOutcome, TransactionalProjectionError>;

pub struct Store {
    events: PostgresEventStore,
    stop: CancellationToken,
    projector: JoinHandle<Projected>,
}

impl Store {
    async fn append(&self, event: MerchantEvent) -> anyhow::Result<Answer> {
        match execute(&self.events, Append(event), RetryPolicy::new()).await {
            Ok(_) => Ok(Answer::Accepted),
            Err(CommandError::BusinessRuleViolation(error)) if error.is::<Duplicate>() => Ok(Answer::Duplicate),
            Err(CommandError::ConcurrencyError(_)) => Ok(Answer::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

fn source(pool: PgPool) -> anyhow::Result<PostgresProjectionSource> {
    Ok(PostgresProjectionSource::from_pool(
        pool,
        DeliverySourceId::try_new("merchants")?,
    ))
}

fn stream(merchant: Uuid) -> anyhow::Result<StreamId> {
    Ok(StreamId::try_new(merchant.to_string())?)
}

impl Peer for Store {
    const CRATE: &'static str = "eventcore-postgres";
    const DEDUPLICATION: &'static str = "added by us: ids collected by the command's state";
    const FEED: &'static str = "the delivery source: positions given under a lock that is kept until the commit";
    const PROJECTION: Projection = Projection::FromFeed;
    const LOG: &'static str = "
        SELECT stream_id::uuid AS merchant, stream_version AS version, event_data #>> '{callback,id}' AS callback,
               coalesce(event_data #>> '{callback,status}', 'registered') AS status,
               coalesce(event_data #>> '{callback,payload}', '') AS payload
        FROM eventcore_events";
    const PROJECTED: &'static str = PROJECTED;

    async fn install(pool: &PgPool) -> anyhow::Result<()> {
        PostgresEventStore::from_pool(pool.clone()).migrate().await;
        source(pool.clone())?.migrate().await?;
        PostgresProjectionStore::from_pool(pool.clone()).migrate().await?;
        sqlx::raw_sql(MERCHANTS).execute(pool).await?;
        Ok(())
    }

    async fn open(pool: PgPool, feed_pool: PgPool) -> anyhow::Result<Self> {
        let stop = CancellationToken::new();
        let selection = ProjectionSelection::try_new(
            ProjectionSelectionId::try_new("merchants")?,
            ProjectionStreamFilter::All,
            vec![EventTypeName::try_new(MerchantEvent::event_type_name())?],
        )?;
        let config = PostgresProjectionConfig::new(selection).continuous(stop.clone());
        let config = config.with_continuous_poll_interval(POLL)?;
        let source = source(feed_pool.clone())?;
        let rows = Rows(ProjectorName::try_new("merchants")?);
        let projector = tokio::spawn(async move {
            let destination = PostgresProjectionStore::from_pool(feed_pool);
            run_transactional_projection(rows, &source, &destination, config).await
        });
        Ok(Self {
            events: PostgresEventStore::from_pool(pool),
            stop,
            projector,
        })
    }

    async fn register(&self, merchant: Uuid) -> anyhow::Result<()> {
        let merchant = stream(merchant)?;
        let answer = self.append(MerchantEvent::Registered { merchant, at: now() }).await?;
        anyhow::ensure!(answer == Answer::Accepted, "{answer:?}");
        Ok(())
    }

    async fn receive(&self, merchant: Uuid, callback: Callback) -> anyhow::Result<Answer> {
        let merchant = stream(merchant)?;
        self.append(MerchantEvent::CallbackReceived { merchant, callback })
            .await
    }

    async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.projector.await??;
        Ok(())
    }

    async fn append_late(connection: &mut PgConnection, merchant: Uuid, callback: Callback) -> anyhow::Result<bool> {
        let id = callback.id;
        let merchant = stream(merchant)?;
        let event = MerchantEvent::CallbackReceived { merchant, callback };
        sqlx::query(
            "INSERT INTO eventcore_events (event_id, stream_id, event_type, event_data) VALUES ($1, $2, $3, $4)",
        )
        .bind(id)
        .bind(event.stream_id().as_ref())
        .bind(MerchantEvent::event_type_name())
        .bind(serde_json::to_value(&event)?)
        .execute(connection)
        .await?;
        Ok(true)
    }
}
