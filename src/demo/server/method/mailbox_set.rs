//! `Mailbox/set` (RFC 8621 §2.5).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::demo::server::account::{Account, Mailbox};
use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::{MethodError, SetError};
use crate::demo::server::log::{Kind, What};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    if_in_state: Option<String>,
    create: Option<BTreeMap<String, Map<String, Value>>>,
    update: Option<BTreeMap<String, Map<String, Value>>>,
    destroy: Option<Vec<String>>,
    #[serde(default)]
    on_destroy_remove_emails: bool,
}

pub fn set(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    call.check_state(Kind::Mailbox, given.if_in_state.as_deref())?;
    let (create, update) = (given.create.unwrap_or_default(), given.update.unwrap_or_default());
    let destroy = given.destroy.unwrap_or_default();
    let count = create.len().saturating_add(update.len()).saturating_add(destroy.len());
    call.check_count(count, call.options.limits.max_objects_in_set, "maxObjectsInSet")?;

    let old_state = call.state(Kind::Mailbox)?;
    let (created, not_created) = create_all(call, create)?;
    let (mut updated, mut not_updated) = (Map::new(), Map::new());
    for (id, patch) in update {
        match change(call, &id, &patch)? {
            Ok(()) => updated.insert(id, Value::Null),
            Err(error) => not_updated.insert(id, error.into()),
        };
    }
    let (mut destroyed, mut not_destroyed) = (Vec::new(), Map::new());
    for id in destroy {
        match remove(call.account_mut()?, &id, given.on_destroy_remove_emails) {
            Ok(()) => destroyed.push(id),
            Err(error) => {
                not_destroyed.insert(id, error.into());
            }
        }
    }
    let answer = json!({
        "accountId": given.account_id, "oldState": old_state, "newState": call.state(Kind::Mailbox)?,
        "created": created, "notCreated": not_created, "updated": updated, "notUpdated": not_updated,
        "destroyed": destroyed, "notDestroyed": not_destroyed,
    });
    Ok(vec![("Mailbox/set", answer)])
}

/// The `created` and `notCreated` of an answer.
type CreatedAndNot = (Map<String, Value>, Map<String, Value>);

/// Creates in an order in which every parent comes before its children.
fn create_all(
    call: &mut Call<'_>,
    mut waiting: BTreeMap<String, Map<String, Value>>,
) -> Result<CreatedAndNot, MethodError> {
    let (mut created, mut not_created) = (Map::new(), Map::new());
    loop {
        let names: Vec<String> = waiting.keys().cloned().collect();
        let is_ready = |wanted: &Map<String, Value>| {
            let parent = wanted.get("parentId").and_then(Value::as_str).and_then(|id| id.strip_prefix('#'));
            parent.is_none_or(|parent| !names.iter().any(|name| name == parent))
        };
        let next = waiting.iter().find(|(_, wanted)| is_ready(wanted)).map(|(name, _)| name.clone());
        // Where each waits for another, the first is tried, and refused for its unknown parent.
        let Some(name) = next.or_else(|| names.first().cloned()) else { return Ok((created, not_created)) };
        let Some(wanted) = waiting.remove(&name) else { continue };
        let fresh = Mailbox { name: String::new(), parent: None, role: None, sort_order: 0 };
        match call
            .refused_object()
            .map_or_else(|| apply(call, None, fresh, &wanted), |error| Ok(Err(error)))?
        {
            Ok(mailbox) => {
                let id = call.account_mut()?.add_mailbox(mailbox);
                call.created.insert(name.clone(), id.clone());
                let object = json!({
                    "id": id, "totalEmails": 0, "unreadEmails": 0, "totalThreads": 0, "unreadThreads": 0,
                });
                created.insert(name, object);
            }
            Err(error) => {
                not_created.insert(name, error.into());
            }
        }
    }
}

fn change(
    call: &mut Call<'_>,
    id: &str,
    patch: &Map<String, Value>,
) -> Result<Result<(), SetError>, MethodError> {
    if let Some(error) = call.refused_object() {
        return Ok(Err(error));
    }
    let Some(now) = call.account()?.mailboxes.get(id).cloned() else {
        return Ok(Err(SetError::new("notFound")));
    };
    Ok(match apply(call, Some(id), now, patch)? {
        Ok(mailbox) => {
            let account = call.account_mut()?;
            account.mailboxes.insert(id.to_owned(), mailbox);
            account.log.add(Kind::Mailbox, id, What::Updated);
            Ok(())
        }
        Err(error) => Err(error),
    })
}

/// The mailbox with these properties, or what is wrong with them.
fn apply(
    call: &Call<'_>,
    id: Option<&str>,
    mut mailbox: Mailbox,
    given: &Map<String, Value>,
) -> Result<Result<Mailbox, SetError>, MethodError> {
    let account = call.account()?;
    for (property, value) in given {
        let fits = match (property.as_str(), value) {
            ("name", Value::String(name)) if !name.trim().is_empty() => {
                mailbox.name.clone_from(name);
                true
            }
            ("parentId", Value::Null) => {
                mailbox.parent = None;
                true
            }
            ("parentId", Value::String(parent)) => {
                mailbox.parent = call.resolve(parent).filter(|p| account.mailboxes.contains_key(p));
                mailbox.parent.is_some() && mailbox.parent.as_deref() != id
            }
            ("role", Value::Null) => {
                mailbox.role = None;
                true
            }
            ("role", Value::String(role)) => {
                mailbox.role = Some(role.to_lowercase());
                !account
                    .mailboxes
                    .iter()
                    .any(|(other, m)| Some(other.as_str()) != id && m.role == mailbox.role)
            }
            ("sortOrder", Value::Number(order)) => {
                let order = order.as_u64().and_then(|order| u32::try_from(order).ok());
                mailbox.sort_order = order.unwrap_or_default();
                order.is_some()
            }
            ("isSubscribed", Value::Bool(_)) => true,
            _ => false,
        };
        if !fits {
            return Ok(Err(SetError::properties(&[property])));
        }
    }
    let taken = account
        .mailboxes
        .iter()
        .any(|(other, m)| Some(other.as_str()) != id && m.parent == mailbox.parent && m.name == mailbox.name);
    Ok(if mailbox.name.is_empty() || taken { Err(SetError::properties(&["name"])) } else { Ok(mailbox) })
}

pub fn remove(account: &mut Account, id: &str, with_emails: bool) -> Result<(), SetError> {
    if !account.mailboxes.contains_key(id) {
        return Err(SetError::new("notFound"));
    }
    if account.mailboxes.values().any(|mailbox| mailbox.parent.as_deref() == Some(id)) {
        return Err(SetError::new("mailboxHasChild"));
    }
    let inside: Vec<String> = account
        .emails
        .iter()
        .filter(|(_, email)| email.mailboxes.contains(id))
        .map(|(id, _)| id.clone())
        .collect();
    if !inside.is_empty() && !with_emails {
        return Err(SetError::new("mailboxHasEmail"));
    }
    for email in inside {
        let Some(found) = account.emails.get(&email) else { continue };
        let (mut mailboxes, keywords) = (found.mailboxes.clone(), found.keywords.clone());
        mailboxes.remove(id);
        if mailboxes.is_empty() {
            account.destroy_email(&email);
        } else {
            account.place(&email, mailboxes, keywords);
        }
    }
    account.mailboxes.remove(id);
    account.log.add(Kind::Mailbox, id, What::Destroyed);
    Ok(())
}
