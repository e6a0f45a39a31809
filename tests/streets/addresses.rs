//! One mail to every form of address: each ends in the right place and is filed in the right
//! mailbox.

use postdesk::desk::{Desk, Links, NewProject, ProjectEdit};
use postdesk::mail::{Address, Authentication};
use postdesk::secret::Random;
use postdesk::tracker::{Project, ProjectPath, Suffix};
use postdesk::triage::{HoldCause, IgnoreCause, MailRow, Site, VerdictKind, Wildcard};

use crate::bench::{ANNA, BEN, Bench, DESK, address};
use crate::post::post;

fn path(text: &str) -> ProjectPath {
    ProjectPath::parse(text).unwrap()
}

async fn another(bench: &Bench, at: &str) -> Project {
    let new = NewProject { path: path(at), name: None, aliases: Vec::new(), suffix: None, default: false };
    bench.desk.add_project(new).await.unwrap()
}

async fn edit(bench: &Bench, edit: ProjectEdit) -> Project {
    let project = bench.desk.edit_project(bench.project.path.clone(), edit).await.unwrap();
    assert_eq!(project.id, bench.project.id);
    project
}

fn assert_filed(bench: &Bench, row: &MailRow, mailbox: &str, what: &str) {
    assert!(row.filed || bench.rows().iter().any(|now| now.id == row.id && now.filed), "{what}");
    assert_eq!(bench.lies_in(row), [mailbox], "{what}");
}

async fn assert_held(bench: &Bench, to: &str, cause: HoldCause) {
    let row = bench.receive(&post(&format!("{cause:?}-{}", to.len())).to(to).rcpt(DESK)).await;
    assert_eq!(row.verdict, VerdictKind::Hold(cause), "{to}");
    assert_filed(bench, &row, "Held", to);
}

#[tokio::test]
async fn every_address_of_a_project_opens_a_ticket_there() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let suffix = Some(Suffix::parse("help").unwrap());
    let project = edit(&bench, ProjectEdit { suffix, ..ProjectEdit::default() }).await;
    let site = bench.desk.site();
    let current = site.current(&project).unwrap();
    assert_eq!(current.as_str(), format!("incoming+acme-web-{}-issue-@desk.example", project.id));
    let forms = [
        "help@desk.example".to_owned(),
        "HELP@Desk.Example".to_owned(),
        "help+invoices@desk.example".to_owned(),
        current.to_string(),
        current.to_string().to_uppercase(),
        site.legacy(&project.path).unwrap().to_string(),
        "incoming+Acme/Web@desk.example".to_owned(),
        site.suffixed(&project).unwrap().to_string(),
        "tickets+acme/web@old.example".to_owned(),
        "\"The help desk\" <help@desk.example>, someone@elsewhere.example".to_owned(),
        "someone@elsewhere.example, help@desk.example".to_owned(),
    ];
    for (no, form) in (1..).zip(&forms) {
        let row = bench.receive(&post(&format!("m{no}")).to(form).rcpt(DESK)).await;
        assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(project.id)), "{form}");
        assert_eq!(bench.ticket(no).id, row.ticket.unwrap(), "{form}");
        assert_filed(&bench, &row, "Handled", form);
    }
    let cc = bench.receive(&post("cc").to("boss@elsewhere.example").cc("help@desk.example").rcpt(DESK)).await;
    assert_eq!(cc.verdict, VerdictKind::Open);
    let blind = post("blind").to("undisclosed@elsewhere.example").header("Delivered-To", "help@desk.example");
    assert_eq!(bench.receive(&blind.rcpt(DESK)).await.verdict, VerdictKind::Open);
    assert!(bench.mails_in("inbox").is_empty());
}

#[tokio::test]
async fn what_leads_nowhere_is_held_with_its_cause() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let id = bench.project.id;
    assert_held(&bench, DESK, HoldCause::NoProject).await;
    assert_held(&bench, "incoming@desk.example", HoldCause::NoProject).await;
    assert_held(&bench, "somebody@elsewhere.example", HoldCause::NoProject).await;
    assert_held(&bench, "incoming+abcdefghijklmnopqrstuvwxyz@desk.example", HoldCause::UnknownKey).await;
    assert_held(
        &bench,
        "incoming+abcdefghijklmnopqrstuvwxyz-unsubscribe@desk.example",
        HoldCause::UnknownKey,
    )
    .await;
    assert_held(&bench, "incoming+gibberish@desk.example", HoldCause::UnknownKey).await;
    assert_held(&bench, "incoming+no/such@desk.example", HoldCause::UnknownKey).await;
    assert_held(&bench, "incoming+acme-web-999-issue-@desk.example", HoldCause::UnknownKey).await;
    assert_held(&bench, &format!("incoming+other-{id}-issue-@desk.example"), HoldCause::ForeignSlug).await;
    edit(&bench, ProjectEdit { on: Some(false), ..ProjectEdit::default() }).await;
    assert_held(&bench, "help@desk.example", HoldCause::ProjectOff).await;
    assert_eq!(bench.mails_in("Held").len(), 10);
    assert!(bench.mails_in("inbox").is_empty());
    bench.drain().await;
    assert!(bench.server.submissions().is_empty(), "a held mail is answered by nobody");
}

#[tokio::test]
async fn a_bare_address_goes_to_the_default_project_and_a_key_does_not() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    edit(&bench, ProjectEdit { default: Some(true), ..ProjectEdit::default() }).await;
    for (no, to) in [DESK, "incoming@desk.example", "nobody@elsewhere.example"].iter().enumerate() {
        let row = bench.receive(&post(&format!("m{no}")).to(to).rcpt(DESK)).await;
        assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(bench.project.id)), "{to}");
    }
    assert_held(&bench, "incoming+gibberish@desk.example", HoldCause::UnknownKey).await;
    edit(&bench, ProjectEdit { on: Some(false), ..ProjectEdit::default() }).await;
    assert_held(&bench, DESK, HoldCause::ProjectOff).await;
}

#[tokio::test]
async fn an_answer_joins_its_ticket_in_every_way_that_mail_programs_have() {
    let (bench, ticket) = Bench::with_ticket().await;
    let letter = bench.letters(ticket.id).remove(0);
    let site = bench.desk.site().clone();
    let ours = format!("<{}>", letter.message_id.as_str());
    let to_key = site.reply(&letter.reply_key).unwrap();
    let on_alias = site.reply_on(&bench.project.aliases[0], &letter.reply_key).unwrap();
    let mark = format!("<{}>", site.reply_mark(&letter.reply_key));
    let answers = [
        post("by-key").to(&to_key),
        post("by-shouted-key").to(to_key.to_string().to_uppercase()),
        post("by-key-on-the-alias").to(on_alias),
        post("by-key-in-cc").to("someone@elsewhere.example").cc(&to_key).rcpt(DESK),
        post("in-reply-to").header("In-Reply-To", &ours),
        post("references").header("References", format!("<x@y.example> {ours} <z@y.example>")),
        post("own-first-mail").header("In-Reply-To", "<m1@customer.example>"),
        post("by-mark").to(DESK).header("References", mark),
        post("at-the-bare-address").to(DESK).header("In-Reply-To", &ours),
    ];
    for (no, answer) in answers.iter().enumerate() {
        let row = bench.receive(answer).await;
        assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(ticket.id)), "{}", answer.id);
        assert_filed(&bench, &row, "Handled", &answer.id);
        assert_eq!(bench.ticket(1).comments, 2 + u32::try_from(no).unwrap());
    }
    edit(&bench, ProjectEdit { on: Some(false), ..ProjectEdit::default() }).await;
    let row = bench.receive(&post("late").to(&to_key)).await;
    assert_eq!(row.verdict, VerdictKind::Comment, "tickets of a project that is off still take replies");
    bench.drain().await;
    assert_eq!(bench.left_to(ANNA).len(), 1, "the confirmation, and nothing about one's own comments");
}

#[tokio::test]
async fn who_does_not_take_part_is_unverified_by_key_and_asks_anew_by_ids() {
    let (bench, ticket) = Bench::with_ticket().await;
    let letter = bench.letters(ticket.id).remove(0);
    let to_key = bench.desk.site().reply(&letter.reply_key).unwrap();
    let row = bench.receive(&post("stranger").from(BEN).to(&to_key)).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Unverified, Some(ticket.id)));
    assert_filed(&bench, &row, "Handled", "a stranger with a key");
    let ids = post("forwarded").from(BEN).header("In-Reply-To", "<m1@customer.example>");
    let row = bench.receive(&ids).await;
    assert_eq!(row.verdict, VerdictKind::Open);
    assert_ne!(row.ticket, Some(ticket.id));
    let forged = post("forged").to(&to_key).authentication(Authentication::Fail);
    let row = bench.receive(&forged).await;
    assert_eq!(row.verdict, VerdictKind::Unverified);
    assert_eq!(bench.ticket(1).comments, 1);
}

#[tokio::test]
async fn both_forms_of_an_unsubscribe_address_end_the_subscription() {
    for form in ["{key}-unsubscribe", "{key}+unsubscribe"] {
        let (bench, ticket) = Bench::with_ticket().await;
        let letter = bench.letters(ticket.id).remove(0);
        for key in [&letter.unsubscribe, &letter.reply_key] {
            let local = form.replace("{key}", &key.to_string());
            let row =
                bench.receive(&post(&format!("u-{key}")).to(format!("incoming+{local}@desk.example"))).await;
            assert_eq!((row.verdict, row.ticket), (VerdictKind::Unsubscribe, Some(ticket.id)), "{form}");
            assert_filed(&bench, &row, "Handled", form);
            assert!(!bench.ticket(1).requester().unwrap().is_subscribed(), "{form}");
        }
        let subject = post("by-subject").to(DESK).subject(&format!("{}-unsubscribe", letter.unsubscribe));
        assert_eq!(bench.receive(&subject).await.verdict, VerdictKind::Unsubscribe);
        assert_eq!(bench.ticket(1).comments, 1);
    }
}

#[tokio::test]
async fn former_paths_go_on_working_after_a_rename() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let before = bench.desk.site().current(&bench.project).unwrap();
    let renamed = edit(&bench, ProjectEdit { path: Some(path("acme/shop")), ..ProjectEdit::default() }).await;
    let after = bench.desk.site().current(&renamed).unwrap();
    assert_ne!(before, after);
    let forms = [
        before.as_str(),
        after.as_str(),
        "incoming+acme/web@desk.example",
        "incoming+acme/shop@desk.example",
    ];
    for (no, form) in forms.iter().enumerate() {
        let row = bench.receive(&post(&format!("m{no}")).to(form)).await;
        assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(renamed.id)), "{form}");
    }
}

#[tokio::test]
async fn a_mail_to_two_projects_is_one_ticket_in_the_first() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let other = another(&bench, "acme/app").await;
    let both = "incoming+acme/app@desk.example, help@desk.example";
    let row = bench.receive(&post("both").to(both)).await;
    assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(other.id)));
    // The mail system hands over a second copy, for the second address.
    let copy = bench.receive(&post("both").to(both).rcpt("help@desk.example")).await;
    assert_eq!((copy.verdict, copy.ticket), (VerdictKind::Duplicate, row.ticket));
    let ticket = {
        use postdesk::store::Look;
        bench.store.read().unwrap().ticket(row.ticket.unwrap()).unwrap().unwrap()
    };
    assert_eq!(ticket.also_for, [bench.project.id]);
    assert_eq!(bench.mails_in("Handled").len(), 2);
}

#[tokio::test]
async fn our_own_mails_and_addresses_start_nothing() {
    let (bench, ticket) = Bench::with_ticket().await;
    let letter = bench.letters(ticket.id).remove(0);
    let mut back = post("back");
    back.id = letter.message_id.as_str().to_owned();
    let row = bench.receive(&back).await;
    assert_eq!(row.verdict, VerdictKind::Ignore(IgnoreCause::OurOwn));
    assert_filed(&bench, &row, "Handled", "our own mail");
    for (no, own) in [DESK, "help@desk.example", "incoming+acme/web@desk.example"].iter().enumerate() {
        let row = bench.receive(&post(&format!("own{no}")).from(own)).await;
        assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::OwnAddress), "{own}");
    }
}

#[tokio::test]
async fn reports_floods_garbage_and_mails_too_large_are_held() {
    let (bench, ticket) = Bench::with_ticket().await;
    let report = post("report")
        .to(DESK)
        .null_sender()
        .header("Content-Type", "multipart/report; report-type=delivery-status; boundary=b");
    let letter = bench.letters(ticket.id).remove(0);
    let about = format!(
        "--b\n\nIt bounced.\n--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; {ANNA}\nAction: failed\n\
         Status: 5.1.1\n\n--b--"
    );
    let row = bench
        .receive(&report.header("References", format!("<{}>", letter.message_id.as_str())).text(&about))
        .await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Hold(HoldCause::Bounce), Some(ticket.id)));
    let large = bench.receive(&post("large").text(&"large ".repeat(200_000))).await;
    assert_eq!(large.verdict, VerdictKind::Hold(HoldCause::TooLarge));
    assert_filed(&bench, &large, "Held", "too large");
    for no in 0..50 {
        bench.deliver(&post(&format!("flood{no}")).from(BEN));
    }
    bench.sweep().await;
    let row = bench.receive(&post("one-more").from(BEN)).await;
    assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::Flood));
}

/// Whoever writes them: a mail need not say it.
#[tokio::test]
async fn mails_without_a_sender_have_one_budget_together() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    for no in 0..50 {
        bench.deliver(&post(&format!("m{no}")).from(if no % 2 == 0 { "" } else { "Undisclosed:;" }));
    }
    bench.sweep().await;
    assert_eq!(bench.rows().iter().filter(|row| row.verdict == VerdictKind::Open).count(), 50);
    let row = bench.receive(&post("one-more").from("")).await;
    assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::Flood));
    assert_eq!(bench.receive(&post("annas")).await.verdict, VerdictKind::Open);
    bench.advance(std::time::Duration::from_secs(3601));
    assert_eq!(bench.receive(&post("later").from("")).await.verdict, VerdictKind::Open);
}

/// What the site's configuration became since does not stand in the way of switching a project off.
#[tokio::test]
async fn an_edit_is_refused_for_what_it_changes_alone() {
    let bench = Bench::start().await;
    let long = path(&format!("acme/{}", "w".repeat(40)));
    let new = NewProject {
        path: long.clone(),
        name: None,
        aliases: vec![address("shop@acme.example")],
        suffix: None,
        default: false,
    };
    bench.desk.add_project(new).await.unwrap();
    let site = Site {
        wildcard: Wildcard::parse("incoming-mail+{key}@desk.example").unwrap(),
        account: address("shop@acme.example"),
        ..bench.desk.site().clone()
    };
    let links = Links::new("https://desk.example");
    let desk = Desk::new(bench.store.clone(), bench.clock.clone(), Random::system(), site, links);
    let off = ProjectEdit { on: Some(false), ..ProjectEdit::default() };
    assert!(!desk.edit_project(long.clone(), off).await.unwrap().on);
    let longer = path(&format!("acme/{}", "v".repeat(40)));
    let suffix = Suffix::parse(&"s".repeat(20));
    for (edit, why) in [
        (ProjectEdit { path: Some(longer), ..ProjectEdit::default() }, "is too long"),
        (ProjectEdit { suffix, ..ProjectEdit::default() }, "are too long"),
        (ProjectEdit { path: Some(path("acme/w..w")), ..ProjectEdit::default() }, "two dots in a row"),
        (ProjectEdit { path: Some(path("acme/web")), ..ProjectEdit::default() }, "belongs to"),
        (
            ProjectEdit { add_aliases: vec![address("help@desk.example")], ..ProjectEdit::default() },
            "belongs to",
        ),
        (
            ProjectEdit {
                add_aliases: vec![address("incoming-mail@desk.example")],
                ..ProjectEdit::default()
            },
            "of the whole desk",
        ),
    ] {
        let refused = desk.edit_project(long.clone(), edit).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    let dots =
        NewProject { path: path("a..b"), name: None, aliases: Vec::new(), suffix: None, default: false };
    let refused = bench.desk.add_project(dots).await.unwrap_err().to_string();
    assert!(refused.contains("two dots in a row"), "{refused}");
}

/// Some Japanese providers gave out names that a letter has to quote (RFC 5321 §4.1.2).
#[tokio::test]
async fn a_quoted_local_part_is_a_customer_like_any_other() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let quoted = "\"anna..w\"@docomo.example";
    let first = post("m1").from(quoted).to("\"incoming+acme/web\"@desk.example").rcpt(DESK);
    let row = bench.receive(&first.authentication(Authentication::Pass)).await;
    assert_eq!(row.verdict, VerdictKind::Open);
    let ticket = bench.ticket(1);
    assert_eq!(ticket.requester().unwrap().address.as_str(), quoted);
    bench.comment(&ticket, "Here you are.").await;
    bench.drain().await;
    let (left, mail) = bench.left_to(quoted).pop().unwrap();
    assert_eq!((left.rcpt_to[0].as_str(), mail.to[0].address.as_str()), (quoted, quoted));

    // The same mailbox, as some programs write it; and by the key its owner leaves.
    let answer = post("m2").from("Anna <anna..w@docomo.example>").to(&mail.reply_to[0].address);
    let row = bench.receive(&answer).await;
    assert_eq!((row.verdict, row.ticket), (VerdictKind::Comment, Some(ticket.id)));
    let token = bench.letters(ticket.id)[0].unsubscribe.clone();
    let stop = post("stop").from(quoted).to(format!("incoming+{token}-unsubscribe@desk.example"));
    assert_eq!(bench.receive(&stop).await.verdict, VerdictKind::Unsubscribe);
    assert!(!bench.ticket(1).requester().unwrap().is_subscribed());
}

#[tokio::test]
async fn an_international_domain_is_found_as_mails_carry_it() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let add_aliases = vec![address("support@m\u{fc}ller.example")];
    let project = edit(&bench, ProjectEdit { add_aliases, ..ProjectEdit::default() }).await;
    for (no, to) in [(1, "support@xn--mller-kva.example"), (2, "support@m\u{fc}ller.example")] {
        let row = bench.receive(&post(&format!("m{no}")).to(to).rcpt(DESK)).await;
        assert_eq!((row.verdict, row.project), (VerdictKind::Open, Some(project.id)), "{to}");
    }
    // One from before they were kept as mails carry them is mended by the next edit, whatever it changes.
    let old = Project { aliases: vec![Address::recorded("old@m\u{fc}ller.example").unwrap()], ..project };
    bench.store.write(move |w| w.put_project(&old)).await.unwrap();
    let to = "old@xn--mller-kva.example";
    let row = bench.receive(&post("m3").to(to).rcpt(DESK)).await;
    assert_eq!(row.verdict, VerdictKind::Hold(HoldCause::NoProject));
    edit(&bench, ProjectEdit::default()).await;
    let row = bench.receive(&post("m4").to(to).rcpt(DESK)).await;
    assert_eq!(row.verdict, VerdictKind::Open);
}
