//! Three lanes that do not wait for each other: people's comments, notices, automatic letters.
//!
//! Each has letters of its own under way, so one that the server is slow about holds neither the
//! other lanes nor the rest of its own, as far as the requests go that the server allows at once. To one
//! participant of one ticket there is never more than one under way, because the outbox gives the head
//! of each such queue alone.

use std::collections::HashSet;
use std::future::pending;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, watch};

use super::breaker::Stopped;
use super::{Delivery, DeliveryError, PAUSE};
use crate::desk::{StoppedLane, Street};
use crate::intake::MaySend;
use crate::store::Look;
use crate::tracker::{Lane, OutboxId, OutboxRow, OutboxState};

/// How many letters of a lane are read from the outbox at once.
const BATCH: usize = 50;
/// How long an answer of the marker holds for the letters that begin after it, from when it was asked
/// for. A second request for each letter would cost a third of the time of sending it.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// While a lane has no room, how soon the outbox is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// After so many letters in a row that met trouble of the server's, a lane waits for the next turn.
const IN_A_ROW: u32 = 3;

/// How a lane fares within one turn.
#[derive(Debug, Default)]
struct Course {
    under_way: usize,
    /// How many letters of all lanes were begun before its last one.
    begun_at: u64,
    in_a_row: u32,
    /// No more letters of it are begun in this turn.
    over: bool,
}

/// How it ended with one letter.
enum End {
    Done,
    Trouble(DeliveryError),
    /// The mailbox is not ours, or it is not certain. The letter was not begun, and no other is in
    /// this turn.
    NotNow(Option<DeliveryError>),
}

/// How many letters of a lane may be under way. Most of a letter's time is the disks', here and at the
/// server, so a few side by side cost little.
fn most(lane: Lane) -> usize {
    match lane {
        Lane::People => 4,
        Lane::Automatic => 3,
        Lane::Notices => 1,
    }
}

/// When the marker was last asked for, by the clock's run.
pub(super) struct Asked(Mutex<Duration>);

/// How a turn of all lanes ended.
pub(super) struct Drained {
    /// Whether any letter left.
    pub(super) sent: bool,
    /// What a single letter met.
    pub(super) single: Option<DeliveryError>,
}

/// One turn of all lanes.
struct Turn {
    courses: [(Lane, Course); 3],
    under_way: HashSet<OutboxId>,
    /// How many letters were begun.
    begun: u64,
    /// Whether any letter left.
    sent: bool,
    /// What stops a lane, or all.
    trouble: Option<DeliveryError>,
    /// What a single letter met.
    single: Option<DeliveryError>,
}

impl Turn {
    fn course(&mut self, lane: Lane) -> Option<&mut Course> {
        self.courses.iter_mut().find(|(own, _)| *own == lane).map(|(_, course)| course)
    }

    /// In which order lanes are looked at: of those that have nothing under way the one first that waits
    /// longest, so that none starves where the server allows few requests at once.
    fn order(&self) -> [Lane; 3] {
        let mut courses: Vec<_> = self.courses.iter().collect();
        courses.sort_by_key(|(_, course)| match course.under_way {
            0 => (false, course.begun_at),
            _ => (true, 0),
        });
        let lane = |at: usize| courses.get(at).map_or(Lane::People, |(lane, _)| *lane);
        [lane(0), lane(1), lane(2)]
    }

    /// Notes that a letter is under way from now on.
    fn begins(&mut self, lane: Lane, id: OutboxId) {
        self.under_way.insert(id);
        self.begun += 1;
        let begun = self.begun;
        if let Some(course) = self.course(lane) {
            course.under_way += 1;
            course.begun_at = begun;
        }
    }

    /// For how many more letters of a lane there is room. What the server is slow about may fill a lane
    /// for minutes, so the last places are kept for lanes that have nothing under way.
    fn room(&self, lane: Lane, places: usize) -> usize {
        let free = places.saturating_sub(self.under_way.len());
        let idle = self.courses.iter().filter(|(other, course)| *other != lane && course.under_way == 0);
        let kept = match places {
            1 => 0,
            2..=5 => 1,
            _ => 2,
        };
        let own = self.courses.iter().find(|(own, _)| *own == lane).map_or(0, |(_, course)| course.under_way);
        let free = if own == 0 { free.min(1) } else { free.saturating_sub(idle.count().min(kept)) };
        free.min(most(lane).saturating_sub(own))
    }

    fn end(&mut self) {
        self.courses.iter_mut().for_each(|(_, course)| course.over = true);
    }
}

impl Delivery {
    /// Sends everything that is due, also what becomes due meanwhile. Trouble with one letter does
    /// not stop those to other people; trouble with several in a row is the server's.
    pub(super) async fn drain(
        &self,
        asked: Duration,
        bell: &Notify,
        stop: &watch::Receiver<bool>,
    ) -> Result<Drained, DeliveryError> {
        let mut turn = Turn {
            courses: [Lane::People, Lane::Notices, Lane::Automatic].map(|lane| (lane, Course::default())),
            under_way: HashSet::new(),
            begun: 0,
            sent: false,
            trouble: None,
            single: None,
        };
        // The turn has read the marker before its first letters.
        let asked = Asked(Mutex::new(asked));
        let mut sending = FuturesUnordered::new();
        loop {
            if *stop.borrow() || self.desk.paused()?.is_some() {
                turn.end();
            }
            for row in self.begin(&mut turn).await? {
                sending.push(self.one(row, &asked));
            }
            if sending.is_empty() {
                return turn.trouble.map_or(Ok(Drained { sent: turn.sent, single: turn.single }), Err);
            }
            let wait = self.until_due()?;
            tokio::select! {
                biased;
                Some((id, lane, end)) = sending.next() => self.ended(&mut turn, id, lane, end).await?,
                () = bell.notified() => {}
                () = self.until(wait) => {}
            }
        }
    }

    /// Sends one letter, where the mailbox is still ours. It is asked here, next to the letters that
    /// are under way, so that none of them has to wait for the answer.
    async fn one(&self, row: OutboxRow, asked: &Asked) -> (OutboxId, Lane, End) {
        let (id, lane) = (row.id, row.letter.lane());
        match self.ask(asked).await {
            Ok(()) => {}
            Err(DeliveryError::NotOurs) => return (id, lane, End::NotNow(None)),
            Err(error) => return (id, lane, End::NotNow(Some(error))),
        }
        self.desk.pulse().works(Street::Delivery);
        let end = match self.send(row, asked).await {
            Ok(()) => End::Done,
            Err(DeliveryError::NotOurs) => End::NotNow(None),
            Err(error) => End::Trouble(error),
        };
        (id, lane, end)
    }

    /// Whether the mailbox is still ours, by an answer that is not too old; [`DeliveryError::NotOurs`]
    /// where it is not. Those that begin while the question is under way wait for its answer. By the
    /// clock that nobody can set.
    pub(super) async fn ask(&self, asked: &Asked) -> Result<(), DeliveryError> {
        let mut asked = asked.0.lock().await;
        let now = self.desk.clock.elapsed();
        if now.saturating_sub(*asked) < ASK_EVERY {
            return Ok(());
        }
        let MaySend::Now = self.marker.before_sending().await? else { return Err(DeliveryError::NotOurs) };
        *asked = now;
        Ok(())
    }

    /// Whether the marker was asked for no longer ago than that.
    pub(super) async fn asked_within(&self, asked: &Asked, age: Duration) -> bool {
        self.desk.clock.elapsed().saturating_sub(*asked.0.lock().await) < age
    }

    /// The letters to begin now, as many as each lane has room for.
    async fn begin(&self, turn: &mut Turn) -> Result<Vec<OutboxRow>, DeliveryError> {
        let now = self.desk.clock.now();
        let mut rows = Vec::new();
        let places = self.places().await;
        for lane in turn.order() {
            if self.lane_stopped(lane, now) || turn.course(lane).is_none_or(|course| course.over) {
                continue;
            }
            if turn.room(lane, places) == 0 {
                continue;
            }
            let due = self.desk.store.read()?.letters_due_in(lane, now, BATCH)?;
            for row in due {
                if turn.under_way.contains(&row.id) {
                    continue;
                }
                if turn.room(lane, places) == 0 || !self.pass(&row, now)? {
                    break;
                }
                turn.begins(lane, row.id);
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// How many letters may be under way in all: one request is left to everything else, where the server
    /// allows several at once.
    async fn places(&self) -> usize {
        match self.jmap().await {
            Ok(jmap) => jmap.at_once().saturating_sub(1).max(1),
            Err(_) => 1,
        }
    }

    async fn ended(&self, turn: &mut Turn, id: OutboxId, lane: Lane, end: End) -> Result<(), DeliveryError> {
        turn.under_way.remove(&id);
        let Some(course) = turn.course(lane) else { return Ok(()) };
        course.under_way = course.under_way.saturating_sub(1);
        let error = match end {
            End::Trouble(error) => error,
            End::Done => {
                course.in_a_row = 0;
                // It may have been withdrawn, or be one of which nobody knows.
                let row = self.desk.store.read()?.letter(id)?;
                turn.sent |= row.is_some_and(|row| row.state == OutboxState::Sent);
                return Ok(());
            }
            End::NotNow(error) => {
                turn.end();
                turn.trouble = turn.trouble.take().or(error);
                return Ok(());
            }
        };
        course.in_a_row += 1;
        course.over |= course.in_a_row >= IN_A_ROW;
        let over = course.over;
        let asked = error.retry_after();
        if asked.is_some() {
            // The server wants to be left alone, whatever the lane.
            turn.end();
        }
        let wait = asked.unwrap_or_default().max(PAUSE);
        self.desk.postpone(id, wait, error.whole()).await?;
        if over || asked.is_some() {
            turn.trouble.get_or_insert(error);
        } else {
            turn.single.get_or_insert(error);
        }
        Ok(())
    }

    /// Whether the breaker lets this letter go.
    fn pass(&self, row: &OutboxRow, now: Timestamp) -> Result<bool, DeliveryError> {
        let Some(to) = self.addressee(row)? else { return Ok(true) };
        let lane = row.letter.lane();
        let passed = self.breakers().pass(lane, &to, now);
        if let Err(stopped) = passed {
            self.note_stop(lane, &stopped);
            return Ok(false);
        }
        Ok(true)
    }

    /// Whether a lane stands still; one that no longer does is said to go on.
    fn lane_stopped(&self, lane: Lane, now: Timestamp) -> bool {
        let stopped = self.breakers().stopped(lane, now).is_some();
        if !stopped && self.desk.standing().get().stopped_lanes.iter().any(|one| one.lane == lane) {
            tracing::info!(?lane, "letters leave again");
            self.desk.standing().update(|standing| standing.stopped_lanes.retain(|one| one.lane != lane));
        }
        stopped
    }

    /// Said once for each time that a lane comes to stand.
    fn note_stop(&self, lane: Lane, stopped: &Stopped) {
        let to = stopped.address.as_ref().map_or_else(String::new, |address| format!(" to {address}"));
        let why = format!("{} letters left{to} within a minute", stopped.count);
        tracing::warn!(?lane, %why, until = %stopped.until, "letters of one kind wait; they go on by themselves");
        let stopped = StoppedLane { lane, until: stopped.until, why };
        self.desk.standing().update(|standing| {
            standing.stopped_lanes.retain(|one| one.lane != lane);
            standing.stopped_lanes.push(stopped);
        });
    }

    /// How long until a letter becomes due that may leave by its lane; `None` where none waits.
    pub(super) fn until_due(&self) -> Result<Option<Duration>, DeliveryError> {
        let now = self.desk.clock.now();
        let read = self.desk.store.read()?;
        let mut next: Option<Timestamp> = None;
        for lane in [Lane::People, Lane::Notices, Lane::Automatic] {
            let due = match (read.next_due_in(lane)?, self.breakers().stopped(lane, now)) {
                (Some(due), Some(until)) => Some(due.max(until)),
                (due, _) => due,
            };
            next = [next, due].into_iter().flatten().min();
        }
        Ok(next.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)))
    }

    /// Waits for a letter that becomes due later. One that is due already found no room in its lane; those
    /// of other lanes are looked for again in a moment.
    async fn until(&self, wait: Option<Duration>) {
        match wait {
            Some(wait) => self.desk.clock.sleep(wait.max(LOOK_AGAIN)).await,
            None => pending().await,
        }
    }
}
