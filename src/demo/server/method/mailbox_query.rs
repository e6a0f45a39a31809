//! `Mailbox/query` (RFC 8621 §2.3).

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

use crate::demo::server::account::Mailbox;
use crate::demo::server::call::{Answer, Call, arguments};
use crate::demo::server::errors::MethodError;
use crate::demo::server::log::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Arguments {
    account_id: String,
    filter: Option<Filter>,
    sort: Option<Vec<Sort>>,
    #[serde(default)]
    position: i64,
    limit: Option<usize>,
    #[serde(default)]
    calculate_total: bool,
    #[serde(default)]
    sort_as_tree: bool,
    #[serde(default)]
    filter_as_tree: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    /// Outer: whether it is asked for; inner: `null` asks for mailboxes without a parent.
    #[serde(default, deserialize_with = "given")]
    parent_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    role: Option<Option<String>>,
    name: Option<String>,
    has_any_role: Option<bool>,
    is_subscribed: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Sort {
    property: String,
    #[serde(default = "yes")]
    is_ascending: bool,
}

fn yes() -> bool {
    true
}

fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
}

impl Filter {
    fn fits(&self, mailbox: &Mailbox) -> bool {
        self.parent_id.as_ref().is_none_or(|wanted| *wanted == mailbox.parent)
            && self.role.as_ref().is_none_or(|wanted| *wanted == mailbox.role)
            && self
                .name
                .as_ref()
                .is_none_or(|part| mailbox.name.to_lowercase().contains(&part.to_lowercase()))
            && self.has_any_role.is_none_or(|wanted| wanted == mailbox.role.is_some())
            && self.is_subscribed.is_none_or(|wanted| wanted)
    }
}

pub fn query(call: &mut Call<'_>, given: Map<String, Value>) -> Answer {
    let given: Arguments = arguments(given)?;
    call.check_account(&given.account_id)?;
    if given.sort_as_tree || given.filter_as_tree {
        return Err(MethodError::because("unsupportedFilter", "no trees here"));
    }
    let account = call.account()?;
    let filter = given.filter.unwrap_or_default();
    let mut found: Vec<_> = account.mailboxes.iter().filter(|(_, mailbox)| filter.fits(mailbox)).collect();
    let sort = given.sort.unwrap_or_default();
    if let Some(other) = sort.iter().find(|sort| !["name", "sortOrder"].contains(&sort.property.as_str())) {
        return Err(MethodError::because("unsupportedSort", format!("no sorting by {}", other.property)));
    }
    found.sort_by(|(_, a), (_, b)| {
        sort.iter().fold(Ordering::Equal, |order, sort| {
            order.then_with(|| {
                let by = if sort.property == "name" {
                    a.name.cmp(&b.name)
                } else {
                    a.sort_order.cmp(&b.sort_order)
                };
                if sort.is_ascending { by } else { by.reverse() }
            })
        })
    });
    let total = found.len();
    let position = super::email_query::start(given.position, total);
    let ids: Vec<_> =
        found.into_iter().map(|(id, _)| id).skip(position).take(given.limit.unwrap_or(usize::MAX)).collect();
    let mut answer = json!({
        "accountId": given.account_id, "queryState": account.log.state(Kind::Mailbox),
        "canCalculateChanges": false, "position": position, "ids": ids,
    });
    if let (true, Some(map)) = (given.calculate_total, answer.as_object_mut()) {
        map.insert("total".to_owned(), total.into());
    }
    Ok(vec![("Mailbox/query", answer)])
}
