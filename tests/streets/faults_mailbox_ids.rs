//! A mail server that was restored gives mailbox ids a second time: what is remembered of them must put no
//! mail into another mailbox.

use std::time::Duration;

use crate::bench::Bench;
use crate::faults_in::mail;
use crate::faults_out::assert_sent_once;

/// Mailboxes get their ids again, too: what is remembered of them must put no mail into another.
#[tokio::test]
async fn a_server_restored_to_before_our_mailboxes_gets_them_anew_and_mixes_none_up() {
    for letters_first in [true, false] {
        let bench = Bench::start().await;
        let backup = bench.server.backup();
        bench.adopt_empty().await;
        bench.receive(&mail(1)).await;
        bench.drain().await;
        bench.server.restore(backup);
        bench.comment(&bench.ticket(1), "An answer.").await;
        bench.deliver(&mail(2));
        if letters_first {
            for _ in 0..2 {
                let _ = bench.delivery.run_once().await;
                bench.advance(Duration::from_secs(31));
            }
        }
        bench.settle().await;
        bench.drain().await;
        let what = format!("letters first: {letters_first}");
        let rows = bench.rows();
        assert_eq!((rows.len(), bench.lies_in(&rows[1])), (2, vec!["Handled".to_owned()]), "{what}");
        for letter in bench.all_letters().iter().skip(1) {
            assert_sent_once(&bench, letter, &what);
        }
        assert!(bench.times_left().values().all(|times| *times == 1), "{what}: {:?}", bench.times_left());
    }
}
