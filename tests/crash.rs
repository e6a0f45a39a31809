//! The daemon is killed at random moments while mail comes in: no mail is lost or taken twice, and
//! no letter leaves twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly"
)]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use support::letter::Mail;
use support::skip::{Piece, without};
use support::street::{ACCOUNT, ALIAS, Plan, Street};
use support::wait::until;

const MAILS: usize = 200;
const ROUNDS: u64 = 20;
/// Each customer writes once, so that each ticket has a confirmation of its own to count.
const LIMIT: Duration = Duration::from_secs(240);

/// Numbers that look random and are the same for the same seed (splitmix64).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The seed of this run: given to replay one, else from the clock.
fn seed() -> u64 {
    let given = std::env::var("POSTDESK_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().unwrap().subsec_nanos().into())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_it_loses_no_mail_and_sends_no_letter_twice() {
    if without("kills at random moments", &[Piece::Cyrus]) {
        return;
    }
    let mut seed = seed();
    eprintln!("POSTDESK_SEED={seed} replays this run");
    let mut street = Street::start(Plan { delete_on_send: true, https: true }).await;
    let mut lmtp = street.cyrus.lmtp().await;
    let arrivals = tokio::spawn(async move {
        for at in 0..MAILS {
            let from = format!("customer{at}@customer.test");
            // Every seventh leads nowhere and is held.
            let to = if at % 7 == 6 { "incoming+nothing@desk.example.test" } else { ALIAS };
            let mail = Mail::new(&from, to, &format!("mail {at}"));
            lmtp.must_deliver(&mail.raw(), &from, &[ACCOUNT]).await;
            // Spread over the rounds, so that each kill meets mails in every state.
            tokio::time::sleep(Duration::from_millis(120)).await;
        }
    });

    for _ in 0..ROUNDS {
        tokio::time::sleep(Duration::from_millis(next(&mut seed) % 2500)).await;
        street.daemon.kill();
        // Killed within its start as well.
        street.daemon.spawn();
    }
    arrivals.await.unwrap();
    street.daemon.kill();
    street.daemon.start().await;

    let held = MAILS / 7;
    until("every mail to be decided and filed", LIMIT, async || {
        (street.mailbox().mails("inbox").await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(street.swept().await, (MAILS - held, held));
    assert_eq!((street.verdicts("open"), street.verdicts("hold")), ((MAILS - held) as u64, held as u64));
    for other in ["comment", "duplicate", "ignore"] {
        assert_eq!(street.verdicts(other), 0, "{other}");
    }

    // One more mail, whose confirmation leaves after all others that are free to leave.
    street.open("last@customer.test", ALIAS, "the last").await;
    let tickets = MAILS - held + 1;
    // Each kill may leave one letter of which nobody knows whether it left: such a one is presumed
    // sent, and not sent again.
    let lost = usize::try_from(ROUNDS).unwrap();
    street
        .sink
        .wait_for("the confirmations", LIMIT, |mails| {
            let last = mails.iter().any(|mail| mail.to == ["last@customer.test"]);
            mails.len() >= tickets || (last && mails.len() >= tickets - lost)
        })
        .await;
    let mut letters: HashMap<String, usize> = HashMap::new();
    for mail in street.sink.mails() {
        *letters.entry(mail.to.join(",")).or_default() += 1;
    }
    let twice: Vec<_> = letters.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "sent twice: {twice:?}");
    eprintln!("{} of {tickets} confirmations left", letters.len());
    let log = street.daemon.log();
    let worked = log.split("postdesk is ready").filter(|run| run.contains("mail taken in")).count();
    assert!(worked > 3, "the kills met work in {worked} runs only:\n{log}");
}
