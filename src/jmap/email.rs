//! Emails (RFC 8621 §4): what lies in a mailbox. Only what the server knows without opening the
//! mail is asked for; the mail itself is downloaded and parsed by us.

use std::collections::HashSet;

use jiff::Timestamp;
use jmap_client::core::get::GetRequest;
use jmap_client::core::query::{Filter, QueryRequest};
use jmap_client::core::request::Arguments;
use jmap_client::email::{self, Property, query};
use jmap_client::{Method, Set};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::mailbox::Got;
use super::{BlobId, EmailId, Jmap, JmapError, MailboxId};
use crate::mail::MessageId;

/// One Email, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailInfo {
    pub id: EmailId,
    pub blob: BlobId,
    /// In octets.
    pub size: u64,
    /// When the server took it; the beginning of time where it does not say.
    pub received_at: Timestamp,
    pub mailboxes: Vec<MailboxId>,
    /// In lower case.
    pub keywords: Vec<String>,
    /// Its Message-ID header. [`Jmap::page`] does not ask for it.
    pub message_ids: Vec<MessageId>,
}

/// A part of what lies in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub emails: Vec<EmailInfo>,
    /// What the query gave: an Email that went away meanwhile is among these, and not among `emails`.
    pub ids: Vec<EmailId>,
    /// How many lie in the mailbox in all, where the server says.
    pub total: Option<u64>,
}

impl Page {
    /// How many the query gave.
    #[must_use]
    pub fn found(&self) -> usize {
        self.ids.len()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: EmailId,
    blob_id: BlobId,
    #[serde(default, deserialize_with = "super::lenient::number")]
    size: Option<u64>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    received_at: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::set")]
    mailbox_ids: Vec<String>,
    #[serde(default, deserialize_with = "super::lenient::set")]
    keywords: Vec<String>,
    #[serde(default, deserialize_with = "super::lenient::texts")]
    message_id: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct References {
    #[serde(default, deserialize_with = "super::lenient::texts")]
    in_reply_to: Vec<String>,
    #[serde(default, deserialize_with = "super::lenient::texts")]
    references: Vec<String>,
}

impl From<Raw> for EmailInfo {
    fn from(raw: Raw) -> Self {
        Self {
            id: raw.id,
            blob: raw.blob_id,
            size: raw.size.unwrap_or(0),
            received_at: raw.received_at.and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH),
            mailboxes: raw.mailbox_ids.into_iter().map(MailboxId::from).collect(),
            keywords: raw.keywords.iter().map(|keyword| keyword.to_lowercase()).collect(),
            message_ids: raw.message_id.iter().filter_map(|id| MessageId::parse(id)).collect(),
        }
    }
}

#[derive(Deserialize)]
struct Found {
    #[serde(default, deserialize_with = "super::lenient::texts")]
    ids: Vec<String>,
    #[serde(default, deserialize_with = "super::lenient::number")]
    total: Option<u64>,
}

/// In which order a mailbox is read.
#[derive(Clone, Copy)]
enum Order {
    OldestFirst,
    NewestFirst,
}

impl Jmap {
    /// Emails of a mailbox, oldest first, from the given position on.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn page(&self, mailbox: &MailboxId, position: usize, limit: usize) -> Result<Page, JmapError> {
        self.read(lies_in(mailbox), Order::OldestFirst, position, limit, false).await
    }

    /// Emails of a mailbox, newest first, from the given position on, with their Message-IDs. This
    /// is how a sent mail is found: servers answer a search for a header with nothing.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn newest(
        &self,
        mailbox: &MailboxId,
        position: usize,
        limit: usize,
    ) -> Result<Page, JmapError> {
        self.read(lies_in(mailbox), Order::NewestFirst, position, limit, true).await
    }

    /// Those of the given Emails that exist, with their mailboxes and Message-IDs.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn emails(&self, ids: &[EmailId]) -> Result<Vec<EmailInfo>, JmapError> {
        let got: Vec<Raw> = self.get_all(ids, || properties(true)).await?;
        Ok(got.into_iter().map(EmailInfo::from).collect())
    }

    /// The Emails that the account took in this second, wherever they lie.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn taken_at(&self, at: Timestamp) -> Result<Vec<EmailInfo>, JmapError> {
        let second = at.as_second();
        let then = [query::Filter::after(second), query::Filter::before(second.saturating_add(1))];
        Ok(self.read(Filter::and(then), Order::OldestFirst, 0, usize::MAX, true).await?.emails)
    }

    /// The Message-IDs that these Emails answer or refer to (RFC 5322 §3.6.4).
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn referred_to(&self, ids: &[EmailId]) -> Result<HashSet<MessageId>, JmapError> {
        let fields = || vec![Property::InReplyTo, Property::References];
        let got: Vec<References> = self.get_all(ids, fields).await?;
        let ids = got.iter().flat_map(|raw| raw.in_reply_to.iter().chain(&raw.references));
        Ok(ids.filter_map(|id| MessageId::parse(id)).collect())
    }

    /// What these Emails say in a header field, as it stands there (RFC 8621 §4.1.2.1).
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn header_of(&self, ids: &[EmailId], name: &str) -> Result<HashSet<String>, JmapError> {
        let field = || vec![Property::Header(email::Header::as_raw(name, false))];
        let got: Vec<Map<String, Value>> = self.get_all(ids, field).await?;
        // Some servers leave the default form out of the property's name.
        let is_field = |name: &String| name.starts_with("header:");
        let values = got.iter().flatten().filter(|(name, _)| is_field(name));
        Ok(values.filter_map(|(_, value)| value.as_str()).map(|value| value.trim().to_owned()).collect())
    }

    /// These properties of those Emails that exist, in as many requests as RFC 8620 §2 `maxObjectsInGet`
    /// asks for.
    async fn get_all<T: DeserializeOwned>(
        &self,
        ids: &[EmailId],
        properties: impl Fn() -> Vec<Property>,
    ) -> Result<Vec<T>, JmapError> {
        let most = usize::try_from(self.limits().max_objects_in_get).unwrap_or(usize::MAX).max(1);
        let mut all = Vec::with_capacity(ids.len());
        for ids in ids.chunks(most) {
            let mut batch = self.batch();
            let mut get = GetRequest::<email::Email<Set>>::new(batch.params(Method::GetEmail));
            get.ids(ids.iter().map(EmailId::as_str)).properties(properties());
            let call = batch.add(Method::GetEmail, Arguments::EmailGet(get))?;
            let got: Got<T> = self.call(&batch, true).await?.take(call)?;
            all.extend(got.list);
        }
        Ok(all)
    }

    /// Query and get in one request, tied by a result reference (RFC 8620 §3.7).
    async fn read(
        &self,
        filter: Filter<query::Filter>,
        order: Order,
        position: usize,
        limit: usize,
        message_ids: bool,
    ) -> Result<Page, JmapError> {
        let most = usize::try_from(self.limits().max_objects_in_get).unwrap_or(usize::MAX);
        let mut batch = self.batch();
        let mut ask = QueryRequest::<email::Email<Set>>::new(batch.params(Method::QueryEmail));
        let sort = query::Comparator::received_at();
        let sort = match order {
            Order::OldestFirst => sort.ascending(),
            Order::NewestFirst => sort.descending(),
        };
        ask.filter(filter)
            .sort([sort])
            .position(i32::try_from(position).unwrap_or(i32::MAX))
            .limit(limit.min(most).max(1))
            .calculate_total(true);
        let reference = ask.result_reference();
        let asked = batch.add(Method::QueryEmail, Arguments::EmailQuery(ask))?;
        let mut get = GetRequest::<email::Email<Set>>::new(batch.params(Method::GetEmail));
        get.ids_ref(reference).properties(properties(message_ids));
        let gotten = batch.add(Method::GetEmail, Arguments::EmailGet(get))?;

        let mut answers = self.call(&batch, true).await?;
        let found: Found = answers.take(asked)?;
        let got: Got<Raw> = answers.take(gotten)?;
        let mut emails: Vec<EmailInfo> = got.list.into_iter().map(EmailInfo::from).collect();
        // A get may answer in any order; the query's is the one that counts.
        let place = |email: &EmailInfo| found.ids.iter().position(|id| id == email.id.as_str());
        emails.sort_by_cached_key(place);
        let ids = found.ids.into_iter().map(EmailId::from).collect();
        Ok(Page { emails, ids, total: found.total })
    }
}

fn lies_in(mailbox: &MailboxId) -> Filter<query::Filter> {
    Filter::from(query::Filter::in_mailbox(mailbox.as_str()))
}

fn properties(message_ids: bool) -> Vec<Property> {
    let mut properties = vec![
        Property::Id,
        Property::BlobId,
        Property::Size,
        Property::ReceivedAt,
        Property::MailboxIds,
        Property::Keywords,
    ];
    if message_ids {
        properties.push(Property::MessageId);
    }
    properties
}
