//! A tracker's front on a bench: its listeners, its certificate, and a clock that stands still.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use postdesk::clock::Clock;
use postdesk::config::Config;
use postdesk::desk::{Desk, Links};
use postdesk::secret::Random;
use postdesk::store::{Store, StorePath};
use postdesk::tls::{self, CertificateStanding};
use postdesk::upkeep::Certificates;
use postdesk::web::{self, Speak};
use postdesk::wire::Wire;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::support::acme::Acme;
use crate::support::folder;
use crate::support::tls::{Connection, Offer, Shown};
use crate::support::wait::{LONG, until};

pub const DAY: Duration = Duration::from_hours(24);
pub const HOUR: Duration = Duration::from_hours(1);

/// The front of a desk.
pub struct Bed {
    pub clock: Clock,
    pub certificates: Certificates,
    pub tls: SocketAddr,
    pub plain: SocketAddr,
    desk: Desk,
    store: Store,
    _stop: watch::Sender<bool>,
}

/// Where a bed keeps its data, over its restarts.
pub fn data() -> TempDir {
    folder::temporary("certificates")
}

/// A clock that stands at the present, so that what is issued by it is good for real clients.
pub fn clock() -> Clock {
    Clock::manual(Timestamp::from_second(Clock::system().now().as_second()).unwrap())
}

/// [tls.acme] for this authority, with further lines.
pub fn asking(acme: &Acme, more: &str) -> String {
    format!("[tls.acme]\ndirectory = \"{}\"\nca = \"{}\"\n{more}", acme.directory(), acme.root().display())
}

impl Bed {
    /// Starts the listeners; the certificate is not looked after until a test says so.
    pub async fn start(data: &Path, clock: &Clock, tls: &str) -> Self {
        let text = format!(
            "data = \"{}\"\npublic_url = \"https://desk.test\"\n\
             [mail]\nurl = \"http://127.0.0.1:1\"\nuser = \"u\"\npassword = {{ env = \"P\" }}\n\
             address = \"desk@example.test\"\n[addresses]\nwildcard = \"desk+{{key}}@example.test\"\n\
             [web]\nredirect = [\"127.0.0.1:0\"]\n{tls}",
            data.display()
        );
        let config = Config::parse(&text, Path::new("desk.toml")).unwrap();
        let random = Random::system();
        let store = Store::open(&StorePath::new(folder(data)), &random, clock).unwrap();
        let links = Links::new(config.public_url.as_str());
        let desk = Desk::new(store.clone(), clock.clone(), random, config.site(), links);
        // The authority lives in real time, but for what it writes into certificates.
        let wire = |ca: Option<&Path>| Ok(Wire::new(tls::client_config(ca)?, Clock::system()));
        let certificates = Certificates::begin_over(&config, &desk, wire).unwrap().unwrap();
        let (stop, stopped) = watch::channel(false);
        let speak = Speak::Tls(certificates.shown().server_config().unwrap());
        let router = Router::new().route("/", get(|| async { "the tracker" }));
        let tls = listen(speak, router, stopped.clone()).await;
        let way = web::redirect(&config.public_url, certificates.challenges().clone());
        let plain = listen(Speak::PlainForAll, way, stopped).await;
        Self { clock: clock.clone(), certificates, tls, plain, desk, store, _stop: stop }
    }

    /// Looks after the certificate once; the clock moves while that waits for others.
    pub async fn look(&self) {
        let certificates = self.certificates.clone();
        let looking = tokio::spawn(async move { certificates.run_once().await });
        until("the certificate to be looked after", LONG, async || {
            self.clock.advance(Duration::from_secs(1));
            looking.is_finished().then_some(())
        })
        .await;
        looking.await.unwrap();
    }

    pub fn standing(&self) -> CertificateStanding {
        self.desk.standing().get().certificate.unwrap()
    }

    pub fn line(&self) -> String {
        self.standing().line(self.clock.now())
    }

    /// What a new connection is shown.
    pub async fn shown(&self) -> Shown {
        self.connect().await.shown()
    }

    /// A new connection.
    pub async fn connect(&self) -> Connection {
        Connection::open(self.tls, Offer::default()).await.unwrap()
    }

    /// Ends it, so that another can begin on its data.
    pub async fn end(self) {
        self.store.close().await;
    }
}

/// The store, apart from what the test looks at.
fn folder(data: &Path) -> std::path::PathBuf {
    data.join("store")
}

async fn listen(speak: Speak, router: Router, stop: watch::Receiver<bool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(web::serve(listener, speak, vec![], router, stop));
    address
}
