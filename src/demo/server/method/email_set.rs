//! `Email/set` (RFC 8621 §4.6): where an Email lies, its keywords, and its end. Emails are made by
//! `Email/import`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::{MethodError, SetError};
use crate::demo::server::faults::Fault;
use crate::demo::server::log::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    if_in_state: Option<String>,
    create: Option<BTreeMap<String, Value>>,
    update: Option<BTreeMap<String, Map<String, Value>>>,
    destroy: Option<Vec<String>>,
}

pub fn set(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    call.check_state(Kind::Email, given.if_in_state.as_deref())?;
    let answer = run(
        call,
        given.create.unwrap_or_default(),
        given.update.unwrap_or_default(),
        given.destroy.unwrap_or_default(),
    )?;
    Ok(vec![("Email/set", answer)])
}

/// What the method does once its arguments are read; the implicit update after a submission is
/// the same (RFC 8621 §7.5).
pub fn run(
    call: &mut Call<'_>,
    create: BTreeMap<String, Value>,
    update: BTreeMap<String, Map<String, Value>>,
    destroy: Vec<String>,
) -> Result<Value, MethodError> {
    let count = create.len().saturating_add(update.len()).saturating_add(destroy.len());
    call.check_count(count, call.options.limits.max_objects_in_set, "maxObjectsInSet")?;
    let old_state = call.state(Kind::Email)?;
    let refusal = SetError::because("forbidden", "Emails are made by Email/import here.");
    let not_created: Map<_, _> = create.into_keys().map(|name| (name, refusal.clone().into())).collect();
    let (mut updated, mut not_updated) = (Map::new(), Map::new());
    for (id, patch) in update {
        let outcome = if destroy.contains(&id) {
            Err(SetError::new("willDestroy"))
        } else {
            update_one(call, &id, &patch)?
        };
        match outcome {
            Ok(()) => updated.insert(id, Value::Null),
            Err(error) => not_updated.insert(id, error.into()),
        };
    }
    let (mut destroyed, mut not_destroyed) = (Vec::new(), Map::new());
    for id in destroy {
        let refused = call.refused_object();
        let present =
            call.resolve(&id).map(|id| call.account().map(|account| account.present_id(&id))).transpose()?;
        match (refused, present.flatten()) {
            (None, Some(present)) => {
                call.account_mut()?.destroy_email(&present);
                destroyed.push(id);
            }
            (refused, _) => {
                not_destroyed.insert(id, refused.unwrap_or_else(|| SetError::new("notFound")).into());
            }
        }
    }
    Ok(json!({
        "accountId": call.account()?.id, "oldState": old_state, "newState": call.state(Kind::Email)?,
        "created": null, "notCreated": none_if_empty(not_created),
        "updated": none_if_empty(updated), "notUpdated": none_if_empty(not_updated),
        "destroyed": if destroyed.is_empty() { Value::Null } else { json!(destroyed) },
        "notDestroyed": none_if_empty(not_destroyed),
    }))
}

pub fn none_if_empty(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { Value::Object(map) }
}

fn update_one(
    call: &mut Call<'_>,
    id: &str,
    patch: &Map<String, Value>,
) -> Result<Result<(), SetError>, MethodError> {
    if let Some(error) = call.refused_object() {
        return Ok(Err(error));
    }
    if call.faults.strikes(&Fault::PretendUpdate) {
        return Ok(Ok(()));
    }
    let Some(id) = call.resolve(id) else { return Ok(Err(SetError::new("notFound"))) };
    let account = call.account()?;
    let Some((id, email)) =
        account.present_id(&id).and_then(|id| account.emails.get(&id).map(|e| (id.clone(), e)))
    else {
        return Ok(Err(SetError::new("notFound")));
    };
    let (mailboxes, keywords) = (email.mailboxes.clone(), email.keywords.clone());
    let resolved = |id: &str| call.resolve(id).unwrap_or_default();
    let outcome = patched("mailboxIds", patch, mailboxes, resolved).and_then(|mailboxes| {
        let keywords = patched("keywords", patch, keywords, str::to_lowercase)?;
        check_mailboxes(&mailboxes, |id| account.mailboxes.contains_key(id))?;
        check_keywords(&keywords)?;
        let other = patch.keys().find(|key| !is_of(key, "mailboxIds") && !is_of(key, "keywords"));
        other.map_or(Ok((mailboxes, keywords)), |key| Err(SetError::properties(&[key])))
    });
    Ok(match outcome {
        Ok((mailboxes, keywords)) => {
            call.account_mut()?.place(&id, mailboxes, keywords);
            Ok(())
        }
        Err(error) => Err(error),
    })
}

fn is_of(key: &str, property: &str) -> bool {
    key == property || key.strip_prefix(property).is_some_and(|rest| rest.starts_with('/'))
}

/// The set after a patch (RFC 8620 §5.3): either the whole of it, or single entries that are set
/// to `true` or taken off by `null`. `false` is neither.
fn patched(
    property: &str,
    patch: &Map<String, Value>,
    mut set: BTreeSet<String>,
    name: impl Fn(&str) -> String,
) -> Result<BTreeSet<String>, SetError> {
    let parts: Vec<(&str, &Value)> = patch
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(property)?.strip_prefix('/')?, value)))
        .collect();
    if let Some(whole) = patch.get(property) {
        if !parts.is_empty() {
            return Err(SetError::new("invalidPatch"));
        }
        return read_set(property, whole, name);
    }
    for (key, value) in parts {
        let entry = name(&key.replace("~1", "/").replace("~0", "~"));
        match value {
            Value::Bool(true) => set.insert(entry),
            Value::Null => set.remove(&entry),
            _ => return Err(SetError::properties(&[&format!("{property}/{key}")])),
        };
    }
    Ok(set)
}

/// A whole set: an object in which every value is `true`.
pub fn read_set(
    property: &str,
    value: &Value,
    name: impl Fn(&str) -> String,
) -> Result<BTreeSet<String>, SetError> {
    let refused = || SetError::properties(&[property]);
    let map = value.as_object().ok_or_else(refused)?;
    map.iter()
        .map(|(key, value)| if *value == Value::Bool(true) { Ok(name(key)) } else { Err(refused()) })
        .collect()
}

/// An Email lies in one mailbox at least, and in none that does not exist (RFC 8621 §4.1.1).
pub fn check_mailboxes(mailboxes: &BTreeSet<String>, exists: impl Fn(&str) -> bool) -> Result<(), SetError> {
    let fits = !mailboxes.is_empty() && mailboxes.iter().all(|id| exists(id));
    if fits { Ok(()) } else { Err(SetError::properties(&["mailboxIds"])) }
}

/// 1 to 255 characters of ASCII, without `( ) { ] % * " \` (RFC 8621 §4.1.1).
pub fn check_keywords(keywords: &BTreeSet<String>) -> Result<(), SetError> {
    let fits = |keyword: &String| {
        (1..=255).contains(&keyword.len())
            && keyword.bytes().all(|b| (0x21..=0x7e).contains(&b) && !b"(){]%*\"\\".contains(&b))
    };
    if keywords.iter().all(fits) { Ok(()) } else { Err(SetError::properties(&["keywords"])) }
}
