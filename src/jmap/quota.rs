//! How much of the mail account is used, where the server tells (RFC 9425).

use jmap_client::URI;
use serde::Deserialize;
use serde_json::json;

use super::mailbox::Got;
use super::{Jmap, JmapError};

/// How much of the mail account is used, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    pub octets: u64,
    /// What mails come in until; nothing where there is no limit.
    pub limit: Option<u64>,
}

/// A quota (RFC 9425 §4.1), as far as it is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default, deserialize_with = "super::lenient::text")]
    resource_type: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::number")]
    used: Option<u64>,
    #[serde(default, deserialize_with = "super::lenient::number")]
    hard_limit: Option<u64>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    scope: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::texts")]
    types: Vec<String>,
}

impl Raw {
    /// Whether it bounds the octets of this account's mail. "Email" is the name of the data type;
    /// "Mail" stands in the examples of RFC 9425.
    fn is_of_mail(&self) -> bool {
        let is_mail = |name: &String| name == "Email" || name == "Mail";
        self.resource_type.as_deref() == Some("octets")
            && self.scope.as_deref() == Some("account")
            && self.types.iter().any(is_mail)
    }
}

impl Jmap {
    /// How much of the account is used; nothing where the server does not tell. Of several quotas
    /// the one with the least room counts.
    ///
    /// # Errors
    /// Where the server offers to tell, and does not.
    pub async fn used(&self) -> Result<Option<Used>, JmapError> {
        if !self.offers().quota {
            return Ok(None);
        }
        let mut batch = self.batch().with(URI::Quota);
        let call = batch.add_raw(super::call::Name::Other("Quota/get"), json!({ "ids": null }));
        let got: Got<Raw> = self.call(&batch, true).await?.take(call)?;
        // Some servers say 0 where there is no limit.
        let used =
            |raw: Raw| Some(Used { octets: raw.used?, limit: raw.hard_limit.filter(|limit| *limit > 0) });
        let all = got.list.into_iter().filter(Raw::is_of_mail).filter_map(used);
        Ok(all.min_by_key(|used| used.limit.map_or(u64::MAX, |limit| limit.saturating_sub(used.octets))))
    }
}
