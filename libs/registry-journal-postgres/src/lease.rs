//! Leases: session locks on a connection of their own. They are gone with the connection, whatever ends it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use registry_domain::TenantId;
use registry_journal::port::{Duty, Held, Leases, ReadError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::session::{SIGNAL_LIMIT, SIGNALS, Setting, limited};
use crate::{OpenError, error, session};

const SETTINGS: [Setting; 4] = [
    SIGNALS[0],
    SIGNALS[1],
    SIGNALS[2],
    // A process that is frozen keeps its connection open. One that lives says so; who is silent for so long loses its
    // leases.
    ("idle_session_timeout", "6s"),
];

/// How often it says so, however long the work takes that it holds its leases for.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// Shares duties out among the processes that work on one database.
pub struct PostgresLeases {
    options: PgConnectOptions,
    session: Arc<Mutex<Session>>,
    _alive: AbortOnDropHandle<()>,
}

struct Session {
    number: u64,
    /// Taken out while it works: if the work fails or is given up half-way, it is gone, and so are its leases.
    connection: Option<PgConnection>,
}

impl PostgresLeases {
    /// Nothing is held yet, and nobody connected to. To be called within a runtime. The URL is that of
    /// [`PostgresJournal::connect`](crate::PostgresJournal::connect). Operators find the connection by the name
    /// `registry-leases`.
    pub fn new(url: &str) -> Result<Self, OpenError> {
        let session = Arc::new(Mutex::new(Session {
            number: 0,
            connection: None,
        }));
        let alive = tokio::spawn(show_signs_of_life(Arc::clone(&session)));
        Ok(Self {
            options: session::options(&session::login(url)?, "registry-leases", &SETTINGS),
            session,
            _alive: AbortOnDropHandle::new(alive),
        })
    }
}

async fn show_signs_of_life(session: Arc<Mutex<Session>>) {
    loop {
        sleep(SIGN_OF_LIFE).await;
        let mut session = session.lock().await;
        if let Some(mut connection) = session.connection.take() {
            // A connection that is lost is not put back: the next to ask for leases learns of it by a new session.
            if limited(SIGNAL_LIMIT, connection.ping()).await.is_ok() {
                session.connection = Some(connection);
            }
        }
    }
}

#[async_trait]
impl Leases for PostgresLeases {
    async fn hold(&self, duty: Duty, tenants: &[TenantId]) -> Result<Held, ReadError> {
        let mut session = self.session.lock().await;
        let work = async {
            let mut connection = if let Some(connection) = session.connection.take() {
                connection
            } else {
                session.number += 1;
                let mut connection = self.options.connect().await?;
                session::read_back(&mut connection, &SETTINGS).await?;
                connection
            };
            let tenants = take(&mut connection, duty, tenants).await?;
            session.connection = Some(connection);
            Ok(Held {
                session: session.number,
                tenants,
            })
        };
        let held = limited(SIGNAL_LIMIT, work).await;
        held.map_err(|error| error::read("leases", error))
    }

    async fn release(&self) {
        // Whatever becomes of the good-bye, the locks go with the connection.
        if let Some(connection) = self.session.lock().await.connection.take() {
            limited(SIGNAL_LIMIT, connection.close()).await.ok();
        }
    }
}

/// Taking a lock that is held already succeeds: so the answer is the server's own, and proves that the connection lives.
async fn take(
    connection: &mut PgConnection,
    duty: Duty,
    tenants: &[TenantId],
) -> Result<HashSet<TenantId>, sqlx::Error> {
    let keys: Vec<_> = tenants.iter().map(lock_key).collect();
    let positions = sqlx::query_scalar!(
        r#"
        SELECT wanted.position AS "position!" FROM unnest($2::int[]) WITH ORDINALITY AS wanted (key, position)
        WHERE pg_try_advisory_lock($1, wanted.key)
        "#,
        lock_class(duty),
        &keys
    )
    .fetch_all(connection)
    .await?;
    let indexes = positions
        .iter()
        .filter_map(|position| usize::try_from(position - 1).ok());
    Ok(indexes.filter_map(|index| tenants.get(index).copied()).collect())
}

/// Locks of two numbers are never those of one number that batches take.
const fn lock_class(duty: Duty) -> i32 {
    match duty {
        Duty::Relay => 1,
        Duty::Reconciliation => 2,
        Duty::Alerting => 3,
        Duty::Delivering => 4,
        Duty::Jobs => 5,
        Duty::Exports => 6,
    }
}

/// The last four bytes of an id are random. Two tenants that share a key would only be held by the same process.
fn lock_key(tenant: &TenantId) -> i32 {
    let [.., a, b, c, d] = tenant.as_uuid().into_bytes();
    i32::from_be_bytes([a, b, c, d])
}
