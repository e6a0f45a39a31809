//! Sending identities (RFC 8621 §6).

use jmap_client::core::get::GetRequest;
use jmap_client::core::request::Arguments;
use jmap_client::{Method, Set, identity};
use serde::Deserialize;

use super::mailbox::Got;
use super::{IdentityId, Jmap, JmapError};
use crate::mail::Address;

/// Whom the server lets us send as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub id: IdentityId,
    /// Often empty: the name that people see is the From header's.
    pub name: String,
    /// An address, or `*@domain` for any of that domain (RFC 8621 §6).
    pub email: String,
}

impl Identity {
    /// Whether it may send as this address.
    #[must_use]
    pub fn covers(&self, address: &Address) -> bool {
        // Of a `*` that stands for any local part, the address is one of that domain.
        match self.email.strip_prefix("*@") {
            Some(domain) => address.is(&format!("{}@{domain}", address.local())),
            None => address.is(&self.email),
        }
    }

    /// Whom letters by this identity are from, where the desk's account has that address: the account
    /// where the identity covers it, else whoever the identity is. Where that is anyone of a domain, it is
    /// the account's name there, since the choice is ours (RFC 8621 §6).
    #[must_use]
    pub fn sender(&self, account: &Address) -> Address {
        if self.covers(account) {
            return account.clone();
        }
        let own = match self.email.strip_prefix("*@") {
            Some(domain) => Address::parse(&format!("{}@{domain}", account.local())),
            None => Address::parse(&self.email),
        };
        own.unwrap_or_else(|_| account.clone())
    }

    /// The identity for an address: its own one, else one for the whole domain.
    #[must_use]
    pub fn for_address<'a>(identities: &'a [Self], address: &Address) -> Option<&'a Self> {
        identities
            .iter()
            .find(|identity| identity.email.eq_ignore_ascii_case(address.as_str()))
            .or_else(|| identities.iter().find(|identity| identity.covers(address)))
    }
}

#[derive(Deserialize)]
struct Raw {
    id: IdentityId,
    #[serde(default, deserialize_with = "super::lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    email: Option<String>,
}

impl Jmap {
    /// All identities. Some servers make them at the first time that they are asked for.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn identities(&self) -> Result<Vec<Identity>, JmapError> {
        let mut batch = self.batch();
        let get = GetRequest::<identity::Identity<Set>>::new(batch.params(Method::GetIdentity));
        let call = batch.add(Method::GetIdentity, Arguments::IdentityGet(get))?;
        let got: Got<Raw> = self.call(&batch, true).await?.take(call)?;
        let identity = |raw: Raw| Identity {
            id: raw.id,
            name: raw.name.unwrap_or_default(),
            email: raw.email.unwrap_or_default(),
        };
        Ok(got.list.into_iter().map(identity).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_covers_an_address_however_the_server_writes_it() {
        let covers = |email: &str, address: &str| {
            let identity =
                Identity { id: IdentityId::from("1"), name: String::new(), email: email.to_owned() };
            identity.covers(&Address::parse(address).unwrap())
        };
        assert!(covers("Support@M\u{fc}ller.example", "support@xn--mller-kva.example"));
        assert!(covers("*@m\u{fc}ller.example", "support@xn--mller-kva.example"));
        assert!(covers("\"support\"@example.com", "support@example.com"));
        assert!(covers("*@Example.com", "\"a..b\"@example.com"));
        assert!(!covers("*@example.com", "support@eu.example.com") && !covers("", "support@example.com"));
    }

    #[test]
    fn letters_are_from_somebody_and_never_from_a_star() {
        let account = Address::parse("Support@example.com").unwrap();
        for (email, sender) in [
            ("support@example.com", "Support@example.com"),
            ("*@example.com", "Support@example.com"),
            ("other@example.com", "other@example.com"),
            ("*@example.net", "support@example.net"),
            ("", "Support@example.com"),
        ] {
            let identity =
                Identity { id: IdentityId::from("1"), name: String::new(), email: email.to_owned() };
            assert_eq!(identity.sender(&account).as_str(), sender, "{email}");
        }
    }
}
