//! The header scan: what a mail points at, first as it reads, then with the facts.
//!
//! The order is the scan order of the headers throughout; ties are decided by it.

use super::addresses::Reading;
use super::join::agent_of;
use super::{Facts, HoldCause, KeyFact, KeyForm, KeyPurpose, ProjectFact, Site};
use crate::mail::{Address, Inbound, ReplyKey, Scanned};

/// One thing in a mail that may say what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pointer {
    Address {
        address: Address,
        reading: Reading,
    },
    /// `<reply-KEY@host>` with our own host.
    Mark(ReplyKey),
    /// A subject that is an unsubscribe key and nothing else.
    Subject(ReplyKey),
}

/// Everything that a mail points at.
pub(super) fn pointers(mail: &Inbound, site: &Site) -> Vec<Pointer> {
    let scanned = mail.scanned.iter().filter_map(|(_, scanned)| match scanned {
        Scanned::Address(address) => {
            Some(Pointer::Address { address: address.clone(), reading: site.read(address) })
        }
        Scanned::ReplyMark { key, host } => {
            host.eq_ignore_ascii_case(&site.host).then(|| Pointer::Mark(key.clone()))
        }
    });
    let subject = match KeyForm::parse_key(mail.subject.trim()) {
        Some(KeyForm::Unsubscribe(key)) => Some(Pointer::Subject(key)),
        _ => None,
    };
    scanned.chain(subject).collect()
}

/// What a pointer turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hit<'f> {
    /// Ends a subscription.
    Unsubscribe(&'f KeyFact),
    /// A participant's or an agent's key.
    Key(&'f KeyFact),
    /// An agent's key in References: it shows which notice the mail belongs to, and opens nothing. Who
    /// sends a notice on to somebody else writes no answer to it.
    Notice(&'f KeyFact),
    Project(&'f ProjectFact),
    /// An address of ours that leads nowhere.
    Astray(HoldCause, Option<&'f ProjectFact>),
}

/// The hits of all pointers, in scan order. What is no address of ours, or a bare one, is none.
pub(super) fn hits<'f>(pointers: &[Pointer], facts: &'f Facts) -> Vec<Hit<'f>> {
    pointers.iter().filter_map(|pointer| resolve(pointer, facts)).collect()
}

fn resolve<'f>(pointer: &Pointer, facts: &'f Facts) -> Option<Hit<'f>> {
    match pointer {
        Pointer::Address { address, reading } => resolve_address(address, reading, facts),
        // A mark only ties a reply to its ticket: an unknown one says nothing.
        Pointer::Mark(key) => answer(key, facts).map(|hit| match hit {
            Hit::Key(key) if agent_of(key).is_some() => Hit::Notice(key),
            other => other,
        }),
        Pointer::Subject(key) => unsubscribe(key, facts),
    }
}

fn resolve_address<'f>(address: &Address, reading: &Reading, facts: &'f Facts) -> Option<Hit<'f>> {
    if let Some(project) = owner(address, facts) {
        return Some(Hit::Project(project));
    }
    if reading.bare {
        return None;
    }
    let by_form = reading.forms.iter().filter_map(|form| resolve_form(form, facts));
    let found: Vec<_> = by_form.chain(resolve_sub(reading, facts)).collect();
    let leading = found.iter().find(|hit| !matches!(hit, Hit::Astray(..)));
    let lost = reading.wildcard.then_some(Hit::Astray(HoldCause::UnknownKey, None));
    leading.or(found.first()).copied().or(lost)
}

fn resolve_form<'f>(form: &KeyForm, facts: &'f Facts) -> Option<Hit<'f>> {
    match form {
        KeyForm::Current { slug, project } => match facts.project(*project) {
            Some(fact) if fact.has_slug(slug) => Some(Hit::Project(fact)),
            Some(fact) => Some(Hit::Astray(HoldCause::ForeignSlug, Some(fact))),
            None => None,
        },
        KeyForm::Legacy(path) => {
            facts.projects.iter().find(|fact| fact.paths.contains(path)).map(Hit::Project)
        }
        KeyForm::Suffix { slug, suffix } => facts
            .projects
            .iter()
            .find(|fact| fact.suffix.as_ref() == Some(suffix) && fact.has_slug(slug))
            .map(Hit::Project),
        KeyForm::Reply(key) => answer(key, facts),
        KeyForm::Unsubscribe(key) => unsubscribe(key, facts),
    }
}

/// A sub-address. A key on record counts whoever's address carries it: the alias may have been
/// taken from its project since the letter went out. Any other tag on an alias is the customer's
/// own, and means the alias.
fn resolve_sub<'f>(reading: &Reading, facts: &'f Facts) -> Option<Hit<'f>> {
    let key = reading.subs.iter().find_map(|(_, form)| match form.as_ref()? {
        KeyForm::Reply(key) => answer(key, facts),
        KeyForm::Unsubscribe(key) => unsubscribe(key, facts),
        KeyForm::Current { .. } | KeyForm::Legacy(_) | KeyForm::Suffix { .. } => None,
    });
    key.or_else(|| {
        reading.subs.iter().find_map(|(base, form)| {
            let project = owner(base, facts)?;
            Some(match form {
                Some(_) => Hit::Astray(HoldCause::UnknownKey, Some(project)),
                None => Hit::Project(project),
            })
        })
    })
}

fn owner<'f>(address: &Address, facts: &'f Facts) -> Option<&'f ProjectFact> {
    facts.projects.iter().find(|fact| fact.aliases.contains(address))
}

/// The key of an answer. The token of an unsubscribe link is none.
fn answer<'f>(key: &ReplyKey, facts: &'f Facts) -> Option<Hit<'f>> {
    facts.key(key).filter(|fact| !matches!(fact.purpose, KeyPurpose::Unsubscribe(_))).map(Hit::Key)
}

/// The key of a subscription: the participant's reply key does, and so does the link's token.
fn unsubscribe<'f>(key: &ReplyKey, facts: &'f Facts) -> Option<Hit<'f>> {
    let customers =
        |fact: &&KeyFact| matches!(fact.purpose, KeyPurpose::Reply(_) | KeyPurpose::Unsubscribe(_));
    facts.key(key).filter(customers).map(Hit::Unsubscribe)
}
