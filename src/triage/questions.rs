//! What has to be looked up before a mail can be decided.

use std::collections::HashSet;
use std::hash::Hash;

use super::requester::reply_to;
use super::route::{Pointer, pointers};
use super::{KeyForm, Questions, Site};
use crate::mail::{Address, Inbound, MessageId};
use crate::tracker::RawHash;

/// In-Reply-To, and at most 20 of References.
const MAX_IDS: usize = 21;

/// The questions that one mail raises.
#[must_use]
pub fn questions(mail: &Inbound, site: &Site, raw: RawHash) -> Questions {
    let sender = mail.from.as_ref().map(|from| from.address.clone());
    let mut asked = Questions {
        raw: Some(raw),
        message_id: mail.message_id.clone(),
        check: mail.check.clone(),
        ids: ids(mail),
        reply_to: reply_to(mail).map(|person| person.address.clone()),
        sender: sender.clone(),
        reported: mail.report.as_ref().and_then(|report| report.original.clone()),
        ..Questions::default()
    };
    for pointer in pointers(mail, site) {
        ask(&mut asked, pointer);
    }
    if let Some(reply_to) = asked.reply_to.clone() {
        ask_whose(&mut asked, site, reply_to);
    }
    if let Some(sender) = sender {
        ask_whose(&mut asked, site, sender);
    }
    once(&mut asked.keys);
    once(&mut asked.aliases);
    once(&mut asked.numbers);
    once(&mut asked.paths);
    once(&mut asked.suffixes);
    asked
}

/// The ids that may join a mail to a ticket, the ones that count most first.
pub(super) fn ids(mail: &Inbound) -> Vec<MessageId> {
    let mut ids: Vec<_> = mail.in_reply_to.iter().chain(mail.references.iter().rev()).cloned().collect();
    once(&mut ids);
    ids.truncate(MAX_IDS);
    ids
}

/// Whether somebody's address is one of our own: an alias, or of a project's slug and suffix.
fn ask_whose(asked: &mut Questions, site: &Site, address: Address) {
    let reading = site.read(&address);
    asked.aliases.extend(reading.subs.into_iter().map(|(base, _)| base));
    asked.suffixes.extend(reading.forms.into_iter().filter_map(|form| match form {
        KeyForm::Suffix { slug, suffix } => Some((slug, suffix)),
        _ => None,
    }));
    asked.aliases.push(address);
}

fn ask(asked: &mut Questions, pointer: Pointer) {
    match pointer {
        Pointer::Mark(key) | Pointer::Subject(key) => asked.keys.push(key),
        Pointer::Address { address, reading } => {
            asked.aliases.push(address);
            for (base, form) in reading.subs {
                asked.aliases.push(base);
                asked.keys.extend(form.and_then(|form| form.reply_key().cloned()));
            }
            for form in reading.forms {
                match form {
                    KeyForm::Current { project, .. } => asked.numbers.push(project),
                    KeyForm::Legacy(path) => asked.paths.push(path),
                    KeyForm::Suffix { slug, suffix } => asked.suffixes.push((slug, suffix)),
                    KeyForm::Reply(key) | KeyForm::Unsubscribe(key) => asked.keys.push(key),
                }
            }
        }
    }
}

/// Leaves out what was there before; the order stays.
fn once<T: Clone + Eq + Hash>(list: &mut Vec<T>) {
    let mut seen = HashSet::new();
    list.retain(|item| seen.insert(item.clone()));
}
