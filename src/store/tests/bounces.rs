//! Letters that came back, and the pause of mail to their addresses.

use super::sample::address;
use super::{Bench, at};
use crate::store::Look;
use crate::tracker::OutboxId;

const DAY: i64 = 24 * 3600;
const NOW: i64 = 1_000_000;

/// A letter to Anna comes back; whether mail to her is paused then.
async fn back(bench: &Bench, letter: u64, when: i64) -> bool {
    bench.write(move |w| w.note_bounce(&address("anna@example.org"), OutboxId(letter), at(when))).await
}

fn suppressed(bench: &Bench, who: &str) -> bool {
    bench.store.read().unwrap().suppressed(&address(who)).unwrap()
}

#[tokio::test]
async fn two_letters_within_seven_days_pause_an_address_in_any_case_of_its_letters() {
    let bench = Bench::new();
    assert!(!back(&bench, 1, NOW).await);
    assert!(!suppressed(&bench, "anna@example.org"));
    assert!(back(&bench, 2, NOW + 7 * DAY).await, "to the second, seven days are within them");
    assert!(suppressed(&bench, "Anna@Example.ORG"));
    assert!(!suppressed(&bench, "anna@example.com"), "nobody else is");
}

#[tokio::test]
async fn one_letter_counts_once_and_old_ones_not_at_all() {
    let bench = Bench::new();
    for report in 0..5 {
        assert!(!back(&bench, 1, NOW + report).await, "several reports about one letter");
    }
    assert!(!back(&bench, 2, NOW + 7 * DAY + 10).await, "the first is forgotten");
    assert!(back(&bench, 3, NOW + 7 * DAY + 20).await);
    assert!(back(&bench, 4, NOW + 90 * DAY).await, "a pause ends by no time");
}

#[tokio::test]
async fn lifting_the_pause_forgets_what_came_back_and_keeps_a_persons_wish() {
    let bench = Bench::new();
    let lift = || bench.write(|w| w.lift_pause(&address("ANNA@example.org")));
    assert!(!lift().await, "there was none");
    back(&bench, 1, NOW).await;
    assert!(!lift().await);
    assert!(!back(&bench, 2, NOW + 1).await, "lifting forgot the first");
    assert!(back(&bench, 3, NOW + 2).await);
    bench.write(|w| w.suppress(&address("anna@example.org"), at(NOW))).await;
    assert!(lift().await);
    assert!(!bench.store.read().unwrap().paused(&address("anna@example.org")).unwrap());
    assert!(suppressed(&bench, "anna@example.org"), "no mail at all was the person's own wish");
    assert!(!back(&bench, 4, NOW + 3).await, "it begins anew");
}
