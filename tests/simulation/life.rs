//! One life of the daemon: the real parts on a runtime of one thread, until it ends or is killed.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use postdesk::config::{Login, MailboxRef};
use postdesk::delivery::{Delivery, DeliverySettings, Rates, ReplyTo};
use postdesk::desk::{Desk, Links};
use postdesk::intake::{BoxNames, Intake, IntakeSettings, MarkerSettings, MarkerWatch};
use postdesk::jmap::{JmapConfig, Line};
use postdesk::secret::Random;
use postdesk::store::{Look, MemoryDisk, MemoryFiles, OpenError, Steps, Store, StoreError};
use postdesk::theme::Theme;
use postdesk::tls;
use postdesk::tracker::RunId;
use postdesk::triage::{Budgets, Site, Wildcard};
use postdesk::upkeep::Upkeep;
use postdesk::wire::Wire;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::world::{DESK, World, address};

/// How many polls of its tasks a daemon that is not to be killed has.
const FOR_EVER: u64 = u64::MAX;

/// The parts of one daemon.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub desk: Desk,
    pub intake: Intake,
    pub delivery: Delivery,
    pub upkeep: Upkeep,
}

static THEME: LazyLock<Theme> = LazyLock::new(|| Theme::load(None, jiff::tz::TimeZone::UTC).unwrap());
static TLS: LazyLock<Arc<tls::ClientConfig>> = LazyLock::new(|| tls::client_config(None).unwrap());

pub fn site() -> Site {
    Site {
        wildcard: Wildcard::parse("incoming+{key}@desk.example").unwrap(),
        suffix_wildcard: Some(Wildcard::parse("contact+{key}@desk.example").unwrap()),
        former: vec![Wildcard::parse("tickets+{key}@old.example").unwrap()],
        account: address(DESK),
        host: "desk.example".to_owned(),
        authserv_id: Some("mx.desk.example".to_owned()),
        budgets: Budgets::default(),
    }
}

/// Where a daemon lives.
pub struct Place {
    pub disk: MemoryDisk,
    pub files: MemoryFiles,
    pub host: &'static str,
    /// Of its random values.
    pub seed: u64,
}

impl Parts {
    /// Opens what lies on the world's disks and puts a daemon together.
    pub fn open(world: &World) -> Result<(Self, Steps), OpenError> {
        let seed = world.seed.wrapping_mul(1_000).wrapping_add(world.lives);
        let (disk, files) = (world.disk.clone(), world.files.clone());
        Self::open_at(world, &Place { disk, files, host: "alder", seed })
    }

    /// As [`Parts::open`], in another place.
    pub fn open_at(world: &World, place: &Place) -> Result<(Self, Steps), OpenError> {
        let random = Random::seeded(place.seed);
        let clock = &world.clock;
        let disk = place.disk.clone();
        let make = move || disk.clone();
        let (store, steps) =
            Store::open_stepped(make, World::raw_folder(), place.files.clone(), &random, clock)?;
        let jmap = JmapConfig {
            url: world.server.url().parse().unwrap(),
            login: Login::Basic { user: DESK.to_owned(), password: "secret".into() },
            account: None,
            trusted_origins: Vec::new(),
            poll: Duration::from_secs(15),
        };
        let wire = Wire::with_dial(TLS.clone(), clock.clone(), world.net.clone());
        let line = Line::new(jmap, wire, clock.clone(), random.clone());
        let run = random.run_id();
        let links = Links::new("https://desk.example");
        let desk = Desk::new(store.clone(), clock.clone(), random, site(), links).with_undo(world.undo);
        let name = |parts: &[&str]| MailboxRef::Name(parts.iter().map(|&part| part.to_owned()).collect());
        let inbox = || MailboxRef::Role("inbox".to_owned());
        let boxes = BoxNames {
            intake: inbox(),
            handled: name(&["Postdesk", "Handled"]),
            held: name(&["Postdesk", "Held"]),
            earlier: name(&["Earlier"]),
        };
        let marker = MarkerSettings {
            mailbox: name(&["Postdesk", "Marker"]),
            account: address(DESK),
            host: place.host.to_owned(),
            run,
            poll: Duration::from_secs(15),
            after_clean_end: store.read().and_then(|read| read.ended_cleanly()).unwrap_or(false),
        };
        let marker = MarkerWatch::new(desk.clone(), line.clone(), marker);
        let sent = MailboxRef::Role("sent".to_owned());
        let settings = IntakeSettings { boxes, largest_mail: 64 * 1024, sent };
        let intake = Intake::new(desk.clone(), line.clone(), marker.clone(), settings);
        let settings = DeliverySettings {
            intake: inbox(),
            outgoing: name(&["Postdesk", "Outgoing"]),
            sent: MailboxRef::Role("sent".to_owned()),
            account: address(DESK),
            reply_to: ReplyTo::Keyed,
            rates: Rates { in_all: 30, to_one: 6 },
        };
        let delivery = Delivery::new(desk.clone(), line, marker, THEME.clone(), settings);
        let upkeep = Upkeep::new(desk.clone());
        Ok((Self { store, desk, intake, delivery, upkeep }, steps))
    }
}

/// How long a daemon has to live, counted in polls of its tasks; shared by all of them, so that it
/// ends between any two awaits, and all of it at once.
#[derive(Clone)]
pub struct Breath(Arc<AtomicU64>);

impl Breath {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(FOR_EVER)))
    }

    pub fn is_out(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    pub fn set(&self, polls: u64) {
        self.0.store(polls, Ordering::Relaxed);
    }

    /// One poll; false where there is none left.
    fn draw(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        if left != FOR_EVER {
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        }
        left > 0
    }

    /// Work that goes on only as long as the daemon lives.
    pub fn with<F: Future>(&self, work: F) -> Mortal<F> {
        Mortal { work: Box::pin(work), breath: self.clone() }
    }
}

pub struct Mortal<F> {
    work: Pin<Box<F>>,
    breath: Breath,
}

impl<F: Future> Future for Mortal<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if self.breath.draw() { self.work.as_mut().poll(context) } else { Poll::Pending }
    }
}

/// Knows when no task can go on by itself: the runtime is about to sleep.
#[derive(Clone, Default)]
pub struct Calm(Arc<Mutex<(bool, Option<Waker>)>>);

impl Calm {
    fn parks(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }

    /// Waits until every task waits for something.
    pub async fn come(&self) {
        self.0.lock().unwrap().0 = false;
        std::future::poll_fn(|context| {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A runtime of one thread, without the system's clock and network.
pub fn runtime() -> (Runtime, Calm) {
    let calm = Calm::default();
    let parks = calm.clone();
    let runtime = Builder::new_current_thread().on_thread_park(move || parks.parks()).build().unwrap();
    (runtime, calm)
}

/// Starts a daemon's streets.
pub fn start(parts: &Parts, breath: &Breath, run: RunId) -> watch::Sender<bool> {
    let (stop, stopped) = watch::channel(false);
    let parts = parts.clone();
    let own = breath.clone();
    let begun = breath.with(async move {
        let added = parts.store.write(move |w| w.add_run(run)).await;
        if added.map_err(|error| error.flatten() as StoreError).is_err() {
            // The real one does not start; here it is started again by the driver.
            own.set(0);
            return;
        }
        let (intake, delivery, upkeep) = (parts.intake.clone(), parts.delivery.clone(), parts.upkeep.clone());
        let (s1, s2, s3) = (stopped.clone(), stopped.clone(), stopped);
        tokio::spawn(own.with(async move { intake.run(s1).await }));
        tokio::spawn(own.with(async move { delivery.run(s2).await }));
        tokio::spawn(own.with(async move { upkeep.run(s3).await }));
    });
    tokio::spawn(begun);
    stop
}
