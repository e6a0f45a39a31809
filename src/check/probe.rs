//! Parts of a check, for one answer of `postdesk setup` at a time.

use std::path::Path;
use std::time::Duration;

use super::{
    Checked, Daemon, Finding, Level, Report, addresses, certificate, disk, front, login, mailbox, send,
    server,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::control::Survey;
use crate::jmap::{Identity, Jmap, JmapConfig, JmapError};
use crate::secret::Random;
use crate::tls;
use crate::wire::{Wire, WireError};

/// A configuration that is not written yet.
pub struct Probe<'a> {
    pub config: &'a Config,
    pub clock: Clock,
    pub random: Random,
}

/// What was found of one part, and whether it lets the desk run.
pub struct Found {
    pub findings: Vec<Finding>,
}

impl Found {
    /// What stands in the way.
    pub fn bad(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == Level::Bad)
    }

    #[must_use]
    pub fn is_bad(&self) -> bool {
        self.bad().next().is_some()
    }
}

impl Probe<'_> {
    /// Signs in, and says nothing of it.
    ///
    /// # Errors
    /// Where that fails.
    pub async fn sign_in(&self) -> Result<Jmap, JmapError> {
        let mail = &self.config.mail;
        let config = JmapConfig::of(mail).map_err(|error| JmapError::Credentials(error.to_string()))?;
        let tls = tls::for_mail(mail).map_err(|error| JmapError::Session(error.to_string()))?;
        Jmap::connect(config, Wire::new(tls, self.clock.clone()), self.clock.clone(), self.random.clone())
            .await
    }

    /// The data folder and the store in it, and where the tracker listens and is reached.
    pub async fn here(&self, tell: impl FnMut(&Finding) + Send) -> Found {
        let mut report = Report::new(tell);
        let mut checked = self.checked();
        disk::folder(&mut report, &checked);
        disk::socket(&mut report, &checked);
        disk::store(&mut report, &mut checked).await;
        front::listeners(&mut report, &checked).await;
        front::public_url(&mut report, &checked).await;
        certificate::certificate(&mut report, &checked).await;
        found(&report)
    }

    /// What the account can do, and the identity that letters leave by.
    pub async fn account(&self, jmap: &Jmap, tell: impl FnMut(&Finding) + Send) -> (Found, Option<Identity>) {
        let mut report = Report::new(tell);
        let checked = self.checked();
        let mut identity = None;
        if server::offers(&mut report, &checked, jmap) {
            server::limits(&mut report, &checked, jmap);
            mailbox::mailboxes(&mut report, &checked, jmap).await;
            identity = addresses::identities(&mut report, &checked, jmap).await;
        }
        (found(&report), identity)
    }

    /// Whether keys fit into the wildcard.
    pub fn wildcard(&self, tell: impl FnMut(&Finding) + Send) -> Found {
        let mut report = Report::new(tell);
        addresses::wildcards(&mut report, &self.checked());
        found(&report)
    }

    /// Mails the wildcard and the plain address, and looks at what arrives.
    pub async fn to_itself(
        &self,
        jmap: &Jmap,
        identity: &Identity,
        wait: Duration,
        tell: impl FnMut(&Finding) + Send,
    ) -> Found {
        let mut report = Report::new(tell);
        let mut checked = self.checked();
        // A desk that is there already knows its own test mails; where there is none yet, no store
        // has to.
        disk::store(&mut Report::new(|_| {}), &mut checked).await;
        let none = || Survey { store: self.random.store_id().0, ..Survey::default() };
        checked.survey = Some(checked.survey.take().unwrap_or_else(none));
        send::to_itself(&mut report, &checked, jmap, identity, wait).await;
        found(&report)
    }

    fn checked(&self) -> Checked<'_> {
        Checked {
            config: self.config,
            file: Path::new("postdesk.toml"),
            clock: self.clock.clone(),
            random: self.random.clone(),
            survey: None,
            daemon: Daemon::None,
            service: None,
        }
    }
}

fn found(report: &Report<'_>) -> Found {
    Found { findings: report.findings().to_vec() }
}

/// Why a host is not believed, where that is why there is no session.
#[must_use]
pub fn distrust(error: &JmapError) -> Option<String> {
    match error {
        JmapError::Wire(WireError::Tls { host, source }) => Some(login::distrusted(host, source)),
        _ => None,
    }
}
