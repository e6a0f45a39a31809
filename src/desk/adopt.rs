//! Adopting the intake mailbox: Postdesk touches none that nobody gave it.

use super::{Desk, DeskError};
use crate::store::{Look, StoreError};
use crate::triage::{AdoptHow, Adoption};

impl Desk {
    /// Whether and how the intake mailbox of this account was adopted.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn adoption(&self, account: &str, mailbox: &str) -> Result<Option<Adoption>, StoreError> {
        self.store.read()?.adoption(account, mailbox)
    }

    /// Records that the intake mailbox is ours from now on. Adopting twice is refused, because the
    /// first choice was carried out already.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] where it is adopted already.
    pub async fn adopt(
        &self,
        account: String,
        mailbox: String,
        how: AdoptHow,
    ) -> Result<Adoption, DeskError> {
        let at = self.clock.now();
        let adopted = self.store.write(move |w| {
            if let Some(before) = w.adoption(&account, &mailbox)? {
                let how = before.how.as_str();
                return Err(DeskError::Invalid(format!("the mailbox was adopted already, as \"{how}\"")));
            }
            let adoption = Adoption { account: account.clone(), mailbox: mailbox.clone(), how, at };
            w.put_adoption(&adoption)?;
            Ok(adoption)
        });
        Ok(adopted.await?)
    }
}
