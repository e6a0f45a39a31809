//! The joining list of the design, line by line.

use jiff::Timestamp;

use super::world::{World, participant};
use super::{check, check_in};
use crate::tracker::{Subscription, TrustedDomain};

const KEY: &str = "to incoming+$a@desk.example.com";

#[test]
fn a_participant_comments_by_key_or_ids_unless_authentication_fails() {
    for from in ["from ann@customer.example", "from ANN@Customer.Example"] {
        check(&format!("{from} {KEY}"), "comment 70 by 1");
        check(&format!("{from} {KEY} auth pass"), "comment 70 by 1");
        check(&format!("{from} {KEY} auth fail"), "unverified 70 unauthenticated");
        check(&format!("{from} re m70@x"), "comment 70 by 1");
        check(&format!("{from} ref m70@x auth pass"), "comment 70 by 1");
        check(&format!("{from} ref m70@x auth fail"), "unverified 70 unauthenticated");
    }
    // A second sender may be the one whom a result is about.
    for auth in ["", "auth pass", "auth fail"] {
        for way in [KEY, "re m70@x"] {
            let line = format!("from ann@customer.example {way} {auth} with senders");
            check(&line, "unverified 70 unauthenticated");
        }
    }
    // Any participant of the ticket may answer by the key of another.
    check(&format!("from bob@customer.example {KEY}"), "comment 70 by 2");
}

#[test]
fn of_several_tickets_the_keys_comes_first_then_in_reply_to_then_the_last_reference() {
    let ann = "from ann@customer.example";
    check(&format!("{ann} {KEY} re m71@x ref m80@x"), "comment 70 by 1");
    check(&format!("{ann} re m71@x ref m70@x ref m80@x"), "comment 71 by 1 reopen");
    check(&format!("{ann} ref m70@x ref m71@x ref m80@x"), "comment 80 by 1");
    check(&format!("{ann} ref m80@x ref m70@x ref unknown@x"), "comment 70 by 1");
    // One mail may be part of two tickets.
    check(&format!("{ann} re two@x"), "comment 80 by 1");
    check("from bob@customer.example re two@x", "comment 70 by 2");
    // Only tickets in which the sender takes part.
    check("from bob@customer.example re m71@x ref m70@x", "comment 70 by 2");
    check("from bob@customer.example to incoming+$c@desk.example.com ref m70@x", "comment 70 by 2");
}

#[test]
fn another_senders_key_is_unverified() {
    check(KEY, "unverified 70 stranger");
    check(&format!("{KEY} auth pass"), "unverified 70 stranger");
    check(&format!("{KEY} auth fail"), "unverified 70 stranger");
    check(&format!("{KEY} cc support@example.com"), "unverified 70 stranger");
    check(&format!("from nobody {KEY}"), "unverified 70 stranger");
    check("from bob@customer.example to incoming+$c@desk.example.com", "unverified 71 stranger reopen");
    check("to incoming+$d@desk.example.com", "unverified 80 stranger");
}

#[test]
fn a_trusted_domain_joins_by_key_with_authentication_and_a_colleague_on_the_ticket() {
    let mut world = World::new();
    let dora = "from dora@customer.example";
    let trust = |domain: &str| vec![TrustedDomain::parse(domain).unwrap()];
    check_in(&world, &format!("{dora} {KEY} auth pass"), "unverified 70 stranger");
    world.projects[0].joining.trusted = trust("customer.example");
    check_in(&world, &format!("{dora} {KEY} auth pass"), "join 70 by dora@customer.example");
    check_in(
        &world,
        &format!("{dora} to incoming+$c@desk.example.com auth pass"),
        "join 71 by dora@customer.example reopen",
    );
    check_in(&world, &format!("{dora} {KEY}"), "unverified 70 stranger");
    check_in(&world, &format!("{dora} {KEY} auth fail"), "unverified 70 stranger");
    check_in(&world, &format!("{dora} {KEY} auth pass with senders"), "unverified 70 stranger");
    check_in(&world, &format!("{dora} {KEY} auth pass auto submitted"), "unverified 70 stranger automatic");
    check_in(&world, &format!("from dora@eu.customer.example {KEY} auth pass"), "unverified 70 stranger");
    // Ids are no key, and another project's trust is its own.
    check_in(
        &world,
        &format!("{dora} to support@example.com re m70@x auth pass"),
        "open 7 linked 70 subject",
    );
    check_in(&world, &format!("{dora} to incoming+$d@desk.example.com auth pass"), "unverified 80 stranger");
    world.projects[0].joining.trusted = trust("partner.example");
    check_in(&world, &format!("from eve@partner.example {KEY} auth pass"), "unverified 70 stranger");
}

#[test]
fn whom_an_agent_took_off_does_not_come_back_by_trust() {
    let mut world = World::new();
    world.projects[0].joining.trusted = vec![TrustedDomain::parse("customer.example").unwrap()];
    let bob = format!("from Bob@Customer.example {KEY} auth pass");
    check_in(&world, &bob, "comment 70 by 2");
    world.tickets[0].participants[1].subscription = Subscription::Removed { at: Timestamp::UNIX_EPOCH };
    check_in(&world, &bob, "unverified 70 stranger");
    check_in(
        &world,
        &format!("from dora@customer.example {KEY} auth pass"),
        "join 70 by dora@customer.example",
    );
}

#[test]
fn a_reply_to_all_joins_as_unverified_where_the_project_wants_it() {
    let mut world = World::new();
    let to_all = "from dora@elsewhere.example to support@example.com cc bob@customer.example re m70@x";
    check_in(&world, to_all, "open 7 linked 70 neutral");
    world.projects[0].joining.reply_all = true;
    check_in(&world, to_all, "unverified 70 stranger");
    check_in(
        &world,
        "from dora@elsewhere.example to ANN@customer.example cc support@example.com ref m71@x",
        "unverified 71 stranger reopen",
    );
    check_in(
        &world,
        "from dora@elsewhere.example to support@example.com cc other@x.example re m70@x",
        "open 7 linked 70 neutral",
    );
    // Bob takes part in 70, not in 71.
    check_in(
        &world,
        "from dora@elsewhere.example to support@example.com cc bob@customer.example re m71@x",
        "open 7 linked 71 neutral",
    );
}

#[test]
fn another_senders_ids_make_a_linked_ticket() {
    check("to support@example.com re m70@x", "open 7 linked 70 neutral");
    check("to tools@old.example.com re m70@x", "open 9 linked 70 neutral");
    // With a plain Reply-To the answered ticket tells the project.
    check("to mailbox@desk.example.com re m70@x", "open 7 linked 70 neutral");
    check("to mailbox@desk.example.com re unknown@x", "hold H01");
    check("from nobody to support@example.com re m70@x", "open 7 linked 70 silent nobody");
}

#[test]
fn in_reply_to_and_the_last_twenty_references_are_asked_for() {
    let mut line = "from ann@customer.example to mailbox@desk.example.com re other@x ref m70@x".to_owned();
    for at in 0..19 {
        line.push_str(&format!(" ref other{at}@x"));
    }
    check(&line, "comment 70 by 1");
    check(&format!("{line} ref one-more@x"), "hold H01");
}

#[test]
fn a_comment_reopens_a_closed_ticket_where_the_project_wants_it() {
    let line = "from ann@customer.example to incoming+$c@desk.example.com";
    check(line, "comment 71 by 1 reopen");
    let mut world = World::new();
    world.projects[0].reopen = false;
    check_in(&world, line, "comment 71 by 1");
}

#[test]
fn an_agents_key_counts_with_the_agents_address_and_authentication_that_passes() {
    for (key, becomes) in [("$j", "comment 70 by agent 1"), ("$n", "note 70 by agent 1")] {
        let to = format!("to incoming+{key}@desk.example.com");
        check(&format!("from jane@team.example auth pass {to}"), becomes);
        check(
            &format!(
                "from jane@team.example auth pass to support@example.com cc incoming+{key}@desk.example.com"
            ),
            becomes,
        );
        check(&format!("from jane@team.example auth pass {to} cc incoming+$a@desk.example.com"), becomes);
        check(&format!("from jane@team.example {to}"), "hold H07 ticket 70 project 7");
        check(&format!("from jane@team.example {to} re m70@x"), "hold H07 ticket 70 project 7");
        check(&format!("from eve@elsewhere.example auth pass {to}"), "hold H07 ticket 70 project 7");
        check(&format!("from jane@team.example {to} cc support@example.com"), "open 7 neutral");
        check(
            &format!("from jane@team.example auth pass with senders {to} cc support@example.com"),
            "open 7 silent",
        );
        // Otherwise the next hit decides, by the customers' rules.
        check(
            &format!("from ann@customer.example {to} cc incoming+$c@desk.example.com"),
            "comment 71 by 1 reopen",
        );
        check(&format!("from ann@customer.example {to} re m70@x"), "comment 70 by 1");
        check(
            &format!("from eve@elsewhere.example {to} cc incoming+$a@desk.example.com"),
            "unverified 70 stranger",
        );
        check(&format!("from eve@elsewhere.example {to} cc support@example.com"), "open 7 neutral");
    }
}

/// Whoever sends a notice on, or answers it past its address, writes no answer of an agent's.
#[test]
fn an_agents_key_in_references_opens_nothing() {
    let mark = format!("mark {}@desk.example.com", "j".repeat(26));
    let jane = "from jane@team.example auth pass";
    check(&format!("{jane} to mailbox@desk.example.com {mark}"), "hold H07 ticket 70 project 7");
    check(&format!("{jane} to mailbox@desk.example.com re notice@x"), "hold H07 ticket 70 project 7");
    check(&format!("{jane} to support@example.com {mark}"), "open 7 subject");
    check(
        &format!("from eve@elsewhere.example to mailbox@desk.example.com {mark}"),
        "hold H07 ticket 70 project 7",
    );
    check(&format!("{jane} to incoming+$n@desk.example.com {mark}"), "note 70 by agent 1");
    check(&format!("from ann@customer.example to support@example.com {mark} re m70@x"), "comment 70 by 1");
}

/// The notice said that the answer reaches nobody, or becomes a note.
#[test]
fn an_agent_who_takes_part_answers_a_notice_to_no_customer() {
    let mut world = World::new();
    world.tickets[0].participants.push(participant(3, "jane@team.example"));
    let mark = format!("to mailbox@desk.example.com re m70@x mark {}@desk.example.com", "j".repeat(26));
    let ways = [
        "to incoming+$j@desk.example.com re m70@x",
        "to incoming+$n@desk.example.com cc incoming+$a@desk.example.com",
        "to mailbox@desk.example.com re notice@x",
        "to support@example.com ref m70@x ref notice@x",
        &mark,
    ];
    let held = "hold H07 ticket 70 project 7";
    for way in ways {
        for auth in ["", "auth fail", "auth pass with senders"] {
            check_in(&world, &format!("from Jane@Team.example {way} {auth}"), held);
        }
        // Sent on to a customer, it is the customer's to answer.
        check_in(&world, &format!("from bob@customer.example {way}"), "comment 70 by 2");
    }
    // What she writes as a participant is a comment.
    check_in(&world, "from jane@team.example to incoming+$a@desk.example.com re m70@x", "comment 70 by 3");
    let answer = format!("from jane@team.example auth pass {}", ways[0]);
    check_in(&world, &answer, "comment 70 by agent 1");
    world.jane_left = true;
    check_in(&world, &answer, held);
}

#[test]
fn what_a_program_answers_to_a_notice_is_ignored() {
    let mark = format!("mark {}@desk.example.com", "j".repeat(26));
    for auto in ["submitted", "list", "null"] {
        for way in
            ["to incoming+$j@desk.example.com", "to incoming+$n@desk.example.com", "re notice@x", &mark]
        {
            for auth in ["auth pass", "auth fail", "from jane@team.example"] {
                check(&format!("{way} auto {auto} {auth} to support@example.com"), "ignore I06");
            }
        }
        let stop = format!("to incoming+$u-unsubscribe@desk.example.com {mark} auto {auto}");
        check(&stop, "unsubscribe 70 for 1");
    }
}

#[test]
fn a_subject_joins_nothing() {
    check("from ann@customer.example to support@example.com subject Re:_acme/web#1", "open 7 neutral");
}
