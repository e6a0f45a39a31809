//! What became of a comment's letters, for its foot.

use jiff::Timestamp;

use crate::theme::page::{Delivery, LetterLine};
use crate::tracker::{self, OutboxRow, OutboxState, Ticket};

/// One letter's state, in the words of the page.
struct Said {
    /// As in "Sent to 2 of 3".
    word: &'static str,
    icon: &'static str,
    line: String,
    quote: Option<String>,
    bad: bool,
    again: bool,
}

/// The foot of a comment; nothing where it was mailed to nobody.
pub(super) fn foot(letters: &[OutboxRow], ticket: &Ticket, now: Timestamp) -> Option<Delivery> {
    let said: Vec<(Said, &OutboxRow)> = letters.iter().map(|letter| (say(letter, now), letter)).collect();
    let all = said.len();
    // The worst stands first, and the line begins with it.
    let mut words: Vec<(&'static str, bool, &'static str)> =
        said.iter().map(|(said, _)| (said.word, said.bad, said.icon)).collect();
    words.sort_by_key(|(word, bad, _)| (!bad, *word));
    words.dedup_by_key(|(word, ..)| *word);
    let (_, bad, icon) = *words.first()?;
    let count = |word: &str| said.iter().filter(|(said, _)| said.word == word).count();
    let parts: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(at, (word, ..))| match at {
            0 => format!("{word} {} of {all}", count(word)),
            _ => format!("{} {}", lower(word), count(word)),
        })
        .collect();
    let letters = said.into_iter().map(|(said, letter)| line(said, letter, ticket)).collect();
    Some(Delivery { icon, line: parts.join(", "), bad, letters })
}

/// What became of one letter, as a clause: for a confirmation's own line.
pub(super) fn clause(letter: &OutboxRow, now: Timestamp) -> (String, bool) {
    let said = say(letter, now);
    let quote = said.quote.map(|quote| format!(" “{quote}”")).unwrap_or_default();
    (format!("{}{quote}", said.line), said.bad)
}

fn line(said: Said, letter: &OutboxRow, ticket: &Ticket) -> LetterLine {
    let person = ticket.participant(letter.participant);
    LetterLine {
        icon: said.icon,
        address: person.map_or_else(|| "somebody".to_owned(), |person| person.address.to_string()),
        line: said.line,
        quote: said.quote,
        bad: said.bad,
        again: said.again.then_some(letter.id.0),
    }
}

fn lower(word: &str) -> String {
    let mut characters = word.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_lowercase).collect();
    first + characters.as_str()
}

fn say(letter: &OutboxRow, now: Timestamp) -> Said {
    let said = |word, icon, line: &str| Said {
        word,
        icon,
        line: line.to_owned(),
        quote: None,
        bad: false,
        again: false,
    };
    let trouble = letter.trouble.as_deref();
    let because = |line: &str| match trouble {
        Some(why) => format!("{line} {}", crate::web::answer::sentence(why)),
        None => line.to_owned(),
    };
    match letter.state {
        OutboxState::Waiting if letter.attempts > 0 => {
            said("Waiting for", "clock", &because("It could not be sent yet and is tried again by itself."))
        }
        OutboxState::Waiting if letter.not_before > now => said("Goes out to", "clock", "Goes out soon."),
        OutboxState::Waiting => said("Waiting for", "clock", "Waits to be sent."),
        OutboxState::Submitting => said("Sending to", "clock", "Sending."),
        OutboxState::Sent => sent(letter),
        OutboxState::PresumedSent => said(
            "Presumed sent to",
            "sent",
            "Presumed sent. The connection broke off while our mail server took it.",
        ),
        OutboxState::Unknown => Said {
            bad: true,
            again: true,
            ..said(
                "Not known whether sent to",
                "alert",
                "Not known whether sent. The connection broke off while our mail server took it.",
            )
        },
        OutboxState::Failed => Said { bad: true, ..said("Not sent to", "alert", &because("Not sent.")) },
        OutboxState::Withdrawn => said("Withdrawn for", "mail-off", &because("Withdrawn before it left.")),
    }
}

fn sent(letter: &OutboxRow) -> Said {
    let said = |word, icon, line: &str| Said {
        word,
        icon,
        line: line.to_owned(),
        quote: None,
        bad: false,
        again: false,
    };
    match &letter.delivery {
        tracker::Delivery::Unknown => said("Sent to", "sent", "Sent. Our mail server took it."),
        tracker::Delivery::Queued => said("Sent to", "sent", "Sent. Our mail server is handing it on."),
        tracker::Delivery::Delivered => said("Delivered to", "check", "Delivered. Their server took it."),
        tracker::Delivery::Refused { reply } => Said {
            bad: true,
            quote: Some(reply.clone()),
            ..said("Bounced for", "alert", "Bounced. Their server said:")
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Address, MessageId, ReplyKey};
    use crate::tracker::*;

    fn letter(id: u64, state: OutboxState, delivery: tracker::Delivery) -> OutboxRow {
        OutboxRow {
            id: OutboxId(id),
            ticket: TicketId(1),
            participant: ParticipantNo(1),
            letter: LetterKind::Comment { event: EventNo(2) },
            message_id: MessageId::parse("a@b").unwrap(),
            reply_key: ReplyKey::from_random([1; 26]),
            unsubscribe: ReplyKey::from_random([2; 26]),
            state,
            delivery,
            not_before: Timestamp::UNIX_EPOCH,
            created_at: Timestamp::UNIX_EPOCH,
            draft: None,
            email: None,
            submission: None,
            submitted_at: None,
            attempts: 0,
            trouble: None,
            next_look: None,
            looks: 0,
        }
    }

    fn ticket() -> Ticket {
        let address = Address::parse("hanna@weber.example").unwrap();
        let no = ParticipantNo(1);
        let (name, subscription, added_at) = (None, Subscription::Subscribed, Timestamp::UNIX_EPOCH);
        crate::web::tests::ticket(vec![Participant {
            no,
            address,
            name,
            subscription,
            added_at,
            waits: false,
        }])
    }

    #[test]
    fn the_worst_stands_first_and_opens_the_foot() {
        let bounced = tracker::Delivery::Refused { reply: "552 5.2.2 mailbox full".into() };
        let letters = [
            letter(1, OutboxState::Sent, tracker::Delivery::Delivered),
            letter(2, OutboxState::Sent, bounced),
            letter(3, OutboxState::Sent, tracker::Delivery::Unknown),
        ];
        let foot = foot(&letters, &ticket(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(foot.line, "Bounced for 1 of 3, delivered to 1, sent to 1");
        assert!(foot.bad);
        assert_eq!(foot.letters[1].quote.as_deref(), Some("552 5.2.2 mailbox full"));
        assert_eq!(foot.letters[1].address, "hanna@weber.example");
    }

    #[test]
    fn only_an_unknown_outcome_can_be_sent_again() {
        for state in [
            OutboxState::Waiting,
            OutboxState::Submitting,
            OutboxState::Sent,
            OutboxState::PresumedSent,
            OutboxState::Unknown,
            OutboxState::Failed,
            OutboxState::Withdrawn,
        ] {
            let foot =
                foot(&[letter(7, state, tracker::Delivery::Unknown)], &ticket(), Timestamp::UNIX_EPOCH)
                    .unwrap();
            assert_eq!(foot.letters[0].again, (state == OutboxState::Unknown).then_some(7), "{state:?}");
            assert_eq!(foot.bad, matches!(state, OutboxState::Unknown | OutboxState::Failed), "{state:?}");
        }
    }

    #[test]
    fn a_comment_that_was_mailed_to_nobody_has_no_foot() {
        assert_eq!(foot(&[], &ticket(), Timestamp::UNIX_EPOCH), None);
    }
}
