//! The typed content of each page. Texts are escaped when they are rendered; only [`Html`] is not.

use jiff::Timestamp;
use serde::Serialize;

use super::Html;

mod account;
mod held;

pub use account::{AccountPage, Choice};
pub use held::{Balance, Held, HeldRow, JunkPart, JunkRow};

/// A page of the theme: a content with the name of its template in `pages/`.
pub trait Page: Serialize {
    const NAME: &'static str;
}

macro_rules! pages {
    ($($page:ty => $name:literal),+ $(,)?) => {
        $(impl Page for $page { const NAME: &'static str = $name; })+

        /// The templates in `pages/` that have a content.
        #[cfg(test)]
        pub(crate) const NAMES: &[&str] = &[$($name),+];
    };
}

pages! {
    List => "list",
    Empty => "empty",
    Ticket => "ticket",
    Held => "held",
    AccountPage => "account",
    SignIn => "sign_in",
    Welcome => "welcome",
    Unsubscribe => "unsubscribe",
    ErrorPage => "error",
    NoticePage => "notice",
}

/// What stands around every page.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    pub version: &'static str,
    pub now: Timestamp,
    pub viewer: Option<FrameViewer>,
    /// Which entry of the main navigation is the present one: `tickets`, `held` or nothing.
    pub section: &'static str,
    /// How many held mails wait; nothing where none do.
    pub held: Option<String>,
    pub mail: MailLine,
    /// The token that every form of this session carries.
    pub csrf: String,
    /// What the one-time ids of this page's forms begin with.
    pub form: String,
}

/// Who is signed in.
#[derive(Clone, Debug, Serialize)]
pub struct FrameViewer {
    pub name: String,
    pub initials: String,
    pub address: String,
    /// Whether held mails are this person's to decide on.
    pub decides: bool,
    pub admin: bool,
}

/// How mail goes, for the foot of the page and the band above it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MailLine {
    /// `listening by push`
    pub line: String,
    pub last_sweep: Option<Timestamp>,
    /// How many mails lie in a mailbox that nobody has given to the desk.
    pub not_adopted: Option<u64>,
    /// Whose marker stopped mail in and out, in whole sentences.
    pub stopped: Option<String>,
    /// Why mail neither comes in nor goes out until a person says so.
    pub paused: Option<Paused>,
    /// Why nothing old is removed until a person has looked at the clock.
    pub clock: Option<String>,
    /// What stops mail, as a sentence.
    pub trouble: Option<String>,
}

/// A pause, for the band above the page.
#[derive(Clone, Debug, Serialize)]
pub struct Paused {
    pub since: Timestamp,
    /// What was restored, where that is why.
    pub restored: Option<String>,
}

/// A link with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    pub name: String,
    pub href: String,
    pub current: bool,
    pub count: Option<String>,
}

/// A filter of the query that can be taken away.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// `is:`, or nothing for a plain word.
    pub key: String,
    pub value: String,
    pub href: String,
}

/// The list of tickets.
#[derive(Clone, Debug, Serialize)]
pub struct List {
    pub heading: String,
    pub query: String,
    pub sort: &'static str,
    pub sort_name: &'static str,
    pub sort_is_default: bool,
    pub views: Vec<Link>,
    pub projects: Vec<Link>,
    pub tokens: Vec<Token>,
    pub more: Vec<Link>,
    pub unknown: Vec<String>,
    pub tabs: Vec<Link>,
    pub sorts: Vec<Link>,
    pub rows: Vec<Row>,
    pub older: Option<String>,
    pub first: Option<String>,
    /// More rows had to be looked through than are.
    pub cut: bool,
}

/// One ticket of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub href: String,
    pub who: String,
    pub title: String,
    pub path: String,
    pub number: u32,
    pub assignee: Option<String>,
    /// `open`, `hold` or `closed`.
    pub state: &'static str,
    pub owed_since: Option<Timestamp>,
    pub active_at: Timestamp,
}

/// In place of a list where there is nothing to list yet.
#[derive(Clone, Debug, Serialize)]
pub struct Empty {
    pub addresses: Vec<ProjectAddress>,
    pub admin: bool,
}

/// Where a project is written to.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectAddress {
    pub path: String,
    pub address: String,
}

/// Something that happened, said above a page's content.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    pub text: String,
    pub bad: bool,
    pub link: Option<Link>,
}

/// One ticket.
#[derive(Clone, Debug, Serialize)]
pub struct Ticket {
    pub href: String,
    pub path: String,
    pub project_href: String,
    pub number: u32,
    pub title: String,
    pub state: &'static str,
    pub owed_since: Option<Timestamp>,
    pub active_at: Timestamp,
    pub opened_at: Timestamp,
    pub requester: String,
    pub comments: u32,
    pub notes: u32,
    pub notices: Vec<Notice>,
    /// Where the entries before the first shown are.
    pub earlier: Option<Link>,
    pub entries: Vec<Entry>,
    pub may_work: bool,
    pub composer: Option<Composer>,
    /// The last event that this page shows.
    pub seen: u32,
    pub members: Vec<Member>,
    pub assignee: Option<String>,
    pub participants: Vec<Person>,
    /// Where it can be moved.
    pub targets: Vec<ProjectChoice>,
    pub others: Vec<Other>,
    pub also_for: Vec<String>,
    pub written_to: Option<String>,
    pub first_reply: Option<String>,
}

/// One entry of the timeline; each kind has its template in `parts/`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    Comment(Text),
    Automatic(Text),
    Unverified(Unverified),
    Event(Line),
}

/// A text of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    pub no: u32,
    pub who: String,
    pub address: Option<String>,
    pub initials: String,
    pub agent: bool,
    /// An agent's text that came by mail.
    pub by_mail: bool,
    pub note: bool,
    /// It came after the reader had begun to write.
    pub fresh: bool,
    pub at: Timestamp,
    pub html: Html,
    pub quoted: Option<Html>,
    /// How many remote images wait.
    pub remote_images: usize,
    pub images_shown: bool,
    pub defects: Vec<String>,
    pub files: Vec<File>,
    pub delivery: Option<Delivery>,
    /// A reply that has not left yet and can be taken back.
    pub pending: Option<Pending>,
}

/// When a reply leaves.
#[derive(Clone, Debug, Serialize)]
pub struct Pending {
    /// Nothing where it is due and waits for the mail server.
    pub at: Option<Timestamp>,
    /// To whom, by name.
    pub whom: String,
    /// What is in the way.
    pub trouble: Option<String>,
}

/// A mail that answers the ticket, shown apart.
#[derive(Clone, Debug, Serialize)]
pub struct Unverified {
    #[serde(flatten)]
    pub text: Text,
    /// What is wrong with it, and what became of it, as sentences.
    pub why: String,
    /// Whether there is something to decide.
    pub open: bool,
    /// Whether its sender could take part.
    pub addable: bool,
}

/// A file that came with a mail.
#[derive(Clone, Debug, Serialize)]
pub struct File {
    pub href: String,
    pub name: String,
    /// Up to four letters: `PDF`.
    pub kind: String,
    pub size: u64,
}

/// What became of a comment's letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    pub icon: &'static str,
    pub line: String,
    pub bad: bool,
    pub letters: Vec<LetterLine>,
}

/// What became of one letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterLine {
    pub icon: &'static str,
    pub address: String,
    pub line: String,
    /// The other server's own words.
    pub quote: Option<String>,
    pub bad: bool,
    /// The letter's number where a person may send it again.
    pub again: Option<u64>,
}

/// An entry that is no text of anybody.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub no: u32,
    pub icon: &'static str,
    pub who: String,
    pub what: String,
    pub whom: Option<String>,
    /// Where `whom` is found.
    pub href: Option<String>,
    pub detail: Option<String>,
    pub bad: bool,
    pub at: Timestamp,
}

/// Where one writes.
#[derive(Clone, Debug, Serialize)]
pub struct Composer {
    pub text: String,
    /// `reply` or `note`.
    pub mode: &'static str,
    pub focus: bool,
    pub mailed: Vec<String>,
    pub unmailed: Vec<String>,
    /// How many may read a note, in words.
    pub readers: String,
}

/// Someone whom a ticket can be assigned to.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    pub id: u32,
    pub name: String,
    pub chosen: bool,
    pub me: bool,
}

/// A participant.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    pub no: u16,
    /// Whether an agent may take the person off the ticket.
    pub removable: bool,
    pub icon: &'static str,
    pub name: Option<String>,
    pub address: String,
    pub line: String,
    pub bad: bool,
    /// The participant's number where mail to the address is paused and one may try again.
    pub lift: Option<u16>,
}

/// Another ticket of the same customer.
#[derive(Clone, Debug, Serialize)]
pub struct Other {
    pub href: String,
    pub title: String,
    pub reference: String,
    pub state: &'static str,
    pub owed_since: Option<Timestamp>,
    pub active_at: Timestamp,
}

/// A project to choose.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectChoice {
    pub id: u32,
    pub path: String,
}

/// The sign-in.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    pub host: String,
    pub address: String,
    pub trouble: Option<String>,
    /// Where to go on after signing in.
    pub back: String,
    /// What someone was writing when the session ended.
    pub kept: Option<Kept>,
    /// How to get in, where this is a demo.
    pub demo: Option<DemoNote>,
}

/// What a demo's first page explains.
#[derive(Clone, Debug, Serialize)]
pub struct DemoNote {
    pub address: String,
    pub password: String,
    /// Where the customers' mailboxes are.
    pub mailbox: String,
}

/// A text that is given back.
#[derive(Clone, Debug, Serialize)]
pub struct Kept {
    pub text: String,
    /// `reply` or `note`.
    pub mode: &'static str,
}

/// Behind a one-time link: set a password.
#[derive(Clone, Debug, Serialize)]
pub struct Welcome {
    pub name: String,
    pub address: String,
    pub trouble: Option<String>,
    pub minimum: usize,
}

/// The customer's page behind the unsubscribe link.
#[derive(Clone, Debug, Serialize)]
pub struct Unsubscribe {
    pub project_name: String,
    pub project_path: String,
    pub number: u32,
    pub address: String,
    /// `ask`, `done`, `everything` or `back`.
    pub state: &'static str,
    /// `/u/<token>`
    pub link: String,
    pub host: String,
}

/// What went wrong, within the frame.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorPage {
    pub status: u16,
    pub title: String,
    pub text: String,
    /// Text of a form that was refused.
    pub kept: Option<String>,
    pub link: Option<Link>,
    /// What an administrator finds in the log.
    pub reference: Option<String>,
}

/// A page with one thing to say, for someone who is not signed in.
#[derive(Clone, Debug, Serialize)]
pub struct NoticePage {
    pub title: String,
    pub text: String,
    /// Whether it is for somebody of the team, who may want to sign in now.
    pub sign_in: bool,
}
