//! The marker mail: how a mailbox says whose it is, so that no two desks ever serve one.
//!
//! It names the store, the host, the run and the last journal number. All of that stands in its
//! Message-ID, which a mail server tells without anyone downloading the mail; the rest of the mail
//! is for the person who finds it.

use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;

use crate::mail::{Address, Draft, MessageId, NameAddr, compose};
use crate::tracker::{RunId, Seq, StoreId};

/// What a marker's Message-ID begins with, whatever its version.
const KIND: &str = "marker-";
/// This version's form.
const FORM: &str = "marker-1";
/// RFC 2606 §2: no mail ever comes from there.
const DOMAIN: &str = "postdesk.invalid";
/// A host's name is cut there, so that the Message-ID fits on a line (RFC 5322 §2.1.1).
const LONGEST_HOST: usize = 255;

/// What a marker mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub store: StoreId,
    pub host: String,
    pub run: RunId,
    /// The last journal number when it was written.
    pub last: Seq,
}

impl Marker {
    #[must_use]
    pub fn new(store: StoreId, host: &str, run: RunId, last: Seq) -> Self {
        let mut host = host.to_owned();
        while host.len() > LONGEST_HOST {
            host.pop();
        }
        Self { store, host, run, last }
    }

    /// `draw` is random: each marker mail is another, so that no server takes it for one it has.
    #[must_use]
    pub fn message_id(&self, draw: u64) -> Option<MessageId> {
        let Self { store, host, run, last } = self;
        let host = HEXLOWER.encode(host.as_bytes());
        MessageId::parse(&format!("{FORM}.{store}.{run}.{last}.{draw:016x}.{host}@{DOMAIN}"))
    }

    /// What a mail's Message-ID says: `None` where it is no marker, `Some(None)` where it is one that
    /// cannot be read, of a newer Postdesk say.
    #[must_use]
    pub fn read(id: &MessageId) -> Option<Option<Self>> {
        let facts = id.as_str().strip_suffix(DOMAIN)?.strip_suffix('@')?;
        facts.starts_with(KIND).then(|| Self::of(facts))
    }

    fn of(facts: &str) -> Option<Self> {
        let mut facts = facts.split('.');
        if facts.next() != Some(FORM) {
            return None;
        }
        let store = StoreId::from_hex(facts.next()?)?;
        let run = RunId::from_hex(facts.next()?)?;
        let last = Seq(facts.next()?.parse().ok()?);
        let _draw = facts.next()?;
        let host = String::from_utf8(HEXLOWER.decode(facts.next()?.as_bytes()).ok()?).ok()?;
        facts.next().is_none().then_some(Self { store, host, run, last })
    }

    /// The mail itself, from the account to itself.
    #[must_use]
    pub fn mail(&self, draw: u64, account: &Address, now: Timestamp) -> Option<Vec<u8>> {
        let Self { store, host, run, last } = self;
        let account = NameAddr { name: Some("Postdesk".to_owned()), address: account.clone() };
        let text = format!(
            "This mailbox is a help desk's: Postdesk on the host {host} takes its mail in.\n\n\
             Please leave this mail where it is. Postdesk writes it anew now and then, and stops where\n\
             it finds another desk's, so that no two desks answer the same people.\n\n\
             Store:   {store}\nHost:    {host}\nRun:     {run}\nJournal: {last}\n"
        );
        let facts = format!("store={store}; run={run}; journal={last}");
        let draft = Draft {
            from: account.clone(),
            to: account,
            reply_to: None,
            subject: format!("This mailbox is served by Postdesk on {host}"),
            date: now,
            message_id: self.message_id(draw)?,
            in_reply_to: None,
            references: Vec::new(),
            text,
            html: String::new(),
            headers: vec![("Auto-Submitted", "auto-generated".to_owned()), ("X-Postdesk-Marker", facts)],
            boundary_seed: [0; 16],
            attachments: Vec::new(),
        };
        Some(compose(&draft))
    }
}

/// Who we are, to tell our markers from others.
#[derive(Clone, Debug)]
pub struct Us<'a> {
    /// What we would write now.
    pub marker: &'a Marker,
    /// Every run of this store.
    pub runs: &'a [RunId],
    /// Whether a marker of this run was in the mailbox already.
    pub held: bool,
}

/// Whose the markers say the mailbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// There is none.
    Nobody,
    /// Ours; the marker at this place is the newest of this run, where it has one. All others are
    /// left over.
    Ours(Option<usize>),
    /// Somebody else's, or nobody can tell.
    Other(OtherMarker),
}

/// Judges the markers in a mailbox, the newest first; `None` is one that cannot be read. At start a
/// marker is ours if it names our store and host, a run on our list and no number above ours; later
/// only the present run's is, and what is left over of the others beside it.
#[must_use]
pub fn judge(markers: &[Option<Marker>], us: &Us<'_>) -> Claim {
    let mut present: Option<(usize, Seq)> = None;
    for (place, marker) in markers.iter().enumerate() {
        let Some(marker) = marker else {
            return Claim::Other(OtherMarker { marker: None, why: Foreign::Unreadable });
        };
        if let Some(why) = foreign(marker, us) {
            return Claim::Other(OtherMarker { marker: Some(marker.clone()), why });
        }
        if marker.run == us.marker.run && present.is_none_or(|(_, last)| last < marker.last) {
            present = Some((place, marker.last));
        }
    }
    match (present, markers.first()) {
        (_, None) => Claim::Nobody,
        (None, Some(first)) if us.held => {
            Claim::Other(OtherMarker { marker: first.clone(), why: Foreign::Earlier })
        }
        (present, _) => Claim::Ours(present.map(|(place, _)| place)),
    }
}

fn foreign(marker: &Marker, us: &Us<'_>) -> Option<Foreign> {
    let own = us.marker;
    if marker.store != own.store {
        Some(Foreign::Store)
    } else if marker.host != own.host {
        Some(Foreign::Host)
    } else if marker.run == own.run {
        None
    } else if !us.runs.contains(&marker.run) {
        Some(Foreign::Run)
    } else if marker.last > own.last {
        Some(Foreign::Ahead { ours: own.last })
    } else {
        None
    }
}

/// Why a marker is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Another store's.
    Store,
    /// Our store's, on another host.
    Host,
    /// Our store's, of a run that is not on its list.
    Run,
    /// Our store's, and written when its journal had gone further.
    Ahead { ours: Seq },
    /// An earlier run's, where this one's was.
    Earlier,
    /// It cannot be read.
    Unreadable,
}

/// A marker that stops the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherMarker {
    /// `None` where it cannot be read.
    pub marker: Option<Marker>,
    pub why: Foreign,
}

impl fmt::Display for OtherMarker {
    /// What was seen and what it may mean, in whole sentences.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Marker { store, host, run, last }) = &self.marker else {
            return f.write_str(
                "The mailbox has a marker that this version cannot read. A newer Postdesk may serve it.",
            );
        };
        match self.why {
            Foreign::Store => {
                write!(f, "The mailbox belongs to another desk, on the host {host} (store {store}).")
            }
            Foreign::Host => write!(
                f,
                "The mailbox is served from the host {host}, by a desk with the same data. \
                 One of the two is a copy."
            ),
            Foreign::Run => write!(
                f,
                "The mailbox is served by a run of this desk that its data knows nothing of (run {run}, \
                 host {host}). Either another daemon runs on a copy of the data, or the data was \
                 restored from an older backup."
            ),
            Foreign::Ahead { ours } => write!(
                f,
                "The data of this desk is older than what the mailbox was last served with: it ends at \
                 journal number {ours}, the marker says {last}. It was restored from a backup, or \
                 another daemon runs on a copy."
            ),
            Foreign::Earlier => write!(
                f,
                "In the place of this run's marker lies one of an earlier run (run {run}, host {host}). \
                 The mail account may have been restored from a backup."
            ),
            Foreign::Unreadable => f.write_str("The mailbox has a marker that this version cannot read."),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marker(store: u8, host: &str, run: u8, last: u64) -> Marker {
        Marker::new(StoreId([store; 16]), host, RunId([run; 16]), Seq(last))
    }

    proptest! {
        #[test]
        fn a_marker_is_read_back_from_its_mail(
            store: [u8; 16], run: [u8; 16], last: u64, draw: u64, host in ".{0,80}",
        ) {
            let marker = Marker::new(StoreId(store), &host, RunId(run), Seq(last));
            let account = Address::parse("support@desk.example").unwrap();
            let raw = marker.mail(draw, &account, Timestamp::UNIX_EPOCH).unwrap();
            let mail = crate::mail::parse(&raw, None);
            prop_assert_eq!(Marker::read(&mail.message_id.unwrap()), Some(Some(marker)));
        }

        #[test]
        fn no_other_id_is_a_marker(text in "[ -~]{1,60}") {
            if let Some(id) = MessageId::parse(&text) && !text.contains(DOMAIN) {
                prop_assert_eq!(Marker::read(&id), None);
            }
        }
    }

    #[test]
    fn a_marker_that_cannot_be_read_is_one_all_the_same() {
        for id in ["marker-2.new@postdesk.invalid", "marker-1.zz@postdesk.invalid"] {
            assert_eq!(Marker::read(&MessageId::parse(id).unwrap()), Some(None), "{id}");
        }
        let long = Marker::new(StoreId([1; 16]), &"ü".repeat(400), RunId([2; 16]), Seq(u64::MAX));
        let id = long.message_id(u64::MAX).unwrap();
        assert!(long.host.len() <= LONGEST_HOST && Marker::read(&id) == Some(Some(long)));
    }

    /// Our store 1 on host `a`, runs 1 and 2 and the present 3, at journal number 50.
    #[track_caller]
    fn judged(markers: &[Marker], held: bool, expected: &Result<Claim, Foreign>) {
        let own = marker(1, "a", 3, 50);
        let runs = [RunId([1; 16]), RunId([2; 16]), RunId([3; 16])];
        let markers: Vec<_> = markers.iter().cloned().map(Some).collect();
        let claim = judge(&markers, &Us { marker: &own, runs: &runs, held });
        let got = match claim {
            Claim::Other(other) => Err(other.why),
            claim => Ok(claim),
        };
        assert_eq!(&got, expected, "{markers:?} {held}");
    }

    #[test]
    fn whose_a_mailbox_is() {
        judged(&[], false, &Ok(Claim::Nobody));
        judged(&[], true, &Ok(Claim::Nobody));
        // At start the earlier runs' are ours, and everyone's who knows nothing of us is not.
        judged(&[marker(1, "a", 2, 50)], false, &Ok(Claim::Ours(None)));
        judged(&[marker(1, "a", 2, 40), marker(1, "a", 1, 9)], false, &Ok(Claim::Ours(None)));
        judged(&[marker(1, "a", 2, 51)], false, &Err(Foreign::Ahead { ours: Seq(50) }));
        judged(&[marker(1, "a", 9, 40)], false, &Err(Foreign::Run));
        judged(&[marker(1, "b", 2, 40)], false, &Err(Foreign::Host));
        judged(&[marker(2, "a", 2, 40)], false, &Err(Foreign::Store));
        // One among ours is enough.
        judged(&[marker(1, "a", 3, 50), marker(2, "a", 2, 40)], true, &Err(Foreign::Store));
        // Later only the present run's is.
        judged(&[marker(1, "a", 3, 48), marker(1, "a", 3, 50)], true, &Ok(Claim::Ours(Some(1))));
        judged(&[marker(1, "a", 2, 40), marker(1, "a", 3, 50)], true, &Ok(Claim::Ours(Some(1))));
        judged(&[marker(1, "a", 2, 40)], true, &Err(Foreign::Earlier));
    }

    #[test]
    fn a_marker_that_cannot_be_read_stops_the_desk() {
        let own = marker(1, "a", 3, 50);
        let claim = judge(&[None], &Us { marker: &own, runs: &[], held: false });
        assert!(matches!(claim, Claim::Other(OtherMarker { marker: None, why: Foreign::Unreadable })));
    }
}
