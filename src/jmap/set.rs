//! Changing what lies in the account (RFC 8620 §5.3): move, import, destroy.

use std::collections::HashMap;

use bytes::Bytes;
use jmap_client::Method;
use jmap_client::Set;
use jmap_client::core::request::Arguments;
use jmap_client::core::set::SetRequest;
use jmap_client::email;
use jmap_client::email::import::EmailImportRequest;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{BlobId, EmailId, Jmap, JmapError, MailboxId, SUBMITTED, SetErrorType, SetFault};

/// What an import came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    pub id: EmailId,
    /// The account had the same octets already; where they lie is for [`Jmap::emails`] to say.
    pub existed: bool,
}

/// Any `Foo/set` or `Email/import` response. Servers leave out what they like.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetAnswer {
    #[serde(default, deserialize_with = "super::lenient::map")]
    pub(super) created: HashMap<String, Value>,
    #[serde(default, deserialize_with = "super::fault::refusals")]
    pub(super) not_created: HashMap<String, SetFault>,
    #[serde(default, deserialize_with = "super::lenient::map")]
    pub(super) updated: HashMap<String, Value>,
    #[serde(default, deserialize_with = "super::fault::refusals")]
    pub(super) not_updated: HashMap<String, SetFault>,
    #[serde(default, deserialize_with = "super::lenient::texts")]
    pub(super) destroyed: Vec<String>,
    #[serde(default, deserialize_with = "super::fault::refusals")]
    pub(super) not_destroyed: HashMap<String, SetFault>,
}

/// The id and the other properties of what was created under this creation id.
pub(super) fn created(answer: &mut SetAnswer, key: &str, what: &str) -> Result<(String, Value), JmapError> {
    if let Some(object) = answer.created.remove(key) {
        let id = object.get("id").and_then(Value::as_str).map(str::to_owned);
        return id.map(|id| (id, object)).ok_or_else(|| JmapError::malformed(what, &"no id"));
    }
    match answer.not_created.remove(key) {
        Some(fault) => Err(JmapError::Set { what: what.to_owned(), fault }),
        None => Err(JmapError::malformed(what, &"neither created nor refused")),
    }
}

/// The patch that moves an Email between two mailboxes (RFC 8620 §5.3): a set loses an element by
/// `null`; `false` is refused.
pub(super) fn moving(from: &MailboxId, to: &MailboxId) -> Map<String, Value> {
    let mut patch = Map::new();
    if from != to {
        patch.insert(format!("mailboxIds/{}", pointer(from.as_str())), Value::Null);
    }
    patch.insert(format!("mailboxIds/{}", pointer(to.as_str())), Value::Bool(true));
    patch
}

/// RFC 6901 §3.
fn pointer(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

impl Jmap {
    /// Moves Emails, each from one mailbox to another; the other mailboxes that they lie in are
    /// not touched. One result for each, in order.
    ///
    /// # Errors
    /// Where the server was not asked about all of them; what it did until then is done, and the
    /// same moves may be asked for again.
    pub async fn file(
        &self,
        moves: &[(EmailId, MailboxId, MailboxId)],
    ) -> Result<Vec<Result<(), SetFault>>, JmapError> {
        let mut results = Vec::with_capacity(moves.len());
        for chunk in moves.chunks(self.set_chunk()) {
            let update: Map<String, Value> = chunk
                .iter()
                .map(|(email, from, to)| (email.as_str().to_owned(), Value::Object(moving(from, to))))
                .collect();
            let answer = self.email_set(json!({ "update": update })).await?;
            results.extend(chunk.iter().map(|(email, ..)| result(&answer.not_updated, email)));
        }
        Ok(results)
    }

    /// Destroys Emails. One that is gone already counts as destroyed.
    ///
    /// # Errors
    /// Where the server was not asked about all of them.
    pub async fn destroy(&self, ids: &[EmailId]) -> Result<Vec<Result<(), SetFault>>, JmapError> {
        let mut results = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(self.set_chunk()) {
            let mut batch = self.batch();
            let mut set = SetRequest::<email::Email<Set>>::new(batch.params(Method::SetEmail));
            set.destroy(chunk.iter().map(EmailId::as_str));
            let call = batch.add(Method::SetEmail, Arguments::EmailSet(set))?;
            let answer: SetAnswer = self.call(&batch, true).await?.take(call)?;
            tracing::debug!(asked = chunk.len(), destroyed = answer.destroyed.len(), "destroyed");
            results.extend(chunk.iter().map(|id| match result(&answer.not_destroyed, id) {
                Err(fault) if fault.is_not_found() => Ok(()),
                other => other,
            }));
        }
        Ok(results)
    }

    /// Uploads a mail and puts it into a mailbox. The same octets twice are one Email: the second
    /// time its id comes back with `existed`. Keywords are written in lower case.
    ///
    /// # Errors
    /// Where the server does not take it.
    pub async fn import(
        &self,
        octets: Bytes,
        mailbox: &MailboxId,
        keywords: &[&str],
    ) -> Result<Imported, JmapError> {
        let blob = self.upload(octets).await?;
        self.import_blob(&blob, mailbox, keywords).await
    }

    async fn import_blob(
        &self,
        blob: &BlobId,
        mailbox: &MailboxId,
        keywords: &[&str],
    ) -> Result<Imported, JmapError> {
        let mut batch = self.batch();
        let mut import = EmailImportRequest::new(batch.params(Method::ImportEmail));
        let new = import.email(blob.as_str());
        new.mailbox_ids([mailbox.as_str()]);
        new.keywords(keywords.iter().map(|keyword| keyword.to_lowercase()));
        let key = new.create_id();
        let call = batch.add(Method::ImportEmail, Arguments::EmailImport(import))?;
        let mut answer: SetAnswer = self.call(&batch, false).await?.take(call)?;
        match created(&mut answer, &key, "the mail cannot be put into the mailbox") {
            Ok((id, _)) => Ok(Imported { id: EmailId::from(id), existed: false }),
            // RFC 8621 §4.8: servers may refuse a second Email of the same octets, and say which is the first.
            Err(JmapError::Set {
                fault: SetFault { kind: SetErrorType::AlreadyExists, existing_id: Some(id), .. },
                ..
            }) => Ok(Imported { id: EmailId::from(id), existed: true }),
            Err(error) => Err(error),
        }
    }

    /// A raw `Email/set`, which does no harm when repeated.
    async fn email_set(&self, arguments: Value) -> Result<SetAnswer, JmapError> {
        let mut batch = self.batch();
        let call = batch.add_raw(Method::SetEmail, arguments);
        let answer: SetAnswer = self.call(&batch, true).await?.take(call)?;
        tracing::trace!(updated = answer.updated.len(), refused = answer.not_updated.len(), "Email/set");
        Ok(answer)
    }

    fn set_chunk(&self) -> usize {
        usize::try_from(self.limits().max_objects_in_set).unwrap_or(usize::MAX).max(1)
    }

    /// Puts an Email that was sent where sent mails lie, where the server did not do so itself.
    ///
    /// # Errors
    /// Where the server does not do it.
    pub async fn mark_sent(
        &self,
        email: &EmailId,
        drafts: &MailboxId,
        sent: &MailboxId,
    ) -> Result<Result<(), SetFault>, JmapError> {
        let update = json!({ "update": { email.as_str(): sent_patch(drafts, sent) } });
        let answer = self.email_set(update).await?;
        Ok(result(&answer.not_updated, email))
    }
}

/// What becomes of a draft that was sent (RFC 8621 §7.5, the example).
pub(super) fn sent_patch(drafts: &MailboxId, sent: &MailboxId) -> Map<String, Value> {
    let mut patch = moving(drafts, sent);
    patch.insert("keywords/$draft".to_owned(), Value::Null);
    patch
}

/// What becomes of a draft that was sent and stays where it lies.
pub(super) fn submitted_patch() -> Map<String, Value> {
    let mut patch = Map::new();
    patch.insert("keywords/$draft".to_owned(), Value::Null);
    patch.insert(format!("keywords/{SUBMITTED}"), Value::Bool(true));
    patch
}

/// A server that names an Email in neither map did as it was told (some name nothing).
fn result(refused: &HashMap<String, SetFault>, email: &EmailId) -> Result<(), SetFault> {
    refused.get(email.as_str()).map_or(Ok(()), |fault| Err(fault.clone()))
}
