//! The mail server, spoken to by JMAP (RFC 8620, RFC 8621).
//!
//! jmap-client gives the types of arguments; the envelope, the transport and the reading of
//! responses are ours, because one strange value in a response must never hide what the server
//! did. Push carries no data: a [`Bell`] only says that it is worth looking.

mod blob;
mod call;
mod email;
mod error;
mod fault;
mod headline;
mod id;
mod identity;
mod lenient;
mod line;
mod mailbox;
mod offers;
mod outcome;
mod push;
mod quota;
mod ready;
mod session;
mod set;
mod since;
mod sse;
mod submission;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use data_encoding::BASE64;
use http::HeaderValue;
use http::header::ACCEPT;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::{Mutex, Semaphore, watch};
use url::{Origin, Url};

pub use email::{EmailInfo, Page};
pub use error::{Failure, HttpFault, JmapError};
pub use fault::{MethodErrorType, MethodFault, SetErrorType, SetFault};
pub use headline::{Headline, Person};
pub use id::{BlobId, EmailId, IdentityId, MailboxId, SubmissionId};
pub use identity::Identity;
pub use line::Line;
pub use mailbox::Mailbox;
pub use offers::Offers;
pub use push::{Bell, Mode};
pub use quota::Used;
pub use ready::Ready;
pub use session::Limits;
pub use set::Imported;
pub use submission::{AfterSending, Envelope, SUBMITTED, Submission};

use crate::clock::{Clock, after};
use crate::config::{ConfigError, Login, Mail};
use crate::secret::Random;
use crate::wire::{Credentials, Limits as WireLimits, Request, Response, Wire};
use call::{Answers, Batch};
use ready::Slot;
use session::{Door, Session};

/// The longest wait that a server may ask for: some count by the hour. The next answer says it again.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(2);
/// Requests that run at once, where the server would take even more.
const AT_ONCE: u64 = 8;

/// Which server, and who we are there.
#[derive(Clone, Debug)]
pub struct JmapConfig {
    /// The server's address, or that of its session.
    pub url: Url,
    pub login: Login,
    /// The account's id or name; else the primary one for mail, else the only one.
    pub account: Option<String>,
    /// Origins beside the session's own that may see the login.
    pub trusted_origins: Vec<Origin>,
    /// How often to look where there is no push.
    pub poll: Duration,
}

impl JmapConfig {
    /// What the configuration file says, its secret read.
    ///
    /// # Errors
    /// Where the secret is not there.
    pub fn of(mail: &Mail) -> Result<Self, ConfigError> {
        Ok(Self {
            url: mail.url.clone(),
            login: mail.login()?,
            account: mail.account.clone(),
            trusted_origins: mail.trusted_origins.iter().map(Url::origin).collect(),
            poll: mail.poll(),
        })
    }
}

/// A session with the mail server. Cheap to clone; all clones share it.
#[derive(Clone)]
pub struct Jmap(Arc<Inner>);

struct Inner {
    config: JmapConfig,
    header: HeaderValue,
    wire: Wire,
    clock: Clock,
    random: Random,
    session: RwLock<Arc<Session>>,
    /// The server named another session state than ours.
    stale: AtomicBool,
    /// How often that was so.
    changes: AtomicU64,
    /// What time the server had when it answered last, and when that was by the clock's run.
    dated: RwLock<Option<(Timestamp, Duration)>>,
    refreshing: Mutex<()>,
    requests: Semaphore,
    /// As many as that at first.
    at_once: usize,
    uploads: Semaphore,
    mode: watch::Sender<Mode>,
}

impl Jmap {
    /// Signs in: fetches the session and chooses the account.
    ///
    /// # Errors
    /// Where the server cannot be reached, does not let us in, or is no JMAP server.
    pub async fn connect(
        config: JmapConfig,
        wire: Wire,
        clock: Clock,
        random: Random,
    ) -> Result<Self, JmapError> {
        let header = authorization(&config.login)?;
        let session = Session::fetch(&door(&config, &header), &wire, &clock).await?;
        let bounded = |limit: u64| usize::try_from(limit.clamp(1, AT_ONCE)).unwrap_or(1);
        let at_once = bounded(session.limits.max_concurrent_requests);
        let jmap = Self(Arc::new(Inner {
            header,
            wire,
            clock,
            random,
            requests: Semaphore::new(at_once),
            at_once,
            uploads: Semaphore::new(bounded(session.limits.max_concurrent_upload)),
            session: RwLock::new(Arc::new(session)),
            stale: AtomicBool::new(false),
            changes: AtomicU64::new(0),
            dated: RwLock::new(None),
            refreshing: Mutex::new(()),
            mode: watch::Sender::new(Mode::Starting),
            config,
        }));
        // Some servers make the identities when they are first asked for (Stalwart). One that has
        // none yet will be asked again when something is to be sent.
        if let Err(error) = jmap.identities().await {
            tracing::debug!(why = error.whole(), "the mail server names no identities yet");
        }
        Ok(jmap)
    }

    /// The JMAP account id.
    #[must_use]
    pub fn account_id(&self) -> String {
        self.current().account.clone()
    }

    /// The account's name, for people.
    #[must_use]
    pub fn account_name(&self) -> String {
        self.current().account_name.clone()
    }

    #[must_use]
    pub fn limits(&self) -> Limits {
        self.current().limits
    }

    /// How many requests of ours run at once.
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.0.at_once
    }

    /// What the server's submission can do beyond plain sending, by EHLO name in upper case:
    /// `FUTURERELEASE` (RFC 4865), say.
    #[must_use]
    pub fn submission_extensions(&self) -> Vec<String> {
        self.current().submission_extensions.clone()
    }

    /// Whether changes are pushed to us, or looked for.
    #[must_use]
    pub fn mode(&self) -> watch::Receiver<Mode> {
        self.0.mode.subscribe()
    }

    /// What time the server has now, by what it said with its last answer to a call; nothing where it
    /// does not say.
    #[must_use]
    pub fn server_time(&self) -> Option<Timestamp> {
        let (date, then) = (*self.0.dated.read().unwrap_or_else(PoisonError::into_inner))?;
        Some(after(date, self.0.clock.elapsed().saturating_sub(then)))
    }

    fn current(&self) -> Arc<Session> {
        Arc::clone(&self.0.session.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The session, fetched anew where the server said that it changed.
    async fn session(&self) -> Result<Arc<Session>, JmapError> {
        if self.0.stale.load(Ordering::SeqCst) {
            let _one_at_a_time = self.0.refreshing.lock().await;
            if self.0.stale.load(Ordering::SeqCst) {
                self.refresh().await?;
            }
        }
        Ok(self.current())
    }

    /// Fetches the session anew. The account has to stay the same: another one under the same
    /// login is another mailbox.
    async fn refresh(&self) -> Result<(), JmapError> {
        let inner = &self.0;
        let fresh = Session::fetch(&door(&inner.config, &inner.header), &inner.wire, &inner.clock).await?;
        let account = self.current().account.clone();
        if fresh.account != account {
            return Err(JmapError::Session(format!(
                "the mail server now gives this login the account \"{}\" instead of \"{account}\"; if that is \
                 right, restart Postdesk",
                fresh.account
            )));
        }
        *inner.session.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        inner.stale.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn batch(&self) -> Batch {
        Batch::new(&self.current().account)
    }

    /// Sends the calls of a batch and reads the envelope of the answer.
    async fn call(&self, batch: &Batch, repeatable: bool) -> Result<Answers, JmapError> {
        let session = self.session().await?;
        let slot = self.slot().await;
        self.call_at(&session, slot, batch, repeatable, WireLimits::default()).await
    }

    /// The same by a session that is at hand: every error is then about this one request. It is written
    /// at once.
    async fn call_at(
        &self,
        session: &Session,
        slot: Slot<'_>,
        batch: &Batch,
        repeatable: bool,
        limits: WireLimits,
    ) -> Result<Answers, JmapError> {
        let body = batch.to_json()?;
        let size = body.len() as u64;
        if size > session.limits.max_size_request {
            let limit = session.limits.max_size_request;
            return Err(JmapError::TooLarge { what: "a request".to_owned(), size, limit });
        }
        let request = Request::post(session.api.clone(), "application/json", Bytes::from(body))
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .credentials(self.credentials(session))
            .repeatable(repeatable)
            .limits(limits);
        let response = self.0.wire.send(request).await?;
        drop(slot);
        let dated = response.date().map(|date| (date, self.0.clock.elapsed()));
        *self.0.dated.write().unwrap_or_else(PoisonError::into_inner) = dated;
        if !response.status.is_success() {
            return Err(self.http_fault(&response).into());
        }
        let answers = Answers::parse(&response.body)?;
        // Only a state that was named can differ: some servers name none.
        if answers.session_state.as_ref().is_some_and(|state| *state != session.state) {
            self.doubt_session();
        }
        Ok(answers)
    }

    fn doubt_session(&self) {
        if !self.0.stale.swap(true, Ordering::SeqCst) {
            self.0.changes.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// How often the server had another session by now than the one that we knew. Ids that were found
    /// under an earlier one are to be found anew: a server that was restored gives them to others.
    #[must_use]
    pub fn session_changes(&self) -> u64 {
        self.0.changes.load(Ordering::SeqCst)
    }

    fn credentials(&self, session: &Session) -> Credentials {
        Credentials::new(self.0.header.clone(), session.allowed.clone())
    }

    fn http_fault(&self, response: &Response) -> HttpFault {
        // A server that forgot the account or the URL may have a new session for us.
        if response.status == http::StatusCode::NOT_FOUND {
            self.doubt_session();
        }
        http_fault(response, self.0.clock.now())
    }
}

fn door<'a>(config: &'a JmapConfig, header: &'a HeaderValue) -> Door<'a> {
    Door { url: &config.url, header, trusted: &config.trusted_origins, account: config.account.as_deref() }
}

/// The Authorization header. A secret never carries the newline that its file ends with.
fn authorization(login: &Login) -> Result<HeaderValue, JmapError> {
    let text = match login {
        Login::Basic { user, password } => {
            let pair = format!("{user}:{}", password.expose_secret().trim_end_matches(['\r', '\n']));
            format!("Basic {}", BASE64.encode(pair.as_bytes()))
        }
        Login::Bearer(token) => format!("Bearer {}", token.expose_secret().trim()),
    };
    let mut header = HeaderValue::from_str(&text).map_err(|_| {
        JmapError::Credentials(
            "the setting `token` in [mail] has characters that cannot stand in a header".to_owned(),
        )
    })?;
    header.set_sensitive(true);
    Ok(header)
}

/// What a refusal says. Only a problem document (RFC 7807) is read, by its media type without
/// parameters; any other body is for the log alone.
fn http_fault(response: &Response, now: Timestamp) -> HttpFault {
    let is_problem = response.media_type().is_some_and(|media| media == "application/problem+json");
    let document: Option<Value> = if is_problem { serde_json::from_slice(&response.body).ok() } else { None };
    let text =
        |name: &str| document.as_ref().and_then(|d| d.get(name)).and_then(Value::as_str).map(str::to_owned);
    if document.is_none() && !response.body.is_empty() {
        let body: String = String::from_utf8_lossy(&response.body).chars().take(200).collect();
        tracing::debug!(status = response.status.as_u16(), url = %response.url, body, "the mail server refused");
    }
    HttpFault {
        status: response.status,
        problem: text("type"),
        limit: text("limit"),
        detail: text("detail"),
        retry_after: response.retry_after(now).map(|wait| wait.min(LONGEST_RETRY_AFTER)),
    }
}

/// Limits for a body of this many octets in either direction: slow lines get their time.
fn for_size(size: u64, cap: usize) -> WireLimits {
    let seconds = 120_u64.saturating_add(size / 50_000);
    WireLimits {
        total: Duration::from_secs(seconds),
        read: Duration::from_secs(120),
        cap,
        ..WireLimits::default()
    }
}

#[cfg(test)]
mod tests;
