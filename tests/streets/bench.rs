//! Both streets on a bench: a real store in a folder, the embedded mail server, a clock that
//! stands still, and no daemon. Tests ring the bells by hand.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use postdesk::clock::Clock;
use postdesk::config::{Login, MailboxRef};
use postdesk::delivery::{Delivery, DeliverySettings, Rates, ReplyTo};
use postdesk::demo::server::{Left, Mail, Options, Server, User};
use postdesk::desk::{Desk, Links, NewAccount, NewProject, ProjectEdit};
use postdesk::intake::{BoxNames, Intake, IntakeSettings, MarkerSettings, MarkerWatch, Swept};
use postdesk::jmap::{JmapConfig, Line};
use postdesk::mail::{Address, Inbound, NameAddr};
use postdesk::secret::Random;
use postdesk::store::{Look, MemoryDisk, MemoryFiles, Store, StoreError, StorePath};
use postdesk::theme::Theme;
use postdesk::tracker::{
    Actor, Change, Event, FormId, Handle, MailRowId, OutboxId, OutboxRow, OutboxState, Project, ProjectPath,
    Role, Ticket, TicketId, Viewer, apply,
};
use postdesk::triage::{Budgets, MailRow, Site, VerdictKind, Wildcard};
use postdesk::wire::Wire;

use crate::post::{Post, post};

pub const DESK: &str = "support@desk.example";
pub const ANNA: &str = "anna@customer.example";
pub const BEN: &str = "ben@customer.example";

pub struct Bench {
    pub server: Server,
    pub clock: Clock,
    pub store: Store,
    pub desk: Desk,
    pub intake: Intake,
    pub delivery: Delivery,
    /// The line to the mail server that both streets share.
    pub line: Line,
    pub project: Project,
    pub jane: Viewer,
    folder: tempfile::TempDir,
    tuning: Tuning,
}

/// What a test wants to be different.
#[derive(Clone, Debug)]
pub struct Tuning {
    pub public_url: &'static str,
    pub reply_to: ReplyTo,
    pub wildcard: &'static str,
    pub rates: Rates,
    pub undo: Duration,
    pub budgets: Budgets,
    /// Whether the mail server says what it found out about senders.
    pub authenticates: bool,
    /// A folder whose files take the place of the theme's, read at each start.
    pub theme: Option<PathBuf>,
    /// How often mail is looked for where there is no push.
    pub poll: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            public_url: "https://desk.example",
            reply_to: ReplyTo::Keyed,
            wildcard: "incoming+{key}@desk.example",
            rates: Rates { in_all: 1200, to_one: 30 },
            undo: Duration::ZERO,
            budgets: Budgets::default(),
            authenticates: true,
            theme: None,
            poll: POLL,
        }
    }
}

/// The machine that a desk runs on, where a test does not care.
pub const HOST: &str = "alder";
/// The poll interval where a test does not care.
pub const POLL: Duration = Duration::from_secs(15);

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub fn form() -> FormId {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    FormId::parse(&format!("form-{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

pub fn options(clock: &Clock) -> Options {
    let mut desk = User::new(address(DESK), "secret").alias(address("help@desk.example"));
    for wildcard in [
        "incoming+{key}@desk.example",
        "contact+{key}@desk.example",
        "tickets+{key}@old.example",
        "{key}@all.example",
    ] {
        desk = desk.wildcard(Wildcard::parse(wildcard).unwrap());
    }
    let mut options = Options::new(clock.clone(), Random::seeded(7))
        .user(desk)
        .user(User::new(address(ANNA), "anna"))
        .user(User::new(address(BEN), "ben"));
    options.authserv_id = Some("mx.desk.example".to_owned());
    options
}

impl Bench {
    pub async fn start() -> Self {
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let server = Server::start(options(&clock)).await.unwrap();
        Self::on(server, clock).await
    }

    /// A desk with one project, `acme/web`, and one agent, on this server.
    pub async fn on(server: Server, clock: Clock) -> Self {
        Self::with(Tuning::default(), server, clock).await
    }

    /// A desk whose tracker is found at this URL.
    pub async fn with_url(public_url: &'static str) -> Self {
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let server = Server::start(options(&clock)).await.unwrap();
        Self::with(Tuning { public_url, ..Tuning::default() }, server, clock).await
    }

    /// A desk that differs in what its operator decides.
    pub async fn tuned(tuning: Tuning) -> Self {
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let server = Server::start(options(&clock)).await.unwrap();
        Self::with(tuning, server, clock).await
    }

    pub async fn with(tuning: Tuning, server: Server, clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StorePath::new(folder.path()), &Random::system(), &clock).unwrap();
        Self::on_store(store, folder, (tuning, server, clock)).await
    }

    /// A desk in memory, on a disk and files that can be full; nothing of it lies in its folder.
    pub async fn on_disk(disk: &MemoryDisk, files: &MemoryFiles) -> Self {
        let clock = Clock::manual("2026-11-19T14:00:00Z".parse().unwrap());
        let server = Server::start(options(&clock)).await.unwrap();
        let raw = (std::path::Path::new("/data/raw"), files.clone());
        let store = Store::open_in_memory(disk, raw, &Random::system(), &clock).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self::on_store(store, folder, (Tuning::default(), server, clock)).await
    }

    async fn on_store(
        store: Store,
        folder: tempfile::TempDir,
        (tuning, server, clock): (Tuning, Server, Clock),
    ) -> Self {
        let random = Random::system();
        let (desk, intake, delivery, line) = put_together(&server, &clock, &store, &random, (&tuning, HOST));
        let path = ProjectPath::parse("acme/web").unwrap();
        let new = NewProject {
            path: path.clone(),
            name: Some("Acme Web".to_owned()),
            aliases: vec![address("help@desk.example")],
            suffix: None,
            default: false,
        };
        desk.add_project(new).await.unwrap();
        let new = NewAccount {
            handle: Handle::parse("jane").unwrap(),
            name: Some("Jane Okafor".to_owned()),
            address: address("jane@desk.example"),
            admin: false,
            projects: vec![(path.clone(), Role::Agent)],
        };
        let (jane, _) = desk.add_account(new).await.unwrap();
        let project = desk.edit_project(path, ProjectEdit::default()).await.unwrap();
        let jane = Viewer { account: jane.id, admin: false };
        Self { server, clock, store, desk, intake, delivery, line, project, jane, folder, tuning }
    }

    /// The same data folder after the daemon ended in order: everything in memory is new.
    pub async fn restart(self) -> Self {
        self.desk.end_run().await.unwrap();
        self.crash_to(HOST).await
    }

    /// As [`Bench::restart`], but that the daemon could not say goodbye, and comes back on a machine
    /// of this name.
    pub async fn crash_to(self, host: &str) -> Self {
        self.store.close().await;
        let Self { server, clock, store, desk, intake, delivery, line, project, jane, folder, tuning } = self;
        drop((store, desk, intake, delivery, line));
        let random = Random::system();
        let store = Store::open(&StorePath::new(folder.path()), &random, &clock).unwrap();
        let (desk, intake, delivery, line) = put_together(&server, &clock, &store, &random, (&tuning, host));
        Self { server, clock, store, desk, intake, delivery, line, project, jane, folder, tuning }
    }

    /// A desk with a copy of this one's data, on a machine of this name; both run.
    pub async fn clone_to(&self, host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random = Random::system();
        let copy = |from: &std::path::Path, to: &std::path::Path| {
            let done = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
            assert!(done.unwrap().success());
        };
        // Every commit is on the disk when it is answered, and nobody writes now.
        copy(self.folder.path(), folder.path());
        let store = Store::open(&StorePath::new(folder.path()), &random, &self.clock).unwrap();
        let (desk, intake, delivery, line) =
            put_together(&self.server, &self.clock, &store, &random, (&self.tuning, host));
        Self {
            server: self.server.clone(),
            clock: self.clock.clone(),
            store,
            desk,
            intake,
            delivery,
            line,
            project: self.project.clone(),
            jane: self.jane,
            folder,
            tuning: self.tuning.clone(),
        }
    }

    /// A desk on a data folder that another one left, with its project and its agent.
    pub fn in_folder(folder: tempfile::TempDir, server: Server, clock: Clock) -> Self {
        let (random, tuning) = (Random::system(), Tuning::default());
        let store = Store::open(&StorePath::new(folder.path()), &random, &clock).unwrap();
        let (desk, intake, delivery, line) = put_together(&server, &clock, &store, &random, (&tuning, HOST));
        let read = store.read().unwrap();
        let project = read.project_by_path(&ProjectPath::parse("acme/web").unwrap()).unwrap().unwrap();
        let jane = read.account_by_handle(&Handle::parse("jane").unwrap()).unwrap().unwrap();
        let jane = Viewer { account: jane.id, admin: false };
        drop(read);
        Self { server, clock, store, desk, intake, delivery, line, project, jane, folder, tuning }
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub async fn sweep(&self) -> Swept {
        self.intake.sweep().await.unwrap()
    }

    /// Sends what is due and looks for what is unknown, once.
    pub async fn drain(&self) {
        self.delivery.run_once().await.unwrap();
    }

    /// As a daemon that goes on through trouble: sweeps, sends and lets time pass until nothing is
    /// left to do.
    pub async fn settle(&self) {
        let (mut swept, mut sent) = (false, false);
        for _ in 0..1000 {
            swept |= self.intake.sweep().await.is_ok();
            sent |= self.delivery.run_once().await.is_ok();
            let read = self.store.read().unwrap();
            let open = [OutboxState::Waiting, OutboxState::Submitting]
                .into_iter()
                .any(|state| !read.letters_in(state, 1).unwrap().is_empty());
            let open = open || !read.unfiled(1).unwrap().is_empty();
            if swept && sent && !open {
                return;
            }
            // Over a bad line both rarely do well at once, which is not asked: only since nothing is open.
            (swept, sent) = (swept && !open, sent && !open);
            drop(read);
            self.advance(Duration::from_secs(31));
        }
        let read = self.store.read().unwrap();
        let open = [OutboxState::Waiting, OutboxState::Submitting].map(|state| read.letters_in(state, 5));
        panic!("still open: {:?} {open:?} {:?}", read.unfiled(5), self.desk.standing().get());
    }

    pub async fn sweep_and_drain(&self) {
        self.sweep().await;
        self.drain().await;
    }

    /// Adopts the mailbox while it is empty.
    pub async fn adopt_empty(&self) {
        assert_eq!(self.sweep().await, Swept::Done { taken: 0 });
    }

    /// A mail from outside comes in. Gives the Email's id.
    pub fn deliver(&self, post: &Post) -> String {
        let landed = self.server.deliver_as(&post.incoming());
        let at = landed.into_iter().next().and_then(|landed| landed.at);
        let (login, id) = at.unwrap_or_else(|| panic!("nobody takes mail to {}", post.to));
        assert_eq!(login, DESK);
        id
    }

    /// A mail comes in and is taken in; gives what became of it.
    pub async fn receive(&self, post: &Post) -> MailRow {
        self.deliver(post);
        self.sweep().await;
        self.rows().pop().unwrap()
    }

    /// Every mail taken in, in order.
    pub fn rows(&self) -> Vec<MailRow> {
        let read = self.store.read().unwrap();
        (1..).map_while(|id| read.mail_row(MailRowId(id)).unwrap()).collect()
    }

    /// The mailboxes in which a taken mail lies now.
    pub fn lies_in(&self, row: &MailRow) -> Vec<String> {
        let all = self.server.look(|world| world.all_mails(DESK));
        all.into_iter()
            .find(|mail| mail.id == row.source.email)
            .map(|mail| mail.mailboxes)
            .unwrap_or_default()
    }

    pub fn mails_in(&self, mailbox: &str) -> Vec<Mail> {
        self.server.mails(DESK, mailbox)
    }

    /// What left to this address, parsed, in order.
    pub fn left_to(&self, to: &str) -> Vec<(Left, Inbound)> {
        let to = address(to);
        self.server
            .submissions()
            .into_iter()
            .filter(|left| left.rcpt_to.contains(&to))
            .map(|left| {
                let mail = postdesk::mail::parse(&left.raw, None);
                (left, mail)
            })
            .collect()
    }

    /// How often each letter left, by Message-ID.
    pub fn times_left(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for left in self.server.submissions() {
            let id = postdesk::mail::parse(&left.raw, None).message_id.unwrap();
            *times.entry(id.as_str().to_owned()).or_default() += 1;
        }
        times
    }

    pub fn all_letters(&self) -> Vec<OutboxRow> {
        let read = self.store.read().unwrap();
        (1..).map_while(|id| read.letter(OutboxId(id)).unwrap()).collect()
    }

    /// Anna's ticket, confirmed; both letters' ways are open.
    pub async fn with_ticket() -> (Self, Ticket) {
        let bench = Self::start().await;
        bench.adopt_empty().await;
        bench.receive(&post("m1")).await;
        bench.drain().await;
        let ticket = bench.ticket(1);
        (bench, ticket)
    }

    /// Another participant, as an agent adds one.
    pub async fn join(&self, ticket: &Ticket, who: &str) {
        let (id, who, now) = (ticket.id, address(who), self.now());
        let joined = self.store.write(move |w| {
            let mut ticket = w.ticket(id)?.unwrap();
            let person = NameAddr { name: None, address: who.clone() };
            let events = apply(&mut ticket, Change::AddParticipant(person), Actor::Postdesk, now).unwrap();
            w.put_ticket(&ticket)?;
            for event in &events {
                w.put_event(event)?;
            }
            Ok::<_, StoreError>(())
        });
        joined.await.unwrap();
    }

    pub fn verdicts(&self) -> Vec<VerdictKind> {
        let read = self.store.read().unwrap();
        let mut kinds = Vec::new();
        for (kind, count) in read.verdicts().unwrap() {
            kinds.extend((0..count).map(|_| kind));
        }
        kinds
    }

    pub fn ticket(&self, number: u32) -> Ticket {
        let read = self.store.read().unwrap();
        let id = read.ticket_by_number(self.project.id, number).unwrap().expect("no such ticket");
        read.ticket(id).unwrap().unwrap()
    }

    pub fn events(&self, ticket: TicketId) -> Vec<Event> {
        self.store.read().unwrap().events(ticket).unwrap()
    }

    pub fn letters(&self, ticket: TicketId) -> Vec<OutboxRow> {
        self.store.read().unwrap().letters_of(ticket).unwrap()
    }

    pub async fn comment(&self, ticket: &Ticket, text: &str) {
        let seen = self.ticket(ticket.number).last_event;
        self.desk.comment(self.jane, ticket.id, form(), seen, text.to_owned(), false).await.unwrap();
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn put_together(
    server: &Server,
    clock: &Clock,
    store: &Store,
    random: &Random,
    (tuning, host): (&Tuning, &str),
) -> (Desk, Intake, Delivery, Line) {
    let site = Site {
        wildcard: Wildcard::parse(tuning.wildcard).unwrap(),
        suffix_wildcard: Some(Wildcard::parse("contact+{key}@desk.example").unwrap()),
        former: vec![
            Wildcard::parse("tickets+{key}@old.example").unwrap(),
            Wildcard::parse("{key}@all.example").unwrap(),
        ],
        account: address(DESK),
        host: "desk.example".to_owned(),
        authserv_id: tuning.authenticates.then(|| "mx.desk.example".to_owned()),
        budgets: tuning.budgets,
    };
    let jmap = JmapConfig {
        url: server.url().parse().unwrap(),
        login: Login::Basic { user: DESK.to_owned(), password: "secret".into() },
        account: None,
        trusted_origins: Vec::new(),
        poll: tuning.poll,
    };
    let wire = Wire::new(postdesk::tls::client_config(None).unwrap(), clock.clone());
    let line = Line::new(jmap, wire, clock.clone(), random.clone());
    let desk = Desk::new(store.clone(), clock.clone(), random.clone(), site, Links::new(tuning.public_url))
        .with_undo(tuning.undo);
    let name = |parts: &[&str]| MailboxRef::Name(parts.iter().map(|&part| part.to_owned()).collect());
    let boxes = BoxNames {
        intake: MailboxRef::Role("inbox".to_owned()),
        handled: name(&["Postdesk", "Handled"]),
        held: name(&["Postdesk", "Held"]),
        earlier: name(&["Earlier"]),
    };
    let marker = MarkerSettings {
        mailbox: name(&["Postdesk", "Marker"]),
        account: address(DESK),
        host: host.to_owned(),
        run: random.run_id(),
        poll: tuning.poll,
        after_clean_end: store.read().unwrap().ended_cleanly().unwrap(),
    };
    let marker = MarkerWatch::new(desk.clone(), line.clone(), marker);
    let sent = MailboxRef::Role("sent".to_owned());
    let settings = IntakeSettings { boxes, largest_mail: 1024 * 1024, sent };
    let intake = Intake::new(desk.clone(), line.clone(), marker.clone(), settings);
    let settings = DeliverySettings {
        intake: MailboxRef::Role("inbox".to_owned()),
        outgoing: name(&["Postdesk", "Outgoing"]),
        sent: MailboxRef::Role("sent".to_owned()),
        account: address(DESK),
        reply_to: tuning.reply_to,
        rates: tuning.rates,
    };
    let theme = Theme::load(tuning.theme.as_deref(), jiff::tz::TimeZone::UTC).unwrap();
    let delivery = Delivery::new(desk.clone(), line.clone(), marker, theme, settings);
    (desk, intake, delivery, line)
}
