//! The changes of one account, from which states and `/changes` follow (RFC 8620 §5.2).

use std::collections::BTreeMap;

/// The data types that have a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Mailbox,
    Email,
    /// Changes only when a mail is delivered (RFC 8621 §1.5), so that clients can ring for those.
    EmailDelivery,
    Thread,
    Identity,
    EmailSubmission,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Mailbox,
        Self::Email,
        Self::EmailDelivery,
        Self::Thread,
        Self::Identity,
        Self::EmailSubmission,
    ];

    /// The name that a StateChange uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mailbox => "Mailbox",
            Self::Email => "Email",
            Self::EmailDelivery => "EmailDelivery",
            Self::Thread => "Thread",
            Self::Identity => "Identity",
            Self::EmailSubmission => "EmailSubmission",
        }
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Created,
    Updated,
    Destroyed,
}

#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    kind: Kind,
    id: String,
    what: What,
}

/// What `/changes` answers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub created: Vec<String>,
    pub updated: Vec<String>,
    pub destroyed: Vec<String>,
    pub new_state: String,
    pub more: bool,
}

/// Every change of one account, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Log(Vec<Entry>);

impl Log {
    pub fn add(&mut self, kind: Kind, id: &str, what: What) {
        let number = self.0.last().map_or(0, |last| last.number).saturating_add(1);
        self.0.push(Entry { number, kind, id: id.to_owned(), what });
    }

    fn number(&self, kind: Kind) -> u64 {
        self.0.iter().rev().find(|entry| entry.kind == kind).map_or(0, |entry| entry.number)
    }

    /// The state of one data type.
    #[must_use]
    pub fn state(&self, kind: Kind) -> String {
        format!("s{}", self.number(kind))
    }

    /// The states of all data types, for push.
    #[must_use]
    pub fn states(&self) -> BTreeMap<Kind, String> {
        Kind::ALL.into_iter().map(|kind| (kind, self.state(kind))).collect()
    }

    /// What changed since a state; `None` where the state is none of ours.
    #[must_use]
    pub fn since(&self, kind: Kind, state: &str, most: Option<usize>) -> Option<Changes> {
        let since: u64 = state.strip_prefix('s')?.parse().ok()?;
        let now = self.number(kind);
        if since > now {
            return None;
        }
        let most = most.unwrap_or(usize::MAX);
        let mut fates: BTreeMap<&str, (What, What)> = BTreeMap::new();
        let (mut reached, mut more) = (since, false);
        for entry in self.0.iter().filter(|entry| entry.kind == kind && entry.number > since) {
            if !fates.contains_key(entry.id.as_str()) && fates.len() == most {
                more = true;
                break;
            }
            fates
                .entry(&entry.id)
                .and_modify(|(_, last)| *last = entry.what)
                .or_insert((entry.what, entry.what));
            reached = entry.number;
        }
        let mut changes = Changes { new_state: format!("s{reached}"), more, ..Changes::default() };
        for (id, fate) in fates {
            match fate {
                // Came and went: nobody who asks has ever heard of it.
                (What::Created, What::Destroyed) => {}
                (_, What::Destroyed) => changes.destroyed.push(id.to_owned()),
                (What::Created, _) => changes.created.push(id.to_owned()),
                _ => changes.updated.push(id.to_owned()),
            }
        }
        Some(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(&str, What)]) -> Log {
        let mut log = Log::default();
        for (id, what) in entries {
            log.add(Kind::Email, id, *what);
        }
        log
    }

    #[test]
    fn changes_fold_what_happened_to_one_object() {
        let log = log(&[
            ("a", What::Created),
            ("b", What::Created),
            ("a", What::Updated),
            ("c", What::Created),
            ("c", What::Destroyed),
            ("b", What::Destroyed),
        ]);
        let all = log.since(Kind::Email, "s0", None).unwrap();
        assert_eq!((all.created, all.destroyed), (vec!["a".to_owned()], vec![]));
        let late = log.since(Kind::Email, "s2", None).unwrap();
        assert_eq!((late.updated, late.destroyed), (vec!["a".to_owned()], vec!["b".to_owned()]));
        assert!(log.since(Kind::Email, "s7", None).is_none(), "a state of the future");
        assert!(log.since(Kind::Email, "bogus", None).is_none());
        assert_eq!(
            log.since(Kind::Mailbox, "s0", None).unwrap(),
            Changes { new_state: "s0".into(), ..Changes::default() }
        );
    }

    #[test]
    fn changes_come_in_pages() {
        let log = log(&[("a", What::Created), ("b", What::Created), ("c", What::Created)]);
        let first = log.since(Kind::Email, "s0", Some(2)).unwrap();
        assert_eq!((first.created.len(), first.more, first.new_state.as_str()), (2, true, "s2"));
        let rest = log.since(Kind::Email, "s2", Some(2)).unwrap();
        assert_eq!((rest.created, rest.more), (vec!["c".to_owned()], false));
    }
}
