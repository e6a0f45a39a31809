//! Three lanes that do not wait for each other: people's comments, notices, automatic letters.
//!
//! Each has letters of its own under way, so one that the server is slow about holds neither the
//! other lanes nor the rest of its own, as far as the requests go that the server allows at once. To one
//! participant of one ticket there is never more than one under way, because the outbox gives the head
//! of each such queue alone.

use std::collections::HashSet;
use std::future::pending;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::sync::{Mutex, watch};

use super::breaker::Stopped;
use super::{Delivery, DeliveryError, PAUSE};
use crate::clock::after;
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

/// How a lane fares within one turn.
#[derive(Debug, Default)]
struct Course {
    under_way: usize,
    /// How many letters of all lanes were begun before its last one.
    begun_at: u64,
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

/// What letters ask before they begin.
pub(super) struct Asked<'a> {
    /// When the marker was last asked for, by the clock's run.
    at: Mutex<Duration>,
    stop: &'a watch::Receiver<bool>,
}

impl Asked<'_> {
    /// Whether the desk is to end now.
    pub(super) fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }
}

/// The letters that are under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay(std::sync::Mutex<HashSet<OutboxId>>);

impl UnderWay {
    fn all(&self) -> std::sync::MutexGuard<'_, HashSet<OutboxId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has(&self, id: OutboxId) -> bool {
        self.all().contains(&id)
    }
}

/// How a turn of all lanes ended.
pub(super) struct Drained {
    /// Whether any letter left.
    pub(super) sent: bool,
    /// Whether a lane rests by what its letters met.
    pub(super) rested: bool,
    /// What a single letter met.
    pub(super) single: Option<DeliveryError>,
}

/// One turn of all lanes.
struct Turn<'a> {
    courses: [(Lane, Course); 3],
    under_way: &'a UnderWay,
    /// How many letters were begun.
    begun: u64,
    /// Whether any letter left.
    sent: bool,
    rested: bool,
    /// What stops all lanes.
    trouble: Option<DeliveryError>,
    /// What a single letter met.
    single: Option<DeliveryError>,
}

impl Turn<'_> {
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

    /// How many letters of a lane are under way.
    fn of(&self, lane: Lane) -> usize {
        self.courses.iter().find(|(own, _)| *own == lane).map_or(0, |(_, course)| course.under_way)
    }

    /// Notes that a letter is under way from now on.
    fn begins(&mut self, lane: Lane, id: OutboxId) {
        self.under_way.all().insert(id);
        self.begun += 1;
        let begun = self.begun;
        if let Some(course) = self.course(lane) {
            course.under_way += 1;
            course.begun_at = begun;
        }
    }

    /// Notes that it is under way no more.
    fn ends(&mut self, lane: Lane, id: OutboxId) {
        self.under_way.all().remove(&id);
        if let Some(course) = self.course(lane) {
            course.under_way = course.under_way.saturating_sub(1);
        }
    }

    /// For how many more letters of a lane there is room. What the server is slow about may fill a lane
    /// for minutes, so the last places are kept for lanes that have nothing under way.
    fn room(&self, lane: Lane, places: usize) -> usize {
        let free = places.saturating_sub(self.under_way.all().len());
        let idle = self.courses.iter().filter(|(other, course)| *other != lane && course.under_way == 0);
        let kept = match places {
            1 => 0,
            2..=5 => 1,
            _ => 2,
        };
        let own = self.of(lane);
        let free = if own == 0 { free.min(1) } else { free.saturating_sub(idle.count().min(kept)) };
        free.min(most(lane).saturating_sub(own))
    }

    fn end(&mut self) {
        self.courses.iter_mut().for_each(|(_, course)| course.over = true);
    }

    /// Nothing more is begun. What is under way is not given up: it may be at the mail server already.
    fn stops(&mut self, error: impl Into<DeliveryError>) {
        self.end();
        let error = error.into();
        let asks = |error: &DeliveryError| error.retry_after().is_some();
        // A time that the server asks for outweighs what came before.
        if self.trouble.as_ref().is_none_or(|first| asks(&error) && !asks(first)) {
            self.trouble = Some(error);
        }
    }
}

impl Delivery {
    /// Sends everything that is due, also what becomes due meanwhile. Trouble with one letter does
    /// not stop those to other people; trouble with several in a row is the server's.
    pub(super) async fn drain(
        &self,
        asked: Duration,
        under_way: &UnderWay,
        stop: &watch::Receiver<bool>,
    ) -> Result<Drained, DeliveryError> {
        let mut turn = Turn {
            courses: [Lane::People, Lane::Notices, Lane::Automatic].map(|lane| (lane, Course::default())),
            under_way,
            begun: 0,
            sent: false,
            rested: false,
            trouble: None,
            single: None,
        };
        // The turn has read the marker before its first letters.
        let asked = Asked { at: Mutex::new(asked), stop };
        let bell = self.desk.outbox_bell();
        let mut sending = FuturesUnordered::new();
        loop {
            match self.desk.paused() {
                Ok(pause) if pause.is_some() || *stop.borrow() => turn.end(),
                Ok(_) => {}
                Err(error) => turn.stops(error),
            }
            match self.begin(&mut turn).await {
                Ok(rows) => sending.extend(rows.into_iter().map(|row| self.one(row, &asked))),
                Err(error) => turn.stops(error),
            }
            if sending.is_empty() {
                let Turn { sent, rested, single, trouble, .. } = turn;
                return trouble.map_or(Ok(Drained { sent, rested, single }), Err);
            }
            let wait = self.until_due().unwrap_or_else(|error| {
                turn.stops(error);
                None
            });
            tokio::select! {
                biased;
                Some((id, lane, end)) = sending.next() => {
                    turn.ends(lane, id);
                    if let Err(error) = self.ended(&mut turn, id, lane, end).await {
                        turn.stops(error);
                    }
                }
                () = bell.notified() => {}
                () = self.until(wait) => {}
            }
        }
    }

    /// Sends one letter, where the mailbox is still ours. It is asked here, next to the letters that
    /// are under way, so that none of them has to wait for the answer.
    async fn one(&self, row: OutboxRow, asked: &Asked<'_>) -> (OutboxId, Lane, End) {
        let (id, lane) = (row.id, row.letter.lane());
        match self.ask(asked).await {
            Ok(()) => {}
            Err(DeliveryError::NotOurs) => return (id, lane, End::NotNow(None)),
            Err(error) => return (id, lane, End::NotNow(Some(error))),
        }
        self.desk.pulse().works(Street::Delivery);
        let end = match self.send(row, asked).await {
            Ok(()) => End::Done,
            Err(DeliveryError::NotOurs | DeliveryError::Stopping) => End::NotNow(None),
            Err(error) => End::Trouble(error),
        };
        (id, lane, end)
    }

    /// Whether the mailbox is still ours, by an answer that is not too old; [`DeliveryError::NotOurs`]
    /// where it is not. Those that begin while the question is under way wait for its answer. By the
    /// clock that nobody can set.
    pub(super) async fn ask(&self, asked: &Asked<'_>) -> Result<(), DeliveryError> {
        let mut asked = asked.at.lock().await;
        let now = self.desk.clock.elapsed();
        if now.saturating_sub(*asked) < ASK_EVERY {
            return Ok(());
        }
        let MaySend::Now = self.marker.before_sending().await? else { return Err(DeliveryError::NotOurs) };
        *asked = now;
        Ok(())
    }

    /// Whether the marker was asked for no longer ago than that.
    pub(super) async fn asked_within(&self, asked: &Asked<'_>, age: Duration) -> bool {
        self.desk.clock.elapsed().saturating_sub(*asked.at.lock().await) < age
    }

    /// The letters to begin now, as many as each lane has room for.
    async fn begin(&self, turn: &mut Turn<'_>) -> Result<Vec<OutboxRow>, DeliveryError> {
        let now = self.desk.clock.now();
        let mut rows = Vec::new();
        let places = self.places().await;
        for lane in turn.order() {
            if self.lane_stopped(lane, now) || turn.course(lane).is_none_or(|course| course.over) {
                continue;
            }
            if self.room(turn, lane, places) == 0 {
                continue;
            }
            let mut due = self.desk.store.read()?.letters_due_in(lane, now, BATCH)?;
            if self.rests().goes_ahead(lane) {
                // What met nothing so far tells more than what fails again.
                due.sort_by_key(|row| row.trouble.is_some());
            }
            for row in due {
                if turn.under_way.has(row.id) {
                    continue;
                }
                if self.room(turn, lane, places) == 0 || !self.pass(&row, now)? {
                    break;
                }
                turn.begins(lane, row.id);
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// For how many more letters of a lane there is room now: none while it rests, and one after that.
    fn room(&self, turn: &Turn<'_>, lane: Lane, places: usize) -> usize {
        let mut rests = self.rests();
        if rests.left(lane, self.desk.clock.elapsed()).is_some() {
            return 0;
        }
        let most = if rests.goes_ahead(lane) { 1 } else { usize::MAX };
        turn.room(lane, places).min(most.saturating_sub(turn.of(lane)))
    }

    /// How many letters may be under way in all: one request is left to everything else, where the server
    /// allows several at once.
    async fn places(&self) -> usize {
        match self.jmap().await {
            Ok(jmap) => jmap.at_once().saturating_sub(1).max(1),
            Err(_) => 1,
        }
    }

    async fn ended(
        &self,
        turn: &mut Turn<'_>,
        id: OutboxId,
        lane: Lane,
        end: End,
    ) -> Result<(), DeliveryError> {
        let error = match end {
            End::Trouble(error) => error,
            End::Done => {
                // One that was withdrawn says nothing of the server.
                let state = self.desk.store.read()?.letter(id)?.map(|row| row.state);
                if state.is_some_and(|state| state != OutboxState::Withdrawn) {
                    self.rests().well(lane);
                }
                turn.sent |= state == Some(OutboxState::Sent);
                return Ok(());
            }
            End::NotNow(error) => {
                turn.end();
                if let Some(error) = error {
                    turn.stops(error);
                }
                return Ok(());
            }
        };
        let in_doubt = matches!(error, DeliveryError::InDoubt { .. });
        let now = self.desk.clock.elapsed();
        let rests = self.rests().trouble((lane, now), id, in_doubt, |whole| self.desk.jittered(whole));
        let asked = error.retry_after();
        if !in_doubt {
            self.desk.postpone(id, asked.unwrap_or_default().max(PAUSE), error.whole()).await?;
        }
        turn.rested |= rests;
        if asked.is_some() {
            // The server wants to be left alone, whatever the lane.
            turn.stops(error);
        } else if rests || !in_doubt {
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
            let rest = self.rests().left(lane, self.desk.clock.elapsed()).unwrap_or_default();
            let due = due.map(|due| due.max(after(now, rest)));
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
