//! A mailbox that another desk serves.

use postdesk::demo::server::Habits;

use crate::support::daemon::Daemon;
use crate::support::wait::{LONG, until};
use crate::{BASIC, World, check, config, running};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_with_another_desks_marker() {
    let mut world = World::new(Habits::default(), BASIC).await;
    running(&mut world).await;
    let url = world.server.url();
    let mut other = Daemon::prepare(|folder, port| config(folder, port, &url, BASIC));
    check(&other, &["check"])
        .only_bad("marker", &["belongs to another desk", "`postdesk adopt --take-over`"]);
    // The same beside a daemon that has stopped for it.
    other.start().await;
    until("the other desk to stop", LONG, async || {
        let status = tokio::task::block_in_place(|| other.must(&["status"]));
        status.contains("stopped, mail in and out").then_some(())
    })
    .await;
    let words =
        ["takes no mail in and sends none", "belongs to another desk", "`postdesk adopt --take-over`"];
    check(&other, &["check"]).only_bad("marker", &words);
    assert!(world.check().runs, "the first desk's mailbox is its own");
}
