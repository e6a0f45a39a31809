//! The tables: their names, their version, and what their keys and values are.
//!
//! Keys and values are octets to redb. Keys are built by [`super::key`] so that their order is the
//! order of what they stand for; values are records ([`super::records`]) or nothing.

use redb::TableDefinition;

/// The version of everything that lies in the file. It is raised with a step in
/// [`super::migrate`] whenever an older Postdesk would misread what a newer one wrote; a field
/// more in a record needs no new version.
pub const VERSION: u32 = 1;

pub(super) type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// One table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Table { $($(#[$doc])* $name,)+ }

        impl Table {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            pub(super) fn definition(self) -> Definition {
                TableDefinition::new(self.name())
            }

            pub(super) fn index(self) -> usize {
                self as usize
            }
        }
    };
}

tables! {
    /// Word → octets: version, store id, default project and the numbers given out last.
    Meta = "meta";
    /// Run id → nothing.
    Runs = "runs";
    /// Project → record.
    Projects = "projects";
    /// Path, present or former → project.
    ProjectPaths = "project_paths";
    /// Slug, present or former → project.
    ProjectSlugs = "project_slugs";
    /// Alias → project.
    ProjectAliases = "project_aliases";
    /// Account → record.
    Accounts = "accounts";
    /// Address → account.
    AccountAddresses = "account_addresses";
    /// Handle → account.
    AccountHandles = "account_handles";
    /// Ticket → record.
    Tickets = "tickets";
    /// Project, number → ticket; kept for ever.
    TicketNumbers = "ticket_numbers";
    /// Project → the last number given out in it.
    LastNumbers = "last_numbers";
    /// Scope, project, state, `active_at`, ticket → nothing. The scope is everyone's, or one
    /// assignee's; likewise in the next two.
    ByActivity = "tickets_by_activity";
    /// Scope, project, state, `opened_at`, ticket → nothing.
    ByOpened = "tickets_by_opened";
    /// Scope, project, state, `owed_since`, ticket → nothing; what nobody waits for comes last.
    ByWaiting = "tickets_by_waiting";
    /// A participant's address, ticket → nothing.
    ByParticipant = "tickets_by_participant";
    /// Project, ticket → how many mails on it wait for an agent who verifies them; where some do.
    Unverified = "tickets_unverified";
    /// What is counted → how many.
    Counts = "counts";
    /// Ticket, event number → record.
    Events = "events";
    /// Message-ID, ticket → 1 where we wrote the mail, else 0.
    MailIds = "mail_ids";
    /// Ticket, place → 1 or 0 as above, Message-ID.
    Threads = "threads";
    /// Reply key → record.
    Keys = "keys";
    /// Mail row → record.
    MailRows = "mail_rows";
    /// Raw hash, mail row → nothing.
    MailByRaw = "mail_by_raw";
    /// Message-ID, mail row → nothing.
    MailByMessageId = "mail_by_message_id";
    /// JMAP account, Email, mail row → nothing.
    MailBySource = "mail_by_source";
    /// Sender or `nobody`, `taken_at`, mail row → nothing; those taken in only.
    MailBySender = "mail_by_sender";
    /// Mail rows whose Email still lies in the intake mailbox → nothing.
    MailUnfiled = "mail_unfiled";
    /// Mail rows that are held → nothing.
    MailHeld = "mail_held";
    /// Letter → record.
    Outbox = "outbox";
    /// State, letter → nothing.
    OutboxByState = "outbox_by_state";
    /// Lane, `not_before`, letter → nothing; waiting ones only.
    OutboxDue = "outbox_due";
    /// Ticket, participant, letter → nothing; those that hold others only.
    OutboxQueues = "outbox_queues";
    /// Ticket, letter → nothing.
    OutboxByTicket = "outbox_by_ticket";
    /// When to ask how a delivery stands, letter → nothing.
    OutboxLooks = "outbox_looks";
    /// Message-ID → letter.
    OutboxByMessageId = "outbox_by_message_id";
    /// Raw hash, what names it → nothing; beside [`Table::MailByRaw`].
    RawUses = "raw_uses";
    /// Address → since when.
    Suppressed = "suppressed";
    /// Address → since when, because letters came back.
    Paused = "paused";
    /// Address, letter that came back → when.
    Bounced = "bounced";
    /// Address, when, number → nothing.
    Confirmations = "confirmations";
    /// Hash of the token → record.
    Sessions = "sessions";
    /// Hash of the token → record.
    AccountLinks = "account_links";
    /// Form id → when it was used.
    Forms = "forms";
    /// When, form id → nothing.
    FormsByTime = "forms_by_time";
    /// JMAP account, mailbox → record.
    Adoptions = "adoptions";
    /// Place → record.
    InHand = "in_hand";
    /// Erasure → record.
    Erasures = "erasures";
    /// Erasure, place → record of what is yet to be removed.
    Leftovers = "leftovers";
    /// Journal number → record.
    Journal = "journal";
}

/// The words of [`Table::Meta`].
pub(super) mod meta {
    pub const VERSION: &[u8] = b"version";
    pub const STORE_ID: &[u8] = b"store_id";
    /// There while no run is under way that could have ended without saying so.
    pub const CLEAN_END: &[u8] = b"clean_end";
    /// There while the desk is paused.
    pub const PAUSED: &[u8] = b"paused";
    /// There where the store was restored from a backup.
    pub const RESTORED: &[u8] = b"restored";
    /// There where the clock jumped and nobody has looked yet.
    pub const CLOCK_JUMP: &[u8] = b"clock_jump";
    /// What the clock said when upkeep last looked.
    pub const CLOCK_SEEN: &[u8] = b"clock_seen";
    pub const DEFAULT_PROJECT: &[u8] = b"default_project";
    pub const LAST_PROJECT: &[u8] = b"last_project";
    pub const LAST_ACCOUNT: &[u8] = b"last_account";
    pub const LAST_TICKET: &[u8] = b"last_ticket";
    pub const LAST_MAIL_ROW: &[u8] = b"last_mail_row";
    pub const LAST_LETTER: &[u8] = b"last_letter";
    pub const LAST_ERASURE: &[u8] = b"last_erasure";
    pub const LAST_SEQ: &[u8] = b"last_seq";
    pub const LAST_CONFIRMATION: &[u8] = b"last_confirmation";
}
