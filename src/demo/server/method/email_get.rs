//! `Email/get` (RFC 8621 §4.2): what a client needs that downloads the mail itself.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::demo::server::account::{Email, as_map};
use crate::demo::server::call::{Answer, Call, arguments, check_properties, select};
use crate::demo::server::faults::Fault;
use crate::demo::server::headers;
use crate::demo::server::log::Kind;
use crate::mail::{MessageId, NameAddr};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Arguments {
    account_id: String,
    ids: Option<Vec<String>>,
    properties: Option<Vec<String>>,
}

const PROPERTIES: &[&str] = &[
    "id",
    "blobId",
    "threadId",
    "mailboxIds",
    "keywords",
    "size",
    "receivedAt",
    "messageId",
    "inReplyTo",
    "references",
    "from",
    "to",
    "cc",
    "replyTo",
    "subject",
    "sentAt",
    "preview",
];

pub fn get(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    let (raw_headers, plain): (Vec<String>, Vec<String>) =
        given.properties.iter().flatten().cloned().partition(|name| name.starts_with("header:"));
    let properties = given.properties.as_ref().map(|_| plain.as_slice());
    check_properties(properties, PROPERTIES)?;
    let account = call.account()?;
    let ids = given.ids.unwrap_or_else(|| account.emails.keys().cloned().collect());
    call.check_count(ids.len(), call.options.limits.max_objects_in_get, "maxObjectsInGet")?;
    let (mut list, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        let Some(email) = call.resolve(&id).and_then(|id| account.email(&id)) else {
            missing.push(id);
            continue;
        };
        let withheld = |fault: &Fault| match fault {
            Fault::Withheld(text) => email.parsed.subject.contains(text).then_some(()),
            _ => None,
        };
        if call.faults.take(withheld).is_some() {
            missing.push(id);
            continue;
        }
        let mut object = select(object(&id, email), properties);
        if let Some(map) = object.as_object_mut() {
            map.extend(raw_headers.iter().map(|name| (name.clone(), header(email, name))));
        }
        list.push(object);
    }
    let answer = json!({
        "accountId": given.account_id, "state": account.log.state(Kind::Email), "list": list, "notFound": missing,
    });
    Ok(vec![("Email/get", answer)])
}

fn object(id: &str, email: &Email) -> Map<String, Value> {
    let mail = &email.parsed;
    let object = json!({
        "id": id, "blobId": email.blob, "threadId": email.thread, "mailboxIds": as_map(&email.mailboxes),
        "keywords": as_map(&email.keywords), "size": email.raw.len(),
        "receivedAt": utc_date(email.received_at),
        "messageId": some(mail.message_id.iter().map(MessageId::as_str)),
        "inReplyTo": some(mail.in_reply_to.iter().map(MessageId::as_str)),
        "references": some(mail.references.iter().map(MessageId::as_str)),
        "from": some(mail.from.iter().map(address)), "to": some(mail.to.iter().map(address)),
        "cc": some(mail.cc.iter().map(address)),
        "replyTo": some(mail.reply_to.iter().map(address)),
        "subject": mail.subject, "sentAt": mail.date.map(utc_date),
        "preview": mail.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(256).collect::<String>(),
    });
    object.as_object().cloned().unwrap_or_default()
}

/// A field that is not there is `null`, not an empty list.
fn some(list: impl Iterator<Item = impl Into<Value>>) -> Value {
    let list: Vec<Value> = list.map(Into::into).collect();
    if list.is_empty() { Value::Null } else { list.into() }
}

fn address(address: &NameAddr) -> Value {
    json!({ "name": address.name, "email": address.address.as_str() })
}

/// `header:Name`, `header:Name:all`, with `:asRaw` or nothing (RFC 8621 §4.1.3).
fn header(email: &Email, property: &str) -> Value {
    let mut parts = property.split(':').skip(1);
    let name = parts.next().unwrap_or_default();
    let all = parts.any(|part| part == "all");
    let values = headers::fields(&email.raw).into_iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
    let mut values: Vec<String> = values.map(|(_, value)| format!(" {value}")).collect();
    if all { json!(values) } else { json!(values.pop()) }
}

/// A `UTCDate` in whole seconds (RFC 8620 §1.4).
pub fn utc_date(time: jiff::Timestamp) -> String {
    jiff::Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}
