//! Bells: something may have changed, go and look (RFC 8620 §7.3).
//!
//! What an event says is not read: after each (re)connect, and at every event, the sweep looks at
//! the mailbox itself. Where there is no push, or as long as it is broken, we look from time to
//! time instead, and say so once.

use std::time::Duration;

use http::HeaderValue;
use http::header::{ACCEPT, CACHE_CONTROL};
use serde_json::Value;
use url::Url;

use super::sse::{Event, Parser};
use super::{Jmap, JmapError};
use crate::wire::{Incoming, Limits, Request};

/// Why it is worth looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// Push (re)connected: what happened before is not told.
    Connected,
    /// The server says that something changed.
    Changed,
    /// Time has passed.
    Tick,
}

/// How we learn of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is known yet; we look from time to time.
    Starting,
    /// The server pushes.
    Push,
    /// We look from time to time: the server has no push, or it is broken at present.
    Poll { why: String },
}

/// How often we ask the server for a sign of life, at first.
const PING: Duration = Duration::from_secs(30);
/// Servers may have a ping of their own; one that lets us wait longer than we asked for is asked
/// for less.
const LONGEST_PING: Duration = Duration::from_secs(300);
/// Beyond two pings, for slow lines.
const GRACE: Duration = Duration::from_secs(5);
/// The longest wait before push is tried again after it broke; meanwhile we poll.
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);
/// How long a server that has no push is left alone about it.
const NO_PUSH: Duration = Duration::from_secs(60 * 60);
/// How often to look at least where push works.
const SAFETY: Duration = Duration::from_secs(300);
/// A connection is made anew after this time, so that no half-dead one stays for ever.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How a connection for events ended.
enum End {
    /// The server has none to offer.
    NoPush(String),
    /// It came about, and ended: `alive` says whether anything was heard.
    Closed {
        alive: bool,
        silent: bool,
        why: String,
        retry: Option<Duration>,
    },
    Failed(JmapError),
}

impl Jmap {
    /// Listens for ever, and rings `bell` whenever it is worth looking. Dropping it ends it.
    pub async fn listen(&self, bell: impl Fn(Bell) + Send + Sync) {
        tokio::join!(self.hear(&bell), self.tick(&bell));
    }

    /// Rings from time to time: at the poll interval, or rarely where push works.
    async fn tick(&self, bell: &(impl Fn(Bell) + Send + Sync)) {
        let mut mode = self.mode();
        loop {
            let pushed = *mode.borrow() == Mode::Push;
            let poll = self.0.config.poll;
            let pause = if pushed { SAFETY.max(poll) } else { poll };
            tokio::select! {
                biased;
                () = self.0.clock.sleep(pause) => bell(Bell::Tick),
                // The sender lives in `self`. Falling back to polling begins with a look.
                _ = mode.wait_for(|now| (*now == Mode::Push) != pushed) => {
                    if pushed {
                        bell(Bell::Tick);
                    }
                }
            }
        }
    }

    async fn hear(&self, bell: &(impl Fn(Bell) + Send + Sync)) {
        let mut ping = PING;
        let mut attempts = 0_u32;
        let mut told = false;
        loop {
            let (why, pause) = match self.connect_events(ping, bell).await {
                End::NoPush(why) => {
                    if !std::mem::replace(&mut told, true) {
                        let seconds = self.0.config.poll.as_secs();
                        tracing::info!(
                            why,
                            seconds,
                            "the mail server has no push; looking for mail by polling"
                        );
                        bell(Bell::Tick);
                    }
                    attempts = 0;
                    (why, NO_PUSH)
                }
                End::Closed { alive, silent, why, retry } => {
                    if silent && !alive {
                        ping = ping.saturating_mul(2).min(LONGEST_PING);
                    }
                    attempts = if alive { 0 } else { attempts.saturating_add(1) };
                    // Connections end; that it cannot be had again would be told.
                    tracing::debug!(why, "push ended; connecting again");
                    let pause = self.backoff(attempts);
                    (why, retry.map_or(pause, |retry| pause.max(retry.min(LONGEST_BACKOFF))))
                }
                End::Failed(error) => {
                    let why = error.whole();
                    // A server that is away is told of by the sweep.
                    if attempts == 0 && !matches!(error, JmapError::Wire(_)) {
                        tracing::warn!(why, "push cannot be connected; polling until it can");
                    }
                    attempts = attempts.saturating_add(1);
                    (why, self.backoff(attempts).max(error.failure().retry_after().unwrap_or_default()))
                }
            };
            self.set_mode(Mode::Poll { why });
            self.0.clock.sleep(pause).await;
        }
    }

    /// Connects, and rings for every event until the connection ends.
    async fn connect_events(&self, ping: Duration, bell: &(impl Fn(Bell) + Send + Sync)) -> End {
        let session = match self.session().await {
            Ok(session) => session,
            Err(error) => return End::Failed(error),
        };
        let Some(url) = session.event_source_url(ping) else {
            return End::NoPush("its session names no event source that may be used".to_owned());
        };
        let request = events_request(url).credentials(self.credentials(&session));
        let mut incoming = match self.0.wire.open(request).await {
            Ok(incoming) => incoming,
            Err(error) => return End::Failed(error.into()),
        };
        match incoming.status.as_u16() {
            200 if incoming.media_type().as_deref() == Some("text/event-stream") => {}
            200 => return End::NoPush("its event source answers with something else".to_owned()),
            status @ (204 | 404 | 405 | 410 | 501) => {
                return End::NoPush(format!("its event source answers {status}"));
            }
            _ => {
                let limits = Limits { cap: 64 * 1024, read: Duration::from_secs(10), ..Limits::default() };
                return match incoming.collect(limits).await {
                    Ok(response) => End::Failed(self.http_fault(&response).into()),
                    Err(error) => End::Failed(error.into()),
                };
            }
        }
        self.set_mode(Mode::Push);
        tracing::debug!("push is connected");
        bell(Bell::Connected);
        self.follow(&mut incoming, ping, bell).await
    }

    async fn follow(
        &self,
        incoming: &mut Incoming,
        ping: Duration,
        bell: &(impl Fn(Bell) + Send + Sync),
    ) -> End {
        let mut parser = Parser::default();
        let mut ping = ping;
        let mut alive = false;
        loop {
            let silence = ping.saturating_mul(2).saturating_add(GRACE);
            let (silent, why) = match incoming.chunk(silence).await {
                Ok(Some(octets)) => {
                    // Anything counts as a sign of life, a comment too.
                    alive = true;
                    for event in parser.feed(&octets) {
                        match interval(&event) {
                            Some(every) => ping = every,
                            None if event.name == "ping" => {}
                            None => bell(Bell::Changed),
                        }
                    }
                    continue;
                }
                Ok(None) => (false, "the mail server ended it".to_owned()),
                Err(error) => {
                    let silent = matches!(error, crate::wire::WireError::Timeout { .. });
                    (silent, JmapError::from(error).whole())
                }
            };
            let retry = parser.retry.map(Duration::from_millis);
            return End::Closed { alive, silent, why, retry };
        }
    }

    /// Longer each time, and never the same for two: 1 s, 2 s, 4 s … 5 min, of which a random half.
    fn backoff(&self, attempts: u32) -> Duration {
        let full =
            Duration::from_secs(1_u64.checked_shl(attempts.min(16)).unwrap_or(u64::MAX)).min(LONGEST_BACKOFF);
        self.0.random.jittered(full)
    }

    fn set_mode(&self, mode: Mode) {
        self.0.mode.send_if_modified(|now| {
            let changed = *now != mode;
            *now = mode;
            changed
        });
    }
}

fn events_request(url: Url) -> Request {
    // The read limit is for the head of the answer: some servers send it with the first event.
    let limits = Limits { total: LONGEST, read: Duration::from_secs(90), ..Limits::default() };
    Request::get(url)
        .header(ACCEPT, HeaderValue::from_static("text/event-stream"))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-cache"))
        .limits(limits)
}

/// The interval that a ping names. RFC 8620 §7.3 has it in seconds, Stalwart in milliseconds.
fn interval(event: &Event) -> Option<Duration> {
    if event.name != "ping" {
        return None;
    }
    let data: Value = serde_json::from_str(&event.data).ok()?;
    let number = data.get("interval")?.as_u64()?;
    let interval = if number >= 1000 { Duration::from_millis(number) } else { Duration::from_secs(number) };
    Some(interval.clamp(Duration::from_secs(1), 2 * LONGEST_PING))
}
