//! The HTTP endpoint.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /status` | the state as text, `?format=json` as JSON; 503 while the broker is not ready |
//! | `GET /metrics` | all figures as Prometheus text |
//! | `GET /log/level` | the log level in force |
//! | `PUT /log/level` | the body is the new level; 400 with a sentence if there is no such level |

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::control::Shared;
use crate::{metrics, status};

const TEXT: &str = "text/plain; charset=utf-8";

/// Serves until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/status", get(status_page))
        .route("/metrics", get(metrics_page))
        .route("/log/level", get(log_level).put(change_log_level))
        .with_state(shared);
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "The control endpoint ended");
    }
}

async fn status_page(State(shared): State<Arc<Shared>>, RawQuery(query): RawQuery) -> Response {
    let snapshot = shared.snapshot().await;
    let code = if snapshot.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let json = query.is_some_and(|query| query.split('&').any(|pair| pair == "format=json"));
    let (kind, body) = if json {
        ("application/json", status::json(&snapshot))
    } else {
        (TEXT, status::text(&snapshot))
    };
    (code, [(header::CONTENT_TYPE, kind)], body).into_response()
}

async fn metrics_page(State(shared): State<Arc<Shared>>) -> Response {
    let body = metrics::text(&shared.snapshot().await);
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], body).into_response()
}

async fn log_level(State(shared): State<Arc<Shared>>) -> String {
    (shared.log_levels.current)() + "\n"
}

async fn change_log_level(State(shared): State<Arc<Shared>>, body: String) -> (StatusCode, String) {
    match (shared.log_levels.change)(body.trim()) {
        Ok(()) => (StatusCode::OK, (shared.log_levels.current)() + "\n"),
        Err(problem) => (StatusCode::BAD_REQUEST, problem + "\n"),
    }
}
