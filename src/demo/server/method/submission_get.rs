//! `EmailSubmission/get` and `/query` (RFC 8621 §7.1, §7.3).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Get;
use super::email_get::utc_date;
use crate::demo::server::account::Submission;
use crate::demo::server::call::{Answer, Call, arguments, check_properties, select};
use crate::demo::server::log::Kind;

const PROPERTIES: &[&str] = &[
    "id",
    "identityId",
    "emailId",
    "threadId",
    "envelope",
    "sendAt",
    "undoStatus",
    "deliveryStatus",
    "dsnBlobIds",
    "mdnBlobIds",
];

pub fn get(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Get = arguments(given)?;
    call.check_account(&given.account_id)?;
    check_properties(given.properties.as_deref(), PROPERTIES)?;
    let account = call.account()?;
    let ids = given.ids.unwrap_or_else(|| account.submissions.keys().cloned().collect());
    call.check_count(ids.len(), call.options.limits.max_objects_in_get, "maxObjectsInGet")?;
    let (mut list, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match call.resolve(&id).and_then(|id| account.submissions.get(&id).map(|found| object(&id, found))) {
            Some(object) => list.push(select(object, given.properties.as_deref())),
            None => missing.push(id),
        }
    }
    let answer = json!({
        "accountId": given.account_id, "state": account.log.state(Kind::EmailSubmission), "list": list,
        "notFound": missing,
    });
    Ok(vec![("EmailSubmission/get", answer)])
}

/// A submission as JSON.
pub fn object(id: &str, submission: &Submission) -> Map<String, Value> {
    let deliveries: Map<String, Value> = submission
        .deliveries
        .iter()
        .map(|(address, delivery)| {
            let status = json!({
                "smtpReply": delivery.reply, "delivered": delivery.delivered, "displayed": "unknown",
            });
            (address.clone(), status)
        })
        .collect();
    let object = json!({
        "id": id, "identityId": submission.identity, "emailId": submission.email,
        "threadId": submission.thread, "envelope": submission.envelope, "sendAt": utc_date(submission.at),
        "undoStatus": "final", "deliveryStatus": deliveries, "dsnBlobIds": [], "mdnBlobIds": [],
    });
    object.as_object().cloned().unwrap_or_default()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Query {
    account_id: String,
    filter: Option<Filter>,
    sort: Option<Vec<Value>>,
    #[serde(default)]
    position: i64,
    limit: Option<usize>,
    #[serde(default)]
    calculate_total: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    identity_ids: Option<Vec<String>>,
    email_ids: Option<Vec<String>>,
    thread_ids: Option<Vec<String>>,
    undo_status: Option<String>,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
}

impl Filter {
    fn fits(&self, submission: &Submission) -> bool {
        let among =
            |list: &Option<Vec<String>>, id: &String| list.as_ref().is_none_or(|list| list.contains(id));
        among(&self.identity_ids, &submission.identity)
            && among(&self.email_ids, &submission.email)
            && among(&self.thread_ids, &submission.thread)
            && self.undo_status.as_ref().is_none_or(|status| status == "final")
            && self.before.is_none_or(|time| submission.at < time)
            && self.after.is_none_or(|time| submission.at >= time)
    }
}

/// Sorted by `sentAt` whatever is asked for, newest first where the first comparator says so.
pub fn query(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Query = arguments(given)?;
    call.check_account(&given.account_id)?;
    let account = call.account()?;
    let filter = given.filter.unwrap_or_default();
    let mut found: Vec<_> =
        account.submissions.iter().filter(|(_, submission)| filter.fits(submission)).collect();
    found.sort_by_key(|(id, submission)| (submission.at, id.len(), (*id).clone()));
    let descending = given.sort.iter().flatten().next().and_then(|sort| sort.get("isAscending"))
        == Some(&Value::Bool(false));
    if descending {
        found.reverse();
    }
    let total = found.len();
    let position = super::email_query::start(given.position, total);
    let ids: Vec<_> =
        found.into_iter().map(|(id, _)| id).skip(position).take(given.limit.unwrap_or(usize::MAX)).collect();
    let mut answer = json!({
        "accountId": given.account_id, "queryState": account.log.state(Kind::EmailSubmission),
        "canCalculateChanges": false, "position": position, "ids": ids,
    });
    if let (true, Some(map)) = (given.calculate_total, answer.as_object_mut()) {
        map.insert("total".to_owned(), total.into());
    }
    Ok(vec![("EmailSubmission/query", answer)])
}
