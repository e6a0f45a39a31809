//! An embedded JMAP server (RFC 8620, RFC 8621), in memory and on loopback: what the demo runs on
//! and what tests break on purpose.
//!
//! It does what a help desk needs, strictly: unknown arguments are refused, limits are kept, ids
//! are short and repeat. [`Faults`] switches on what goes wrong in life, [`Habits`] what differs
//! between real servers. Everything it knows can be looked at, and waited for without sleeping.

mod account;
pub mod bounce;
mod call;
mod delivery;
mod dispatch;
mod errors;
mod faults;
mod gate;
pub(super) mod headers;
mod http;
mod listen;
mod log;
mod method;
mod options;
mod push;
mod refs;
mod refusal;
mod session;
mod submit;
mod world;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ::http::{Request, Response};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use self::delivery::{Incoming, Landed};
pub use self::faults::{At, Fault, Faults, Rule, Times};
use self::gate::Gate;
pub use self::http::{Body, Cut};
pub use self::options::{Habits, Limits, Options, RefusalWay, Unknown, User};
pub use self::world::{Left, Mail, World};
use crate::mail::Address;

/// What all connections share.
struct Shared {
    options: Options,
    world: Mutex<World>,
    /// Counts every change of the world and every fault that struck; what waiting wakes on.
    changed: watch::Sender<u64>,
    /// Counts restarts; a connection ends when it moves.
    restarts: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
    faults: Faults,
    at: Option<SocketAddr>,
    requests: Gate,
    uploads: Gate,
}

impl Shared {
    fn new(options: Options, at: Option<SocketAddr>) -> Arc<Self> {
        let changed = watch::Sender::new(0);
        Arc::new(Self {
            world: Mutex::new(World::new(&options)),
            faults: Faults::new(options.random.clone(), changed.clone()),
            restarts: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
            requests: Gate::new(options.limits.max_concurrent_requests),
            uploads: Gate::new(options.limits.max_concurrent_upload),
            changed,
            at,
            options,
        })
    }

    fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_modify(|revision| *revision = revision.wrapping_add(1));
        result
    }

    fn base(&self) -> String {
        self.at.map_or("http://localhost".to_owned(), |at| format!("http://{at}"))
    }
}

/// A running server. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server(Arc<Shared>);

/// Everything a server held at one time, as a backup has it.
#[derive(Clone)]
pub struct Backup(World);

impl Server {
    /// Starts on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let shared = Shared::new(options, Some(listener.local_addr()?));
        tokio::spawn(listen::accept(shared.clone(), listener));
        Ok(Self(shared))
    }

    /// A server without a port: requests come through [`Server::call`] alone.
    #[must_use]
    pub fn in_memory(options: Options) -> Self {
        Self(Shared::new(options, None))
    }

    /// Where it is reached; without a path, to be found by `/.well-known/jmap`.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.base()
    }

    /// Answers one request as the port would.
    ///
    /// # Errors
    /// Where a fault switch cuts the connection.
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Body>, Cut> {
        http::answer(&self.0, request).await
    }

    /// The switches for what goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Delivers a mail from outside to the inboxes of whoever has these addresses.
    pub fn deliver(&self, raw: impl Into<Bytes>, to: &[Address]) -> Vec<Landed> {
        self.deliver_as(&Incoming::new(raw, to))
    }

    /// Delivers a mail with its envelope, mailbox and authentication said.
    pub fn deliver_as(&self, mail: &Incoming) -> Vec<Landed> {
        self.0.change(|world| delivery::deliver(world, &self.0.options, mail))
    }

    /// Sends a mail as a mail program of that user does: it lies in Sent, and goes to the
    /// recipients; whom nobody knows comes back as a bounce, or is named.
    ///
    /// # Errors
    /// The first refusal, in the mail system's words.
    pub fn send(&self, login: &str, raw: impl Into<Bytes>, to: &[Address]) -> Result<(), String> {
        let raw = raw.into();
        self.0.change(|world| submit::send_by_hand(world, &self.0.options, &self.0.faults, login, &raw, to))
    }

    /// How a submission's recipients have fared by now: `queued`, `yes` or `no`, and the words of
    /// the server that was to take it. False where there is no such submission.
    pub fn set_delivery(&self, login: &str, submission: &str, delivered: &'static str, reply: &str) -> bool {
        self.0.change(|world| {
            let account = world.account_mut(login);
            let Some(found) = account.and_then(|a| a.submissions.get_mut(submission)) else { return false };
            for delivery in found.deliveries.values_mut() {
                *delivery = account::Delivery { reply: reply.to_owned(), delivered };
            }
            true
        })
    }

    /// Sets or takes off a keyword of a mail, such as `$seen`.
    pub fn set_keyword(&self, login: &str, email: &str, keyword: &str, on: bool) {
        self.0.change(|world| {
            let Some(account) = world.account_mut(login) else { return };
            let Some(found) = account.emails.get(email) else { return };
            let (mailboxes, mut keywords) = (found.mailboxes.clone(), found.keywords.clone());
            let moved = if on { keywords.insert(keyword.to_owned()) } else { keywords.remove(keyword) };
            if moved {
                account.place(email, mailboxes, keywords);
            }
        });
    }

    /// Moves a mail into one mailbox, named by role or name, as a person does in a mail program.
    pub fn move_mail(&self, login: &str, email: &str, mailbox: &str) -> bool {
        self.0.change(|world| {
            let Some(account) = world.account_mut(login) else { return false };
            let (Some(target), Some(found)) = (account.find_mailbox(mailbox), account.emails.get(email))
            else {
                return false;
            };
            let keywords = found.keywords.clone();
            account.place(email, [target].into(), keywords);
            true
        })
    }

    /// Destroys a mailbox with what is in it, as a person may.
    pub fn drop_mailbox(&self, login: &str, mailbox: &str) -> bool {
        self.0.change(|world| {
            let Some(account) = world.account_mut(login) else { return false };
            let Some(id) = account.find_mailbox(mailbox) else { return false };
            method::mailbox_set::remove(account, &id, true).is_ok()
        })
    }

    /// Looks at everything.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        self.0.look(look)
    }

    /// The mails of one mailbox, named by role or name, oldest first.
    #[must_use]
    pub fn mails(&self, login: &str, mailbox: &str) -> Vec<Mail> {
        self.look(|world| world.mails(login, mailbox))
    }

    /// Every mail that left, in order.
    #[must_use]
    pub fn submissions(&self) -> Vec<Left> {
        self.look(|world| world.left.clone())
    }

    /// Waits until the world is as wanted, looking again after each change of it and each fault
    /// that struck. Put a deadline around it.
    pub async fn wait_until(&self, wanted: impl Fn(&World) -> bool) {
        let mut changed = self.0.changed.subscribe();
        while !self.look(&wanted) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Gives every Email of a user another id, as a server that joins threads does.
    pub fn change_email_ids(&self, login: &str, former_answer: bool) {
        self.0.change(|world| {
            if let Some(account) = world.account_mut(login) {
                account.change_email_ids(former_answer);
            }
        });
    }

    /// Cuts every connection; the session's state is another afterwards.
    pub fn restart(&self) {
        self.0.change(|world| world.session = world.session.saturating_add(1));
        self.cut_connections();
    }

    /// Cuts every connection, and nothing else.
    pub fn cut_connections(&self) {
        self.0.restarts.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// What the server holds now.
    #[must_use]
    pub fn backup(&self) -> Backup {
        Backup(self.look(World::clone))
    }

    /// Puts a backup back: ids that were given since will be given again, to other mails. What
    /// left, left.
    pub fn restore(&self, backup: Backup) {
        self.0.change(|world| {
            let (session, left) = (world.session, std::mem::take(&mut world.left));
            *world = World { session, left, ..backup.0 };
        });
        self.restart();
    }

    /// Closes the port and every connection.
    pub fn stop(&self) {
        self.0.stopped.send_replace(true);
        self.cut_connections();
    }
}
