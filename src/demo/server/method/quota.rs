//! `Quota/get` (RFC 9425 §4.2): one quota for the octets of a user's mail.

use serde_json::{Map, Value, json};

use super::Get;
use crate::demo::server::call::{Answer, Call, arguments, check_properties, select};

const PROPERTIES: &[&str] = &[
    "id",
    "resourceType",
    "used",
    "hardLimit",
    "scope",
    "name",
    "types",
    "warnLimit",
    "softLimit",
    "description",
];
const ID: &str = "octets";

pub fn get(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Get = arguments(given)?;
    call.check_account(&given.account_id)?;
    check_properties(given.properties.as_deref(), PROPERTIES)?;
    let account = call.account()?;
    let used: usize = account.emails.values().map(|email| email.raw.len()).sum();
    let ids = given.ids.unwrap_or_else(|| vec![ID.to_owned()]);
    let (there, missing): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| id == ID);
    let quota = json!({
        "id": ID, "resourceType": "octets", "used": used, "hardLimit": account.user.room, "scope": "account",
        "name": account.user.login, "types": ["Email"], "warnLimit": null, "softLimit": null, "description": null,
    });
    let quota = quota.as_object().cloned().unwrap_or_default();
    let list: Vec<_> =
        there.into_iter().take(1).map(|_| select(quota.clone(), given.properties.as_deref())).collect();
    let answer = json!({
        "accountId": given.account_id, "state": used.to_string(), "list": list, "notFound": missing,
    });
    Ok(vec![("Quota/get", answer)])
}
