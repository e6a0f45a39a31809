//! What an embedded server is told at its start: its users, its limits, and whose habits it has.

use crate::clock::Clock;
use crate::mail::Address;
use crate::secret::Random;
use crate::triage::Wildcard;

/// Someone with a mail account on this server.
#[derive(Clone, Debug)]
pub struct User {
    /// What the user signs in with.
    pub login: String,
    pub password: String,
    /// A bearer token (RFC 6750) that is as good as the password.
    pub token: Option<String>,
    /// The first is the identity; mail to any of them, also with `+anything`, arrives here.
    pub addresses: Vec<Address>,
    /// The display name of the identity.
    pub name: String,
    /// `incoming+{key}@…`, or a catch-all `{key}@…`: taken when no address fits better.
    pub wildcards: Vec<Wildcard>,
    /// How many octets of mail the quota allows (RFC 9425). It is told of, and not enforced.
    pub room: u64,
    /// Roles and names of the mailboxes that exist from the start.
    pub mailboxes: Vec<(Option<&'static str>, &'static str)>,
}

impl User {
    /// A user who signs in with the address.
    #[must_use]
    pub fn new(address: Address, password: &str) -> Self {
        Self {
            login: address.folded().to_owned(),
            password: password.to_owned(),
            token: None,
            addresses: vec![address],
            name: String::new(),
            wildcards: Vec::new(),
            room: 2_000_000_000,
            mailboxes: vec![
                (Some("inbox"), "Inbox"),
                (Some("drafts"), "Drafts"),
                (Some("sent"), "Sent Items"),
                (Some("junk"), "Junk Mail"),
                (Some("trash"), "Deleted Items"),
            ],
        }
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    #[must_use]
    pub fn alias(mut self, address: Address) -> Self {
        self.addresses.push(address);
        self
    }

    #[must_use]
    pub fn wildcard(mut self, wildcard: Wildcard) -> Self {
        self.wildcards.push(wildcard);
        self
    }

    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }
}

/// The limits that the session names (RFC 8620 §2) and the server keeps to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub max_size_upload: usize,
    pub max_concurrent_upload: usize,
    pub max_size_request: usize,
    pub max_concurrent_requests: usize,
    pub max_calls_in_request: usize,
    pub max_objects_in_get: usize,
    pub max_objects_in_set: usize,
}

impl Default for Limits {
    /// Stalwart's, which are narrow.
    fn default() -> Self {
        Self {
            max_size_upload: 50_000_000,
            max_concurrent_upload: 4,
            max_size_request: 10_000_000,
            max_concurrent_requests: 4,
            max_calls_in_request: 16,
            max_objects_in_get: 500,
            max_objects_in_set: 500,
        }
    }
}

/// What happens to mail for an address that nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It leaves for the outside world, and nothing more is heard of it.
    Leaves,
    /// It leaves, and comes back as a delivery status notification (RFC 3464).
    Bounces,
    /// The submission is refused.
    Refused,
}

/// How a recipient that the mail system refuses shows in the submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalWay {
    /// As Cyrus 3.6 behind a mail system without enhanced status codes: the whole submission fails
    /// with a type that says little.
    Cyrus,
    /// As Cyrus 3.6 behind one that has them (RFC 2034), as most do.
    CyrusEnhanced,
    /// The submission is created, and only its delivery status tells.
    Stalwart,
}

/// Habits in which real servers differ. All are within the standards, or widely seen.
#[derive(Clone, Debug)]
pub struct Habits {
    /// The session's URLs have no scheme and host.
    pub relative_urls: bool,
    /// There is no push: the event source answers 204.
    pub no_push: bool,
    /// The envelope's sender must be one of the identity's addresses.
    pub strict_sender: bool,
    /// `Email/import` answers without `oldState` and `newState`.
    pub import_without_states: bool,
    /// Too many ids fail the whole request, not the one call.
    pub ids_fail_request: bool,
    /// Submissions are gone once they are sent.
    pub forgets_submissions: bool,
    pub refusal: RefusalWay,
    /// Wrong credentials are refused, but none at all gives a session without accounts.
    pub anonymous_session: bool,
    /// `interval` of a ping is in milliseconds, not in seconds.
    pub ping_in_ms: bool,
    /// A Bcc header goes out with the mail.
    pub keeps_bcc: bool,
    /// The Received header says `for <recipient>`.
    pub received_for: bool,
    /// There is no sending: neither the session nor a request knows the capability.
    pub no_submission: bool,
    /// How much of an account is used is not told.
    pub no_quota: bool,
    /// The login sees an account, but not its mail, as by a token of another scope.
    pub no_mail: bool,
    /// The session says that the account can only be read.
    pub read_only: bool,
    /// What a DKIM signature covers, where mails are signed: the names of `h=`.
    pub signs: Option<&'static str>,
    /// Delivered-To is written, with the user's own address, without what follows `+`.
    pub delivered_to: bool,
}

impl Default for Habits {
    /// What the standards suggest, without any help for sub-addresses.
    fn default() -> Self {
        Self {
            relative_urls: false,
            no_push: false,
            strict_sender: true,
            import_without_states: false,
            ids_fail_request: false,
            forgets_submissions: false,
            refusal: RefusalWay::Stalwart,
            anonymous_session: false,
            ping_in_ms: false,
            keeps_bcc: false,
            received_for: false,
            no_submission: false,
            no_quota: false,
            no_mail: false,
            read_only: false,
            signs: None,
            delivered_to: false,
        }
    }
}

impl Habits {
    /// As Cyrus 3.6 behaves, with its own defaults.
    #[must_use]
    pub fn cyrus() -> Self {
        Self {
            relative_urls: true,
            no_push: true,
            strict_sender: false,
            import_without_states: true,
            ids_fail_request: true,
            forgets_submissions: true,
            refusal: RefusalWay::CyrusEnhanced,
            keeps_bcc: true,
            no_quota: true,
            ..Self::default()
        }
    }

    /// As Stalwart 0.16 behaves.
    #[must_use]
    pub fn stalwart() -> Self {
        Self { anonymous_session: true, ping_in_ms: true, delivered_to: true, ..Self::default() }
    }
}

/// Everything that a server is started with.
#[derive(Clone)]
pub struct Options {
    pub clock: Clock,
    pub random: Random,
    pub users: Vec<User>,
    pub limits: Limits,
    pub habits: Habits,
    /// The host that stands in trace headers.
    pub host: String,
    /// Where set, each delivered mail says who it is from, by this authority (RFC 8601 §2.5).
    pub authserv_id: Option<String>,
    /// Mail to an unknown address of a domain in which a user has an address.
    pub unknown_here: Unknown,
    /// Mail to any other domain.
    pub elsewhere: Unknown,
}

impl Options {
    #[must_use]
    pub fn new(clock: Clock, random: Random) -> Self {
        Self {
            clock,
            random,
            users: Vec::new(),
            limits: Limits::default(),
            habits: Habits::default(),
            host: "mail.desk.example".to_owned(),
            authserv_id: None,
            unknown_here: Unknown::Bounces,
            elsewhere: Unknown::Leaves,
        }
    }

    #[must_use]
    pub fn user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    #[must_use]
    pub fn habits(mut self, habits: Habits) -> Self {
        self.habits = habits;
        self
    }
}
