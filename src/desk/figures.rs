//! Everything that can be counted, for `/metrics` and `postdesk status`.

use super::health::{listening, mail_in, mail_out, seconds_since};
use super::{Desk, Health, Street};
use crate::metrics::{Count, Figures, Kept, Stand};
use crate::store::{Look, StoreError};
use crate::tracker::{OutboxState, State};
use crate::triage::VerdictKind;

impl Desk {
    /// How the desk stands and what is on record. Where the store cannot be read, only how it stands.
    #[must_use]
    pub fn figures(&self, health: &Health) -> Figures {
        let kept = self.kept();
        if let Err(error) = &kept {
            tracing::debug!(%error, "nothing on record can be counted");
        }
        Figures { version: env!("CARGO_PKG_VERSION"), stand: self.stand(health), kept: kept.ok() }
    }

    fn stand(&self, health: &Health) -> Stand {
        let standing = self.standing.get();
        let sizes = self.store.sizes();
        Stand {
            health: health.status.as_str(),
            mail_in: mail_in(&standing),
            mail_out: mail_out(&standing),
            listening: standing.listening.map(listening),
            store_writable: self.store.is_writable(),
            disk_full: self.store.is_short(),
            stopped: standing.stopped.is_some(),
            paused: standing.paused,
            still: self.pulse.still().into_iter().map(Street::name).collect(),
            sweep_age_seconds: self.pulse.since_sweep().as_secs_f64(),
            uptime_seconds: self.pulse.uptime().as_secs_f64(),
            not_downloaded: standing.not_downloaded,
            junk: self.junk.get().map(|junk| junk.total),
            certificate_days: self.certificate_days(),
            store_bytes: sizes.database,
            raw_bytes: sizes.raw,
            disk_free_bytes: sizes.free,
            account_bytes: standing.account.used(),
            account_limit_bytes: standing.account.limit(),
        }
    }

    fn kept(&self) -> Result<Kept, StoreError> {
        let look = self.store.read()?;
        let mails: Vec<Count> = look.verdicts()?.into_iter().map(mails).collect();
        let letters = look.letter_counts()?;
        let waiting =
            |state| letters.iter().filter(|(s, _)| *s == state).map(|(_, count)| count).sum::<u64>();
        let oldest = look.oldest_letter()?;
        let projects: Vec<_> = look.projects()?.into_iter().map(|project| project.id).collect();
        let mut tickets = Vec::new();
        for (state, kind) in [(State::Open, "open"), (State::OnHold, "hold"), (State::Closed, "closed")] {
            tickets.push(Count { kind, cause: "", count: look.count(&projects, state)? });
        }
        let mut unverified = 0;
        for project in projects {
            unverified += look.unverified_count(project)?;
        }
        Ok(Kept {
            taken: mails.iter().map(|mails| mails.count).sum(),
            mails,
            tickets,
            outbox: waiting(OutboxState::Waiting) + waiting(OutboxState::Submitting),
            letters: letters
                .into_iter()
                .map(|(state, count)| Count { kind: letter_state(state), cause: "", count })
                .collect(),
            outbox_oldest_seconds: oldest.map_or(0.0, |row| seconds_since(row.created_at, self.clock.now())),
            held: look.held_count()?,
            unverified,
        })
    }
}

fn mails((verdict, count): (VerdictKind, u64)) -> Count {
    let cause = match verdict {
        VerdictKind::Hold(cause) => cause.number(),
        VerdictKind::Ignore(cause) => cause.number(),
        _ => "",
    };
    Count { kind: verdict.word(), cause, count }
}

/// The word that figures use.
fn letter_state(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Waiting => "waiting",
        OutboxState::Submitting => "submitting",
        OutboxState::Sent => "sent",
        OutboxState::PresumedSent => "presumed-sent",
        OutboxState::Unknown => "unknown",
        OutboxState::Failed => "failed",
        OutboxState::Withdrawn => "withdrawn",
    }
}
