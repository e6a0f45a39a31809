//! Sending (RFC 8621 §7): one submission for one recipient, and what became of it.

use std::time::Duration;

use jmap_client::core::get::GetRequest;
use jmap_client::core::query::{Filter, QueryRequest};
use jmap_client::core::request::Arguments;
use jmap_client::core::set::SetRequest;
use jmap_client::email_submission::{self, EmailSubmission, Property, query};
use jmap_client::{Method, Set};
use serde::Deserialize;
use serde_json::{Value, json};

use super::mailbox::Got;
use super::ready::Ready;
use super::set::{SetAnswer, created, sent_patch, submitted_patch};
use super::{EmailId, Failure, IdentityId, Jmap, JmapError, MailboxId, SubmissionId, outcome};
use crate::mail::Address;
use crate::tracker::Delivery;
use crate::wire::Limits;

/// The sender and recipient of one submission. One recipient only: servers answer for several
/// with one error (measured), and each of ours has a reply key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub from: Address,
    pub to: Address,
}

/// What becomes of the Email once it is sent (RFC 8621 §7.5 `onSuccessUpdateEmail`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterSending {
    /// It is moved from the drafts to Sent.
    File { from: MailboxId, to: MailboxId },
    /// It stays where it lies, with the keyword [`SUBMITTED`].
    Mark,
}

/// The keyword of a mail that was sent (RFC 5550 §5.10).
pub const SUBMITTED: &str = "$submitted";

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// The server took it. It never goes back from here, whatever the implicit update says.
    Accepted {
        id: Option<SubmissionId>,
        delivery: Delivery,
        /// Whether the Email was filed or marked as asked.
        filed: bool,
    },
    /// Refused before it left; for good, or for now. Proven.
    Refused { permanent: bool, reply: Option<String>, why: String },
    /// The request did not get as far as that; nothing left. Proven.
    NotSent { failure: Failure, why: String },
    /// It may have left or not.
    Unknown { why: String, retry_after: Option<Duration> },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: SubmissionId,
    #[serde(default, deserialize_with = "super::lenient::text")]
    email_id: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    undo_status: Option<String>,
    #[serde(default)]
    delivery_status: Value,
    #[serde(default)]
    envelope: Value,
}

/// The name that a submission has within its request.
const KEY: &str = "k1";

impl AfterSending {
    fn argument(&self) -> (&'static str, Value) {
        let patch = match self {
            Self::File { from, to } => sent_patch(from, to),
            Self::Mark => submitted_patch(),
        };
        ("onSuccessUpdateEmail", json!({ format!("#{KEY}"): patch }))
    }
}

impl Ready<'_> {
    /// Sends an Email, and files or marks it afterwards. The request is written at most once. How the
    /// delivery stands is asked right after, in a second request: a server may accept a submission
    /// that it could not deliver to anyone.
    pub async fn submit(
        self,
        email: &EmailId,
        envelope: &Envelope,
        identity: &IdentityId,
        after: &AfterSending,
    ) -> Submission {
        let Self { jmap, session, slot } = self;
        let mut batch = jmap.batch();
        let mut set = SetRequest::<EmailSubmission<Set>>::new(batch.params(Method::SetEmailSubmission));
        set.create_with_id(KEY)
            .email_id(email.as_str())
            .identity_id(identity.as_str())
            .envelope(envelope.from.as_str(), [envelope.to.as_str()]);
        let mut arguments = match serde_json::to_value(Arguments::EmailSubmissionSet(set)) {
            Ok(arguments) => arguments,
            Err(error) => return outcome::of_error(&error.into()),
        };
        if let Value::Object(map) = &mut arguments {
            let (name, value) = after.argument();
            map.insert(name.to_owned(), value);
        }
        let call = batch.add_raw(Method::SetEmailSubmission, arguments);

        let mut answers = match jmap.call_at(&session, slot, &batch, false, patient()).await {
            Ok(answers) => answers,
            Err(error) => return outcome::of_error(&error),
        };
        let mut answer: SetAnswer = match answers.take(call) {
            Ok(answer) => answer,
            Err(error) => return outcome::of_error(&error),
        };
        let id = match created(&mut answer, KEY, "the mail was not sent") {
            Ok((id, _)) => Some(SubmissionId::from(id)),
            Err(JmapError::Set { fault, .. }) => return outcome::of_refusal(&fault),
            Err(error) => return outcome::of_error(&error),
        };
        // RFC 8621 §7.5: the implicit update answers as an Email/set with the same call id.
        let implicit: Option<SetAnswer> = answers.take_implicit(Method::SetEmail, call);
        let filed = implicit.is_some_and(|answer| answer.updated.contains_key(email.as_str()));
        let delivery = match &id {
            Some(id) => jmap.delivery(id).await.ok().flatten().unwrap_or_default(),
            None => Delivery::Unknown,
        };
        Submission::Accepted { id, delivery, filed }
    }
}

impl Jmap {
    /// How the delivery of a submission stands; `None` where the server no longer has it, which
    /// says nothing: some delete it as soon as it was sent.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn delivery(&self, id: &SubmissionId) -> Result<Option<Delivery>, JmapError> {
        let found = self.submissions(std::slice::from_ref(id)).await?;
        Ok(found.iter().find(|raw| raw.id == *id).map(|raw| delivery(&raw.delivery_status)))
    }

    /// The same for several, each with its recipient, in this order. `None` also for what went to somebody
    /// else: a server that was restored gives ids a second time.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn deliveries(
        &self,
        asked: &[(SubmissionId, Address)],
    ) -> Result<Vec<Option<Delivery>>, JmapError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut ids: Vec<SubmissionId> = asked.iter().map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids.dedup();
        let found = self.submissions(&ids).await?;
        let said = |(id, to): &(SubmissionId, Address)| {
            let raw = found.iter().find(|raw| raw.id == *id && is_to(&raw.delivery_status, to))?;
            Some(delivery(&raw.delivery_status))
        };
        Ok(asked.iter().map(said).collect())
    }

    /// A submission that names this Email, went to this recipient where that is known, and was not
    /// cancelled: a proof that it was sent. A server that was restored gives an Email's id a second time, and
    /// the other Email may be gone. `None` proves nothing.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn submission_of(
        &self,
        email: &EmailId,
        to: Option<&Address>,
    ) -> Result<Option<SubmissionId>, JmapError> {
        let mut batch = self.batch();
        let mut ask = QueryRequest::<EmailSubmission<Set>>::new(batch.params(Method::QueryEmailSubmission));
        let filter = Filter::from(query::Filter::email_ids([email.as_str()]));
        ask.filter(filter).limit(10);
        let call = batch.add(Method::QueryEmailSubmission, Arguments::EmailSubmissionQuery(ask))?;
        let found: Ids = self.call(&batch, true).await?.take(call)?;
        let ids: Vec<SubmissionId> = found.ids.into_iter().map(SubmissionId::from).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        // A server that does not know the filter gives others' submissions too.
        let of_this = |raw: &Raw| {
            raw.email_id.as_deref() == Some(email.as_str())
                && raw.undo_status.as_deref() != Some("canceled")
                && to.is_none_or(|to| went_to(raw, to))
        };
        Ok(self.submissions(&ids).await?.into_iter().find(of_this).map(|raw| raw.id))
    }

    async fn submissions(&self, ids: &[SubmissionId]) -> Result<Vec<Raw>, JmapError> {
        let mut batch = self.batch();
        let mut get = GetRequest::<email_submission::EmailSubmission<Set>>::new(
            batch.params(Method::GetEmailSubmission),
        );
        get.ids(ids.iter().map(SubmissionId::as_str)).properties([
            Property::Id,
            Property::EmailId,
            Property::UndoStatus,
            Property::DeliveryStatus,
            Property::Envelope,
        ]);
        let call = batch.add(Method::GetEmailSubmission, Arguments::EmailSubmissionGet(get))?;
        let got: Got<Raw> = self.call(&batch, true).await?.take(call)?;
        Ok(got.list)
    }
}

/// A server may speak SMTP before it answers, and the next server takes its time (RFC 5321
/// §4.5.3.2.6 gives it ten minutes); giving up early makes an unknown outcome of a slow one.
fn patient() -> Limits {
    let read = Duration::from_secs(10 * 60);
    Limits { read, total: read + Duration::from_secs(60), ..Limits::default() }
}

#[derive(Deserialize)]
struct Ids {
    #[serde(default, deserialize_with = "super::lenient::texts")]
    ids: Vec<String>,
}

/// Whether a submission's envelope has this recipient; by `deliveryStatus` where it has none.
fn went_to(raw: &Raw, to: &Address) -> bool {
    let recipients =
        raw.envelope.get("rcptTo").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_it = |one: &Value| one.get("email").and_then(Value::as_str).is_some_and(|one| to.is(one));
    if recipients.is_empty() { is_to(&raw.delivery_status, to) } else { recipients.iter().any(is_it) }
}

/// Whether `deliveryStatus` is about this recipient, or does not say about whom.
fn is_to(status: &Value, to: &Address) -> bool {
    let Value::Object(recipients) = status else { return true };
    recipients.is_empty() || recipients.keys().any(|name| to.is(name.trim_matches(['<', '>'])))
}

/// RFC 8621 §7 `deliveryStatus`: the worst of all recipients, of which ours have one.
fn delivery(status: &Value) -> Delivery {
    let Value::Object(recipients) = status else { return Delivery::Unknown };
    let word = |status: &Value, name: &str| status.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    if let Some(refused) = recipients.values().find(|status| word(status, "delivered") == "no") {
        return Delivery::Refused { reply: word(refused, "smtpReply") };
    }
    let mut all = recipients.values().map(|status| word(status, "delivered"));
    match all.next().as_deref() {
        Some("yes") if all.all(|one| one == "yes") => Delivery::Delivered,
        Some("queued") => Delivery::Queued,
        _ => Delivery::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_known_however_the_server_writes_it() {
        let to = Address::parse("\"anna..w\"@m\u{fc}ller.example").unwrap();
        let raw = |delivery_status: Value, envelope: Value| Raw {
            id: SubmissionId::from("1"),
            email_id: None,
            undo_status: None,
            delivery_status,
            envelope,
        };
        for text in ["\"Anna..W\"@xn--mller-kva.example", "anna..w@XN--mller-kva.example"] {
            assert!(went_to(&raw(Value::Null, json!({ "rcptTo": [{ "email": text }] })), &to), "{text}");
            assert!(went_to(&raw(json!({ format!("<{text}>"): {} }), Value::Null), &to), "{text}");
        }
        let other = json!({ "rcptTo": [{ "email": "anna.w@xn--mller-kva.example" }] });
        assert!(!went_to(&raw(Value::Null, other), &to));
    }
}
