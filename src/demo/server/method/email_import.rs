//! `Email/import` (RFC 8621 §4.8).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::email_set::{check_keywords, check_mailboxes, none_if_empty, read_set};
use crate::demo::server::account::blob_id;
use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::{MethodError, SetError};
use crate::demo::server::log::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    if_in_state: Option<String>,
    emails: BTreeMap<String, Import>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Import {
    blob_id: String,
    mailbox_ids: Value,
    keywords: Option<Value>,
    received_at: Option<Timestamp>,
}

pub fn import(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    call.check_state(Kind::Email, given.if_in_state.as_deref())?;
    call.check_count(given.emails.len(), call.options.limits.max_objects_in_set, "maxObjectsInSet")?;
    let old_state = call.state(Kind::Email)?;
    let (mut created, mut not_created) = (Map::new(), Map::new());
    for (name, wanted) in given.emails {
        match import_one(call, &wanted)? {
            Ok(email) => {
                if let Some(id) = email.get("id").and_then(Value::as_str) {
                    call.created.insert(name.clone(), id.to_owned());
                }
                created.insert(name, email);
            }
            Err(error) => {
                not_created.insert(name, error.into());
            }
        }
    }
    let mut answer = json!({
        "accountId": given.account_id, "oldState": old_state, "newState": call.state(Kind::Email)?,
        "created": none_if_empty(created), "notCreated": none_if_empty(not_created),
    });
    if let (true, Some(map)) = (call.options.habits.import_without_states, answer.as_object_mut()) {
        map.remove("oldState");
        map.remove("newState");
    }
    Ok(vec![("Email/import", answer)])
}

fn import_one(call: &mut Call<'_>, wanted: &Import) -> Result<Result<Value, SetError>, MethodError> {
    if let Some(error) = call.refused_object() {
        return Ok(Err(error));
    }
    let now = call.options.clock.now();
    let account = call.account()?;
    let resolved = |id: &str| call.resolve(id).unwrap_or_default();
    let checked = read_set("mailboxIds", &wanted.mailbox_ids, resolved).and_then(|mailboxes| {
        check_mailboxes(&mailboxes, |id| account.mailboxes.contains_key(id))?;
        let keywords = match &wanted.keywords {
            Some(keywords) => read_set("keywords", keywords, str::to_lowercase)?,
            None => Default::default(),
        };
        check_keywords(&keywords)?;
        let raw = account.blob(&wanted.blob_id).ok_or_else(|| SetError::properties(&["blobId"]))?;
        if !looks_like_mail(&raw) {
            return Err(SetError::new("invalidEmail"));
        }
        // A server may refuse the same octets twice, and both measured ones do.
        let blob = blob_id(&raw);
        match account.emails.iter().find(|(_, email)| email.blob == blob) {
            Some((id, _)) => Err(SetError::new("alreadyExists").with("existingId", id.clone().into())),
            None => Ok((raw, mailboxes, keywords)),
        }
    });
    let (raw, mailboxes, keywords) = match checked {
        Ok(checked) => checked,
        Err(error) => return Ok(Err(error)),
    };
    let account = call.account_mut()?;
    let id = account.add_email(raw, mailboxes, keywords, wanted.received_at.unwrap_or(now));
    let email = account.emails.get(&id).ok_or_else(|| MethodError::new("serverFail"))?;
    Ok(Ok(json!({ "id": id, "blobId": email.blob, "threadId": email.thread, "size": email.raw.len() })))
}

/// A mail begins with a header field (RFC 5322 §2.2).
fn looks_like_mail(raw: &[u8]) -> bool {
    let name: Vec<u8> = raw.iter().copied().take_while(|octet| *octet != b':').collect();
    name.len() < raw.len() && !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}
