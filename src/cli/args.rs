//! The arguments, as clap reads and explains them.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::export::{Erase, Export, Redact};
use super::keep::{Backup, Replay, Restore};
use crate::control::{AccountAdd, ProjectAdd, ProjectEdit, Request};

/// A help desk that lives in a mailbox.
#[derive(Debug, Parser)]
#[command(name = "postdesk", version, disable_help_subcommand = true)]
pub(super) struct Args {
    /// Write the log as JSON, one object a line.
    #[arg(long, global = true)]
    pub log_json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Try everything: a desk, a mail server and a customer's mailbox, in memory, on this computer.
    Demo(Demo),
    /// Run the desk.
    Run(At),
    /// Add, list and edit projects.
    Project(Project),
    /// Add and list accounts, give one a new password.
    Account(Account),
    /// Make an account that may do everything, such as the first.
    Admin(Admin),
    /// Say what becomes of the mails that lay in the mailbox before this desk came, or take the mailbox
    /// over from another desk.
    Adopt(Adopt),
    /// Ask what is needed, test each answer, and write the configuration.
    Setup(Box<super::setup::Setup>),
    /// Try the configuration against the mail server and this computer, and change nothing.
    Check(Check),
    /// Show how the desk is doing.
    Status(Status),
    /// Have the running desk read its configuration again; says what needs a restart.
    Reload(At),
    /// Write everything into one file, while the desk runs or without it.
    Backup(Backup),
    /// Fill an empty data folder from a backup. The desk starts paused then.
    Restore(Restore),
    /// Take filed mails in again that came after the backup that was restored, and write to nobody.
    Replay(Replay),
    /// Write tickets as JSON Lines and mails as mbox, while the desk runs or without it.
    Export(Export),
    /// Erase a person: what they wrote, what was written to them, and the copies on the mail server.
    Erase(Erase),
    /// Take one passage out of one mail or comment, and destroy the copies that have it.
    Redact(Redact),
    /// Look through the store: the database, its indexes and counters, and every raw file.
    Verify(At),
    /// Make the database file smaller, while the desk does not run.
    Compact(At),
    /// Let mail neither come in nor go out.
    Pause(At),
    /// Let mail come in and go out again, whatever paused it.
    Resume(At),
    /// Print the version.
    Version,
    /// Write the manual pages into a folder.
    #[command(hide = true)]
    Man { folder: PathBuf },
    /// Print what a shell needs to complete commands: bash, zsh or fish.
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, ClapArgs)]
pub(super) struct At {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/postdesk/postdesk.toml",
        env = "POSTDESK_CONFIG"
    )]
    pub config: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Check {
    #[command(flatten)]
    pub at: At,
    /// Also send mails to the desk itself, look at what arrives, and destroy it.
    #[arg(long)]
    pub send: bool,
    /// How many seconds to wait for these mails.
    #[arg(long, default_value_t = 60, requires = "send", value_name = "SECONDS")]
    pub wait: u64,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Status {
    #[command(flatten)]
    pub at: At,
    /// As JSON, for a program.
    #[arg(long)]
    pub json: bool,
}

impl Status {
    pub(super) fn request(&self) -> Request {
        if self.json { Request::StatusJson } else { Request::Status }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Demo {
    /// The port of the tracker on localhost; a free one is taken where it is in use.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Project {
    #[command(flatten)]
    pub at: At,
    #[command(subcommand)]
    pub what: ProjectCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ProjectCommand {
    /// Add a project.
    Add {
        /// Where it stands, such as `acme/web`.
        path: String,
        /// The name that customers see.
        #[arg(long)]
        name: Option<String>,
        /// An address of its own, such as support@example.com; may be given more than once.
        #[arg(long = "alias", value_name = "ADDRESS")]
        aliases: Vec<String>,
        /// The last part of its suffix address.
        #[arg(long)]
        suffix: Option<String>,
        /// Mail that leads to no project goes here.
        #[arg(long)]
        default: bool,
    },
    /// List projects with their addresses.
    List,
    /// Change a project; what is not named stays.
    Edit(Box<Edit>),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Edit {
    /// The project's path.
    path: String,
    /// A new path; the addresses of the former one go on working.
    #[arg(long, value_name = "PATH")]
    rename: Option<String>,
    /// The name that customers see.
    #[arg(long)]
    name: Option<String>,
    /// Take new tickets again.
    #[arg(long, conflicts_with = "off")]
    on: bool,
    /// Take no new tickets; its tickets still take replies.
    #[arg(long)]
    off: bool,
    /// An address of its own to add; may be given more than once.
    #[arg(long = "add-alias", value_name = "ADDRESS")]
    add_aliases: Vec<String>,
    /// An address of its own to take away; may be given more than once.
    #[arg(long = "remove-alias", value_name = "ADDRESS")]
    remove_aliases: Vec<String>,
    /// The last part of its suffix address.
    #[arg(long)]
    suffix: Option<String>,
    /// Add a member or change its role: `jane`, `jane=viewer`, `jane=agent`, `jane=manager`.
    #[arg(long = "member", value_name = "HANDLE=ROLE")]
    members: Vec<String>,
    /// Take a member away.
    #[arg(long = "remove-member", value_name = "HANDLE")]
    remove_members: Vec<String>,
    /// Whose name customers see on an answer.
    #[arg(long, value_enum)]
    from_name: Option<FromName>,
    /// Whether a new ticket is answered with a confirmation.
    #[arg(long, value_name = "BOOL")]
    confirm: Option<bool>,
    /// Whether a comment by mail opens a closed ticket again.
    #[arg(long, value_name = "BOOL")]
    reopen: Option<bool>,
    /// Whether participants are mailed when an agent closes a ticket without an answer.
    #[arg(long, value_name = "BOOL")]
    tell_closed: Option<bool>,
    /// Whether a stranger who replies to all, a participant among them, is shown on that ticket as
    /// unverified, in place of beginning a ticket.
    #[arg(long, value_name = "BOOL")]
    reply_all_joins: Option<bool>,
    /// Whether people in Cc become participants; they are mailed from an agent's first comment on.
    #[arg(long, value_name = "BOOL")]
    cc_participants: Option<bool>,
    /// Let authenticated senders of this domain join tickets of their colleagues by a reply key.
    #[arg(long = "trust-domain", value_name = "DOMAIN")]
    trust: Vec<String>,
    #[arg(long = "distrust-domain", value_name = "DOMAIN")]
    distrust: Vec<String>,
    /// The address that a web form sends from: of its mails the Reply-To is the requester.
    #[arg(long = "add-form-sender", value_name = "ADDRESS")]
    add_form_senders: Vec<String>,
    #[arg(long = "remove-form-sender", value_name = "ADDRESS")]
    remove_form_senders: Vec<String>,
    /// Erase closed tickets on which nothing has happened for so many days; 0 keeps them for ever.
    #[arg(long, value_name = "DAYS")]
    keep_closed_days: Option<u32>,
    /// Whether mail that leads to no project goes here.
    #[arg(long, value_name = "BOOL")]
    default: Option<bool>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FromName {
    Agent,
    Project,
}

impl ProjectCommand {
    pub(super) fn into_request(self) -> Request {
        match self {
            Self::Add { path, name, aliases, suffix, default } => {
                Request::ProjectAdd(ProjectAdd { path, name, aliases, suffix, default })
            }
            Self::List => Request::ProjectList,
            Self::Edit(edit) => Request::ProjectEdit(Box::new(edit.into_request())),
        }
    }
}

impl Edit {
    fn into_request(self) -> ProjectEdit {
        let on = match (self.on, self.off) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        };
        let from_name = self.from_name.map(|name| match name {
            FromName::Agent => "agent".to_owned(),
            FromName::Project => "project".to_owned(),
        });
        ProjectEdit {
            path: self.path,
            new_path: self.rename,
            name: self.name,
            on,
            add_aliases: self.add_aliases,
            remove_aliases: self.remove_aliases,
            suffix: self.suffix,
            members: self.members,
            remove_members: self.remove_members,
            from_name,
            confirm: self.confirm,
            reopen: self.reopen,
            tell_closed: self.tell_closed,
            reply_all_joins: self.reply_all_joins,
            cc_participants: self.cc_participants,
            trust: self.trust,
            distrust: self.distrust,
            add_form_senders: self.add_form_senders,
            remove_form_senders: self.remove_form_senders,
            keep_closed_days: self.keep_closed_days,
            default: self.default,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Account {
    #[command(flatten)]
    pub at: At,
    #[command(subcommand)]
    pub what: AccountCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AccountCommand {
    /// Add an account and invite its owner by mail; where mail does not go out, print the link where the
    /// owner chooses a password.
    Add {
        /// The name by which colleagues mention it, such as `jane`.
        handle: String,
        /// The mail address that it signs in with.
        address: String,
        /// The full name.
        #[arg(long)]
        name: Option<String>,
        /// A project to join: `acme/web`, `acme/web=viewer`, `acme/web=manager`.
        #[arg(long = "project", value_name = "PATH=ROLE")]
        projects: Vec<String>,
        /// Print the link in any case, in place of mailing it.
        #[arg(long)]
        link: bool,
    },
    /// List accounts.
    List,
    /// Mail the owner a link that works once, where a new password can be chosen; where mail does not
    /// go out, print it.
    Password {
        /// The account's handle, such as `jane`.
        handle: String,
        /// Read the new password from standard input instead.
        #[arg(long, conflicts_with = "link")]
        stdin: bool,
        /// Print the link in any case, in place of mailing it.
        #[arg(long)]
        link: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Admin {
    #[command(flatten)]
    pub at: At,
    #[command(subcommand)]
    pub what: AdminCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Add an account that may do everything; prints a link that works once.
    Create {
        /// The name by which colleagues mention it, such as `jane`.
        handle: String,
        /// The mail address that it signs in with.
        address: String,
        /// The full name.
        #[arg(long)]
        name: Option<String>,
    },
}

impl AdminCommand {
    pub(super) fn into_request(self) -> Request {
        let Self::Create { handle, address, name } = self;
        // The first account comes before there is any mail.
        let projects = Vec::new();
        Request::AccountAdd(AccountAdd { handle, name, address, admin: true, projects, link: true })
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Adopt {
    #[command(flatten)]
    pub at: At,
    /// What becomes of the mails that are there.
    #[arg(value_enum, required_unless_present = "take_over")]
    pub how: Option<How>,
    /// Give the mailbox to this desk though another desk's marker lies in it. Switch the other desk
    /// off first.
    #[arg(long, conflicts_with = "how")]
    pub take_over: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum How {
    /// They are moved to a mailbox "Earlier" and stay mail.
    Leave,
    /// They become tickets, and nobody is written to.
    Import,
    /// They are treated as if they came now.
    New,
}

impl Adopt {
    pub(super) fn request(&self) -> Request {
        let how = match self.how {
            Some(How::Leave) => "leave",
            Some(How::Import) => "import",
            Some(How::New) => "new",
            None => return Request::TakeOver,
        };
        Request::Adopt { how: how.to_owned() }
    }
}
