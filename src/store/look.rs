//! What can be read, in a snapshot as in a write transaction.

use jiff::Timestamp;

use super::reach::Reach;
use super::{
    Page, Read, StoreError, Write, accounts, bounces, counts, erasures, events, facts, journal, keeping,
    keys, lists, mailrows, outbox, projects, sessions, site, sizes, tickets, walk,
};
use crate::mail::{Address, MessageId, ReplyKey};
use crate::tracker::query::ListQuery;
use crate::tracker::{
    Account, AccountId, AccountLink, ClockJump, Erasure, ErasureId, Event, EventNo, FormId, Handle,
    JournalEntry, Lane, Leftover, MailRowId, OutboxId, OutboxRow, OutboxState, Pause, Project, ProjectId,
    ProjectPath, RawHash, Restored, RunId, Seq, Session, Slug, State, StoreId, Ticket, TicketId,
};
use crate::triage::{Adoption, Facts, InHand, KeyFact, MailRow, Questions, VerdictKind};

type Found<T> = Result<T, StoreError>;

/// Reading. Every question is answered in microseconds, so asking from async code is fine.
///
/// # Errors
/// Each method fails where the database does, or where a record cannot be read.
pub trait Look: Reach {
    fn store_id(&self) -> Found<StoreId> {
        site::store_id(self)
    }
    /// Every run of the daemon on this store, in no order.
    fn runs(&self) -> Found<Vec<RunId>> {
        site::runs(self)
    }
    /// Every mailbox that is adopted.
    fn adoptions(&self) -> Found<Vec<Adoption>> {
        site::adoptions(self)
    }
    /// Whether the last run ended in order, so that nothing of it can be on its way.
    fn ended_cleanly(&self) -> Found<bool> {
        site::ended_cleanly(self)
    }
    /// There while mail neither comes in nor goes out, because a person has to say so first.
    fn pause(&self) -> Found<Option<Pause>> {
        keeping::pause(self)
    }
    /// There where this store was restored from a backup.
    fn restored(&self) -> Found<Option<Restored>> {
        keeping::restored(self)
    }
    /// There while nothing may be removed because of its age.
    fn clock_jump(&self) -> Found<Option<ClockJump>> {
        keeping::clock_jump(self)
    }
    /// What the clock said when upkeep last looked.
    fn clock_seen(&self) -> Found<Option<Timestamp>> {
        keeping::clock_seen(self)
    }
    fn default_project(&self) -> Found<Option<ProjectId>> {
        site::default_project(self)
    }

    fn project(&self, id: ProjectId) -> Found<Option<Project>> {
        projects::get(self, id)
    }
    /// By id.
    fn projects(&self) -> Found<Vec<Project>> {
        projects::all(self)
    }
    /// The project that has this path, or had it.
    fn project_by_path(&self, path: &ProjectPath) -> Found<Option<Project>> {
        projects::by_path(self, path)
    }
    fn project_by_alias(&self, alias: &Address) -> Found<Option<Project>> {
        projects::by_alias(self, alias)
    }
    /// The project that has this slug, or had it.
    fn project_by_slug(&self, slug: &Slug) -> Found<Option<Project>> {
        projects::by_slug(self, slug)
    }

    fn account(&self, id: AccountId) -> Found<Option<Account>> {
        accounts::get(self, id)
    }
    /// By id.
    fn accounts(&self) -> Found<Vec<Account>> {
        accounts::all(self)
    }
    fn account_by_address(&self, address: &Address) -> Found<Option<Account>> {
        accounts::by_address(self, address)
    }
    fn account_by_handle(&self, handle: &Handle) -> Found<Option<Account>> {
        accounts::by_handle(self, handle)
    }

    fn ticket(&self, id: TicketId) -> Found<Option<Ticket>> {
        tickets::get(self, id)
    }
    /// The ticket that had this number when it was given out; it may have moved or been merged.
    fn ticket_by_number(&self, project: ProjectId, number: u32) -> Found<Option<TicketId>> {
        tickets::by_number(self, project, number)
    }
    /// The ticket that this one was merged into at last, or itself.
    fn follow(&self, id: TicketId) -> Found<TicketId> {
        tickets::follow(self, id)
    }
    fn list(&self, query: &ListQuery) -> Found<Page> {
        lists::list(self, query)
    }
    /// The newest tickets in which an address takes part.
    fn tickets_of(&self, address: &Address, limit: usize) -> Found<Vec<Ticket>> {
        tickets::of(self, address, limit)
    }
    /// How many tickets these projects list, each counted once, out of kept counters. Merged tickets
    /// are not in them, as they are in no list.
    fn count(&self, projects: &[ProjectId], state: State) -> Found<u64> {
        counts::tickets(self, projects, state)
    }

    /// How many mails on tickets of a project wait for an agent who verifies them.
    fn unverified_count(&self, project: ProjectId) -> Found<u64> {
        sizes::unverified(self, project)
    }

    /// A ticket's timeline.
    fn events(&self, ticket: TicketId) -> Found<Vec<Event>> {
        events::of(self, ticket)
    }
    /// The newest lines of a timeline, the newest first.
    fn newest_events(&self, ticket: TicketId, limit: usize) -> Found<Vec<Event>> {
        events::newest(self, ticket, limit)
    }
    fn event(&self, ticket: TicketId, no: EventNo) -> Found<Option<Event>> {
        events::get(self, ticket, no)
    }
    /// The Message-IDs of a ticket's mails in order, and whether we wrote them.
    fn thread(&self, ticket: TicketId) -> Found<Vec<(MessageId, bool)>> {
        events::thread(self, ticket)
    }

    /// The tickets that a Message-ID of a mail in or out belongs to, not followed through merges.
    fn tickets_of_mail(&self, id: &MessageId) -> Found<Vec<TicketId>> {
        Ok(events::tickets_of_id(self, id)?.into_iter().map(|(ticket, _)| ticket).collect())
    }

    fn mail_row(&self, id: MailRowId) -> Found<Option<MailRow>> {
        mailrows::get(self, id)
    }
    /// Rows of an Email id; ids are re-issued by restored servers, so compare the rest too.
    fn mail_rows_by_source(&self, account: &str, email: &str) -> Found<Vec<MailRow>> {
        mailrows::by_source(self, account, email)
    }
    fn mail_rows_by_raw(&self, raw: &RawHash) -> Found<Vec<MailRow>> {
        mailrows::by_raw(self, raw)
    }
    fn mail_rows_by_message_id(&self, id: &MessageId) -> Found<Vec<MailRow>> {
        mailrows::by_message_id(self, id)
    }
    /// Taken rows whose Email still lies in the intake mailbox, the oldest first.
    fn unfiled(&self, limit: usize) -> Found<Vec<MailRow>> {
        mailrows::unfiled(self, limit)
    }
    /// Held mails, the newest first.
    fn held(&self, after: Option<MailRowId>, limit: usize) -> Found<Vec<MailRow>> {
        mailrows::held(self, after, limit)
    }
    fn held_count(&self) -> Found<u64> {
        counts::held(self)
    }
    /// How many rows have each verdict at present; none is left out but those that no row has.
    fn verdicts(&self) -> Found<Vec<(VerdictKind, u64)>> {
        counts::verdicts(self)
    }
    fn facts(&self, questions: &Questions, now: Timestamp) -> Found<Facts> {
        facts::answer(self, questions, now)
    }
    /// A key on record, revoked ones too; its ticket is followed through merges.
    fn key(&self, key: &ReplyKey) -> Found<Option<KeyFact>> {
        keys::get(self, key)
    }

    fn letter(&self, id: OutboxId) -> Found<Option<OutboxRow>> {
        outbox::get(self, id)
    }
    /// In order.
    fn letters_of(&self, ticket: TicketId) -> Found<Vec<OutboxRow>> {
        outbox::of_ticket(self, ticket)
    }
    /// Letters to accounts, the newest first.
    fn letters_to_accounts(&self, limit: usize) -> Found<Vec<OutboxRow>> {
        outbox::to_accounts(self, limit)
    }
    /// Letters that may leave now: waiting, their time has come, and nobody before them for the
    /// same participant of the same ticket. People's comments first, then notices, then automatic
    /// ones; at most `limit` of each lane, so that none crowds out another.
    fn letters_due(&self, now: Timestamp, limit: usize) -> Found<Vec<OutboxRow>> {
        outbox::due(self, now, limit)
    }
    /// In order.
    fn letters_in(&self, state: OutboxState, limit: usize) -> Found<Vec<OutboxRow>> {
        outbox::in_state(self, state, limit)
    }
    /// How many letters are in each state.
    fn letter_counts(&self) -> Found<Vec<(OutboxState, u64)>> {
        sizes::letters(self)
    }
    /// The letter that has waited longest of those that are yet to leave.
    fn oldest_letter(&self) -> Found<Option<OutboxRow>> {
        sizes::oldest_letter(self)
    }
    /// When the next letter may leave; it may lie in the past. Letters behind others do not count:
    /// settling those rings.
    fn next_due(&self) -> Found<Option<Timestamp>> {
        outbox::next_due(self)
    }
    /// The same as `letters_due` for one lane.
    fn letters_due_in(&self, lane: Lane, now: Timestamp, limit: usize) -> Found<Vec<OutboxRow>> {
        outbox::due_in(self, lane, now, limit)
    }
    /// The same as `next_due` for one lane.
    fn next_due_in(&self, lane: Lane) -> Found<Option<Timestamp>> {
        outbox::next_due_in(self, lane)
    }
    /// Sent letters of which the mail server may know more by now.
    fn letters_to_look_at(&self, now: Timestamp, limit: usize) -> Found<Vec<OutboxRow>> {
        outbox::to_look_at(self, now, limit)
    }
    fn next_look(&self) -> Found<Option<Timestamp>> {
        outbox::next_look(self)
    }
    fn letter_by_message_id(&self, id: &MessageId) -> Found<Option<OutboxRow>> {
        outbox::by_message_id(self, id)
    }

    /// Whether no letter may go to this address, from the whole site.
    fn suppressed(&self, address: &Address) -> Found<bool> {
        site::suppressed(self, address)
    }
    /// Whether mail to this address is paused because letters came back; it is suppressed then.
    fn paused(&self, address: &Address) -> Found<bool> {
        bounces::paused(self, address)
    }
    /// Addresses in lower case to which mail is paused, and since when.
    fn pauses(&self) -> Found<Vec<(String, Timestamp)>> {
        bounces::pauses(self)
    }
    /// Suppressed addresses in lower case, and since when.
    fn suppressions(&self) -> Found<Vec<(String, Timestamp)>> {
        site::suppressions(self)
    }

    fn session(&self, token_hash: &[u8; 32]) -> Found<Option<Session>> {
        sessions::session(self, token_hash)
    }
    fn account_link(&self, token_hash: &[u8; 32]) -> Found<Option<AccountLink>> {
        sessions::link(self, token_hash)
    }
    /// Whether this form was sent already.
    fn form_used(&self, form: &FormId) -> Found<bool> {
        sessions::form_used(self, form)
    }

    fn adoption(&self, account: &str, mailbox: &str) -> Found<Option<Adoption>> {
        site::adoption(self, account, mailbox)
    }
    /// The Emails that a sweep was working on.
    fn in_hand(&self) -> Found<Vec<InHand>> {
        site::in_hand(self)
    }

    /// The events whose text is this mail.
    fn events_with(&self, raw: &RawHash) -> Found<Vec<(TicketId, EventNo)>> {
        events::with_raw(self, raw)
    }
    /// Erasures that are not done yet, the oldest first.
    fn erasures(&self) -> Found<Vec<Erasure>> {
        erasures::all(self)
    }
    fn erasure(&self, id: ErasureId) -> Found<Option<Erasure>> {
        erasures::get(self, id)
    }
    /// What an erasure has yet to remove, each with its place, after a place.
    fn leftovers(&self, id: ErasureId, after: u64, limit: usize) -> Found<Vec<(u64, Leftover)>> {
        erasures::leftovers(self, id, after, limit)
    }

    /// Every ticket, by id, some at a time: those after the last one of the call before; likewise the
    /// next two. Merged and erased ones too.
    fn tickets_after(&self, last: TicketId, limit: usize) -> Found<Vec<Ticket>> {
        walk::tickets(self, last, limit)
    }
    fn mail_rows_after(&self, last: MailRowId, limit: usize) -> Found<Vec<MailRow>> {
        walk::mail_rows(self, last, limit)
    }
    fn letters_after(&self, last: OutboxId, limit: usize) -> Found<Vec<OutboxRow>> {
        walk::letters(self, last, limit)
    }

    /// Journal entries after a number, in order.
    fn journal(&self, after: Seq, limit: usize) -> Found<Vec<JournalEntry>> {
        journal::after(self, after, limit)
    }
    fn last_seq(&self) -> Found<Seq> {
        journal::last(self)
    }
}

impl Look for Read {}
impl Look for Write<'_> {}
