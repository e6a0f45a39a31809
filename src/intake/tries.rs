//! Mails that the mail server shows and does not give: how often each was asked for, and when it is
//! given up.
//!
//! One mail in trouble is the mail's; all of them in trouble is the server's, or that of a proxy on
//! the way. So a mail is given up after an hour where another one was downloaded since, and else
//! only after a day. Given up means held: nothing is lost, and one click asks again.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::jmap::{EmailId, JmapError};
use crate::triage::EmailRef;

/// The fewest tries.
const FEWEST: u32 = 5;
/// How long it is tried where others come through, and where none does.
const WHILE_OTHERS_COME: Duration = Duration::from_hours(1);
const WHILE_NONE_COMES: Duration = Duration::from_hours(24);
/// The most mails that are remembered; more than that in trouble is not the mails'.
const MOST: usize = 10_000;

/// What is remembered of downloads that failed. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Tries(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    failed: HashMap<EmailRef, (u32, Duration)>,
    /// When one came through last.
    came: Option<Duration>,
    /// The Emails that a list has and a get does not know, with the number of sweeps that saw it so.
    withheld: HashMap<EmailId, u32>,
}

impl Tries {
    /// A mail was not given; says whether it is to be given up. Times are the clock's run.
    pub(super) fn failed(&self, source: &EmailRef, error: &JmapError, now: Duration) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.failed.len() >= MOST && !known.failed.contains_key(source) {
            return false;
        }
        let came = known.came;
        let (tries, since) = known.failed.entry(source.clone()).or_insert((0, now));
        *tries = tries.saturating_add(1);
        let email = &source.email;
        if *tries == 1 {
            let why = error.whole();
            tracing::warn!(email, why, "this mail cannot be downloaded; it is tried again by itself");
        }
        let limit = if came.is_some_and(|came| came > *since) { WHILE_OTHERS_COME } else { WHILE_NONE_COMES };
        let given_up = *tries >= FEWEST && now.saturating_sub(*since) >= limit;
        if given_up {
            tracing::warn!(email, tries = *tries, "this mail could not be downloaded; it is held");
            known.failed.remove(source);
        }
        given_up
    }

    /// A mail came through.
    pub(super) fn came(&self, source: &EmailRef, now: Duration) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.failed.remove(source);
        known.came = Some(now);
    }

    /// What a sweep found listed and unknown to a get; gives how many are so for a second time. An Email
    /// may go away between the two, so that once says nothing. There is nothing of it that could be held.
    pub(super) fn withheld(&self, listed: &HashSet<EmailId>, given: &HashSet<EmailId>, whole: bool) -> u64 {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut known.withheld);
        for email in listed.difference(given).take(MOST) {
            let sweeps = before.remove(email).unwrap_or(0).saturating_add(1);
            if sweeps == 2 {
                tracing::warn!(%email, "the mail server lists this mail and does not give it; it stays where it is");
            }
            known.withheld.insert(email.clone(), sweeps);
        }
        if !whole {
            // What was not come to is as it was.
            known.withheld.extend(before.into_iter().filter(|(email, _)| !given.contains(email)));
        }
        known.withheld.values().filter(|sweeps| **sweeps > 1).count() as u64
    }

    /// Forgets those that are in the intake mailbox no more; gives how many are left.
    pub(super) fn keep(&self, lies: impl Fn(&EmailRef) -> bool) -> u64 {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.failed.retain(|source, _| lies(source));
        known.failed.len() as u64
    }
}

/// Whether an error says something about one mail: it is not there, cannot be read, or is not whole.
/// A server that is away, busy or shut says nothing about the mail.
pub(super) fn is_about_the_mail(error: &JmapError) -> bool {
    match error {
        JmapError::Http(fault) => {
            let status = fault.status.as_u16();
            matches!(status, 400..=500) && !matches!(status, 401 | 403 | 407 | 408 | 425 | 429)
        }
        JmapError::Malformed { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(email: &str) -> EmailRef {
        EmailRef {
            account: "a".to_owned(),
            email: email.to_owned(),
            blob: "b".to_owned(),
            size: 1,
            received_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    /// After how many minutes it is given up, asked once a minute; `others` is when one came through.
    fn minutes(others: Option<u64>) -> u64 {
        let tries = Tries::default();
        let error = JmapError::Malformed { what: "a download".to_owned(), why: "short".to_owned() };
        for minute in 0_u64.. {
            let now = Duration::from_secs(minute * 60);
            if others == Some(minute) {
                tries.came(&mail("other"), now);
            }
            if tries.failed(&mail("bad"), &error, now) {
                return minute;
            }
        }
        0
    }

    #[test]
    fn one_that_alone_is_not_given_is_given_up_after_an_hour_and_all_after_a_day() {
        assert_eq!(minutes(Some(10)), 60);
        assert_eq!(minutes(Some(0)), 24 * 60, "what came before says nothing");
        assert_eq!(minutes(None), 24 * 60);
    }

    #[test]
    fn what_is_listed_and_not_given_counts_from_the_second_sweep_until_it_is_given() {
        let of = |ids: &[&str]| ids.iter().map(|id| EmailId::from(*id)).collect::<HashSet<_>>();
        let tries = Tries::default();
        assert_eq!(tries.withheld(&of(&["a", "b"]), &of(&["b"]), true), 0);
        assert_eq!(tries.withheld(&of(&["a", "b"]), &of(&["b"]), true), 1);
        assert_eq!(tries.withheld(&of(&["b"]), &of(&["b"]), false), 1, "it was not come to");
        assert_eq!(tries.withheld(&of(&["a"]), &of(&["a"]), false), 0);
        tries.withheld(&of(&["a"]), &of(&[]), true);
        assert_eq!(tries.withheld(&of(&["b"]), &of(&["b"]), true), 0, "it went away");
    }

    #[test]
    fn a_mail_that_came_or_went_is_forgotten() {
        let (tries, now) = (Tries::default(), Duration::from_secs(1));
        let error = JmapError::Malformed { what: "a download".to_owned(), why: "short".to_owned() };
        for email in ["one", "two", "three"] {
            assert!(!tries.failed(&mail(email), &error, now));
        }
        tries.came(&mail("one"), now);
        assert_eq!(tries.keep(|source| source.email == "two"), 1);
    }
}
