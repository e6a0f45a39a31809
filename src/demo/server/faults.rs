//! Switches for what goes wrong between a client and a real server.
//!
//! A rule stands until its times are used up or it is cleared, and counts how often it struck, so
//! that a test knows that what it wanted to see has happened.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::secret::Random;

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Anything,
    /// The session document, the redirect to it included.
    Session,
    /// Any request to the API.
    Api,
    /// A request to the API that has a call of this method among its calls, such as
    /// `EmailSubmission/set`.
    Call(&'static str),
    Upload,
    Download,
    /// The opening of an event source.
    Events,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before anything was done.
    CutBefore(At),
    /// Everything is done, and the connection ends before a byte of the answer.
    CutAfter(At),
    /// Everything is done, and the connection ends in the middle of the answer.
    CutMidway(At),
    /// Nothing is done; this status, with a problem document.
    Status(At, u16),
    /// Everything is done, and a proxy on the way answers with this status.
    StatusAfter(At, u16),
    /// Nothing is done: 429, with `Retry-After` in seconds where there is one.
    TooMany(At, Option<u64>),
    /// Everything is done this much later.
    Slow(At, Duration),
    /// Everything is done, and half of the JSON arrives as if it were all.
    Truncated(At),
    /// Nothing is done: 200 and an HTML page, as captive portals and broken proxies answer.
    Html(At),
    /// The named method answers with this error, known or not (RFC 8620 §3.6.2).
    MethodError(&'static str, String),
    /// One object of the named `/set` or `Email/import` is refused with this error, known or not
    /// (RFC 8620 §5.3), and this description.
    SetError(&'static str, String, Option<String>),
    /// The server answers that it has no push: 204.
    NoPush,
    /// A state change or ping ends the event source instead of being told.
    PushDropped,
    /// A state change or ping is told to nobody, though the connection stays.
    PushSilent,
    /// A state change is told twice.
    DoubleBell,
    /// After an `Email/query` has been answered, every Email gets another id; with `true` the
    /// former ids still answer.
    ChangeEmailIds(bool),
    /// A submission is gone once it is sent (Cyrus' default).
    ForgetSubmission,
    /// Recipients whose address contains this text are refused with this SMTP reply; 4xx is for
    /// now, 5xx for good.
    Refuse(String, String),
    /// `Email/set` says that it changed an Email, and leaves it as it was; or does, and the next
    /// query does not know of it yet, which looks the same.
    PretendUpdate,
    /// `Email/get` does not know Emails whose subject contains this text, and `Email/query` lists them,
    /// as with an index that is not whole.
    Withheld(String),
    /// The implicit update after a submission finds no such mailbox.
    LoseImplicitUpdate,
    /// The session has another state than before, as where machines behind one name do not agree on it.
    OtherSession,
}

/// How often a rule strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    Once,
    Next(u32),
    /// Until it is cleared.
    Always,
    /// About one time in so many, as the server's random source decides.
    OneIn(u32),
}

struct Standing {
    number: u64,
    fault: Fault,
    times: Times,
    hits: u64,
    cleared: bool,
}

/// The switches of one server. Cheap to clone.
#[derive(Clone)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Standing>>>,
    random: Random,
    changed: watch::Sender<u64>,
}

/// One switch that was set.
#[derive(Clone)]
pub struct Rule {
    faults: Faults,
    number: u64,
}

impl Faults {
    pub(super) fn new(random: Random, changed: watch::Sender<u64>) -> Self {
        Self { rules: Arc::default(), random, changed }
    }

    /// Sets a switch. Of several that fit, the one that was set first strikes.
    pub fn add(&self, fault: Fault, times: Times) -> Rule {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let number = rules.len() as u64;
        rules.push(Standing { number, fault, times, hits: 0, cleared: false });
        Rule { faults: self.clone(), number }
    }

    /// Clears every switch; counts stay.
    pub fn clear(&self) {
        for rule in self.rules.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            rule.cleared = true;
        }
        self.ring();
    }

    /// How often any rule has struck.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|rule| rule.hits).sum()
    }

    fn ring(&self) {
        self.changed.send_modify(|revision| *revision = revision.wrapping_add(1));
    }

    /// Asks whether a fault is due here, and uses it up.
    pub(super) fn take<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules.iter_mut().filter(|rule| !rule.cleared) {
            let Some(found) = pick(&rule.fault) else { continue };
            match &mut rule.times {
                Times::Once => rule.cleared = true,
                Times::Next(0) => continue,
                Times::Next(left) => *left = left.saturating_sub(1),
                Times::Always => {}
                Times::OneIn(n) => {
                    if self.random.below(u64::from(*n)) != 0 {
                        continue;
                    }
                }
            }
            rule.hits = rule.hits.saturating_add(1);
            drop(rules);
            self.ring();
            return Some(found);
        }
        None
    }

    /// Whether this very fault is due here.
    pub(super) fn strikes(&self, fault: &Fault) -> bool {
        self.take(|standing| (standing == fault).then_some(())).is_some()
    }
}

impl Rule {
    /// How often it has struck.
    #[must_use]
    pub fn hits(&self) -> u64 {
        let rules = self.faults.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter().find(|rule| rule.number == self.number).map_or(0, |rule| rule.hits)
    }

    /// Takes the switch back.
    pub fn clear(&self) {
        let mut rules = self.faults.rules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rule) = rules.iter_mut().find(|rule| rule.number == self.number) {
            rule.cleared = true;
        }
        drop(rules);
        self.faults.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_as_often_as_it_was_told_and_counts() {
        let faults = Faults::new(Random::seeded(1), watch::Sender::new(0));
        let twice = faults.add(Fault::DoubleBell, Times::Next(2));
        let always = faults.add(Fault::NoPush, Times::Always);
        let struck = (0..5).filter(|_| faults.strikes(&Fault::DoubleBell)).count();
        assert_eq!((struck, twice.hits()), (2, 2));
        assert!(faults.strikes(&Fault::NoPush) && faults.strikes(&Fault::NoPush));
        always.clear();
        assert!(!faults.strikes(&Fault::NoPush));
        assert_eq!((always.hits(), faults.hits()), (2, 4));
    }

    #[test]
    fn one_in_so_many_strikes_now_and_then() {
        let faults = Faults::new(Random::seeded(7), watch::Sender::new(0));
        faults.add(Fault::NoPush, Times::OneIn(4));
        let struck = (0..400).filter(|_| faults.strikes(&Fault::NoPush)).count();
        assert!((60..140).contains(&struck), "{struck}");
    }
}
