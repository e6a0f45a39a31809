//! What the mail server gives too little of, and what it shows that is not as it should be.

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use postdesk::clock::Clock;
use postdesk::demo::server::{Habits, Server};

use crate::support::authority::behind_tls;
use crate::support::daemon::Daemon;
use crate::{BASIC, World, check, config, options};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_can_only_be_read() {
    let world = World::new(Habits { read_only: true, ..Habits::default() }, BASIC).await;
    let words = ["may only read the account", "cannot be filed away", "Give it the right to write."];
    world.check().only_bad("account", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_without_any_identity() {
    let mut options = options(Habits::default());
    options.users[0].addresses.clear();
    let world = World::at(options, BASIC, |url| url).await;
    let words = ["send as nobody", "Give it an identity for support@desk.example."];
    world.check().only_bad("identity", &words);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_takes_small_letters_only() {
    let mut options = options(Habits::default());
    options.limits.max_size_upload = 5_000_000;
    let checked = World::at(options, BASIC, |url| url).await.check();
    assert!(checked.runs);
    checked.has("warn", "limits", &["at most 5.0 MB", "cannot leave", "Raise its upload limit."]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clocks_that_are_an_hour_apart() {
    // The server's clock stands still, and ours goes on.
    for (minutes, word) in [(-60, "60 minutes ahead of"), (61, "60 minutes behind")] {
        let mut options = options(Habits::default());
        options.clock = Clock::manual(Clock::system().now() + SignedDuration::from_mins(minutes));
        let checked = World::at(options, BASIC, |url| url).await.check();
        assert!(checked.runs);
        checked.has("warn", "clock", &[word, "the mail server's", "time server (NTP)"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_the_mail_server_that_ends_soon() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let login = format!("{BASIC}\nca = \"{}\"", ca.display());
    let server = Server::start(options(Habits { relative_urls: true, ..Habits::default() })).await.unwrap();
    let day = (Clock::system().now() + SignedDuration::from_hours(24 * 7)).to_zoned(TimeZone::UTC).date();
    let until = (i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs());
    let url = behind_tls(&server.url(), &ca, "127.0.0.1", [(2020, 1, 1), until]).await;
    let desk = Daemon::prepare(|folder, port| config(folder, port, &url, &login));
    let checked = check(&desk, &["check"]);
    assert!(checked.runs);
    let soon = format!("good until {day} only");
    checked.has("warn", "mail certificate", &["renew it on the mail server", &soon]);
}
