//! Copies, our own mails, automatic mails, confirmations and floods.

use super::world::{Letter, RAW, World, address, seen};
use super::{check, check_in};
use crate::tracker::{MailRowId, RawHash};
use crate::triage::{SeenMail, copies_set_aside, questions};

const WEB: &str = "to support@example.com";

#[test]
fn a_copy_is_known_by_its_bytes_or_by_four_things_on_one_row() {
    let check_seen = |row, verdict: &str| {
        let mut world = World::new();
        world.seen = vec![row];
        check_in(&world, WEB, verdict);
    };
    check_seen(seen(4), "duplicate of 4");
    let other = || seen(4);
    let bytes = |mut row: SeenMail| {
        row.raw = RAW;
        row
    };
    check_seen(SeenMail { body_hash: [2; 32], ..other() }, "open 7 neutral");
    check_seen(SeenMail { from: None, ..other() }, "open 7 neutral");
    check_seen(SeenMail { date: None, ..other() }, "open 7 neutral");
    check_seen(SeenMail { message_id: None, ..other() }, "open 7 neutral");
    check_seen(SeenMail { set_aside: true, ..other() }, "open 7 neutral");
    check_seen(bytes(SeenMail { body_hash: [2; 32], from: None, ..other() }), "duplicate of 4");
    check_seen(bytes(SeenMail { set_aside: true, ..other() }), "open 7 neutral");
}

#[test]
fn the_four_things_have_to_be_on_the_same_row() {
    let mut world = World::new();
    let mut body = seen(4);
    body.from = Some("other@customer.example".to_owned());
    let mut from = seen(5);
    from.body_hash = [2; 32];
    world.seen = vec![body, from];
    check_in(&world, WEB, "open 7 neutral");
}

#[test]
fn a_copy_of_a_held_mail_names_the_held_row() {
    let mut world = World::new();
    let held = SeenMail { set_aside: true, raw: RawHash([3; 32]), ..seen(4) };
    let other = SeenMail { set_aside: true, body_hash: [2; 32], ..seen(5) };
    world.seen = vec![held, other];
    let mail = Letter::parse(WEB).mail;
    let facts = world.facts(&questions(&mail, &world.site, RAW));
    assert_eq!(copies_set_aside(&mail, &facts), vec![MailRowId(4)]);
}

#[test]
fn our_own_mail_come_back_is_ignored_and_a_forged_one_held() {
    check("id ours@x to support@example.com", "ignore I01");
    check("id ours@x from support@example.com to incoming+$a@desk.example.com", "ignore I01");
    check("from support@example.com to tools@old.example.com", "hold H13 project 9");
    check("from incoming+$a@desk.example.com to tools@old.example.com", "hold H13 project 9");
    check("from support+$a@example.com to tools@old.example.com auth pass", "hold H13 project 9");
    check("from mailbox@desk.example.com to incoming+$a@desk.example.com", "hold H13");
    check("from acme-web-help@old.example.com to tools@old.example.com", "hold H13 project 9");
    check("from acme-site-help@old.example.com to tools@old.example.com", "hold H13 project 9");
    check("from acme-web-ann@old.example.com to tools@old.example.com", "open 9 neutral");
    // People may live on a domain that is a catch-all.
    check("from jane@old.example.com to support@example.com", "open 7 neutral");
}

#[test]
fn automatic_mail_neither_reopens_nor_is_confirmed() {
    for auto in ["submitted", "list", "null"] {
        check(&format!("{WEB} auto {auto} auth pass"), "open 7 silent automatic");
        let answer = format!("from ann@customer.example auto {auto} to incoming+$c@desk.example.com");
        check(&answer, "comment 71 by 1 automatic");
        check(&format!("auto {auto} to incoming+$a@desk.example.com"), "unverified 70 stranger automatic");
    }
}

#[test]
fn a_report_is_held_where_it_belongs() {
    check("auto report from nobody to incoming+$a@desk.example.com", "hold H06 ticket 70 project 7");
    check("auto report from mailer-daemon@desk.example.com re m71@x", "hold H06 ticket 71 project 7");
    check(
        "auto report from incoming+postmaster@desk.example.com to support@example.com",
        "hold H06 project 7",
    );
    check("auto report", "hold H06");
}

#[test]
fn what_cannot_be_read_is_held() {
    check(&format!("{WEB} with unparsable"), "hold H09");
}

#[test]
fn a_confirmation_follows_authentication() {
    check(&format!("{WEB} auth pass"), "open 7 subject");
    check(WEB, "open 7 neutral");
    check(&format!("{WEB} auth fail"), "open 7 silent");
    for auth in ["", "auth pass", "auth fail"] {
        check(&format!("{WEB} {auth} with senders"), "open 7 silent");
    }
    check(&format!("{WEB} from nobody"), "open 7 silent nobody");
    let mut world = World::new();
    world.projects[0].confirm = false;
    check_in(&world, &format!("{WEB} auth pass"), "open 7 silent");
}

#[test]
fn a_mail_older_than_a_day_is_not_confirmed() {
    check(&format!("{WEB} age 24"), "open 7 neutral");
    check(&format!("{WEB} age 25"), "open 7 silent");
    // A server whose clock is ahead of ours.
    check(&format!("{WEB} age -3"), "open 7 neutral");
}

#[test]
fn confirmations_have_a_budget_by_sender() {
    let check_budget = |hour, day, auth: &str, verdict: &str| {
        let mut world = World::new();
        world.sender.confirmations_last_hour = hour;
        world.sender.confirmations_last_day = day;
        check_in(&world, &format!("{WEB} {auth}"), verdict);
    };
    check_budget(4, 19, "auth pass", "open 7 subject");
    check_budget(5, 5, "auth pass", "open 7 silent");
    check_budget(0, 20, "auth pass", "open 7 silent");
    check_budget(0, 0, "", "open 7 neutral");
    check_budget(0, 1, "", "open 7 silent");
}

#[test]
fn a_flood_is_held_and_comments_are_not() {
    let mut world = World::new();
    world.sender.mails_last_hour = 49;
    check_in(&world, WEB, "open 7 neutral");
    world.sender.mails_last_hour = 50;
    check_in(&world, WEB, "hold H08 project 7");
    check_in(&world, "from ann@customer.example to incoming+$a@desk.example.com", "comment 70 by 1");
    check_in(&world, "to incoming+$a@desk.example.com", "hold H08 ticket 70 project 7");
}

#[test]
fn a_forms_mail_is_of_the_customer_whom_it_names() {
    let mut world = World::new();
    let form = "from form@site.example reply ann@customer.example reply eve@elsewhere.example";
    check_in(&world, &format!("{WEB} {form}"), "open 7 neutral");
    world.projects[0].joining.form_senders = vec![address("Form@Site.example")];
    for auth in ["auth pass", ""] {
        check_in(&world, &format!("{WEB} {form} {auth}"), "open 7 neutral for ann@customer.example");
    }
    for auth in ["auth fail", "auth pass with senders"] {
        check_in(&world, &format!("{WEB} {form} {auth}"), "open 7 silent for ann@customer.example");
    }
    check_in(&world, &format!("{WEB} reply ann@customer.example"), "open 7 neutral");
    check_in(&world, &format!("{form} to tools@old.example.com auth pass"), "open 9 subject");
    // Nobody who could ask.
    for reply in ["", "reply FORM@site.example", "reply support@example.com", "reply tools@old.example.com"] {
        check_in(&world, &format!("{WEB} from form@site.example {reply}"), "open 7 neutral");
    }
    for reply in ["support+x@example.com", "incoming+x@desk.example.com", "acme-web-help@old.example.com"] {
        check_in(&world, &format!("{WEB} from form@site.example reply {reply}"), "open 7 neutral");
    }
    // An answer is its sender's, whomever else it names.
    check_in(&world, &format!("{form} to incoming+$a@desk.example.com"), "unverified 70 stranger");
    check_in(
        &world,
        &format!("{form} re m70@x to support@example.com"),
        "open 7 linked 70 neutral for ann@customer.example",
    );
}

/// The usual form of a web page writes under the address that it is for.
#[test]
fn a_form_that_sends_from_the_projects_own_alias_asks_for_whom_it_names() {
    let mut world = World::new();
    let own = "from Support@example.com reply ann@customer.example";
    let form = format!("{WEB} {own}");
    check_in(&world, &form, "hold H13 project 7");
    world.projects[0].joining.form_senders = vec![address("support@example.com")];
    for auth in ["auth pass", ""] {
        check_in(&world, &format!("{form} {auth}"), "open 7 neutral for ann@customer.example");
    }
    check_in(&world, &format!("{form} auth fail"), "open 7 silent for ann@customer.example");
    check_in(&world, &format!("{form} auto submitted"), "open 7 silent automatic for ann@customer.example");
    check_in(&world, &format!("{form} re m70@x"), "open 7 linked 70 neutral for ann@customer.example");
    // What we sent ourselves, and whatever names nobody else.
    check_in(&world, &format!("{form} id ours@x"), "ignore I01");
    for reply in
        ["", "reply support@example.com", "reply mailbox@desk.example.com", "reply tools@old.example.com"]
    {
        check_in(&world, &format!("{WEB} from support@example.com {reply}"), "hold H13 project 7");
    }
    let keyed = "reply incoming+$a@desk.example.com reply ann@customer.example";
    check_in(&world, &format!("{WEB} from support@example.com {keyed}"), "hold H13 project 7");
    // It answers nobody's ticket, and ends no subscription.
    for to in ["$a", "$j", "$n", "$a-unsubscribe"] {
        check_in(&world, &format!("{form} cc incoming+{to}@desk.example.com"), "hold H13 project 7");
    }
    check_in(&world, &format!("{form} re notice@x auto submitted"), "hold H13 project 7");
    // Another project has to list it itself, and every other address of ours is as before.
    check_in(&world, &format!("{own} to tools@old.example.com cc support@example.com"), "hold H13 project 9");
    check_in(&world, &format!("{own} to mailbox@desk.example.com"), "hold H13");
    check_in(&world, &format!("{own} to incoming+$x@desk.example.com"), "hold H13");
    check_in(
        &world,
        &format!("{WEB} from tools@old.example.com reply ann@customer.example"),
        "hold H13 project 7",
    );
    world.reply_to.mails_last_hour = 50;
    check_in(&world, &form, "hold H08 project 7");
    world.projects[0].on = false;
    check_in(&world, &form, "hold H04 project 7");
}

#[test]
fn a_forms_mail_counts_for_the_customer_whom_it_names() {
    let mut world = World::new();
    world.projects[0].joining.form_senders = vec![address("form@site.example")];
    let form = format!("{WEB} from form@site.example");
    world.sender.mails_last_hour = 50;
    world.sender.confirmations_last_day = 20;
    check_in(
        &world,
        &format!("{form} reply ann@customer.example"),
        "open 7 neutral for ann@customer.example",
    );
    check_in(&world, &form, "hold H08 project 7");
    world.reply_to.confirmations_last_day = 1;
    check_in(&world, &format!("{form} reply ann@customer.example"), "open 7 silent for ann@customer.example");
    world.reply_to.mails_last_hour = 50;
    check_in(&world, &format!("{form} reply ann@customer.example"), "hold H08 project 7");
}
