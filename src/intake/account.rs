//! What upkeep asks the mail server: how much of the account is used, and what time it has.

use jiff::Timestamp;

use super::{Intake, IntakeError};
use crate::desk::AccountSize;
use crate::jmap::Used;

impl Intake {
    /// Asks how much of the mail account is used, for everyone to read. That it is not known harms
    /// nobody.
    pub async fn look_at_account(&self) {
        match self.see_account().await {
            Ok(account) => self.desk.standing().update(|standing| standing.account = account),
            Err(error) => {
                tracing::debug!(why = error.whole(), "how much of the mail account is used is not known");
            }
        }
    }

    /// What time the mail server has; nothing where it does not say.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn server_time(&self) -> Result<Option<Timestamp>, IntakeError> {
        let jmap = self.jmap().await?;
        // Any call will do: each answer has its time.
        jmap.mailboxes().await?;
        Ok(jmap.server_time())
    }

    async fn see_account(&self) -> Result<AccountSize, IntakeError> {
        Ok(account_size(self.jmap().await?.used().await?))
    }
}

/// What the mail server tells, in the desk's own words.
#[must_use]
pub fn account_size(told: Option<Used>) -> AccountSize {
    told.map_or(AccountSize::Untold, |told| AccountSize::Told { used: told.octets, limit: told.limit })
}
