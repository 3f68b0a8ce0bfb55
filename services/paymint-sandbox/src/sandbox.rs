//! Starting and stopping.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use crate::config::SandboxConfig;
use crate::repeats;
use crate::sender::{Sender, SenderError};
use crate::state_file::{self, StateError};
use crate::upstream::Upstream;
use crate::world::World;
use crate::{control, pages, wire};

/// The longest body of a request, in bytes.
const BODY_MAX_BYTES: usize = 64 * 1024;

/// How long open connections may take to end when the sandbox stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// The stand-in for the upstream.
#[derive(Debug)]
pub struct Sandbox;

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no partner who could call.
    #[error("the sandbox needs at least one partner key")]
    NoKeys,
    /// The address cannot be listened on.
    #[error("the sandbox cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The cause below.
        #[source]
        source: std::io::Error,
    },
    /// The address that was listened on makes no URL.
    #[error("the sandbox's address makes no URL")]
    Address(#[source] url::ParseError),
    /// What the sandbox knew is not to be had.
    #[error(transparent)]
    State(#[from] StateError),
    /// Callbacks could not be sent.
    #[error("the sender of callbacks could not be prepared")]
    Sender(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Sandbox {
    /// Listens and serves until [`RunningSandbox::shutdown`], or until the value is dropped.
    pub async fn start(config: SandboxConfig) -> Result<RunningSandbox, StartError> {
        if config.api_keys.is_empty() {
            return Err(StartError::NoKeys);
        }
        let listen_error = |source| StartError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let local_url = Url::parse(&format!("http://{address}/")).map_err(StartError::Address)?;
        let site_url = config.public_url.unwrap_or_else(|| local_url.clone());
        let sender = Sender::new().map_err(|error: SenderError| StartError::Sender(error.into()))?;
        let keys = config.api_keys.iter().map(|key| key.expose().to_owned()).collect();
        let world = match &config.state_file {
            Some(path) => state_file::read(path, config.seed, keys)?,
            None => World::new(config.seed, keys),
        };
        let upstream = Arc::new(Upstream::new(config.api_keys, world, site_url.clone(), sender));
        if let Some(path) = config.state_file.clone() {
            upstream.tasks.spawn(state_file::keep(Arc::clone(&upstream), path));
        }
        upstream.tasks.spawn(repeats::keep(Arc::clone(&upstream)));
        let router = router(Arc::clone(&upstream));
        let stopped = upstream.stop.clone().cancelled_owned();
        let server = tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stopped).await });
        Ok(RunningSandbox {
            upstream,
            server,
            local_url,
            site_url,
            state_file: config.state_file,
        })
    }
}

fn router(upstream: Arc<Upstream>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/desk") }))
        .nest("/partner", wire::router())
        .nest("/_sandbox", control::router())
        .merge(pages::router())
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(upstream)
}

/// A sandbox that is listening.
#[derive(Debug)]
pub struct RunningSandbox {
    pub(crate) upstream: Arc<Upstream>,
    server: JoinHandle<std::io::Result<()>>,
    local_url: Url,
    site_url: Url,
    state_file: Option<PathBuf>,
}

impl RunningSandbox {
    /// The partner API's base, such as `http://127.0.0.1:8090/partner`: always the address that is listened on.
    pub fn base_url(&self) -> Url {
        let mut url = self.local_url.clone();
        url.set_path("/partner");
        url
    }

    /// The address of the pages and, under `/_sandbox`, of the control API.
    pub fn site_url(&self) -> &Url {
        &self.site_url
    }

    /// Stops listening, drops callbacks that were not sent, and waits until everything has ended, 5 s at most.
    pub async fn shutdown(mut self) {
        self.upstream.stop.cancel();
        self.upstream.tasks.close();
        let ended = async {
            self.upstream.tasks.wait().await;
            // The server ends without an error, or there is nobody left to tell.
            let _ = (&mut self.server).await;
        };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, ended).await.is_err() {
            tracing::warn!("connections to the sandbox were cut off");
            self.server.abort();
        }
        if let Some(path) = &self.state_file {
            state_file::write(&self.upstream, path, &mut 0).await;
        }
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        self.upstream.stop.cancel();
    }
}
