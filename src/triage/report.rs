//! Delivery reports: which letter of ours one is about, and what it says of it.
//!
//! Anyone can write a report. It counts where it carries the Message-ID of a letter of ours, which
//! nobody can guess, and names the one person whom that letter was for. Any other is held.

use super::decide::at;
use super::join::hold;
use super::{Facts, HoldCause, KeyFact, ProjectFact, Reported, Verdict};
use crate::mail::{Inbound, ReportedAction};

/// Decides a report. `key` and `project` are what its addresses lead to.
pub(super) fn report(
    mail: &Inbound,
    key: Option<&KeyFact>,
    project: Option<&ProjectFact>,
    facts: &Facts,
) -> Verdict {
    about_ours(mail, facts).unwrap_or_else(|| held(mail, key, project, facts))
}

fn about_ours(mail: &Inbound, facts: &Facts) -> Option<Verdict> {
    let letter = facts.letter.as_ref()?;
    let report = mail.report.as_ref()?;
    let said = report.recipients.iter().find(|recipient| recipient.addresses.contains(&letter.to))?;
    let outcome = match said.action {
        ReportedAction::Failed => Reported::Failed { permanent: said.is_permanent(), reply: said.words() },
        ReportedAction::Delayed => Reported::Delayed,
        ReportedAction::Passed => Reported::Passed,
    };
    Some(Verdict::Bounce { letter: letter.letter, ticket: letter.ticket, outcome })
}

/// One that is not about a letter of ours, or does not say whose it was, waits for a person, beside
/// the ticket that its key or ids name.
fn held(mail: &Inbound, key: Option<&KeyFact>, project: Option<&ProjectFact>, facts: &Facts) -> Verdict {
    let ids = super::questions::ids(mail);
    let by_id = || ids.iter().find_map(|id| facts.mails.iter().find(|fact| fact.id == *id));
    let by_letter = || facts.letter.as_ref().map(|letter| letter.ticket);
    let ticket = key.map(|key| key.ticket).or_else(|| by_id().map(|fact| fact.ticket)).or_else(by_letter);
    match ticket.and_then(|ticket| facts.ticket(ticket)) {
        Some(ticket) => hold(HoldCause::Bounce, Some(ticket)),
        None => at(HoldCause::Bounce, project),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Address, parse};
    use crate::tracker::{OutboxId, TicketId};
    use crate::triage::LetterFact;

    fn mail(recipients: &str) -> Inbound {
        let text = format!(
            "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; \
             boundary=B\n\n--B\n\nIt did not arrive.\n--B\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.example\n\n{recipients}\n--B\nContent-Type: message/rfc822\n\n\
             Message-ID: <one@desk.example>\n\nText\n--B--\n"
        );
        parse(text.as_bytes(), None)
    }

    fn recipient(address: &str, action: &str, status: &str) -> String {
        format!("Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n\n")
    }

    fn facts(letter: Option<&str>) -> Facts {
        let letter = letter.map(|to| LetterFact {
            letter: OutboxId(5),
            ticket: TicketId(1),
            to: Address::parse(to).unwrap(),
        });
        Facts { letter, ..Facts::default() }
    }

    fn decided(recipients: &str, letter: Option<&str>) -> Verdict {
        report(&mail(recipients), None, None, &facts(letter))
    }

    const ANNA: &str = "anna@customer.example";

    #[test]
    fn what_it_says_of_our_letter_is_told_apart() {
        let says = |action: &str, status: &str| match decided(&recipient(ANNA, action, status), Some(ANNA)) {
            Verdict::Bounce { letter: OutboxId(5), ticket: TicketId(1), outcome } => outcome,
            other => panic!("{other:?}"),
        };
        let failed = |permanent, reply: &str| Reported::Failed { permanent, reply: reply.to_owned() };
        assert_eq!(says("failed", "5.1.1"), failed(true, "5.1.1"));
        assert_eq!(
            says("failed", "4.4.7"),
            failed(false, "4.4.7"),
            "given up after days, and may work again"
        );
        assert_eq!(says("delayed", "4.2.2"), Reported::Delayed);
        assert_eq!(says("relayed", "2.0.0"), Reported::Passed);
    }

    #[test]
    fn among_several_recipients_ours_counts() {
        let several =
            recipient("else@customer.example", "failed", "5.1.1") + &recipient(ANNA, "delayed", "4.2.2");
        assert!(matches!(
            decided(&several, Some("Anna@Customer.example")),
            Verdict::Bounce { outcome: Reported::Delayed, .. }
        ));
    }

    #[test]
    fn one_that_is_not_about_a_letter_of_ours_or_not_about_its_reader_is_held() {
        let failed = recipient(ANNA, "failed", "5.1.1");
        for (recipients, letter) in [(failed.as_str(), None), (failed.as_str(), Some("ben@customer.example"))]
        {
            let verdict = decided(recipients, letter);
            assert!(matches!(verdict, Verdict::Hold { cause: HoldCause::Bounce, .. }), "{verdict:?}");
        }
        let mut without = mail(&failed);
        without.report = None;
        let verdict = report(&without, None, None, &facts(Some(ANNA)));
        assert!(matches!(verdict, Verdict::Hold { cause: HoldCause::Bounce, .. }), "{verdict:?}");
    }
}
