//! `/changes` of every type (RFC 8620 §5.2), out of the account's log.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::MethodError;
use crate::demo::server::log::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    since_state: String,
    max_changes: Option<usize>,
}

fn changes(call: &Call<'_>, given: Map<String, Value>, kind: Kind) -> Result<Value, MethodError> {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    if given.max_changes == Some(0) {
        return Err(MethodError::arguments("maxChanges must be greater than 0"));
    }
    let changes = call
        .account()?
        .log
        .since(kind, &given.since_state, given.max_changes)
        .ok_or_else(|| MethodError::new("cannotCalculateChanges"))?;
    Ok(json!({
        "accountId": given.account_id, "oldState": given.since_state, "newState": changes.new_state,
        "hasMoreChanges": changes.more, "created": changes.created, "updated": changes.updated,
        "destroyed": changes.destroyed,
    }))
}

/// Mailbox counts change with every mail, so the answer names no `updatedProperties` (RFC 8621 §2.2).
pub fn mailbox(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let mut answer = changes(call, given, Kind::Mailbox)?;
    if let Some(map) = answer.as_object_mut() {
        map.insert("updatedProperties".to_owned(), Value::Null);
    }
    Ok(vec![("Mailbox/changes", answer)])
}

pub fn email(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    Ok(vec![("Email/changes", changes(call, given, Kind::Email)?)])
}

pub fn thread(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    Ok(vec![("Thread/changes", changes(call, given, Kind::Thread)?)])
}

pub fn identity(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    Ok(vec![("Identity/changes", changes(call, given, Kind::Identity)?)])
}

pub fn submission(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    Ok(vec![("EmailSubmission/changes", changes(call, given, Kind::EmailSubmission)?)])
}
