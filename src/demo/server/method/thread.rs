//! `Thread/get` (RFC 8621 §3.1).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Get;
use crate::demo::server::call::{Answer, Call, arguments, check_properties, select};
use crate::demo::server::log::Kind;

pub fn get(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Get = arguments(given)?;
    call.check_account(&given.account_id)?;
    check_properties(given.properties.as_deref(), &["id", "emailIds"])?;
    let account = call.account()?;
    let known: BTreeSet<&String> = account.emails.values().map(|email| &email.thread).collect();
    let ids = given.ids.unwrap_or_else(|| known.iter().map(|id| (*id).clone()).collect());
    call.check_count(ids.len(), call.options.limits.max_objects_in_get, "maxObjectsInGet")?;
    let (found, missing): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| known.contains(id));
    let list: Vec<Value> = found
        .into_iter()
        .map(|id| {
            let emails: Vec<_> =
                account.mails(|email| email.thread == id).into_iter().map(|mail| mail.id).collect();
            let object =
                Map::from_iter([("id".to_owned(), json!(id)), ("emailIds".to_owned(), json!(emails))]);
            select(object, given.properties.as_deref())
        })
        .collect();
    let answer = json!({
        "accountId": given.account_id, "state": account.log.state(Kind::Thread), "list": list, "notFound": missing,
    });
    Ok(vec![("Thread/get", answer)])
}
