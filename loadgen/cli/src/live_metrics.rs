//! Metrics for Prometheus while a run goes on: one page, served by one thread.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

/// How long a scrape may take to ask and to listen. Full: it gets nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lines of a request that are read. Full: the answer comes without reading the rest.
const LINES_MAX: usize = 100;

/// The page, which whoever scrapes finds as it was written last.
pub(crate) struct LiveMetrics {
    text: Arc<Mutex<String>>,
}

impl LiveMetrics {
    /// Serves at `address` until the process ends.
    pub(crate) fn serve(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address);
        let listener = listener.with_context(|| format!("listen at {address} for Prometheus"))?;
        let text = Arc::new(Mutex::new(String::new()));
        let served = Arc::clone(&text);
        thread::Builder::new()
            .name("prometheus".to_owned())
            .spawn(move || {
                for stream in listener.incoming().flatten() {
                    let text = served
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clone();
                    // Who does not listen to the end has asked for nothing.
                    let _ = answer(&stream, &text);
                }
            })
            .context("start the thread for Prometheus")?;
        Ok(Self { text })
    }

    pub(crate) fn update(&self, text: String) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

fn answer(mut stream: &TcpStream, text: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream).lines().take(LINES_MAX);
    let request = lines.next().transpose()?.unwrap_or_default();
    // The rest of the head must be read, or closing would reset the connection.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (status, body) = match request.split(' ').nth(1) {
        Some("/metrics" | "/") if request.starts_with("GET ") => ("200 OK", text),
        _ => ("404 Not Found", "the metrics are at /metrics\n"),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
