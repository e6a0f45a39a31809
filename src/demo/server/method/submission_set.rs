//! `EmailSubmission/set` (RFC 8621 §7.5): checks, sends at once, and moves the Email as asked.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::email_set;
use super::email_set::none_if_empty;
use crate::demo::server::account::Submission;
use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::{MethodError, SetError};
use crate::demo::server::faults::Fault;
use crate::demo::server::log::Kind;
use crate::demo::server::submit::{self, Outgoing};
use crate::mail::Address;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    if_in_state: Option<String>,
    create: Option<BTreeMap<String, Value>>,
    update: Option<BTreeMap<String, Value>>,
    destroy: Option<Vec<String>>,
    on_success_update_email: Option<BTreeMap<String, Map<String, Value>>>,
    on_success_destroy_email: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Create {
    identity_id: String,
    email_id: String,
    envelope: Option<Envelope>,
}

#[derive(Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    mail_from: Party,
    rcpt_to: Vec<Party>,
}

#[derive(Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct Party {
    email: String,
    #[serde(default)]
    parameters: Value,
}

pub fn set(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    call.check_state(Kind::EmailSubmission, given.if_in_state.as_deref())?;
    let (create, update) = (given.create.unwrap_or_default(), given.update.unwrap_or_default());
    let destroy = given.destroy.unwrap_or_default();
    let count = create.len().saturating_add(update.len()).saturating_add(destroy.len());
    call.check_count(count, call.options.limits.max_objects_in_set, "maxObjectsInSet")?;

    let old_state = call.state(Kind::EmailSubmission)?;
    let (mut created, mut not_created) = (Map::new(), Map::new());
    let mut sent: BTreeMap<String, String> = BTreeMap::new();
    for (name, wanted) in create {
        match create_one(call, wanted)? {
            Ok((id, email)) => {
                call.created.insert(name.clone(), id.clone());
                sent.insert(format!("#{name}"), email);
                let at = super::email_get::utc_date(call.options.clock.now());
                created.insert(name, json!({ "id": id, "undoStatus": "final", "sendAt": at }));
            }
            Err(error) => {
                not_created.insert(name, error.into());
            }
        }
    }
    // Everything is sent at once, so nothing can be undone.
    let final_error = |id| (id, Value::from(SetError::new("cannotUnsend")));
    let not_updated: Map<_, _> = update.into_keys().map(final_error).collect();
    let (mut destroyed, mut not_destroyed) = (Vec::new(), Map::new());
    for id in destroy {
        let account = call.account_mut()?;
        if account.submissions.contains_key(&id) {
            account.forget_submission(&id);
            destroyed.push(id);
        } else {
            not_destroyed.insert(id, SetError::new("notFound").into());
        }
    }
    let mut responses = vec![(
        "EmailSubmission/set",
        json!({
            "accountId": given.account_id, "oldState": old_state, "newState": call.state(Kind::EmailSubmission)?,
            "created": none_if_empty(created), "notCreated": none_if_empty(not_created), "updated": null,
            "notUpdated": none_if_empty(not_updated),
            "destroyed": if destroyed.is_empty() { Value::Null } else { json!(destroyed) },
            "notDestroyed": none_if_empty(not_destroyed),
        }),
    )];
    let update = given.on_success_update_email.unwrap_or_default();
    responses.extend(implicit(call, &sent, update, &given.on_success_destroy_email.unwrap_or_default())?);
    Ok(responses)
}

/// The implicit `Email/set`, a response of its own under the same call id.
fn implicit(
    call: &mut Call<'_>,
    sent: &BTreeMap<String, String>,
    update: BTreeMap<String, Map<String, Value>>,
    destroy: &[String],
) -> Answer {
    let mut update: BTreeMap<String, Map<String, Value>> =
        update.into_iter().filter_map(|(name, patch)| Some((sent.get(&name)?.clone(), patch))).collect();
    let destroy: Vec<String> = destroy.iter().filter_map(|name| sent.get(name).cloned()).collect();
    if update.is_empty() && destroy.is_empty() {
        return Ok(Vec::new());
    }
    if !update.is_empty() && call.faults.strikes(&Fault::LoseImplicitUpdate) {
        for patch in update.values_mut() {
            *patch = Map::from_iter([("mailboxIds".to_owned(), json!({ "gone": true }))]);
        }
    }
    call.method = "Email/set";
    Ok(vec![("Email/set", email_set::run(call, BTreeMap::new(), update, destroy)?)])
}

/// Sends one mail; the submission's id and the Email's.
fn create_one(call: &mut Call<'_>, wanted: Value) -> Result<Result<(String, String), SetError>, MethodError> {
    if let Some(error) = call.refused_object() {
        return Ok(Err(error));
    }
    let outgoing = match read(call, wanted)? {
        Ok(outgoing) => outgoing,
        Err(error) => return Ok(Err(error)),
    };
    let login = call.login.to_owned();
    let submission = call.account_mut()?.next_submission_id();
    let now = call.options.clock.now();
    let sent = match submit::send(call.world, call.options, call.faults, &login, &submission, &outgoing) {
        Ok(deliveries) => deliveries,
        Err(error) => return Ok(Err(error)),
    };
    let forgotten = call.options.habits.forgets_submissions || call.faults.strikes(&Fault::ForgetSubmission);
    let account = call.account_mut()?;
    if !forgotten {
        let thread = account.email(&outgoing.email).map(|email| email.thread.clone()).unwrap_or_default();
        let kept = Submission {
            identity: outgoing.identity,
            email: outgoing.email.clone(),
            thread,
            envelope: outgoing.envelope,
            at: now,
            deliveries: sent,
        };
        account.add_submission(&submission, kept);
    }
    Ok(Ok((submission, outgoing.email)))
}

/// Checks what is wanted in the order of RFC 8621 §7.5.
fn read(call: &Call<'_>, wanted: Value) -> Result<Result<Outgoing, SetError>, MethodError> {
    let Ok(wanted) = serde_json::from_value::<Create>(wanted) else {
        return Ok(Err(SetError::new("invalidProperties")));
    };
    let account = call.account()?;
    let identity_id = call.resolve(&wanted.identity_id).unwrap_or_default();
    let Some(identity) = account.identities.get(&identity_id) else {
        return Ok(Err(SetError::properties(&["identityId"])));
    };
    let email_id = call.resolve(&wanted.email_id).and_then(|id| account.present_id(&id));
    let Some((email_id, email)) =
        email_id.and_then(|id| account.emails.get(&id).map(|email| (id.clone(), email)))
    else {
        return Ok(Err(SetError::properties(&["emailId"])));
    };
    if email.parsed.from.is_none() {
        return Ok(Err(SetError::new("invalidEmail").with("properties", json!(["from"]))));
    }
    let envelope = wanted.envelope.unwrap_or_else(|| {
        let party = |address: &Address| Party { email: address.as_str().to_owned(), parameters: Value::Null };
        let mail = &email.parsed;
        let recipients = mail.to.iter().chain(&mail.cc).map(|to| party(&to.address)).collect();
        Envelope { mail_from: party(&identity.address), rcpt_to: recipients }
    });
    Ok(check_envelope(call, &envelope, &identity.address).map(|(mail_from, rcpt_to)| Outgoing {
        email: email_id,
        identity: identity_id,
        envelope: json!(envelope),
        mail_from,
        rcpt_to,
        raw: email.raw.clone(),
    }))
}

fn check_envelope(
    call: &Call<'_>,
    envelope: &Envelope,
    identity: &Address,
) -> Result<(Address, Vec<Address>), SetError> {
    let mail_from = Address::parse(&envelope.mail_from.email)
        .map_err(|_| SetError::because("forbiddenMailFrom", "501 5.1.7 The sender is no address."))?;
    if call.options.habits.strict_sender && mail_from != *identity {
        return Err(SetError::because("forbiddenMailFrom", "The sender is not the identity's address."));
    }
    if envelope.rcpt_to.is_empty() {
        return Err(SetError::new("noRecipients"));
    }
    let (good, bad): (Vec<_>, Vec<_>) = envelope
        .rcpt_to
        .iter()
        .map(|party| (Address::parse(&party.email), &party.email))
        .partition(|(a, _)| a.is_ok());
    if !bad.is_empty() {
        let bad: Vec<&String> = bad.into_iter().map(|(_, text)| text).collect();
        return Err(SetError::new("invalidRecipients").with("invalidRecipients", json!(bad)));
    }
    Ok((mail_from, good.into_iter().filter_map(|(address, _)| address.ok()).collect()))
}
