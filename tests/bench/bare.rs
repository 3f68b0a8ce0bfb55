//! The servers that the registry is compared with: as little as can be written for the same answer.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{PgPool, SqlitePool};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::installation::Engine;

#[derive(clap::Args)]
pub(crate) struct Args {
    address: SocketAddr,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Answers every request the same.
    Empty,
    /// Selects a merchant's row by its primary key.
    Select { url: String, tenant: Uuid },
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let ready = Router::new().route("/readyz", get(async || ""));
    let router = match args.what {
        What::Empty => ready.fallback(async || ([(CONTENT_TYPE, "application/json")], r#"{"code":"0000"}"#)),
        What::Select { url, tenant } => ready.merge(selecting(&url, tenant).await?),
    };
    let listener = TcpListener::bind(args.address).await?;
    axum::serve(listener, router).await?;
    Ok(())
}

/// What the registry's reader has: as many connections on each engine.
async fn selecting(url: &str, tenant: Uuid) -> anyhow::Result<Router> {
    const PATH: &str = "/v1/merchants/{id}";
    match Engine::of(url.starts_with("sqlite:")) {
        Engine::Sqlite => {
            let pool = SqlitePoolOptions::new().max_connections(4).connect(url).await?;
            let router = Router::new().route(PATH, get(select_from_sqlite));
            Ok(router.with_state((pool, tenant)))
        }
        Engine::Postgres => {
            let pool = sqlx::postgres::PgPoolOptions::new()
                .max_connections(8)
                .connect(url)
                .await?;
            let router = Router::new().route(PATH, get(select_from_postgres));
            Ok(router.with_state((pool, tenant)))
        }
    }
}

async fn select_from_sqlite(State((pool, tenant)): State<(SqlitePool, Uuid)>, Path(id): Path<String>) -> Response {
    let statement = "SELECT state FROM merchants WHERE tenant_id = ?1 AND merchant_id = ?2";
    let query = sqlx::query_scalar(statement).bind(tenant).bind(merchant(&id));
    answer(query.fetch_optional(&pool).await)
}

async fn select_from_postgres(State((pool, tenant)): State<(PgPool, Uuid)>, Path(id): Path<String>) -> Response {
    let statement = "SELECT state FROM merchants WHERE tenant_id = $1 AND merchant_id = $2";
    let query = sqlx::query_scalar(statement).bind(tenant).bind(merchant(&id));
    answer(query.fetch_optional(&pool).await)
}

/// `mer_` and 32 digits; anything else is the id of nobody.
fn merchant(id: &str) -> Uuid {
    let digits = id.strip_prefix("mer_").unwrap_or_default();
    digits.parse().unwrap_or_default()
}

fn answer(found: Result<Option<String>, sqlx::Error>) -> Response {
    match found {
        Ok(Some(state)) => ([(CONTENT_TYPE, "application/json")], state).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
