//! Whether the desk does its work, told without asking the store: this has to answer when nothing
//! else does. It names no project, no person, no host and no address.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{Desk, IntakeStanding, Listening, Standing};
use crate::store::Look;
use crate::tls::{CertificateHealth, CertificateStanding};

/// How long the intake mailbox may go without a whole sweep. Also three times the poll interval,
/// where that is longer.
const LONGEST_GAP: Duration = Duration::from_mins(15);

/// How the desk is, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fitness {
    /// All is well.
    #[default]
    Ok,
    /// It does what it can, and something waits for a person or for another machine.
    Attention,
    /// It does not do its work.
    Failing,
}

impl Fitness {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Attention => "attention",
            Self::Failing => "failing",
        }
    }
}

/// Whether the desk does its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    pub status: Fitness,
    /// What is wrong, as sentences; the worst first.
    pub reasons: Vec<String>,
    /// `starting`, `not-adopted`, `running`, `trouble`, `stopped` or `paused`.
    pub mail_in: &'static str,
    /// `running`, `trouble`, `stopped` or `paused`.
    pub mail_out: &'static str,
    /// `push`, `poll` or `not yet`.
    pub listening: &'static str,
    /// `ours` or `another desk's`.
    pub marker: &'static str,
    /// `writable`, `read only` or `closed`.
    pub store: &'static str,
    /// `has room` or `full`.
    pub disk: &'static str,
    pub paused: bool,
    /// Since the intake mailbox was last swept to its end; nothing before the first time.
    pub last_sweep_seconds: Option<u64>,
    /// Streets that stand still; none, when all is well.
    pub stuck: Vec<&'static str>,
}

impl Desk {
    /// Looks at the desk without asking the store for more than whether it is there.
    #[must_use]
    pub fn health(&self) -> Health {
        let standing = self.standing.get();
        let mut reasons: Vec<(Fitness, String)> = Vec::new();
        let mut say = |fitness, reason: &str| reasons.push((fitness, reason.to_owned()));
        let readable = self.store.read().and_then(|look| look.store_id()).is_ok();
        if !readable {
            say(Fitness::Failing, "The store cannot be read.");
        } else if !self.store.is_writable() {
            say(Fitness::Failing, "The store cannot be written; it is tried again by itself.");
        }
        if self.store.is_short() {
            say(Fitness::Failing, "The disk is full: mail waits at the mail server until there is room.");
        }
        for street in self.pulse.still() {
            say(Fitness::Failing, &format!("The street \"{}\" stands still.", street.name()));
        }
        if standing.stopped.is_some() {
            say(Fitness::Failing, "Another desk's marker lies in the mailbox: mail in and out are stopped.");
        }
        self.of_mail(&standing, &mut say);
        if let Some(certificate) = &standing.certificate {
            of_certificate(certificate, self.clock.now(), &mut say);
        }
        if let Some(warning) = standing.account.warning() {
            say(Fitness::Attention, &warning);
        }
        reasons.sort_by_key(|(fitness, _)| std::cmp::Reverse(*fitness));
        Health {
            status: reasons.first().map_or(Fitness::Ok, |(fitness, _)| *fitness),
            reasons: reasons.into_iter().map(|(_, reason)| reason).collect(),
            mail_in: mail_in(&standing),
            mail_out: mail_out(&standing),
            listening: standing.listening.map_or("not yet", listening),
            marker: if standing.stopped.is_some() { "another desk's" } else { "ours" },
            store: match (readable, self.store.is_writable()) {
                (false, _) => "closed",
                (true, false) => "read only",
                (true, true) => "writable",
            },
            disk: if self.store.is_short() { "full" } else { "has room" },
            paused: standing.paused,
            last_sweep_seconds: self.pulse.has_swept().then(|| self.pulse.since_sweep().as_secs()),
            stuck: self.pulse.still().into_iter().map(super::Street::name).collect(),
        }
    }

    fn of_mail(&self, standing: &Standing, say: &mut impl FnMut(Fitness, &str)) {
        if standing.paused {
            say(Fitness::Attention, "Mail is paused until a person resumes it.");
            return;
        }
        if let IntakeStanding::NotAdopted { .. } = standing.intake {
            say(Fitness::Attention, "The mailbox held mails before the desk came; `postdesk adopt` decides.");
        } else if standing.stopped.is_none() {
            let gap = self.pulse.since_sweep();
            if gap > self.pulse.longest_gap(LONGEST_GAP) {
                let minutes = gap.as_secs() / 60;
                say(Fitness::Failing, &format!("No mail has been looked for in {minutes} minutes."));
            } else if matches!(standing.intake, IntakeStanding::Trouble { .. }) {
                say(Fitness::Attention, "No mail comes in at present; it is tried again by itself.");
            }
            if standing.sending_trouble.is_some() {
                say(Fitness::Attention, "Letters do not leave at present; it is tried again by itself.");
            }
        }
        if !standing.stopped_lanes.is_empty() {
            say(Fitness::Attention, "Very many letters left within a minute; some wait for a moment.");
        }
        if standing.not_downloaded > 0 {
            say(Fitness::Attention, "A mail in the intake mailbox cannot be downloaded so far.");
        }
    }

    /// How many days the tracker's certificate is still good; nothing where it shows none.
    pub(super) fn certificate_days(&self) -> Option<f64> {
        Some(self.standing.get().certificate?.days(self.clock.now()))
    }
}

fn of_certificate(stands: &CertificateStanding, now: Timestamp, say: &mut impl FnMut(Fitness, &str)) {
    let days = stands.days(now);
    match stands.end(now) {
        CertificateHealth::Good => {}
        CertificateHealth::Warn => {
            say(Fitness::Attention, &format!("The tracker's certificate expires in {days:.0} days."));
        }
        CertificateHealth::Refused if days <= 0.0 => {
            say(Fitness::Failing, "The tracker's certificate has expired.");
        }
        CertificateHealth::Refused => {
            say(Fitness::Failing, "The tracker's certificate is for another host, and browsers refuse it.");
        }
    }
}

pub(super) fn mail_in(standing: &Standing) -> &'static str {
    match &standing.intake {
        _ if standing.stopped.is_some() => "stopped",
        _ if standing.paused => "paused",
        IntakeStanding::Starting => "starting",
        IntakeStanding::NotAdopted { .. } => "not-adopted",
        IntakeStanding::Running => "running",
        IntakeStanding::Trouble { .. } => "trouble",
    }
}

pub(super) fn mail_out(standing: &Standing) -> &'static str {
    match standing.sending_trouble {
        _ if standing.stopped.is_some() => "stopped",
        _ if standing.paused => "paused",
        Some(_) => "trouble",
        None => "running",
    }
}

pub(super) fn listening(listening: Listening) -> &'static str {
    match listening {
        Listening::Push => "push",
        Listening::Poll => "poll",
    }
}

/// Since when it is until now, never less than nothing: a clock may have been set back.
pub(super) fn seconds_since(then: Timestamp, now: Timestamp) -> f64 {
    now.duration_since(then).as_secs_f64().max(0.0)
}
