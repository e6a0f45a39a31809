//! Held mails: a person takes one in or puts it aside.

use std::sync::Arc;

use jiff::Timestamp;

use super::receive::{Arrived, row_of};
use super::{Desk, DeskError, visible};
use crate::mail::{self, Address, Inbound};
use crate::store::{Look, StoreError, aside};
use crate::tracker::{AccountId, Action, FormId, MailRowId, ParticipantNo, ProjectId, Ticket, Viewer};
use crate::triage::{
    HoldCause, IgnoreCause, MailRow, Verdict, VerdictKind, also_addressed, confirmation, questions, requester,
};

/// What to do about a mail that was not downloaded.
const UNREAD: &str = "this mail is larger than this desk takes, so it was not read; raise limits.max_mail_bytes \
     and move it back into the intake mailbox";

/// The same for one that the mail server did not give.
const NO_CONTENT: &str =
    "the mail server has not given the content of this mail yet; \"Try again\" asks it once more";

impl Desk {
    /// Takes a held mail in: as a note on its ticket where somebody with an account answered a notice, as a
    /// comment there where its sender takes part; else as a new ticket of `project`, or of the project that
    /// the mail named, or of the default project. Its row gets the new verdict in the same commit, and the
    /// Email is filed anew.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the mail is no longer held, [`DeskError::Invalid`] where no
    /// project is known.
    pub async fn take_in(
        &self,
        viewer: Viewer,
        row: MailRowId,
        form: FormId,
        project: Option<ProjectId>,
    ) -> Result<MailRow, DeskError> {
        let inbound = self.parsed(row).await?;
        let desk = self.clone();
        let now = self.clock.now();
        let done = self
            .store
            .write(move |w| {
                refuse_twice(w, &form)?;
                let held = held_row(w, row)?;
                let goes_to = project.or(held.project).or(w.default_project()?).ok_or_else(|| {
                    DeskError::Invalid("choose the project that this mail is for".to_owned())
                })?;
                may_take_in(w, viewer, &held, goes_to)?;
                let verdict = desk.verdict_for(w, &held, &inbound, goes_to, now)?;
                w.use_form(&form, now)?;
                let arrived = Arrived {
                    source: held.source.clone(),
                    raw: held.raw,
                    inbound: Arc::clone(&inbound),
                    quiet: false,
                };
                // It may have been held unread: now it is known what it says.
                let read = row_of(w, &arrived, &verdict, held.taken_at)?;
                w.put_mail_row(&MailRow { id: row, verdict: held.verdict, ..read })?;
                desk.carry_out(w, &arrived, verdict, row, Some(viewer.account), now)
            })
            .await?;
        self.ring_outbox();
        self.ring_intake();
        Ok(done)
    }

    /// Puts a held mail aside for good: its row says that a person decided so.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] where the mail is no longer held.
    pub async fn dismiss(&self, viewer: Viewer, row: MailRowId, form: FormId) -> Result<(), DeskError> {
        let now = self.clock.now();
        self.store
            .write(move |w| {
                refuse_twice(w, &form)?;
                let mut held = held_row(w, row)?;
                may_dismiss(w, viewer, &held)?;
                w.use_form(&form, now)?;
                held.verdict = VerdictKind::Ignore(IgnoreCause::Dismissed);
                held.filed = false;
                Ok(w.put_mail_row(&held)?)
            })
            .await?;
        self.ring_intake();
        Ok(())
    }

    /// What the mail becomes when a person takes it in. A new ticket is confirmed as if the mail had
    /// found its way by itself.
    fn verdict_for(
        &self,
        look: &impl Look,
        held: &MailRow,
        mail: &Inbound,
        project: ProjectId,
        now: Timestamp,
    ) -> Result<Verdict, DeskError> {
        let automatic = mail.automatic.is_some();
        match on_ticket(look, held, mail.from.as_ref().map(|from| &from.address))? {
            Some((ticket, OnTicket::Comment(participant))) => {
                return Ok(Verdict::Comment { ticket: ticket.id, participant, automatic, reopen: false });
            }
            Some((ticket, OnTicket::Note(account))) => {
                return Ok(Verdict::AgentReply { ticket: ticket.id, account, note: true });
            }
            None => {}
        }
        let facts = look.facts(&questions(mail, &self.site, held.raw), now)?;
        let into = look.project(project)?.ok_or(DeskError::NotFound)?;
        let asks = requester(mail, &into.joining, &self.site, &facts);
        let received_at = held.source.received_at;
        let linked = held.ticket.map(|id| look.ticket(id)).transpose()?.flatten();
        let linked = linked.filter(|ticket| ticket.erased_at.is_none()).map(|ticket| ticket.id);
        Ok(Verdict::Open {
            project,
            also_for: also_addressed(mail, &self.site, &facts, project),
            confirmation: confirmation(mail, &asks, into.confirm, &self.site, received_at, now),
            requester: asks.person,
            linked,
            automatic,
        })
    }

    pub(super) async fn parsed(&self, row: MailRowId) -> Result<Arc<Inbound>, DeskError> {
        let held = self.store.read()?.mail_row(row)?.ok_or(DeskError::NotFound)?;
        if held.verdict == VerdictKind::Hold(HoldCause::TooLarge) {
            return Err(DeskError::Invalid(UNREAD.to_owned()));
        }
        if held.verdict == VerdictKind::Hold(HoldCause::NoContent) {
            return Err(DeskError::Invalid(NO_CONTENT.to_owned()));
        }
        let raw = held.raw;
        let (store, site) = (self.store.clone(), Arc::clone(&self.site));
        let parsed = aside(move || {
            let bytes = store.raw().get(&raw)?;
            Ok::<_, DeskError>(mail::parse(&bytes, site.authserv_id.as_deref()))
        });
        match parsed.await {
            Ok(inbound) => Ok(Arc::new(inbound?)),
            Err(_) => {
                Err(DeskError::Invalid("this mail cannot be read; its raw text can be downloaded".to_owned()))
            }
        }
    }
}

/// As what a held mail stands on the ticket that it is about, when it is taken in.
pub(super) enum OnTicket {
    /// By somebody who takes part.
    Comment(ParticipantNo),
    /// By somebody with an account who answered a notice. Whether it is their own is not certain, and it may
    /// quote what customers do not get, so none gets it, also where the account's address takes part.
    Note(AccountId),
}

/// Where a held mail stands on its ticket; `None` where it begins one of its own.
pub(super) fn on_ticket(
    look: &impl Look,
    held: &MailRow,
    from: Option<&Address>,
) -> Result<Option<(Ticket, OnTicket)>, StoreError> {
    let (Some(id), Some(from)) = (held.ticket, from) else { return Ok(None) };
    let Some(ticket) = look.ticket(id)?.filter(|ticket| ticket.erased_at.is_none()) else { return Ok(None) };
    if held.verdict.is_agents_answer()
        && let Some(account) = look.account_by_address(from)?
    {
        return Ok(Some((ticket, OnTicket::Note(account.id))));
    }
    let person = ticket.participant_by_address(from).map(|person| person.no);
    Ok(person.map(|no| (ticket, OnTicket::Comment(no))))
}

pub(super) fn held_row(look: &impl Look, row: MailRowId) -> Result<MailRow, DeskError> {
    let row = look.mail_row(row)?.ok_or(DeskError::NotFound)?;
    if matches!(row.verdict, VerdictKind::Hold(_)) { Ok(row) } else { Err(DeskError::NotFound) }
}

/// A mail that leads to a project or ticket is its agents' to decide; one that leads nowhere may be
/// put into a project by whoever works there.
fn may_take_in(look: &impl Look, viewer: Viewer, held: &MailRow, into: ProjectId) -> Result<(), DeskError> {
    let project = look.project(into)?.ok_or(DeskError::NotFound)?;
    if !visible::may_decide(look, viewer, visible::works_anywhere(look, viewer)?, held)? {
        return Err(DeskError::Forbidden);
    }
    if viewer.may(Action::Work, &project) { Ok(()) } else { Err(DeskError::Forbidden) }
}

/// The same for putting it aside, but that one which leads nowhere is an admin's.
fn may_dismiss(look: &impl Look, viewer: Viewer, held: &MailRow) -> Result<(), DeskError> {
    if !visible::may_decide(look, viewer, visible::works_anywhere(look, viewer)?, held)? {
        return Err(DeskError::Forbidden);
    }
    let leads_nowhere = held.project.is_none() && held.ticket.is_none();
    if leads_nowhere && !viewer.admin { Err(DeskError::Forbidden) } else { Ok(()) }
}

/// A form counts once: the second click finds what the first one did.
pub(super) fn refuse_twice(look: &impl Look, form: &FormId) -> Result<(), DeskError> {
    if look.form_used(form)? { Err(DeskError::Done) } else { Ok(()) }
}
