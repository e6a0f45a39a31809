//! What outlives the daemon: the mail server, the disks, the clock, and what people were told.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postdesk::clock::Clock;
use postdesk::demo::server::{Habits, Options, Server, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::store::{MemoryDisk, MemoryFiles};
use postdesk::tracker::{FormId, LetterKind, ProjectId, RunId, TicketId, Viewer};

use crate::check::SEEN;
use crate::dice::Dice;
use crate::life::site;
use crate::net::Net;
use crate::operator::Operator;

pub const DESK: &str = "support@desk.example";
pub const ALIAS: &str = "help@desk.example";

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A mail that lies in the desk's account.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Of its octets, of which the trace header is its own; its Email's id may change.
    pub blob: String,
    pub kind: &'static str,
    /// The verdicts that it may get, by their words; any where empty.
    pub allowed: &'static [&'static str],
    /// The mail server lost it.
    pub lost: bool,
}

/// What someone did in the tracker and was told that it happened.
#[derive(Clone, Debug)]
pub enum Told {
    Commented { ticket: TicketId, text: String },
    Noted { ticket: TicketId, text: String },
    Mailed { handle: &'static str, letter: LetterKind },
}

pub struct World {
    pub seed: u64,
    pub dice: Dice,
    pub clock: Clock,
    pub server: Server,
    /// By which other mail servers write their reports.
    pub options: Options,
    pub net: Net,
    pub disk: MemoryDisk,
    pub files: MemoryFiles,
    /// How many daemons there were so far.
    pub lives: u64,
    /// How many things are still to happen.
    pub events_left: u64,
    pub projects: Vec<ProjectId>,
    pub jane: Option<Viewer>,
    pub customers: Vec<&'static str>,
    pub arrivals: Vec<Arrival>,
    /// Every mail that came in, as its sender wrote it, with its recipient.
    pub posted: Vec<(Vec<u8>, Address)>,
    pub told: Arc<Mutex<Vec<Told>>>,
    /// The letters that somebody tried to send again, by their Message-IDs, whether or not it was told
    /// to have happened.
    pub tried_again: Vec<String>,
    /// Addresses whose pause somebody tried to lift, folded.
    pub lifted: Vec<String>,
    pub operator: Operator,
    /// By how much the time of day was set back, in all.
    pub set_back: Duration,
    /// Whether the mail server may have said that it moved a mail, and left it where it was.
    pub pretended: bool,
    /// Emails got other ids, now or later.
    pub renamed: bool,
    /// Whether another daemon is to start beside this one.
    pub twin_wanted: bool,
    /// How long a reply waits before it leaves.
    pub undo: Duration,
    pub numbers: u64,
    pub beats: u64,
    pub trace: Vec<String>,
    pub loud: bool,
    pub disk_is_healed: bool,
    /// Whether the daemon ends when the disk fails, as when the machine does.
    pub dies_of_trouble: bool,
}

const CUSTOMERS: [&str; 6] = [
    "anna@customer.example",
    "ben@customer.example",
    "cleo@elsewhere.example",
    "dora@elsewhere.example",
    "emil@refused.example",
    "fay@customer.example",
];

impl World {
    pub fn new(seed: u64, loud: bool) -> Self {
        let mut dice = Dice::new(seed);
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let habits = match dice.below(3) {
            0 => Habits::default(),
            1 => Habits::cyrus(),
            _ => Habits::stalwart(),
        };
        let mut user = User::new(address(DESK), "secret").alias(address(ALIAS));
        let site = site();
        for wildcard in [Some(site.wildcard), site.suffix_wildcard].into_iter().flatten().chain(site.former) {
            user = user.wildcard(wildcard);
        }
        let mut options = Options::new(clock.clone(), Random::seeded(seed ^ 0x5E7)).user(user).habits(habits);
        options.authserv_id = (!dice.one_in(3)).then(|| "mx.desk.example".to_owned());
        let server = Server::in_memory(options);
        let net = Net::new(server.clone(), dice.fork());
        let customers = CUSTOMERS[..2 + usize::try_from(dice.below(5)).unwrap()].to_vec();
        let events_left = 6 + dice.below(30);
        let undo = Duration::from_secs(*dice.pick(&[0, 20, 60]));
        Self {
            seed,
            dice,
            clock: clock.clone(),
            net,
            server,
            options: Options::new(clock, Random::seeded(seed ^ 0xD5)),
            disk: MemoryDisk::new(),
            files: MemoryFiles::new(Path::new("/sim")),
            lives: 0,
            events_left,
            projects: Vec::new(),
            jane: None,
            customers,
            arrivals: Vec::new(),
            posted: Vec::new(),
            told: Arc::default(),
            tried_again: Vec::new(),
            lifted: Vec::new(),
            operator: Operator::default(),
            set_back: Duration::ZERO,
            pretended: false,
            renamed: false,
            twin_wanted: false,
            undo,
            numbers: 0,
            beats: 0,
            trace: Vec::new(),
            loud,
            disk_is_healed: true,
            dies_of_trouble: false,
        }
    }

    pub fn raw_folder() -> &'static Path {
        Path::new("/sim/raw")
    }

    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub fn form(&mut self) -> FormId {
        FormId::parse(&format!("form-{}", self.number())).unwrap()
    }

    pub fn run_id(&mut self) -> RunId {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&self.dice.next().to_le_bytes());
        RunId(octets)
    }

    pub fn note(&mut self, what: impl Into<String>) {
        let line = format!("{} {:>5} {}", self.clock.now(), self.beats, what.into());
        if self.loud {
            eprintln!("{line}");
        }
        self.trace.push(line);
    }

    /// There was this in this life.
    pub fn saw(&mut self, what: &str) {
        self.note(format!("{SEEN}{what}"));
    }

    /// The process ends here: what was written stays.
    pub fn killed(&mut self) {
        self.note("killed");
        self.disk = self.disk.after_power_loss(|_| true);
    }

    pub fn heal(&mut self) {
        self.disk.set_trouble(None);
        self.files.set_trouble(None);
        self.disk_is_healed = true;
        self.dies_of_trouble = false;
    }

    /// The machine ends here: of what was not synced, some stays and some does not.
    pub fn power_lost(&mut self) {
        self.note("power lost");
        let draw = self.dice.next();
        let kept = |place: usize| (draw >> (place % 61)) & 1 == 1;
        self.disk = self.disk.after_power_loss(kept);
        self.files = self.files.after_power_loss(kept);
    }
}
