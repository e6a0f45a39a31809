//! `Mailbox/get` (RFC 8621 §2.1).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Get;
use crate::demo::server::account::{Account, Email};
use crate::demo::server::call::{Answer, Call, arguments, check_properties, select};
use crate::demo::server::log::Kind;

const PROPERTIES: &[&str] = &[
    "id",
    "name",
    "parentId",
    "role",
    "sortOrder",
    "totalEmails",
    "unreadEmails",
    "totalThreads",
    "unreadThreads",
    "myRights",
    "isSubscribed",
];

pub fn get(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Get = arguments(given)?;
    call.check_account(&given.account_id)?;
    check_properties(given.properties.as_deref(), PROPERTIES)?;
    let account = call.account()?;
    let ids = given.ids.unwrap_or_else(|| account.mailboxes.keys().cloned().collect());
    call.check_count(ids.len(), call.options.limits.max_objects_in_get, "maxObjectsInGet")?;
    let (mut list, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match call.resolve(&id).and_then(|id| object(account, &id)) {
            Some(object) => list.push(select(object, given.properties.as_deref())),
            None => missing.push(id),
        }
    }
    let answer = json!({
        "accountId": given.account_id, "state": account.log.state(Kind::Mailbox), "list": list, "notFound": missing,
    });
    Ok(vec![("Mailbox/get", answer)])
}

fn object(account: &Account, id: &str) -> Option<Map<String, Value>> {
    let mailbox = account.mailboxes.get(id)?;
    let inside: Vec<&Email> = account.emails.values().filter(|email| email.mailboxes.contains(id)).collect();
    let unread = |email: &&&Email| !email.keywords.contains("$seen");
    let threads = |emails: &mut dyn Iterator<Item = &&Email>| {
        emails.map(|email| email.thread.as_str()).collect::<BTreeSet<_>>().len()
    };
    let object = json!({
        "id": id, "name": mailbox.name, "parentId": mailbox.parent, "role": mailbox.role,
        "sortOrder": mailbox.sort_order, "totalEmails": inside.len(),
        "unreadEmails": inside.iter().filter(unread).count(),
        "totalThreads": threads(&mut inside.iter()),
        "unreadThreads": threads(&mut inside.iter().filter(unread)),
        "isSubscribed": true,
        "myRights": {
            "mayReadItems": true, "mayAddItems": true, "mayRemoveItems": true, "maySetSeen": true,
            "maySetKeywords": true, "mayCreateChild": true, "mayRename": true, "mayDelete": true,
            "maySubmit": true,
        },
    });
    object.as_object().cloned()
}
