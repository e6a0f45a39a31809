//! What the mail server says of a mail that we have not taken: who wrote, about what (RFC 8621 §4.1.2.3).

use std::fmt;

use jiff::Timestamp;
use jmap_client::Method;
use jmap_client::Set;
use jmap_client::core::get::GetRequest;
use jmap_client::core::query::QueryRequest;
use jmap_client::core::request::Arguments;
use jmap_client::email::{self, Property, query};
use serde::Deserialize;

use super::mailbox::Got;
use super::{EmailId, Jmap, JmapError, MailboxId};

const PROPERTIES: [Property; 6] =
    [Property::Id, Property::Size, Property::ReceivedAt, Property::Subject, Property::From, Property::To];

/// One mail as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub id: EmailId,
    /// The first sender.
    pub from: Option<Person>,
    pub to: Vec<Person>,
    pub subject: String,
    pub received_at: Timestamp,
    /// In octets.
    pub size: u64,
}

/// Whom a header names, as the server read it (RFC 8621 §4.1.2.3); the address may be none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Person {
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub email: Option<String>,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.email.as_deref().unwrap_or_default();
        match self.name.as_deref().filter(|name| !name.trim().is_empty()) {
            Some(name) => write!(f, "{name} <{address}>"),
            None => f.write_str(address),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: EmailId,
    #[serde(default, deserialize_with = "super::lenient::number")]
    size: Option<u64>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    received_at: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    subject: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::list")]
    from: Vec<Person>,
    #[serde(default, deserialize_with = "super::lenient::list")]
    to: Vec<Person>,
}

impl From<Raw> for Headline {
    fn from(raw: Raw) -> Self {
        Self {
            id: raw.id,
            from: raw.from.into_iter().next(),
            to: raw.to,
            subject: raw.subject.unwrap_or_default(),
            received_at: raw.received_at.and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH),
            size: raw.size.unwrap_or(0),
        }
    }
}

impl Jmap {
    /// The newest mails of a mailbox, each as a line.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn headlines(&self, mailbox: &MailboxId, limit: usize) -> Result<Vec<Headline>, JmapError> {
        let mut batch = self.batch();
        let mut ask = QueryRequest::<email::Email<Set>>::new(batch.params(Method::QueryEmail));
        ask.filter(query::Filter::in_mailbox(mailbox.as_str()))
            .sort([query::Comparator::received_at().descending()])
            .limit(limit.max(1));
        let reference = ask.result_reference();
        batch.add(Method::QueryEmail, Arguments::EmailQuery(ask))?;
        let mut get = GetRequest::<email::Email<Set>>::new(batch.params(Method::GetEmail));
        get.ids_ref(reference).properties(PROPERTIES);
        let gotten = batch.add(Method::GetEmail, Arguments::EmailGet(get))?;
        let got: Got<Raw> = self.call(&batch, true).await?.take(gotten)?;
        let mut headlines: Vec<Headline> = got.list.into_iter().map(Headline::from).collect();
        headlines.sort_by_key(|headline| std::cmp::Reverse(headline.received_at));
        Ok(headlines)
    }

    /// One mail as a line; nothing where it is gone.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn headline(&self, email: &EmailId) -> Result<Option<Headline>, JmapError> {
        let mut batch = self.batch();
        let mut get = GetRequest::<email::Email<Set>>::new(batch.params(Method::GetEmail));
        get.ids([email.as_str()]).properties(PROPERTIES);
        let call = batch.add(Method::GetEmail, Arguments::EmailGet(get))?;
        let got: Got<Raw> = self.call(&batch, true).await?.take(call)?;
        Ok(got.list.into_iter().next().map(Headline::from))
    }
}
