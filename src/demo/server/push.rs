//! The event source (RFC 8620 §7.3). As with Stalwart there is no first event, no id, and nothing
//! is told again after a reconnect: a client that relies on any of these fails its tests here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::Shared;
use super::errors::Problem;
use super::faults::Fault;
use super::http::Cut;
use super::log::Kind;
use crate::clock::after;

/// What a client asks for in the URL.
#[derive(Debug, PartialEq, Eq)]
pub struct Wish {
    /// `None` is every type.
    types: Option<Vec<String>>,
    close_after_state: bool,
    /// Seconds between pings; none at 0.
    ping: u64,
}

impl Wish {
    /// Reads the query of the URL; all three are required.
    pub fn read(query: &str) -> Result<Self, Problem> {
        let pairs: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let wrong = |what: &str| Problem {
            detail: what.to_owned(),
            ..Problem::status(http::StatusCode::BAD_REQUEST)
        };
        let types = pairs.get("types").ok_or_else(|| wrong("types is missing"))?;
        let types = (types != "*").then(|| types.split(',').map(str::to_owned).collect());
        let close_after_state = match pairs.get("closeafter").map(String::as_str) {
            Some("state") => true,
            Some("no") => false,
            _ => return Err(wrong("closeafter is `state` or `no`")),
        };
        let ping = pairs.get("ping").and_then(|ping| ping.parse().ok());
        Ok(Self { types, close_after_state, ping: ping.ok_or_else(|| wrong("ping is a number of seconds"))? })
    }

    fn wants(&self, kind: Kind) -> bool {
        self.types.as_ref().is_none_or(|types| types.iter().any(|name| name == kind.name()))
    }
}

struct Source {
    shared: Arc<Shared>,
    login: String,
    wish: Wish,
    told: BTreeMap<Kind, String>,
    changed: watch::Receiver<u64>,
    restarts: watch::Receiver<u64>,
    next_ping: Option<Timestamp>,
    ready: VecDeque<Bytes>,
    closing: bool,
}

/// The events of one connection, until it ends.
pub fn events(
    shared: &Arc<Shared>,
    login: &str,
    wish: Wish,
) -> impl Stream<Item = Result<Bytes, Cut>> + Send + use<> {
    let source = Source {
        login: login.to_owned(),
        // Subscribed before the states are read, so that no change falls between the two.
        changed: shared.changed.subscribe(),
        restarts: shared.restarts.subscribe(),
        told: shared
            .look(|world| world.account(login).map(|account| account.log.states()).unwrap_or_default()),
        next_ping: None,
        ready: VecDeque::new(),
        closing: false,
        shared: shared.clone(),
        wish,
    };
    stream::try_unfold(source, |mut source| async move {
        let event = source.next().await?;
        Ok(event.map(|event| (event, source)))
    })
}

impl Source {
    async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            if self.closing {
                return Ok(None);
            }
            if self.restarts.has_changed().unwrap_or(true) {
                return Err(Cut);
            }
            let clock = self.shared.options.clock.clone();
            let now = clock.now();
            let every = Duration::from_secs(self.wish.ping);
            let due = *self.next_ping.get_or_insert_with(|| after(now, every));
            let wait = Duration::try_from(due.duration_since(now)).unwrap_or(Duration::ZERO);
            tokio::select! {
                biased;
                _ = self.restarts.changed() => return Err(Cut),
                changed = self.changed.changed() => {
                    if changed.is_err() {
                        return Ok(None);
                    }
                    self.look()?;
                }
                () = clock.sleep(wait), if self.wish.ping > 0 => {
                    self.next_ping = None;
                    let interval = if self.shared.options.habits.ping_in_ms { 1000 } else { 1 };
                    let interval = self.wish.ping.saturating_mul(interval);
                    self.tell(format!("event: ping\ndata: {{\"interval\": {interval}}}\n\n"))?;
                }
            }
        }
    }

    /// Tells what changed since the last time.
    fn look(&mut self) -> Result<(), Cut> {
        let found = self.shared.look(|world| {
            world.account(&self.login).map(|account| (account.id.clone(), account.log.states()))
        });
        let Some((id, states)) = found else { return Ok(()) };
        let news: Map<String, Value> = states
            .iter()
            .filter(|(kind, state)| self.wish.wants(**kind) && self.told.get(kind) != Some(state))
            .map(|(kind, state)| (kind.name().to_owned(), json!(state)))
            .collect();
        self.told = states;
        if news.is_empty() {
            return Ok(());
        }
        let change = json!({ "@type": "StateChange", "changed": { id: news } });
        let event = format!("event: state\ndata: {change}\n\n");
        self.tell(event.clone())?;
        if self.shared.faults.strikes(&Fault::DoubleBell) {
            self.tell(event)?;
        }
        self.closing = self.wish.close_after_state;
        Ok(())
    }

    fn tell(&mut self, event: String) -> Result<(), Cut> {
        if self.shared.faults.strikes(&Fault::PushDropped) {
            return Err(Cut);
        }
        if !self.shared.faults.strikes(&Fault::PushSilent) {
            self.ready.push_back(event.into());
        }
        Ok(())
    }
}
