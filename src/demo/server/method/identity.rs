//! `Identity/get` (RFC 8621 §6.1), and `Identity/set`, which changes nothing here.

use serde_json::{Map, Value, json};

use super::Get;
use crate::demo::server::call::{Answer, Call, arguments, check_properties, select};
use crate::demo::server::errors::MethodError;
use crate::demo::server::log::Kind;

const PROPERTIES: &[&str] =
    &["id", "name", "email", "replyTo", "bcc", "textSignature", "htmlSignature", "mayDelete"];

pub fn get(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Get = arguments(given)?;
    call.check_account(&given.account_id)?;
    check_properties(given.properties.as_deref(), PROPERTIES)?;
    let account = call.account()?;
    let ids = given.ids.unwrap_or_else(|| account.identities.keys().cloned().collect());
    call.check_count(ids.len(), call.options.limits.max_objects_in_get, "maxObjectsInGet")?;
    let (mut list, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(identity) = account.identities.get(&id) else {
            missing.push(id);
            continue;
        };
        let object = json!({
            "id": id, "name": identity.name, "email": identity.address.as_str(), "replyTo": null, "bcc": null,
            "textSignature": "", "htmlSignature": "", "mayDelete": false,
        });
        list.push(select(object.as_object().cloned().unwrap_or_default(), given.properties.as_deref()));
    }
    let answer = json!({
        "accountId": given.account_id, "state": account.log.state(Kind::Identity), "list": list, "notFound": missing,
    });
    Ok(vec![("Identity/get", answer)])
}

/// Identities are read-only, as with Cyrus, which does not know the method at all.
pub fn set(_: &mut Call<'_>, _: Map<String, Value>) -> Answer {
    Err(MethodError::new("unknownMethod"))
}
