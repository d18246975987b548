//! The control side against shards that answer as engines do.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "talks HTTP over loopback, and fails if it can't"
)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use broker_control::{
    BoundListener, Control, ControlSettings, LogLevels, Mailboxes, Node, StartError,
};
use shard_engine::{ControlInput, ControlOutput, Counters, Gauges};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use wire_message::{Message, ShardId};

fn node() -> Node {
    Node {
        name: "skein@127.0.0.1".to_owned(),
        version: "0.1.0",
        kernel: "6.1 \"test\"".to_owned(),
        started: SystemTime::now(),
        listeners: vec![BoundListener {
            name: "tcp:default".to_owned(),
            address: "127.0.0.1:4711".parse().unwrap(),
        }],
        open_files_max: 1024,
    }
}

fn log_levels() -> LogLevels {
    let level = Arc::new(Mutex::new("info".to_owned()));
    let set = level.clone();
    LogLevels {
        current: Arc::new(move || level.lock().unwrap().clone()),
        change: Arc::new(move |wanted| {
            if wanted != "debug" {
                return Err(format!("no level `{wanted}`"));
            }
            wanted.clone_into(&mut set.lock().unwrap());
            Ok(())
        }),
    }
}

fn settings() -> ControlSettings {
    ControlSettings {
        node: node(),
        api: Some("127.0.0.1:0".parse().unwrap()),
        sys_msg_interval: None,
        sys_heartbeat_interval: None,
        log_levels: log_levels(),
        store: None,
    }
}

/// Two shards that report `3 + shard` received messages and two connections; those in `silent`
/// don't answer. What is published comes out of the receiver.
fn shards(silent: &'static [u8]) -> (Mailboxes, mpsc::UnboundedReceiver<Arc<Message>>) {
    let (to_shards, mut asked) = mpsc::channel(16);
    let (answer, from_shards) = mpsc::unbounded_channel();
    let (to_test, publishes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some((shard, input)) = asked.recv().await {
            let ShardId(number) = shard;
            match input {
                ControlInput::Report(question) if !silent.contains(&number) => {
                    let counters = Box::new(Counters {
                        messages_received: 3 + u64::from(number),
                        ..Counters::default()
                    });
                    let gauges = Gauges {
                        connections: 2,
                        ..Gauges::default()
                    };
                    answer
                        .send((
                            shard,
                            ControlOutput::Report {
                                question,
                                counters,
                                gauges,
                            },
                        ))
                        .unwrap();
                }
                ControlInput::Publish(message) => to_test.send(message).unwrap(),
                ControlInput::Report(_) => {}
                other => unreachable!("nobody sends {other:?}"),
            }
        }
    });
    (
        Mailboxes {
            shards: 2,
            to_shards,
            from_shards,
            turns: vec![Arc::default(), Arc::default()],
        },
        publishes,
    )
}

/// Status code, head and body.
async fn request(control: &Control, method: &str, path: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(control.api.unwrap()).await.unwrap();
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head[9..12].parse().unwrap(),
        head.to_lowercase(),
        body.to_owned(),
    )
}

#[tokio::test]
async fn status_is_503_until_ready_and_names_ports() {
    let control = Control::start(settings(), shards(&[]).0).await.unwrap();
    assert_eq!(request(&control, "GET", "/status", "").await.0, 503);
    control.set_ready(true);
    let (code, head, text) = request(&control, "GET", "/status", "").await;
    assert_eq!(code, 200);
    assert!(head.contains("content-type: text/plain"), "{head}");
    for line in [
        "status       running",
        "connections  4",
        "shards       2 of 2 answer",
        "listener     tcp:default on 127.0.0.1:4711",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    let (_, head, body) = request(&control, "GET", "/status?format=json", "").await;
    assert!(head.contains("content-type: application/json"), "{head}");
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(json["listeners"][0]["port"], 4711);
    assert_eq!(
        (&json["ready"], &json["connections"], &json["shards"]),
        (&true.into(), &4.into(), &2.into())
    );
}

#[tokio::test]
async fn metrics_add_the_shards_up() {
    let control = Control::start(settings(), shards(&[]).0).await.unwrap();
    let (code, head, text) = request(&control, "GET", "/metrics", "").await;
    assert_eq!(code, 200);
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    let has = |line: &str| {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    };
    has("mqtt_messages_received_total 7");
    has("mqtt_connections 4");
    has("skein_shard_messages_received_total{shard=\"1\"} 4");
    has("skein_shard_turns_total{shard=\"1\"} 0");
    has("skein_ready 0");
}

#[tokio::test(start_paused = true)]
async fn a_silent_shard_delays_and_is_named_but_breaks_nothing() {
    let control = Control::start(settings(), shards(&[0]).0).await.unwrap();
    let (code, _, text) = request(&control, "GET", "/metrics", "").await;
    assert_eq!(code, 200);
    assert!(
        text.contains("skein_shard_up{shard=\"0\"} 0\nskein_shard_up{shard=\"1\"} 1\n"),
        "{text}"
    );
    assert!(
        text.contains("\nmqtt_messages_received_total 4\n"),
        "{text}"
    );
}

#[tokio::test]
async fn askers_at_the_same_time_share_an_answer() {
    let control = Control::start(settings(), shards(&[]).0).await.unwrap();
    let (one, two) = tokio::join!(
        request(&control, "GET", "/metrics", ""),
        request(&control, "GET", "/metrics", "")
    );
    assert_eq!((one.0, two.0), (200, 200));
}

#[tokio::test]
async fn the_log_level_changes_at_run_time() {
    let control = Control::start(settings(), shards(&[]).0).await.unwrap();
    assert_eq!(request(&control, "GET", "/log/level", "").await.2, "info\n");
    assert_eq!(
        request(&control, "PUT", "/log/level", "debug\n").await.2,
        "debug\n"
    );
    assert_eq!(
        request(&control, "GET", "/log/level", "").await.2,
        "debug\n"
    );
    let (code, _, problem) = request(&control, "PUT", "/log/level", "loud").await;
    assert_eq!((code, problem.as_str()), (400, "no level `loud`\n"));
    assert_eq!(
        request(&control, "POST", "/log/level", "debug").await.0,
        405
    );
    assert_eq!(request(&control, "GET", "/", "").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn system_topics_are_published_at_once_and_again() {
    let (mailboxes, mut publishes) = shards(&[]);
    let settings = ControlSettings {
        api: None,
        sys_heartbeat_interval: Some(Duration::from_secs(30)),
        ..settings()
    };
    let _control = Control::start(settings, mailboxes).await.unwrap();
    for _ in 0..2 {
        let uptime = publishes.recv().await.unwrap();
        assert_eq!(
            uptime.topic().as_str(),
            "$SYS/brokers/skein@127.0.0.1/uptime"
        );
        let datetime = publishes.recv().await.unwrap();
        assert_eq!(
            datetime.topic().as_str(),
            "$SYS/brokers/skein@127.0.0.1/datetime"
        );
        assert_eq!(datetime.payload().len(), "2026-02-28T23:59:59Z".len());
    }
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = Control::start(settings(), shards(&[]).0).await.unwrap();
    let taken = ControlSettings {
        api: first.api,
        ..settings()
    };
    let Err(StartError::Bind { address, .. }) = Control::start(taken, shards(&[]).0).await else {
        unreachable!("two can't listen on one port");
    };
    assert_eq!(Some(address), first.api);
}
