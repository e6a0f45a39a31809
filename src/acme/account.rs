//! The account at the authority (RFC 8555 §7.3): made once, then kept in the data folder.

use data_encoding::BASE64URL_NOPAD;
use instant_acme::{Account, AccountBuilder, AccountCredentials, ExternalAccountKey, NewAccount};
use secrecy::ExposeSecret;

use super::http::{Http, Later};
use super::{Acme, AcmeError};
use crate::config;

/// The folder of an authority, by its name and an account of its own: whoever goes from a trial
/// directory to the real one gets another account and another certificate.
pub(super) fn folder(settings: &config::Acme) -> String {
    let host = settings.directory.host_str().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    let mut hasher = blake3::Hasher::new();
    hasher.update(settings.directory.as_str().as_bytes());
    if let Some(external) = &settings.external_account {
        hasher.update(b"\n").update(external.id.as_bytes());
    }
    let tail: String = hasher.finalize().to_hex().chars().take(8).collect();
    format!("{}-{tail}", host.chars().map(plain).collect::<String>())
}

impl Acme {
    /// Our account, made if there is none yet. `later` learns what the authority asks us to wait.
    pub(super) async fn account(&self, later: &Later) -> Result<Account, AcmeError> {
        let kept = self.kept.account()?;
        match kept.map(|text| serde_json::from_str::<AccountCredentials>(&text)) {
            Some(Ok(known)) => {
                let account = self.client(later).from_credentials(known).await;
                account.map_err(|error| self.explain(error, later.get()))
            }
            // One that cannot be read is of no use to anybody: the key in it is lost.
            Some(Err(_)) | None => self.new_account(later).await,
        }
    }

    pub(super) async fn new_account(&self, later: &Later) -> Result<Account, AcmeError> {
        let contact = self.settings.contact.as_ref().map(|address| format!("mailto:{}", address.as_str()));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let external = self.external()?;
        let directory = self.settings.directory.to_string();
        let (account, credentials) = self
            .client(later)
            .create(&new, directory, external.as_ref())
            .await
            .map_err(|error| self.explain(error, later.get()))?;
        let text = serde_json::to_string(&credentials).unwrap_or_default();
        self.kept.keep_account(&text)?;
        tracing::info!(authority = self.authority(), "an account for certificates was made");
        Ok(account)
    }

    fn external(&self) -> Result<Option<ExternalAccountKey>, AcmeError> {
        let Some(external) = &self.settings.external_account else { return Ok(None) };
        let secret = external.key.read("tls.acme.external_account.key")?;
        // Authorities show it in either alphabet, with and without its end.
        let text = secret.expose_secret().trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
        let key = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| AcmeError::ExternalKey)?;
        Ok(Some(ExternalAccountKey::new(external.id.clone(), &key)))
    }

    fn client(&self, later: &Later) -> AccountBuilder {
        let http = Http { wire: self.wire.clone(), clock: self.clock.clone(), later: later.clone() };
        Account::builder_with_http(Box::new(http))
    }
}
