//! The tracker's certificate, kept good while the desk runs: files are read again when they change,
//! an authority is asked for a new one in time, and one of our own making is made anew.
//!
//! Whatever fails, the certificate that is shown stays; why is said once in the log, and in
//! `status`, `check` and the metrics for as long as it lasts.

mod attempt;
mod authority;
mod files;
mod own;
mod tell;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Mutex, Notify, watch};

use crate::acme::Acme;
use crate::clock::Clock;
use crate::config::{Config, TlsSource};
use crate::desk::Desk;
use crate::secret::Random;
use crate::tls::{self, Challenges, Shown, TlsError};
use crate::wire::Wire;
use authority::Authority;
use files::Files;
use own::Own;
use tell::Teller;

/// How often files, and the time of a renewal, are looked at.
const EVERY: Duration = Duration::from_mins(1);

/// Why new certificate files are not used.
#[derive(Debug, Error)]
pub enum ReloadError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("{} {why}", path.display())]
    Worse { path: PathBuf, why: String },
}

/// Keeps the tracker's certificate. Cheap to clone.
#[derive(Clone)]
pub struct Certificates(Arc<Inner>);

struct Inner {
    shown: Shown,
    challenges: Challenges,
    /// One look at a time; an order with an authority takes minutes.
    source: Mutex<Source>,
    /// Rung by [`Certificates::reload`], for an authority to be asked at once.
    now: Notify,
    clock: Clock,
}

enum Source {
    Files(Box<Files>),
    Authority(Box<Authority>),
    Own(Box<Own>),
}

/// What every kind of certificate is kept with.
#[derive(Clone)]
struct House {
    /// The host of `public_url`.
    host: String,
    /// The data folder's place for certificates.
    folder: PathBuf,
    clock: Clock,
    random: Random,
    teller: Teller,
}

impl Certificates {
    /// Loads what there is; where an authority has given none yet, one of our own making stands in
    /// for it. `None` where the tracker shows none. Nothing is asked of the network.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn begin(config: &Config, desk: &Desk) -> Result<Option<Self>, TlsError> {
        let wire = |ca: Option<&Path>| Ok(Wire::new(tls::client_config(ca)?, desk.clock.clone()));
        Self::begin_over(config, desk, wire)
    }

    /// As [`Self::begin`]; `wire` makes the way to the authority, for one that has a private root.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn begin_over(
        config: &Config,
        desk: &Desk,
        wire: impl FnOnce(Option<&Path>) -> Result<Wire, TlsError>,
    ) -> Result<Option<Self>, TlsError> {
        let Some(source) = &config.tls else { return Ok(None) };
        let challenges = Challenges::default();
        let house = House {
            host: config.public_url.host_str().unwrap_or("localhost").to_owned(),
            folder: config.data.join("tls"),
            clock: desk.clock.clone(),
            random: desk.random.clone(),
            teller: Teller::new(desk.standing().clone()),
        };
        let (source, pair) = match source {
            TlsSource::Files { certificate, key } => {
                let (files, pair) = Files::begin(house, certificate, key)?;
                (Source::Files(Box::new(files)), pair)
            }
            TlsSource::Generated => {
                let (own, pair) = Own::begin(house)?;
                (Source::Own(Box::new(own)), pair)
            }
            TlsSource::Acme(settings) => {
                let wire = wire(settings.ca.as_deref())?;
                let acme = Acme::new(
                    (**settings).clone(),
                    &house.host,
                    &house.folder,
                    challenges.clone(),
                    wire,
                    house.clock.clone(),
                );
                let (authority, pair) = Authority::begin(house, acme)?;
                (Source::Authority(Box::new(authority)), pair)
            }
        };
        let shown = Shown::new(pair, challenges.clone());
        let clock = desk.clock.clone();
        let inner = Inner { shown, challenges, source: Mutex::new(source), now: Notify::new(), clock };
        Ok(Some(Self(Arc::new(inner))))
    }

    /// What listeners show.
    #[must_use]
    pub fn shown(&self) -> &Shown {
        &self.0.shown
    }

    /// What the plain port answers an authority.
    #[must_use]
    pub fn challenges(&self) -> &Challenges {
        &self.0.challenges
    }

    /// Looks after the certificate at once and then every minute, until `stop` says so.
    pub async fn run(&self, mut stop: watch::Receiver<bool>) {
        let mut at_once = false;
        while !*stop.borrow() {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.look(at_once) => {}
            }
            at_once = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.0.now.notified() => true,
                () = self.0.clock.sleep(EVERY) => false,
            };
        }
    }

    /// Looks once, and does what is due.
    pub async fn run_once(&self) {
        self.look(false).await;
    }

    async fn look(&self, at_once: bool) {
        let mut source = self.0.source.lock().await;
        match &mut *source {
            Source::Files(files) => files.look(&self.0.shown),
            Source::Authority(authority) => authority.look(&self.0.shown, at_once).await,
            Source::Own(own) => own.look(&self.0.shown),
        }
    }

    /// Reads files again at once, whether or not they changed, and lets an authority that is behind
    /// be asked at once. Open connections go on.
    ///
    /// # Errors
    /// Why the files are not used; the certificate that is shown stays.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        // An order that is under way is not waited for.
        if let Ok(mut source) = self.0.source.try_lock()
            && let Source::Files(files) = &mut *source
        {
            return files.reload(&self.0.shown);
        }
        self.0.now.notify_one();
        Ok(())
    }
}
