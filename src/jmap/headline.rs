//! What the mail server says of a mail that we have not taken: who wrote, about what (RFC 8621 §4.1.2.3).

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

/// One mail as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub id: EmailId,
    /// The name and address of the first sender; empty where there is none.
    pub from: String,
    pub subject: String,
    pub received_at: Timestamp,
    /// In octets.
    pub size: u64,
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
    from: Vec<Sender>,
}

#[derive(Deserialize)]
struct Sender {
    #[serde(default, deserialize_with = "super::lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    email: Option<String>,
}

impl From<Raw> for Headline {
    fn from(raw: Raw) -> Self {
        let from = raw.from.into_iter().next().map(|sender| {
            let address = sender.email.unwrap_or_default();
            match sender.name.filter(|name| !name.trim().is_empty()) {
                Some(name) => format!("{name} <{address}>"),
                None => address,
            }
        });
        Self {
            id: raw.id,
            from: from.unwrap_or_default(),
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
        let properties =
            [Property::Id, Property::Size, Property::ReceivedAt, Property::Subject, Property::From];
        get.ids_ref(reference).properties(properties);
        let gotten = batch.add(Method::GetEmail, Arguments::EmailGet(get))?;
        let got: Got<Raw> = self.call(&batch, true).await?.take(gotten)?;
        let mut headlines: Vec<Headline> = got.list.into_iter().map(Headline::from).collect();
        headlines.sort_by_key(|headline| std::cmp::Reverse(headline.received_at));
        Ok(headlines)
    }
}
