//! The state of the broker, for people and for scripts.

use core::time::Duration;

use serde_json::json;
use store_model::StoreState;

use crate::{BoundListener, Snapshot};

/// The state in a few lines.
#[must_use]
pub fn text(snapshot: &Snapshot) -> String {
    let (node, gauges) = (&snapshot.node, snapshot.gauges());
    let answered = snapshot.shards.iter().flatten().count();
    let state = if snapshot.ready {
        "running"
    } else {
        "not ready"
    };
    let line = |name: &str, value: &dyn core::fmt::Display| format!("{name:<13}{value}\n");
    let mut lines = vec![
        line("node", &node.name),
        line("status", &state),
        line("version", &node.version),
        line("uptime", &duration(snapshot.uptime())),
        line(
            "shards",
            &format!("{answered} of {} answer", snapshot.shards.len()),
        ),
        line("store", &store(snapshot)),
        line("connections", &gauges.connections),
        line("sessions", &gauges.sessions),
    ];
    let listener = |listener: &BoundListener| {
        line(
            "listener",
            &format!("{} on {}", listener.name, listener.address),
        )
    };
    lines.extend(node.listeners.iter().map(listener));
    lines.concat()
}

/// The state of the store in a word.
fn store(snapshot: &Snapshot) -> &'static str {
    match snapshot.store.as_ref().map(|store| store.state) {
        None => "none",
        Some(StoreState::Failed) => "failed",
        Some(StoreState::Full) => "full",
        Some(StoreState::Healthy) => "healthy",
    }
}

/// The state as a JSON object.
#[must_use]
pub fn json(snapshot: &Snapshot) -> String {
    let (node, gauges) = (&snapshot.node, snapshot.gauges());
    let listeners = node.listeners.iter().map(|listener| {
        json!({ "name": listener.name, "address": listener.address.to_string(), "port": listener.address.port() })
    });
    let object = json!({
        "node": node.name,
        "ready": snapshot.ready,
        "version": node.version,
        "kernel": node.kernel,
        "uptime_s": snapshot.uptime().as_secs(),
        "shards": snapshot.shards.len(),
        "shards_answering": snapshot.shards.iter().flatten().count(),
        "store": store(snapshot),
        "connections": gauges.connections,
        "live_connections": gauges.live_connections,
        "sessions": gauges.sessions,
        "subscriptions": gauges.subscriptions,
        "open_files_max": node.open_files_max,
        "listeners": listeners.collect::<Vec<_>>(),
    });
    format!("{object:#}\n")
}

/// As in `1d 2h 3m 4s`.
#[must_use]
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let first = parts
        .iter()
        .position(|(count, _)| *count > 0)
        .unwrap_or(parts.len() - 1);
    let parts = parts[first..]
        .iter()
        .map(|(count, unit)| format!("{count}{unit}"));
    parts.collect::<Vec<_>>().join(" ")
}
