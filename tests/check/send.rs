//! The second wildcard, of which only a mail can tell whether the mail server takes it.

use postdesk::demo::server::Habits;
use postdesk::triage::Wildcard;

use crate::{BASIC, Checked, World, check, options, running};

const SUFFIX_WILDCARD: &str = "contact+{key}@desk.example";

/// What a desk with both wildcards finds, whose server takes the second one or not.
async fn with_suffixes(taken: bool) -> Checked {
    let mut options = options(Habits::default());
    if taken {
        options.users[0].wildcards.push(Wildcard::parse(SUFFIX_WILDCARD).unwrap());
    }
    let mut world = World::at(options, BASIC, |url| url).await;
    world.replace("authserv_id", &format!("suffix_wildcard = \"{SUFFIX_WILDCARD}\"\nauthserv_id"));
    running(&mut world).await;
    assert!(world.desk.stop().await.success());
    let checked = check(&world.desk, &["check", "--send", "--wait", if taken { "60" } else { "3" }]);
    assert_eq!(world.server.submissions().len(), 3);
    checked
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_wildcard_that_the_mail_server_does_not_take() {
    let checked = with_suffixes(false).await;
    checked.only_bad(
        "suffix wildcard",
        &[
            "A mail to contact+check",
            "did not arrive within 3 seconds",
            "projects' addresses with a suffix would be lost",
            "sub-addressing",
            "remove `suffix_wildcard` from [addresses]",
        ],
    );
    checked.has("ok", "wildcard", &["incoming+check", "arrived"]);

    let checked = with_suffixes(true).await;
    assert!(checked.runs);
    checked.has("ok", "suffix wildcard", &["A mail to contact+check", "arrived"]);
    checked.has("ok", "wildcard", &["incoming+check", "arrived"]);
    checked.has("ok", "plain address", &["arrived"]);
}
