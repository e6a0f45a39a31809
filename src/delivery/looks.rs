//! How deliveries stand later: letters that our mail server took are asked about again, each a few
//! times, because most servers know more after a minute, and some never do.

use std::time::Duration;

use super::{Delivery, DeliveryError};
use crate::jmap::SubmissionId;
use crate::store::Look;
use crate::tracker::OutboxRow;

/// How many letters are asked about at once. RFC 8620 §2 lets no server take fewer than 500.
const AT_ONCE: usize = 100;
/// How many such questions one turn asks at most.
const ROUNDS: usize = 10;
/// While the server does not answer, its letters wait as long as that.
const LATER: Duration = Duration::from_mins(5);

impl Delivery {
    /// Asks about the letters whose time has come. Trouble here stops nothing: what is known of
    /// them stays, and they are asked about later.
    pub(super) async fn look_at_deliveries(&self) -> Result<(), DeliveryError> {
        for _ in 0..ROUNDS {
            let rows = self.desk.store.read()?.letters_to_look_at(self.desk.clock.now(), AT_ONCE)?;
            if rows.is_empty() {
                return Ok(());
            }
            let (mut asked, mut looks) = (Vec::new(), Vec::new());
            for row in &rows {
                match (submission(row), self.addressee(row)?) {
                    (Some(id), Some(to)) => asked.push((row.id, (id, to))),
                    _ => looks.push((row.id, None)),
                }
            }
            let (letters, asked): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            match self.jmap().await?.deliveries(&asked).await {
                Ok(said) => {
                    looks.extend(letters.into_iter().zip(said));
                    self.desk.looked_at(looks).await?;
                }
                Err(error) => {
                    tracing::debug!(why = error.whole(), "the mail server does not say how deliveries stand");
                    self.desk.look_later(rows.iter().map(|row| row.id).collect(), LATER).await?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn submission(row: &OutboxRow) -> Option<SubmissionId> {
    row.submission.as_deref().map(SubmissionId::from)
}
