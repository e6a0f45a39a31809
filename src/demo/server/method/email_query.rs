//! `Email/query` (RFC 8621 §4.4).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::demo::server::account::Email;
use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::MethodError;
use crate::demo::server::headers;
use crate::demo::server::log::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    filter: Option<Filter>,
    sort: Option<Vec<Sort>>,
    #[serde(default)]
    position: i64,
    anchor: Option<String>,
    #[serde(default)]
    anchor_offset: i64,
    limit: Option<usize>,
    #[serde(default)]
    calculate_total: bool,
    #[serde(default)]
    collapse_threads: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Filter {
    Operator(Operator),
    Condition(Condition),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operator {
    operator: Logic,
    conditions: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Logic {
    And,
    Or,
    Not,
}

/// The conditions that need no full-text index.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Condition {
    in_mailbox: Option<String>,
    in_mailbox_other_than: Option<Vec<String>>,
    before: Option<Timestamp>,
    after: Option<Timestamp>,
    min_size: Option<usize>,
    max_size: Option<usize>,
    has_keyword: Option<String>,
    not_keyword: Option<String>,
    header: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sort {
    property: Property,
    #[serde(default = "yes")]
    is_ascending: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Property {
    ReceivedAt,
    SentAt,
    Size,
}

impl Filter {
    fn fits(&self, email: &Email) -> bool {
        match self {
            Self::Condition(condition) => condition.fits(email),
            Self::Operator(Operator { operator: Logic::And, conditions }) => {
                conditions.iter().all(|f| f.fits(email))
            }
            Self::Operator(Operator { operator: Logic::Or, conditions }) => {
                conditions.iter().any(|f| f.fits(email))
            }
            Self::Operator(Operator { operator: Logic::Not, conditions }) => {
                !conditions.iter().any(|f| f.fits(email))
            }
        }
    }
}

impl Condition {
    fn fits(&self, email: &Email) -> bool {
        let keyword = |keyword: &String| email.keywords.contains(&keyword.to_lowercase());
        self.in_mailbox.as_ref().is_none_or(|id| email.mailboxes.contains(id))
            && self
                .in_mailbox_other_than
                .as_ref()
                .is_none_or(|ids| email.mailboxes.iter().any(|id| !ids.contains(id)))
            && self.before.is_none_or(|time| email.received_at < time)
            && self.after.is_none_or(|time| email.received_at >= time)
            && self.min_size.is_none_or(|size| email.raw.len() >= size)
            && self.max_size.is_none_or(|size| email.raw.len() < size)
            && self.has_keyword.as_ref().is_none_or(keyword)
            && self.not_keyword.as_ref().is_none_or(|wanted| !keyword(wanted))
            && self.header.as_ref().is_none_or(|wanted| has_header(email, wanted))
    }
}

fn has_header(email: &Email, wanted: &[String]) -> bool {
    let Some(name) = wanted.first() else { return false };
    let text = wanted.get(1).map(|text| text.to_lowercase()).unwrap_or_default();
    let fits =
        |(n, value): &(String, String)| n.eq_ignore_ascii_case(name) && value.to_lowercase().contains(&text);
    headers::fields(&email.raw).iter().any(fits)
}

/// Where a page begins; a negative position counts from the end (RFC 8620 §5.5).
pub fn start(position: i64, total: usize) -> usize {
    match usize::try_from(position) {
        Ok(position) => position.min(total),
        Err(_) => total.saturating_sub(usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

pub fn query(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let wants_sort = given.get("sort").cloned();
    let given: Arguments = arguments(given).map_err(|error| unsupported(error, wants_sort.as_ref()))?;
    call.check_account(&given.account_id)?;
    let account = call.account()?;
    let mut found: Vec<(&String, &Email)> = account
        .emails
        .iter()
        .filter(|(_, email)| given.filter.as_ref().is_none_or(|filter| filter.fits(email)))
        .collect();
    let sort = given.sort.unwrap_or_default();
    found.sort_by(|(_, a), (_, b)| order(&sort, a, b));
    if given.collapse_threads {
        let mut seen = BTreeSet::new();
        found.retain(|(_, email)| seen.insert(&email.thread));
    }
    let total = found.len();
    let position = match &given.anchor {
        None => start(given.position, total),
        Some(anchor) => {
            let at = found.iter().position(|(id, _)| *id == anchor);
            let at = at.ok_or_else(|| MethodError::new("anchorNotFound"))?;
            let at = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(given.anchor_offset);
            usize::try_from(at).unwrap_or(0).min(total)
        }
    };
    let most = call.options.limits.max_objects_in_get;
    let limit = given.limit.unwrap_or(usize::MAX);
    let ids: Vec<&String> =
        found.into_iter().map(|(id, _)| id).skip(position).take(limit.min(most)).collect();
    let mut answer = Map::from_iter([
        ("accountId".to_owned(), json!(given.account_id)),
        ("queryState".to_owned(), json!(account.log.state(Kind::Email))),
        ("canCalculateChanges".to_owned(), json!(false)),
        ("position".to_owned(), json!(position)),
        ("ids".to_owned(), json!(ids)),
    ]);
    if given.calculate_total {
        answer.insert("total".to_owned(), json!(total));
    }
    // A limit of the server's own must be told (RFC 8620 §5.5).
    if limit > most {
        answer.insert("limit".to_owned(), json!(most));
    }
    Ok(vec![("Email/query", Value::Object(answer))])
}

/// Properties that cannot be sorted or filtered by have errors of their own.
fn unsupported(error: MethodError, sort: Option<&Value>) -> MethodError {
    let MethodError::Call { description: Some(description), .. } = &error else { return error };
    let sorted_by_unknown = sort.and_then(Value::as_array).into_iter().flatten().any(|one| {
        !matches!(one.get("property").and_then(Value::as_str), Some("receivedAt" | "sentAt" | "size"))
    });
    if sorted_by_unknown {
        MethodError::because("unsupportedSort", description.clone())
    } else if description.contains("untagged enum Filter") {
        MethodError::because("unsupportedFilter", description.clone())
    } else {
        error
    }
}

fn order(sort: &[Sort], a: &Email, b: &Email) -> Ordering {
    let wanted = sort.iter().fold(Ordering::Equal, |order, sort| {
        order.then_with(|| {
            let by = match sort.property {
                Property::ReceivedAt => a.received_at.cmp(&b.received_at),
                Property::SentAt => a.parsed.date.cmp(&b.parsed.date),
                Property::Size => a.raw.len().cmp(&b.raw.len()),
            };
            if sort.is_ascending { by } else { by.reverse() }
        })
    });
    let arrival = a.number.cmp(&b.number);
    // Of mails that are alike, a descending order has the newest first, too.
    wanted.then(if sort.first().is_some_and(|sort| !sort.is_ascending) { arrival.reverse() } else { arrival })
}
