//! `postdesk demo`: the real daemon on the stage that the demo sets, in one process. Nothing of it
//! outlives the command.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use tempfile::TempDir;
use thiserror::Error;
use tokio::net::TcpListener;
use url::Url;

use super::samples;
use super::stage::Stage;
use super::sweep::{DATA, PREFIX, sweep};
use super::webmail;
use crate::app::{App, StartError};
use crate::clock::Clock;
use crate::config::Config;
use crate::desk::{Desk, DeskError, IntakeStanding, NewAccount, NewProject};
use crate::mail::{Address, AddressError};
use crate::secret::Random;
use crate::theme::{Theme, ThemeError};
use crate::tracker::{Handle, ProjectPath, ProjectPathError, Role};
use crate::web::DemoHint;

/// The password of everyone who signs in.
const PASSWORD: &str = "postdesk-demo";

/// Why the demo did not start.
#[derive(Debug, Error)]
pub enum DemoError {
    #[error("the demo cannot make a folder or a port of its own: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Theme(#[from] ThemeError),
    #[error(transparent)]
    Desk(#[from] DeskError),
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Path(#[from] ProjectPathError),
    #[error(transparent)]
    Url(#[from] url::ParseError),
}

/// A demo that is ready to run.
pub struct Demo {
    app: App,
    stage: Stage,
    mailbox: webmail::Running,
    tracker: Url,
    /// Removed with everything in it when the demo ends.
    _folder: TempDir,
}

impl Demo {
    /// Sets the stage and builds the desk. The tracker listens on `port` of localhost and the
    /// customers' mailbox on the next one, or on free ones where those are taken.
    ///
    /// # Errors
    /// Where the system gives no folder or port.
    pub async fn start(port: u16) -> Result<Self, DemoError> {
        let (clock, random) = (Clock::system(), Random::system());
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        sweep(folder.path())?;
        let stage = Stage::start(clock.clone(), random.clone()).await?;
        let port = free_port(port).await?;
        let tracker = Url::parse(&format!("http://localhost:{port}"))?;
        let theme = Theme::load(None, TimeZone::system())?;
        let server = stage.server().clone();
        let pages = webmail::router(server, theme, clock, random, tracker.clone());
        let mailbox = webmail::start(pages, free_port(port.saturating_add(1)).await?).await?;
        let config = config(&stage, folder.path().join(DATA), &tracker, port)?;
        let hint = DemoHint {
            address: samples::accounts().first().map_or_else(String::new, |a| a.address.to_owned()),
            password: PASSWORD.to_owned(),
            mailbox: mailbox.url(),
        };
        let app = App::build(config, Some(hint)).await?;
        furnish(app.desk()).await?;
        Ok(Self { app, stage, mailbox, tracker, _folder: folder })
    }

    /// What to do next, for a terminal.
    #[must_use]
    pub fn greeting(&self) -> String {
        let mut lines = vec![
            String::new(),
            "  Postdesk runs, with a mail server and its customers' mailboxes. Nothing leaves this computer."
                .to_owned(),
            String::new(),
            format!("  The tracker, for the team:    {}", self.tracker),
        ];
        for account in samples::accounts() {
            lines.push(format!("      sign in as {:<22} {PASSWORD}", account.address));
        }
        lines.push(String::new());
        lines.push(format!("  A mailbox, as a customer:     {}", self.mailbox.url()));
        lines.push("      write to one of these, and answer what comes back:".to_owned());
        for address in self.addresses() {
            lines.push(format!("      {address}"));
        }
        lines.push(String::new());
        lines.push("  Ctrl-C ends it, and nothing remains.".to_owned());
        lines.join("\n")
    }

    /// Every project's address that people are told, and one of the older form.
    fn addresses(&self) -> Vec<String> {
        let desk = self.app.desk();
        let projects = desk.projects().unwrap_or_default();
        let shown = projects.iter().filter_map(|project| desk.site().shown(project));
        let older = projects.first().and_then(|project| desk.site().legacy(&project.path));
        shown.chain(older).map(|address| address.to_string()).collect()
    }

    /// Runs until `stop` resolves. The sample mails come in once the mailbox is the desk's.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let desk = self.app.desk().clone();
        let stage = self.stage.clone();
        let mail = tokio::spawn(async move {
            let mut standing = desk.standing().watch();
            if standing.wait_for(|s| s.intake == IntakeStanding::Running).await.is_ok() {
                let projects = desk.projects().unwrap_or_default();
                stage.deliver_samples(|path| {
                    let project = projects.iter().find(|project| project.path.as_str() == path)?;
                    desk.site().current(project)
                });
            }
        });
        self.app.run(stop).await;
        mail.abort();
        self.mailbox.stop();
        self.stage.server().stop();
    }
}

fn config(stage: &Stage, data: PathBuf, tracker: &Url, port: u16) -> Result<Config, DemoError> {
    let mail = stage.facts();
    let password = SecretString::from(mail.password.clone());
    let (server, address) = (Url::parse(&mail.url)?, mail.address.clone());
    let mut config =
        Config::for_demo(data, tracker.clone(), server, password, address, mail.wildcard.clone());
    config.addresses.authserv_id = Some(mail.authserv_id.clone());
    config.web.listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port))];
    Ok(config)
}

/// The port asked for, or any that is free.
async fn free_port(wanted: u16) -> io::Result<u16> {
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
    };
    Ok(listener.local_addr()?.port())
}

/// Projects and accounts to begin with.
async fn furnish(desk: &Desk) -> Result<(), DemoError> {
    for project in samples::projects() {
        let new = NewProject {
            path: ProjectPath::parse(project.path)?,
            name: Some(project.name.to_owned()),
            aliases: project.alias.map(Address::parse).transpose()?.into_iter().collect(),
            suffix: None,
            default: false,
        };
        desk.add_project(new).await?;
    }
    for account in samples::accounts() {
        let Some(handle) = Handle::parse(account.handle) else { continue };
        let projects = account.projects.iter().map(|(path, role)| Ok((ProjectPath::parse(path)?, *role)));
        let new = NewAccount {
            handle: handle.clone(),
            name: Some(account.name.to_owned()),
            address: Address::parse(account.address)?,
            admin: account.admin,
            projects: projects.collect::<Result<Vec<(ProjectPath, Role)>, ProjectPathError>>()?,
        };
        desk.add_account(new).await?;
        desk.give_password(handle, PASSWORD).await?;
    }
    Ok(())
}
