//! One order, from the request to the certificate (RFC 8555 §7.4).

use std::time::Duration;

use instant_acme::{Account, AuthorizationStatus, ChallengeType, Identifier, NewOrder, Order, OrderStatus};

use super::error::detail;
use super::http::Later;
use super::{Acme, AcmeError, window};
use crate::config::Challenge;
use crate::tls::{self, Answering, Pair};

/// How long to wait before the authority is asked again how far it is, where it does not say.
const PAUSE: Duration = Duration::from_secs(2);
/// The longest of such waits, whatever it says.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl Acme {
    pub(super) async fn order(&self, old: Option<&Pair>) -> Result<Pair, AcmeError> {
        let later = Later::default();
        let account = self.account(&later).await?;
        let mut order = match self.begin(&account, old, &later).await {
            Err(error) if error.is_lost_account() => {
                let account = self.new_account(&later).await?;
                self.begin(&account, None, &later).await?
            }
            begun => begun?,
        };
        let answers = self.prove(&mut order, &later).await?;
        self.until_ready(&mut order, &later).await?;
        drop(answers);
        let (key, request) = tls::request(&self.host)?;
        order.finalize_csr(&request).await.map_err(|error| self.explain(error, later.get()))?;
        let chain = self.certificate(&mut order, &later).await?;
        self.take(&key, &chain)
    }

    async fn begin(&self, account: &Account, old: Option<&Pair>, later: &Later) -> Result<Order, AcmeError> {
        let names = [Identifier::Dns(self.host.clone())];
        // RFC 9773 §5: saying what it replaces spares the new order the authority's limits. What
        // one makes of that differs, so that any objection to it is met by leaving it out.
        if let Some(replaced) = old.and_then(|old| window::identifier(old.says()))
            && let Ok(order) = account.new_order(&NewOrder::new(&names).replaces(replaced)).await
        {
            return Ok(order);
        }
        let order = account.new_order(&NewOrder::new(&names)).await;
        order.map_err(|error| self.explain(error, later.get()))
    }

    /// Puts an answer to each challenge in its place, and tells the authority.
    async fn prove(&self, order: &mut Order, later: &Later) -> Result<Vec<Answering>, AcmeError> {
        let wanted = match self.settings.challenge {
            Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            Challenge::Http01 => ChallengeType::Http01,
        };
        let mut answers = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(|error| self.explain(error, later.get()))?;
            // One that was given for an earlier order still counts.
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let Some(mut challenge) = authorization.challenge(wanted.clone()) else {
                return Err(AcmeError::NotOffered {
                    authority: self.authority().to_owned(),
                    challenge: self.settings.challenge.name(),
                    host: self.host.clone(),
                });
            };
            let proof = challenge.key_authorization();
            answers.push(match self.settings.challenge {
                Challenge::TlsAlpn01 => self.challenges.by_tls(&self.host, proof.digest().as_ref())?,
                Challenge::Http01 => self.challenges.by_http(&challenge.token, proof.as_str()),
            });
            challenge.set_ready().await.map_err(|error| self.explain(error, later.get()))?;
        }
        Ok(answers)
    }

    async fn until_ready(&self, order: &mut Order, later: &Later) -> Result<(), AcmeError> {
        loop {
            let status = order.refresh().await.map_err(|error| self.explain(error, later.get()))?.status;
            match status {
                OrderStatus::Ready | OrderStatus::Processing | OrderStatus::Valid => return Ok(()),
                OrderStatus::Invalid => return Err(self.why_not(order).await),
                OrderStatus::Pending => self.wait(later).await,
            }
        }
    }

    /// Why the authority did not believe us, from the challenge that it tried.
    async fn why_not(&self, order: &mut Order) -> AcmeError {
        let mut why = order.state().error.as_ref().map(detail);
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            let Ok(state) = authorization.refresh().await else { continue };
            if let Some(error) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
                why = Some(detail(error));
            }
        }
        AcmeError::NotProven {
            authority: self.authority().to_owned(),
            challenge: self.settings.challenge.name(),
            host: self.host.clone(),
            port: self.settings.challenge.port(),
            detail: why.unwrap_or_else(|| "it does not say why".to_owned()),
        }
    }

    async fn certificate(&self, order: &mut Order, later: &Later) -> Result<String, AcmeError> {
        loop {
            match order.certificate().await.map_err(|error| self.explain(error, later.get()))? {
                Some(chain) => return Ok(chain),
                None => self.wait(later).await,
            }
        }
    }

    async fn wait(&self, later: &Later) {
        self.clock.sleep(later.get().unwrap_or(PAUSE).clamp(PAUSE, LONGEST_PAUSE)).await;
    }

    /// Keeps what came, if it is what we asked for.
    fn take(&self, key: &str, chain: &str) -> Result<Pair, AcmeError> {
        let useless = |why: String| AcmeError::Useless { authority: self.authority().to_owned(), why };
        let pair = Pair::of_pem(&format!("{key}\n{chain}"), &self.kept.certificate())
            .map_err(|error| useless(error.to_string()))?;
        let says = pair.says();
        if !says.covers(&self.host) {
            return Err(useless(format!("it is for {}, not for {}", says.names.join(", "), self.host)));
        }
        if says.not_after <= self.clock.now() {
            return Err(useless(format!("it ended at {}; check this computer's clock", says.not_after)));
        }
        Ok(self.kept.keep_pair(key, chain)?)
    }
}
