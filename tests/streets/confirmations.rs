//! Who is confirmed, how often, and on whose word.

use std::time::Duration;

use postdesk::mail::Authentication;
use postdesk::store::Look;
use postdesk::tracker::LetterKind;
use postdesk::triage::Budgets;

use crate::bench::{ANNA, Bench, Tuning};
use crate::post::post;

const HOUR: Duration = Duration::from_hours(1);

async fn tuned(budgets: Budgets) -> Bench {
    let bench = Bench::tuned(Tuning { budgets, ..Tuning::default() }).await;
    bench.adopt_empty().await;
    bench
}

fn confirmations(bench: &Bench) -> usize {
    let is = |letter: &LetterKind| matches!(letter, LetterKind::Confirmation { .. });
    bench.all_letters().iter().filter(|row| is(&row.letter)).count()
}

fn tickets(bench: &Bench) -> usize {
    let read = bench.store.read().unwrap();
    (1..).take_while(|no| read.ticket_by_number(bench.project.id, *no).unwrap().is_some()).count()
}

/// So many mails of Anna's, each a ticket; how many confirmations there are afterwards.
async fn write(bench: &Bench, word: &str, times: usize, authentication: Authentication) -> usize {
    for no in 0..times {
        bench.receive(&post(&format!("{word}{no}")).authentication(authentication)).await;
    }
    confirmations(bench)
}

#[tokio::test]
async fn after_three_in_a_day_without_a_person_there_are_no_more_that_day() {
    let bench = tuned(Budgets::default()).await;
    assert_eq!(write(&bench, "a", 4, Authentication::Pass).await, 3);
    bench.advance(2 * HOUR);
    assert_eq!(write(&bench, "b", 2, Authentication::Pass).await, 3);
    // A person acts on one of them, whichever.
    bench.comment(&bench.ticket(2), "We are on it.").await;
    bench.advance(HOUR);
    assert_eq!(write(&bench, "c", 5, Authentication::Pass).await, 6);
    assert_eq!(bench.ticket(11).comments, 1, "they are tickets all the same");
    bench.advance(25 * HOUR);
    assert_eq!(write(&bench, "d", 1, Authentication::Pass).await, 7);
}

#[tokio::test]
async fn the_budgets_are_the_operators() {
    let most = Budgets {
        confirmations_per_hour: 2,
        confirmations_per_day: 3,
        confirmations_per_day_unknown: 2,
        confirmations_per_day_unattended: 100,
        mails_per_hour: 6,
    };
    let bench = tuned(most).await;
    assert_eq!(write(&bench, "a", 3, Authentication::Pass).await, 2, "in an hour");
    bench.advance(2 * HOUR);
    assert_eq!(write(&bench, "b", 3, Authentication::Pass).await, 3, "in a day");
    let bench = tuned(most).await;
    assert_eq!(write(&bench, "a", 8, Authentication::Unknown).await, 2);
    assert_eq!(tickets(&bench), 6, "what comes beyond is held");
    let none = Budgets { confirmations_per_hour: 0, confirmations_per_day_unknown: 0, ..most };
    let bench = tuned(none).await;
    assert_eq!(write(&bench, "a", 1, Authentication::Pass).await, 0);
}

#[tokio::test]
async fn an_unknown_sender_gets_one_a_day_and_a_failed_one_none() {
    let bench = tuned(Budgets::default()).await;
    assert_eq!(write(&bench, "a", 2, Authentication::Unknown).await, 1);
    assert_eq!(bench.all_letters()[0].letter, LetterKind::Confirmation { subject: false });
    bench.advance(25 * HOUR);
    assert_eq!(write(&bench, "b", 2, Authentication::Fail).await, 1);
    assert_eq!(tickets(&bench), 4);
}

#[tokio::test]
async fn a_forged_result_below_the_servers_own_says_nothing() {
    let forged = "mx.desk.example; dmarc=pass header.from=customer.example; spf=pass; dkim=pass";
    for (real, wanted) in [(Authentication::Fail, 0), (Authentication::Unknown, 1)] {
        let bench = tuned(Budgets::default()).await;
        let mail = post("m1").authentication(real).header("Authentication-Results", forged);
        bench.receive(&mail).await;
        assert_eq!(confirmations(&bench), wanted, "{real:?}");
        let subject = LetterKind::Confirmation { subject: true };
        assert!(bench.all_letters().iter().all(|row| row.letter != subject), "{real:?}");
    }
    // Nor does the result of some other server.
    let bench = tuned(Budgets::default()).await;
    let other = forged.replace("mx.desk.example", "mx.elsewhere.example");
    bench.receive(&post("m1").header("Authentication-Results", other)).await;
    assert_eq!(bench.all_letters()[0].letter, LetterKind::Confirmation { subject: false });
    assert_eq!(bench.ticket(1).requester().unwrap().address.as_str(), ANNA);
}
