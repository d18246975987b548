//! Metrics for Prometheus while a run goes on: one page, served by one thread.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// How long a scrape may take to ask and to listen, all in all. Full: it gets nothing.
const LIFE: Duration = Duration::from_secs(1);

/// Bytes of a request that are read. Full: the answer comes without reading the rest.
const REQUEST_BYTES_MAX: u64 = 8 * 1024;

/// Scrapes that are answered at once. Full: others wait, for one life at most.
const SCRAPES_MAX: usize = 4;

/// The page, which whoever scrapes finds as it was written last.
pub(crate) struct LiveMetrics {
    text: Arc<Mutex<String>>,
}

impl LiveMetrics {
    /// Serves at `address` until the process ends.
    pub(crate) fn serve(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address);
        let listener = listener.with_context(|| format!("listen at {address} for Prometheus"))?;
        Self::serve_at(listener).context("start the threads for Prometheus")
    }

    fn serve_at(listener: TcpListener) -> io::Result<Self> {
        let text = Arc::new(Mutex::new(String::new()));
        let listener = Arc::new(listener);
        for _ in 0..SCRAPES_MAX {
            let (listener, text) = (Arc::clone(&listener), Arc::clone(&text));
            let serve = move || {
                for stream in listener.incoming().flatten() {
                    // Who does not ask or listen in time has asked for nothing.
                    let _ = answer(&stream, &text);
                }
            };
            let thread = thread::Builder::new().name("prometheus".to_owned());
            thread.spawn(serve)?;
        }
        Ok(Self { text })
    }

    pub(crate) fn update(&self, text: String) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// A connection that fails when its life is over, however little it was silent.
struct Mortal<'a> {
    stream: &'a TcpStream,
    end: Instant,
}

impl Mortal<'_> {
    /// What is left of its life; never zero, which would be no limit.
    fn left(&self) -> io::Result<Duration> {
        let left = self.end.checked_duration_since(Instant::now());
        left.filter(|left| !left.is_zero())
            .ok_or_else(|| io::ErrorKind::TimedOut.into())
    }
}

impl Read for Mortal<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Mortal<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn answer(stream: &TcpStream, text: &Mutex<String>) -> io::Result<()> {
    let end = Instant::now() + LIFE;
    let mut stream = Mortal { stream, end };
    let mut lines = BufReader::new(Read::by_ref(&mut stream).take(REQUEST_BYTES_MAX)).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // The rest of the head must be read, or closing would reset the connection.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let page;
    let (status, body) = match request.split(' ').nth(1) {
        Some("/metrics" | "/") if request.starts_with("GET ") => {
            page = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
            ("200 OK", page.as_str())
        }
        _ => ("404 Not Found", "the metrics are at /metrics\n"),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than anything here may take.
    const LONG: Duration = Duration::from_secs(20);

    fn page(text: &str) -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let metrics = LiveMetrics::serve_at(listener).unwrap();
        metrics.update(text.to_owned());
        address
    }

    /// Sends one byte after the other; whether the server has hung up by then.
    fn drip(mut stream: TcpStream, since: Instant) -> bool {
        stream
            .set_read_timeout(Some(Duration::from_millis(20)))
            .unwrap();
        while since.elapsed() < LONG {
            if stream.write_all(b"G").is_err() {
                return true;
            }
            match stream.read(&mut [0; 64]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(_) | Err(_) => return true,
            }
        }
        false
    }

    fn scrape(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG / 2)).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn those_who_drip_hold_nobody_up_and_are_cut_off() {
        let address = page("delivered 5\n");
        let start = Instant::now();
        // One more than are answered at once.
        let drippers = (0..=SCRAPES_MAX).map(|_| {
            let stream = TcpStream::connect(address).unwrap();
            thread::spawn(move || drip(stream, start))
        });
        let drippers = drippers.collect::<Vec<_>>();
        let text = scrape(address);
        assert!(text.ends_with("\r\n\r\ndelivered 5\n"), "{text}");
        assert!(drippers.into_iter().all(|dripper| dripper.join().unwrap()));
    }

    #[test]
    fn a_request_without_end_is_answered_when_it_is_long_enough() {
        let address = page("delivered 5\n");
        let mut request = b"GET /metrics HTTP/1.1\r\n".to_vec();
        request.resize(usize::try_from(REQUEST_BYTES_MAX).unwrap(), b'x');
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(&request).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.ends_with("\r\n\r\ndelivered 5\n"), "{text}");
    }
}
