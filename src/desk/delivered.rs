//! How a delivery stands after our mail server took the letter, as it says later (RFC 8621 §7).

use std::time::Duration;

use jiff::Timestamp;

use super::Desk;
use super::settle::tell_ticket;
use crate::clock::after;
use crate::store::{Look, StoreError, Write, WriteError};
use crate::tracker::{Delivery, OutboxId, OutboxRow};

/// How long after the one before each look takes place. After the last nothing more is asked: what
/// is still queued then comes back as a report, or has arrived.
const LOOKS: [Duration; 7] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(8),
    Duration::from_hours(24),
    Duration::from_hours(72),
];

/// Sets the time of the next look at a letter, or that there is none.
pub(super) fn plan(row: &mut OutboxRow, now: Timestamp) {
    let open = row.submission.is_some() && matches!(row.delivery, Delivery::Unknown | Delivery::Queued);
    let wait = LOOKS.get(usize::from(row.looks)).filter(|_| open);
    row.next_look = wait.map(|wait| after(now, *wait));
}

impl Desk {
    /// Records what the mail server said of letters; `None` where it has forgotten one, which says
    /// nothing, and asking again would be no use.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn looked_at(&self, looks: Vec<(OutboxId, Option<Delivery>)>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let noted = self.store.write(move |w| {
            for (id, said) in &looks {
                if let Some(row) = w.letter(*id)? {
                    note(w, row, said.as_ref(), now)?;
                }
            }
            Ok::<_, StoreError>(())
        });
        noted.await.map_err(WriteError::flatten)
    }

    /// Puts looks off that the server did not answer; they do not count.
    ///
    /// # Errors
    /// Where the store cannot write.
    pub async fn look_later(&self, letters: Vec<OutboxId>, wait: Duration) -> Result<(), StoreError> {
        let at = after(self.clock.now(), wait);
        let put_off = self.store.write(move |w| {
            for id in &letters {
                if let Some(mut row) = w.letter(*id)? {
                    row.next_look = Some(at);
                    w.put_letter(&row)?;
                }
            }
            Ok::<_, StoreError>(())
        });
        put_off.await.map_err(WriteError::flatten)
    }
}

fn note(
    w: &mut Write<'_>,
    mut row: OutboxRow,
    said: Option<&Delivery>,
    now: Timestamp,
) -> Result<(), StoreError> {
    row.looks = row.looks.saturating_add(1);
    let refused = matches!(row.delivery, Delivery::Refused { .. });
    match said {
        // What a report said stands.
        Some(said) if !refused => {
            if *said != Delivery::Unknown {
                row.delivery = said.clone();
            }
            plan(&mut row, now);
        }
        _ => row.next_look = None,
    }
    w.put_letter(&row)?;
    match &row.delivery {
        Delivery::Refused { reply } if !refused => tell_ticket(w, &row, reply, now),
        _ => Ok(()),
    }
}
