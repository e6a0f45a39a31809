//! The address table of the design, line by line, and the header scan.

use super::world::{Letter, RAW, World, address, key, site};
use super::{check, check_in};
use crate::tracker::ProjectId;
use crate::triage::{ProjectNames, Wildcard, questions};

const WEB: &str = "to incoming+acme-web-7-issue-@desk.example.com";

#[test]
fn an_alias_finds_the_project_that_owns_it() {
    check("to support@example.com", "open 7 neutral");
    check("to SUPPORT@Example.COM", "open 7 neutral");
    check("to support+spring-sale@example.com", "open 7 neutral");
    // An alias on a catch-all domain comes before the domain's rule.
    check("to tools@old.example.com", "open 9 neutral");
    check("to tools+tag@old.example.com", "open 9 neutral");
    check("to other@example.com", "hold H01");
    check("to supporters@example.com", "hold H01");
}

#[test]
fn the_current_form_counts_with_a_slug_of_the_projects_own() {
    check(WEB, "open 7 neutral");
    check("to Incoming+ACME-Web-7-Issue-@Desk.Example.Com", "open 7 neutral");
    check("to incoming+acme-site-7-issue-@desk.example.com", "open 7 neutral");
    check("to contact+acme-web-7-issue-@desk.example.com", "open 7 neutral");
    check("to acme-web-7-issue-@old.example.com", "open 7 neutral");
    check("to help-acme-web-7-issue-@older.example.com", "open 7 neutral");
    check("to incoming+acme-shop-7-issue-@desk.example.com", "hold H03 project 7");
    check("to incoming+tools-7-issue-@desk.example.com", "hold H03 project 7");
    check("to incoming+acme-web-99-issue-@desk.example.com", "hold H02");
    check("to incoming+acme-web-7-issue@desk.example.com", "hold H02");
    check("to incoming+acme-web-7-issue-5@desk.example.com", "hold H02");
    check("to incoming+acme-web-+7-issue-@desk.example.com", "hold H02");
    check("to incoming+acme-web-4294967303-issue-@desk.example.com", "hold H02");
    check("to incoming+-7-issue-@desk.example.com", "hold H02");
    check("to incoming+acme-web-7-issue-@elsewhere.example", "hold H01");
}

#[test]
fn the_legacy_form_finds_a_path_of_now_or_then() {
    check("to incoming+acme/web@desk.example.com", "open 7 neutral");
    check("to incoming+acme/site@desk.example.com", "open 7 neutral");
    check("to ACME/Web@old.example.com", "open 7 neutral");
    check("to incoming+acme/none@desk.example.com", "hold H02");
    check("to incoming+tools@desk.example.com", "hold H02");
    check("to incoming+acme/web+token@desk.example.com", "hold H02");
}

#[test]
fn the_suffix_form_needs_the_slug_and_the_suffix() {
    check("to contact+acme-web-help@desk.example.com", "open 7 neutral");
    check("to contact+acme-site-HELP@desk.example.com", "open 7 neutral");
    check("to acme-web-help@old.example.com", "open 7 neutral");
    check("to contact+acme-web-sale@desk.example.com", "hold H02");
    check("to contact+acme-shop-help@desk.example.com", "hold H02");
    check("to contact+help@desk.example.com", "hold H02");
    // Suffixes stand on their own wildcard.
    check("to incoming+acme-web-help@desk.example.com", "hold H02");
}

#[test]
fn a_reply_key_is_found_on_every_wildcard_and_alias() {
    for to in [
        "incoming+$a@desk.example.com",
        "INCOMING+$A@DESK.EXAMPLE.COM",
        "contact+$a@desk.example.com",
        "$a@old.example.com",
        "help-$a@older.example.com",
        "support+$a@example.com",
        "support+tag+$a@example.com",
        "tools+$a@old.example.com",
        // The alias may have been taken away since the letter went out.
        "gone+$a@example.com",
    ] {
        check(&format!("from ann@customer.example to {to}"), "comment 70 by 1");
    }
    check("from ann@customer.example to incoming+$x@desk.example.com", "hold H02");
    check("from ann@customer.example to incoming+$r@desk.example.com", "hold H02");
    check("from ann@customer.example to support+$x@example.com", "hold H02 project 7");
    check("from ann@customer.example to gone+$x@example.com", "hold H01");
    // The token of an unsubscribe link is no key to answer with.
    check("from ann@customer.example to incoming+$u@desk.example.com", "hold H02");
}

#[test]
fn both_forms_of_unsubscribing_end_the_keys_own_subscription() {
    for to in [
        "incoming+$a-unsubscribe@desk.example.com",
        "incoming+$a+unsubscribe@desk.example.com",
        "incoming+$u-UNSUBSCRIBE@desk.example.com",
        "$a-unsubscribe@old.example.com",
        "$a+unsubscribe@old.example.com",
        "support+$a-unsubscribe@example.com",
        "support+$a+unsubscribe@example.com",
    ] {
        check(&format!("to {to}"), "unsubscribe 70 for 1");
    }
    check("to incoming+$b-unsubscribe@desk.example.com", "unsubscribe 70 for 2");
    check("to mailbox@desk.example.com subject $a-unsubscribe", "unsubscribe 70 for 1");
    check("to mailbox@desk.example.com subject Re:_$a-unsubscribe", "hold H01");
    check("to mailbox@desk.example.com subject $x-unsubscribe", "hold H01");
    check("to incoming+$x-unsubscribe@desk.example.com", "hold H02");
    check("to incoming+$j-unsubscribe@desk.example.com", "hold H02");
}

#[test]
fn no_address_of_ours_leads_to_the_default_project() {
    let mut world = World::new();
    world.default_project = Some(ProjectId(9));
    for to in [
        "friend@elsewhere.example",
        "mailbox@desk.example.com",
        "incoming@desk.example.com",
        "help@older.example.com",
    ] {
        check(&format!("to {to}"), "hold H01");
        check_in(&world, &format!("to {to}"), "open 9 neutral");
    }
    check_in(&world, "", "open 9 neutral");
    check_in(&world, "to incoming+nothing@desk.example.com", "hold H02");
    check_in(&world, "to jane@old.example.com", "hold H02");
    check_in(&world, "to shop@example.com", "hold H04 project 8");
    world.default_project = Some(ProjectId(8));
    check_in(&world, "to friend@elsewhere.example", "hold H04 project 8");
}

#[test]
fn a_bare_address_says_nothing_even_on_a_catch_all_domain() {
    let mut world = World::new();
    world.site.account = address("desk@old.example.com");
    world.default_project = Some(ProjectId(9));
    check_in(&world, "to desk@old.example.com", "open 9 neutral");
    check_in(&world, "delivered desk@old.example.com cc support@example.com", "open 7 neutral");
}

#[test]
fn a_wildcards_bare_address_may_be_an_alias_and_its_keys_stay_keys() {
    let mut world = World::new();
    world.projects[0].aliases.push(address("incoming@desk.example.com"));
    check_in(&world, "to incoming@desk.example.com", "open 7 neutral");
    check_in(&world, "to incoming+nothing@desk.example.com", "hold H02");
    check_in(&world, "to incoming+$x@desk.example.com", "hold H02");
}

#[test]
fn where_one_wildcard_contains_another_the_form_on_record_counts() {
    let mut world = World::new();
    world.site.wildcard = Wildcard::parse("acme-{key}@desk.example.com").unwrap();
    world.site.former = vec![Wildcard::parse("{key}@desk.example.com").unwrap()];
    // Project 7 by the older one; by the newer one its slug would be `web`.
    check_in(&world, "to acme-web-7-issue-@desk.example.com", "open 7 neutral");
    check_in(&world, "to acme-acme-web-7-issue-@desk.example.com", "open 7 neutral");
    check_in(&world, "to acme-other-7-issue-@desk.example.com", "hold H03 project 7");
}

#[test]
fn each_question_is_asked_once_and_in_scan_order() {
    let mail = Letter::parse(
        "from new@customer.example cc support@example.com to incoming+$b@desk.example.com \
         cc incoming+$a@desk.example.com delivered incoming+$b-unsubscribe@desk.example.com \
         cc incoming+acme/web@desk.example.com to incoming+ACME/web@desk.example.com re m70@x ref m70@x",
    );
    let asked = questions(&mail.mail, &site(), RAW);
    assert_eq!(asked.keys, [key('b'), key('a')]);
    assert_eq!(asked.paths.len(), 1);
    assert_eq!(asked.ids.len(), 1);
    assert_eq!(asked.aliases.iter().filter(|alias| **alias == address("support@example.com")).count(), 1);
    assert_eq!(asked.aliases.last(), Some(&address("new@customer.example")));
}

#[test]
fn an_address_that_leads_nowhere_is_held_unless_another_hit_leads_somewhere() {
    check("to shop@example.com", "hold H04 project 8");
    check("to incoming+nothing@desk.example.com cc support@example.com", "open 7 neutral");
    check("to shop@example.com cc support@example.com", "open 7 also 8 neutral");
    check("from ann@customer.example to shop@example.com re m80@x", "comment 80 by 1");
    check("from ann@customer.example to incoming+$d@desk.example.com", "comment 80 by 1");
    check("from ann@customer.example to incoming+$x@desk.example.com re m70@x", "comment 70 by 1");
    check("from new@customer.example to incoming+$x@desk.example.com re m70@x", "hold H02 ticket 70");
    check("from new@customer.example to mailbox@desk.example.com re m80@x", "hold H04 ticket 80 project 8");
}

#[test]
fn several_projects_make_one_ticket_in_the_first_of_the_scan() {
    check("to support@example.com to tools@old.example.com", "open 7 also 9 neutral");
    check("to tools@old.example.com to support@example.com", "open 9 also 7 neutral");
    check("cc support@example.com to tools@old.example.com", "open 9 also 7 neutral");
    check("delivered tools@old.example.com cc support@example.com", "open 9 also 7 neutral");
    check("to friend@elsewhere.example received support@example.com", "open 7 neutral");
    check(&format!("{WEB} to support@example.com cc incoming+acme/web@desk.example.com"), "open 7 neutral");
}

#[test]
fn keys_come_before_ids_and_ids_before_projects() {
    let ann = "from ann@customer.example";
    check(&format!("{ann} to support@example.com cc incoming+$a@desk.example.com"), "comment 70 by 1");
    check(
        &format!("{ann} to incoming+$a@desk.example.com cc support@example.com re m71@x"),
        "comment 70 by 1",
    );
    check(&format!("{ann} to support@example.com re m70@x"), "comment 70 by 1");
    check(
        &format!("{ann} to incoming+$a@desk.example.com cc incoming+$b-unsubscribe@desk.example.com"),
        "unsubscribe 70 for 2",
    );
    check(
        &format!("{ann} to incoming+$c@desk.example.com to incoming+$a@desk.example.com"),
        "comment 71 by 1 reopen",
    );
    check(
        &format!("{ann} cc incoming+$c@desk.example.com delivered incoming+$a@desk.example.com"),
        "comment 70 by 1",
    );
}

#[test]
fn reply_marks_count_with_our_own_host_only() {
    let ann = "from ann@customer.example to mailbox@desk.example.com";
    check(&format!("{ann} mark $a@desk.example.com"), "comment 70 by 1");
    check(&format!("{ann} mark $a@DESK.example.com"), "comment 70 by 1");
    check(&format!("{ann} mark $a@elsewhere.example"), "hold H01");
    check(&format!("{ann} mark $x@desk.example.com"), "hold H01");
    check(&format!("{ann} mark $u@desk.example.com"), "hold H01");
    // An unknown mark does not spoil a good address, and To comes before References.
    check(&format!("{ann} cc support@example.com mark $x@desk.example.com"), "open 7 neutral");
    check(
        "from ann@customer.example mark $c@desk.example.com to incoming+$a@desk.example.com",
        "comment 70 by 1",
    );
}

#[test]
fn our_own_addresses_are_recognised() {
    let names = ProjectNames::of_facts(&World::new().projects);
    let ours = |text: &str| site().is_ours(&address(text), &names);
    for text in [
        "mailbox@desk.example.com",
        "Mailbox+tag@desk.example.com",
        "incoming@desk.example.com",
        "incoming+anything@desk.example.com",
        "contact+anything@desk.example.com",
        "help-anything@older.example.com",
        "acme-web-7-issue-@old.example.com",
        "acme/web@old.example.com",
        "acme-web-help@old.example.com",
        "Acme-Site-Help@old.example.com",
        "support@example.com",
        "SUPPORT+x@example.com",
    ] {
        assert!(ours(text), "{text}");
    }
    for text in [
        "jane@old.example.com",
        "mary-ann@old.example.com",
        "acme-web-ann@old.example.com",
        "acme-shop-help@old.example.com",
        "sales@example.com",
        "incoming@example.com",
    ] {
        assert!(!ours(text), "{text}");
    }
    assert!(ours(&format!("{}@old.example.com", key('x'))));
}
