//! What has to be true in the end, whatever happened.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use postdesk::mail::{self, Address};
use postdesk::store::{Look, Read, Store};
use postdesk::tracker::query::{ListQuery, Sort, StateFilter};
use postdesk::tracker::{
    Body, Delivery, Event, EventKind, Lane, LetterKind, MailRowId, OutboxId, OutboxRow, OutboxState,
    Recipient, State, Ticket, TicketId,
};
use postdesk::triage::{IgnoreCause, MailRow, VerdictKind};

use crate::life::Parts;
use crate::operator;
use crate::team;
use crate::world::{DESK, Told, World};

macro_rules! ensure {
    ($what:expr, $($why:tt)+) => { if !$what { return Err(format!($($why)+)); } };
}

pub(crate) use ensure;

/// Everything on record, read once.
pub struct Books {
    pub rows: Vec<MailRow>,
    pub tickets: Vec<Ticket>,
    pub events: HashMap<TicketId, Vec<Event>>,
    pub letters: Vec<OutboxRow>,
    pub read: Read,
    pub store: Store,
}

impl Books {
    fn of(store: Store) -> Self {
        let read = store.read().unwrap();
        let rows = (1..).map_while(|id| read.mail_row(MailRowId(id)).unwrap()).collect();
        let tickets: Vec<Ticket> = (1..).map_while(|id| read.ticket(TicketId(id)).unwrap()).collect();
        let events = tickets.iter().map(|t| (t.id, read.events(t.id).unwrap())).collect();
        let letters = (1..).map_while(|id| read.letter(OutboxId(id)).unwrap()).collect();
        Self { rows, tickets, events, letters, read, store }
    }
}

/// Opens what a loss of power left, and looks at everything.
pub fn check(world: &mut World) -> Result<(), String> {
    let (parts, _steps) = Parts::open(world).map_err(|error| format!("does not open in the end: {error}"))?;
    let books = Books::of(parts.store);
    mails(world, &books)?;
    letters(world, &books)?;
    none_in_silence(world, &books)?;
    due_letters(world, &books)?;
    unsubscribed(world, &books)?;
    team::check(world, &books)?;
    operator::check(world)?;
    told(world, &books)?;
    counters(world, &books)?;
    lists(world, &books)?;
    for what in seen(&books) {
        world.saw(&what);
    }
    Ok(())
}

/// Begins the lines of a life that say what was in it.
pub const SEEN: &str = "there was ";

/// What a life was made of: kinds of events, verdicts, and states of letters.
fn seen(books: &Books) -> BTreeSet<String> {
    let name = |debug: String| debug.split([' ', '(']).next().unwrap_or_default().to_owned();
    let events = books.events.values().flatten().map(|event| name(format!("{:?}", event.kind)));
    let verdicts = books.rows.iter().map(|row| name(format!("{:?}", row.verdict)));
    let letters = books.letters.iter().map(|row| name(format!("{:?}", row.state)));
    let pauses = books.read.pauses().unwrap().into_iter().map(|_| "a pause".to_owned());
    let wishes = books.read.suppressions().unwrap().into_iter().map(|_| "a wish for no mail".to_owned());
    events.chain(verdicts).chain(letters).chain(pauses).chain(wishes).collect()
}

/// Each mail has exactly one verdict, is on record with its raw bytes, and is filed by it.
fn mails(world: &World, books: &Books) -> Result<(), String> {
    let lying = world.server.look(|w| w.all_mails(DESK));
    // Of what was in the data since, more or less is known than when a mail came first.
    let restored = world.operator.server_restored || world.operator.desk_restored.is_some();
    let mut rows = 0;
    for arrival in &world.arrivals {
        let of: Vec<_> = books.rows.iter().filter(|row| row.source.blob == arrival.blob).collect();
        rows += of.len();
        // What comes again from a restored mail server, or to a restored desk under another id, may be
        // known by its content alone.
        let is_copy = |row: &&&MailRow| row.verdict == VerdictKind::Duplicate;
        // One that a restored mail server brings back though a person had put it aside is decided again.
        let aside = |row: &&&MailRow| matches!(row.verdict, VerdictKind::Ignore(IgnoreCause::Dismissed));
        let copies = of.iter().filter(|row| is_copy(row) || (restored && aside(row))).count();
        // What stayed though the server said that it moved it, and has another id since, looks like a copy.
        let again = restored || (world.pretended && world.renamed);
        let once = of.len() == 1 || (again && (1..=1 + copies).contains(&of.len()));
        ensure!(
            once || arrival.lost,
            "the {} mail {} has {} rows: {of:#?}",
            arrival.kind,
            arrival.blob,
            of.len()
        );
        ensure!(of.iter().all(|row| row.filed), "the mail {} counts as not filed", arrival.blob);
        let (&[row], false) = (of.as_slice(), arrival.lost) else { continue };
        let Some(mail) = lying.iter().find(|mail| mail.blob == arrival.blob) else {
            return Err(format!("the mail {} is gone from the server", arrival.blob));
        };
        let wanted = if matches!(row.verdict, VerdictKind::Hold(_)) { "Held" } else { "Handled" };
        // One that was held, and on which a person decided, nobody looks for again once the server has
        // said that it is moved.
        let pretended = world.pretended && wanted == "Handled" && mail.mailboxes == ["Held"];
        // What a restored mailbox or record says otherwise of a mail that was filed harms nobody.
        ensure!(
            restored || pretended || mail.mailboxes == [wanted],
            "{} with {:?} lies in {:?}",
            mail.id,
            row.verdict,
            mail.mailboxes
        );
        let word = row.verdict.word();
        let person_decided = matches!(word, "open" | "comment" | "ignore" | "duplicate");
        // After an end, a mail in hand may be decided after its copy.
        let id = mail::parse(&mail.raw, None).message_id;
        let of_a_copy = word == "duplicate"
            && lying.iter().any(|other| {
                other.id != mail.id
                    && (other.raw == mail.raw
                        || id.is_some() && mail::parse(&other.raw, None).message_id == id)
            });
        let fits = of_a_copy
            || restored
            || arrival.allowed.is_empty()
            || arrival.allowed.contains(&word)
            || (person_decided && arrival.allowed.contains(&"hold"));
        ensure!(fits, "the {} mail {} became {:?}", arrival.kind, mail.id, row.verdict);
        if row.raw.0 != [0; 32] {
            let raw = books.store.raw().get(&row.raw).map_err(|error| format!("{}: {error}", mail.id))?;
            ensure!(raw == mail.raw, "the raw bytes of {} are others", mail.id);
        }
    }
    let on_record = books.rows.len();
    ensure!(on_record == rows, "{rows} rows are of mails that came, {on_record} are on record");
    let sum: u64 = books.read.verdicts().unwrap().iter().map(|(_, count)| count).sum();
    ensure!(sum == rows as u64, "{sum} verdicts for {rows} mails");
    ensure!(books.read.in_hand().unwrap().is_empty(), "something is in hand");
    ensure!(books.read.unfiled(1).unwrap().is_empty(), "something is not filed");
    Ok(())
}

/// No letter left twice by itself, and each row says what became of it.
fn letters(world: &World, books: &Books) -> Result<(), String> {
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for sent in world.server.submissions() {
        let id = mail::parse(&sent.raw, None).message_id.unwrap();
        *left.entry(id.as_str().to_owned()).or_default() += 1;
    }
    let lying = world.server.mails(DESK, "sent");
    let in_sent: HashSet<_> =
        lying.iter().filter_map(|mail| mail::parse(&mail.raw, None).message_id).collect();
    let mut causes = HashMap::new();
    for row in &books.letters {
        let times = left.remove(row.message_id.as_str()).unwrap_or(0);
        let by_hand = world.tried_again.iter().filter(|id| **id == row.message_id.as_str()).count();
        ensure!(times <= 1 + by_hand, "letter {} left {times} times: {row:?}", row.id);
        let refused = matches!(row.delivery, Delivery::Refused { .. });
        // Taken by our mail server, and put off by the next one; where the answer was lost, or the
        // submission forgotten, only its place tells. An account letter has none.
        let queued = row.delivery == Delivery::Queued && row.submission.is_some();
        let has_place = row.letter.is_secret() || in_sent.contains(&row.message_id);
        let in_their_queue = queued || (is_put_off(books, row) && has_place);
        let agrees = match row.state {
            OutboxState::Sent => times >= 1 || refused || in_their_queue,
            OutboxState::Failed | OutboxState::Withdrawn => times == 0 || by_hand > 0,
            OutboxState::PresumedSent | OutboxState::Unknown => true,
            OutboxState::Waiting | OutboxState::Submitting => false,
        };
        ensure!(agrees, "letter {} left {times} times, and its row says {row:?}", row.id);
        if let Some(draft) = row.draft {
            books.store.raw().get(&draft.raw).map_err(|error| format!("letter {}: {error}", row.id))?;
        }
        let event = match row.letter {
            // An invitation and each link for a new password are letters of their own.
            kind if kind.is_secret() => continue,
            kind => kind.event().map_or(0, |event| event.0),
        };
        if let Some(other) = causes.insert((row.to, event), row.id) {
            return Err(format!("letters {other} and {} are the same", row.id));
        }
    }
    // What left since the backup, a restored desk has as comments, not as letters.
    left.retain(|_, times| *times > 1 || world.operator.desk_restored.is_none());
    ensure!(left.is_empty(), "letters left that are not on record: {left:?}");
    Ok(())
}

/// Whatever did not leave, or came back, shows on its ticket, or has its cause there. Each row is
/// written in one commit with what tells of it, so this is also true of a restored desk.
fn none_in_silence(world: &World, books: &Books) -> Result<(), String> {
    let (suppressed, paused) = stops(books);
    let is_lost = |row: &OutboxRow| match row.state {
        OutboxState::Failed => true,
        OutboxState::Sent => matches!(row.delivery, Delivery::Refused { .. }),
        _ => false,
    };
    for row in &books.letters {
        let by_a_person = row.letter.lane() == Lane::People;
        match row.state {
            OutboxState::PresumedSent => ensure!(!by_a_person, "nobody decides about {row:?}"),
            OutboxState::Unknown => ensure!(by_a_person, "a person is to decide about {row:?}"),
            _ => {}
        }
        let Recipient::Participant { ticket, no } = row.to else { continue };
        let ticket = books.tickets.iter().find(|found| found.id == ticket);
        let Some(ticket) = ticket.filter(|ticket| ticket.erased_at.is_none()) else { continue };
        let events = &books.events[&ticket.id];
        if is_lost(row) {
            let lost = books.letters.iter().filter(|other| other.to == row.to && is_lost(other)).count();
            let told = events.iter().filter(|event| {
                matches!(event.kind, EventKind::DeliveryFailed { participant, .. } if participant == no)
            });
            let told = told.count();
            ensure!(told >= lost, "{lost} letters were lost, and {told} show on the ticket, of {row:?}");
        }
        if row.state == OutboxState::Withdrawn {
            let on_ticket = events.iter().any(|event| match event.kind {
                EventKind::Unsubscribed { participant } | EventKind::ParticipantRemoved { participant } => {
                    participant == no
                }
                EventKind::Retracted { event: comment } => row.letter.event() == Some(comment),
                _ => false,
            });
            let folded = ticket.participant(no).unwrap().address.folded();
            let stopped = suppressed.contains_key(folded)
                || paused.contains_key(folded)
                || world.lifted.iter().any(|address| address == folded);
            ensure!(on_ticket || stopped, "nothing says why it was withdrawn: {row:?} {events:?}");
        }
    }
    Ok(())
}

/// Since when, by address.
type Since = HashMap<String, Timestamp>;

/// Who wishes for no mail at all, and to whom mail is paused because letters came back.
fn stops(books: &Books) -> (Since, Since) {
    let (wishes, pauses) = (books.read.suppressions().unwrap(), books.read.pauses().unwrap());
    (wishes.into_iter().collect(), pauses.into_iter().collect())
}

/// Whether it goes to where letters are put off at times.
fn is_put_off(books: &Books, row: &OutboxRow) -> bool {
    address_of(books, row).is_some_and(|address| address.folded().ends_with("@refused.example"))
}

/// Where it goes.
fn address_of(books: &Books, row: &OutboxRow) -> Option<Address> {
    match row.to {
        Recipient::Participant { ticket, no } => {
            let ticket = books.tickets.iter().find(|found| found.id == ticket);
            ticket.and_then(|ticket| ticket.participant(no)).map(|person| person.address.clone())
        }
        Recipient::Agent { account, .. } | Recipient::Account(account) => {
            books.read.account(account).unwrap().map(|account| account.address)
        }
    }
}

/// Each public comment has a letter to each participant who wanted mail at that time.
fn due_letters(world: &World, books: &Books) -> Result<(), String> {
    if world.operator.desk_restored.is_some() {
        // What is taken in again is not mailed on a second time.
        return Ok(());
    }
    let (suppressed, paused) = stops(books);
    // Where the clock was set back after it, a stop may seem to be later than what it stopped.
    let stopped = |of: &Since, address: &str, at: Timestamp| {
        of.get(address).is_some_and(|since| *since <= at + world.set_back)
    };
    for ticket in &books.tickets {
        let rows = books.read.letters_of(ticket.id).unwrap();
        let mut off = Vec::new();
        for event in &books.events[&ticket.id] {
            match &event.kind {
                EventKind::Unsubscribed { participant } => off.push(*participant),
                EventKind::ParticipantRemoved { participant } => off.push(*participant),
                EventKind::Subscribed { participant } | EventKind::ParticipantAdded { participant } => {
                    off.retain(|no| no != participant);
                }
                EventKind::Comment { automatic: false, .. } => {
                    for person in &ticket.participants {
                        let author = event.actor == postdesk::tracker::Actor::Participant(person.no);
                        let folded = person.address.folded();
                        // Of one that was lifted again, nobody knows here how long the pause was.
                        let lifted = world.lifted.iter().any(|address| address == folded);
                        let gone = lifted
                            || stopped(&suppressed, folded, event.at)
                            || stopped(&paused, folded, event.at);
                        // By their numbers: the clock may have been set between the two.
                        let not_yet = books.events[&ticket.id].iter().filter(|other| other.no > event.no).any(
                            |other| matches!(other.kind, EventKind::ParticipantAdded { participant } if participant == person.no),
                        );
                        if author || gone || off.contains(&person.no) || not_yet {
                            continue;
                        }
                        let kind = LetterKind::Comment { event: event.no };
                        let due =
                            rows.iter().any(|row| row.participant() == Some(person.no) && row.letter == kind);
                        ensure!(due, "comment {} of ticket {} has no letter", event.no, ticket.id);
                    }
                }
                EventKind::Confirmed { participant } => {
                    let due = rows.iter().any(|row| {
                        row.participant() == Some(*participant)
                            && matches!(row.letter, LetterKind::Confirmation { .. })
                    });
                    ensure!(due, "the confirmation of ticket {} has no letter", ticket.id);
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Nothing was submitted to whoever had unsubscribed before, nor to an address that took no mail.
fn unsubscribed(world: &World, books: &Books) -> Result<(), String> {
    let (suppressed, paused) = stops(books);
    // What is taken in again happened when its mail came, of which servers tell whole seconds alone.
    let about = Duration::from_secs(u64::from(world.operator.desk_restored.is_some()));
    // What happened before the clock was set back seems to be later than what happened after.
    let about = about + world.set_back;
    let restored = books.read.restored().unwrap().map(|restored| restored.at);
    for row in books.letters.iter().filter(|row| row.state != OutboxState::Withdrawn) {
        // One that was pending in a backup has the time of the restore, and no Email unless it was tried.
        let (Some(marked), Some(_)) = (row.submitted_at, &row.email) else { continue };
        if restored == Some(marked) {
            continue;
        }
        if let Some(address) = address_of(books, row) {
            let before = |of: &Since| of.get(address.folded()).is_some_and(|since| *since + about < marked);
            ensure!(!before(&suppressed), "letter {} went to a suppressed address", row.id);
            // A report that is taken in again pauses from when it came, whatever left before it was read.
            let broken = restored.is_none_or(|at| marked > at) && before(&paused);
            ensure!(!broken, "letter {} went to a paused address: {row:?}", row.id);
        }
        let Recipient::Participant { ticket, no } = row.to else { continue };
        let ticket = books.tickets.iter().find(|t| t.id == ticket).unwrap();
        let mut off = false;
        for event in &books.events[&ticket.id] {
            match event.kind {
                EventKind::Unsubscribed { participant } if participant == no => {
                    off = off || event.at + about < marked;
                }
                // Of one time: it may have been before. Who is taken off and added again is subscribed.
                EventKind::Subscribed { participant } | EventKind::ParticipantAdded { participant }
                    if participant == no =>
                {
                    off = off && event.at > marked + world.set_back;
                }
                _ => {}
            }
        }
        ensure!(
            !off,
            "letter {} went to someone who had unsubscribed: {row:?} {:?}",
            row.id,
            books.events[&ticket.id]
        );
    }
    Ok(())
}

/// What someone was told that it happened has happened, once.
fn told(world: &World, books: &Books) -> Result<(), String> {
    let texts = |ticket: TicketId, wanted: &str| {
        let of = books.events[&ticket].iter();
        of.filter(|event| match &event.kind {
            EventKind::Comment { body: Body::Text(text), .. }
            | EventKind::Note { body: Body::Text(text) } => text == wanted,
            _ => false,
        })
        .count()
    };
    for told in world.told.lock().unwrap().iter() {
        let (Told::Commented { ticket, text } | Told::Noted { ticket, text }) = told else { continue };
        let count = texts(*ticket, text);
        ensure!(count == 1, "\"{text}\" stands {count} times on ticket {ticket}");
    }
    let mut seen = Vec::new();
    for event in books.events.values().flatten() {
        if let EventKind::Comment { body: Body::Text(text), .. } = &event.kind {
            ensure!(!seen.contains(text), "\"{text}\" was written twice");
            seen.push(text.clone());
        }
    }
    Ok(())
}

/// Counters and indexes say what counting and looking through everything says.
fn counters(world: &World, books: &Books) -> Result<(), String> {
    let mut verdicts: BTreeMap<VerdictKind, u64> = BTreeMap::new();
    for row in &books.rows {
        *verdicts.entry(row.verdict).or_default() += 1;
    }
    let kept: BTreeMap<_, _> = books.read.verdicts().unwrap().into_iter().collect();
    ensure!(kept == verdicts, "the counters of verdicts say {kept:?}, counting says {verdicts:?}");
    let held = books.rows.iter().filter(|row| matches!(row.verdict, VerdictKind::Hold(_))).count();
    let listed = books.read.held(None, 10_000).unwrap().len();
    ensure!(listed == held, "{listed} mails are listed as held, {held} are");
    for projects in world.projects.chunks(1).chain([world.projects.as_slice()]) {
        for state in [State::Open, State::OnHold, State::Closed] {
            let listed = |t: &&Ticket| t.listed_in().iter().any(|id| projects.contains(id));
            let counted = books.tickets.iter().filter(|t| t.state == state).filter(listed).count();
            let kept = books.read.count(projects, state).unwrap();
            ensure!(kept == counted as u64, "{kept} {state:?} tickets are counted, {counted} are");
        }
    }
    let states = [
        OutboxState::Waiting,
        OutboxState::Submitting,
        OutboxState::Sent,
        OutboxState::PresumedSent,
        OutboxState::Unknown,
        OutboxState::Failed,
        OutboxState::Withdrawn,
    ];
    for state in states {
        let listed = books.read.letters_in(state, 10_000).unwrap();
        let by_hand: Vec<_> = books.letters.iter().filter(|row| row.state == state).cloned().collect();
        ensure!(listed == by_hand, "letters listed as {state:?} are others than those that are");
    }
    ensure!(books.read.next_due().unwrap().is_none(), "a letter is due");
    Ok(())
}

/// Every list shows what looking through all tickets gives, in the same order.
fn lists(world: &World, books: &Books) -> Result<(), String> {
    for sort in [Sort::Activity, Sort::Opened, Sort::Waiting] {
        for assignee in [None, Some(None), Some(world.jane.map(|jane| jane.account))] {
            for state in [StateFilter::Open, StateFilter::OnHold, StateFilter::Closed, StateFilter::All] {
                let projects = world.projects.clone();
                let (number, words, after, limit) = (None, Vec::new(), None, 1_000);
                let query = ListQuery {
                    projects,
                    state,
                    assignee,
                    unverified: false,
                    number,
                    words,
                    sort,
                    after,
                    limit,
                };
                let listed: Vec<_> = books.read.list(&query).unwrap().tickets.iter().map(|t| t.id).collect();
                let fits = |t: &&Ticket| {
                    let wanted = match state {
                        StateFilter::Open => t.state == State::Open,
                        StateFilter::OnHold => t.state == State::OnHold,
                        StateFilter::Closed => t.state == State::Closed,
                        StateFilter::All => true,
                    };
                    wanted && assignee.is_none_or(|assignee| t.assignee == assignee)
                };
                let mut by_hand: Vec<&Ticket> = books.tickets.iter().filter(fits).collect();
                by_hand.sort_by_key(|t| {
                    let key = match sort {
                        Sort::Activity => -t.active_at.as_millisecond(),
                        Sort::Opened => -t.opened_at.as_millisecond(),
                        Sort::Waiting => t.owed_since.map_or(i64::MAX, |at| at.as_millisecond()),
                    };
                    let id = i64::try_from(t.id.0).unwrap();
                    (key, if sort == Sort::Waiting { id } else { -id })
                });
                let by_hand: Vec<_> = by_hand.iter().map(|t| t.id).collect();
                ensure!(
                    listed == by_hand,
                    "{sort:?} {state:?} {assignee:?} lists {listed:?}, not {by_hand:?}"
                );
            }
        }
    }
    Ok(())
}
