//! The desk: one function for each thing that can happen, and `see_*` for what may be read.
//!
//! Mail, web and command line all meet here. Permission is asked here and nowhere else. A writing
//! function runs inside one write transaction: it first decides by reading, and may refuse; only
//! then it applies, and applying fails for the disk's sake alone.

mod account_letters;
mod accounts;
mod act;
mod agent_reply;
mod adopt;
mod bounces;
mod cc;
mod clock_set;
mod comment;
mod copies;
mod delivered;
mod errands;
mod erase;
mod erase_ticket;
mod error;
mod figures;
mod health;
mod held;
mod letters;
mod link;
mod links;
mod loops;
mod move_ticket;
mod notices;
mod participants;
mod pause;
mod one_desk;
mod own_account;
mod projects;
mod pulse;
mod receive;
mod redact;
mod reminder;
mod replay;
mod rows;
mod see_held;
mod see_list;
mod see_part;
mod see_refs;
mod see_ticket;
mod see_unsubscribe;
mod session;
mod settle;
mod standing;
mod status;
mod subscribe;
mod texts;
mod throttle;
mod undo;
mod unverified;
mod visible;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

pub use accounts::NewAccount;
pub(crate) use erase::days_before;
pub use erase::{Erasing, Found};
pub use errands::{Errand, Junk, JunkBoard, JunkMail};
pub use error::DeskError;
pub use health::{Fitness, Health};
pub use links::Links;
pub use own_account::OwnAccount;
pub use pause::{Resumed, after_restore, restored_sentence};
pub use projects::{NewProject, ProjectEdit};
pub use pulse::{Late, Pulse, Street};
pub use receive::Arrived;
pub use reminder::Reminder;
pub use replay::{PutComments, PutSent, SentMail};
pub use see_held::{HeldMail, HeldMails, HeldTarget};
pub use see_list::{Counts, TicketList, TicketRow};
pub use see_part::SeenPart;
pub use see_refs::SeenRefs;
pub use see_ticket::{OtherTicket, SeenEntry, SeenTicket, TicketAsk, Who};
pub use see_unsubscribe::SeenSubscription;
pub use session::{SetPasswordError, SignInError, SignedIn};
pub use settle::{Drafted, LOOK_FOR, LookFound, Settled};
pub use standing::{AccountSize, IntakeStanding, Listening, Standing, StandingBoard, StoppedLane};
pub use texts::SeenText;
pub use throttle::network;
pub use unverified::Accept;

use errands::Errands;
use texts::Texts;
use throttle::Throttle;

use crate::clock::Clock;
use crate::metrics::Measures;
use crate::secret::{Passwords, Random};
use crate::store::{Look, Store};
use crate::triage::Site;

/// What every function of the desk works with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) site: Arc<Site>,
    pub(crate) links: Links,
    pub(crate) standing: StandingBoard,
    pulse: Pulse,
    pub(crate) passwords: Passwords,
    outbox_bell: Arc<Notify>,
    intake_bell: Arc<Notify>,
    /// A person decided that the mailbox is ours, and the street has to carry it out.
    take_over: Arc<AtomicBool>,
    throttle: Arc<Throttle>,
    /// Slows down who asks for links for a new password.
    asking: Arc<Throttle>,
    texts: Texts,
    measures: Measures,
    junk: JunkBoard,
    errands: Errands,
    /// How long a reply waits before it leaves.
    undo: Duration,
    /// How many pages with mail in them are read and rendered at once.
    rendering: Arc<Semaphore>,
}

impl Desk {
    #[must_use]
    pub fn new(store: Store, clock: Clock, random: Random, site: Site, links: Links) -> Self {
        let passwords = Passwords::new(random.clone());
        let pulse = Pulse::new(clock.clone());
        let standing = StandingBoard::default();
        // Where the store cannot be read, nothing goes on anyway.
        let paused = store.read().and_then(|read| read.pause()).is_ok_and(|pause| pause.is_some());
        standing.update(|standing| standing.paused = paused);
        Self {
            store,
            clock,
            random,
            site: Arc::new(site),
            links,
            standing,
            outbox_bell: Arc::new(Notify::new()),
            intake_bell: Arc::new(Notify::new()),
            take_over: Arc::default(),
            passwords,
            throttle: Arc::default(),
            asking: Arc::new(Throttle::of_requests()),
            texts: Texts::default(),
            pulse,
            measures: Measures::default(),
            junk: JunkBoard::default(),
            errands: Errands::default(),
            rendering: Arc::new(Semaphore::new(4)),
            undo: Duration::ZERO,
        }
    }

    /// Replies wait so long before they leave, and can be taken back until then.
    #[must_use]
    pub fn with_undo(mut self, undo: Duration) -> Self {
        self.undo = undo;
        self
    }

    /// Passwords by another cost, for tests that sign in often.
    #[cfg(test)]
    pub(crate) fn with_passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = passwords;
        self
    }

    /// The site's own addresses.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What the links in mails and pages begin with.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// How the streets are doing.
    #[must_use]
    pub fn standing(&self) -> &StandingBoard {
        &self.standing
    }

    /// Where the streets show that they move.
    #[must_use]
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// What is measured while the desk works.
    #[must_use]
    pub fn measures(&self) -> &Measures {
        &self.measures
    }

    /// What lies in the mail server's Junk, as the street of incoming mail saw it.
    #[must_use]
    pub fn junk(&self) -> &JunkBoard {
        &self.junk
    }

    /// Rings when a letter may have become due. It carries no data.
    #[must_use]
    pub fn outbox_bell(&self) -> Arc<Notify> {
        Arc::clone(&self.outbox_bell)
    }

    /// Rings when the intake mailbox should be looked at. It carries no data.
    #[must_use]
    pub fn intake_bell(&self) -> Arc<Notify> {
        Arc::clone(&self.intake_bell)
    }

    pub(crate) fn ring_intake(&self) {
        self.intake_bell.notify_one();
    }

    /// Between half and all of a wait.
    pub(crate) fn jittered(&self, wait: Duration) -> Duration {
        self.random.jittered(wait)
    }

    pub(crate) fn ring_outbox(&self) {
        self.outbox_bell.notify_one();
    }
}
