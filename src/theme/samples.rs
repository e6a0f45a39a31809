//! Contents for every page and letter, as full as they can be, for `check` and the tests.

use jiff::Timestamp;

use super::page::*;
use super::{
    AccountLetter, ClosedLetter, CommentLetter, ConfirmationLetter, Frame, Html, Letter, NoticeLetter,
    NoticeWays, ParticipantAddedLetter,
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_default()
}

pub(crate) fn frame() -> Frame {
    Frame {
        version: "0.1.0",
        now: at("2026-11-19T13:31:00Z"),
        viewer: Some(FrameViewer {
            name: "Jane Okafor".into(),
            initials: "JO".into(),
            address: "jane@acme.example".into(),
            decides: true,
            admin: true,
        }),
        section: "tickets",
        held: Some("6".into()),
        mail: MailLine {
            line: "listening by push".into(),
            last_sweep: Some(at("2026-11-19T13:30:00Z")),
            ..MailLine::default()
        },
        csrf: "csrf-token".into(),
        form: "form-id".into(),
    }
}

pub(crate) fn link(name: &str, count: Option<&str>) -> Link {
    Link { name: name.into(), href: "/?q=is%3Aopen".into(), current: false, count: count.map(Into::into) }
}

fn row(number: u32, who: &str, title: &str, owed: Option<&str>) -> Row {
    Row {
        href: format!("/p/acme/web/{number}"),
        who: who.into(),
        title: title.into(),
        path: "acme/web".into(),
        number,
        assignee: number.is_multiple_of(2).then(|| "Jane".into()),
        state: "open",
        owed_since: owed.map(at),
        active_at: at("2026-11-17T09:00:00Z"),
    }
}

pub(crate) fn list() -> List {
    List {
        heading: "Open tickets".into(),
        query: "is:open project:acme/web".into(),
        sort: "waiting",
        sort_name: "Longest waiting first",
        sort_is_default: false,
        views: vec![link("Everything open", None), link("Assigned to me", None), link("Unassigned", None)],
        projects: vec![link("acme/web", Some("38")), link("acme/mobile", Some("0"))],
        tokens: vec![Token { key: "is:".into(), value: "open".into(), href: "/?q=".into() }],
        more: vec![link("assignee:me", None)],
        unknown: vec!["is:blue".into()],
        tabs: vec![link("Open", Some("63")), link("Closed", None), link("All", Some("1,267"))],
        sorts: vec![link("Last activity first", None), link("Longest waiting first", None)],
        rows: vec![
            row(
                412,
                "Hanna Weber",
                "Rechnung R-2026-1187: falscher Betrag, bitte um korrigierte Rechnung bis Freitag",
                Some("2026-11-19T08:12:00Z"),
            ),
            row(418, "田中 裕子", "請求書のPDFがダウンロードできません", Some("2026-11-19T09:40:00Z")),
            row(207, "Ahmed El-Sayed", "لا أستطيع تسجيل الدخول بعد التحديث", None),
            row(422, "purchasing@northfield-schools.example", "<script>alert(1)</script> & \"quotes\"", None),
        ],
        older: Some("/?after=1".into()),
        first: Some("/".into()),
        cut: true,
    }
}

pub(crate) fn own_account() -> AccountPage {
    let choice = |value, name, chosen| Choice { value, name, chosen };
    AccountPage {
        name: "Jane Okafor".into(),
        handle: "jane".into(),
        address: "jane@acme.example".into(),
        notices: vec![Notice { text: "Saved.".into(), bad: false, link: None }],
        mails_about: vec![
            choice("assigned", "Tickets assigned to me", true),
            choice("nothing", "Nothing", false),
        ],
    }
}

fn text(no: u32, who: &str, html: &str) -> Text {
    Text {
        no,
        who: who.into(),
        address: None,
        initials: "JO".into(),
        agent: true,
        by_mail: true,
        note: false,
        fresh: false,
        at: at("2026-11-16T08:12:00Z"),
        html: Html::sanitised(html.into()),
        quoted: None,
        remote_images: 0,
        images_shown: false,
        defects: vec![],
        files: vec![],
        delivery: None,
        pending: None,
    }
}

fn entries() -> Vec<Entry> {
    let file = |name: &str, kind: &str, size| File {
        href: "/p/acme/web/412/file/1/2".into(),
        name: name.into(),
        kind: kind.into(),
        size,
    };
    let letter = |icon, line: &str, again| LetterLine {
        icon,
        address: "hanna.weber@weber-moebel.example".into(),
        line: line.into(),
        quote: None,
        bad: again,
        again: again.then_some(7),
    };
    vec![
        Entry::Comment(Text {
            address: Some("hanna.weber@weber-moebel.example".into()),
            initials: "HW".into(),
            agent: false,
            quoted: Some(Html::sanitised(
                "<blockquote><p>Am 16.11.2026 schrieb Jane:</p></blockquote>".into(),
            )),
            remote_images: 2,
            defects: vec!["It has no Message-ID.".into()],
            files: vec![
                file("Rechnung_R-2026-1187.pdf", "PDF", 84_000),
                file("Lizenzen_Standorte.xlsx", "XLSX", 18_000),
            ],
            ..text(
                1,
                "Hanna Weber",
                "<p>Guten Tag,</p><p>unsere Rechnung R-2026-1187 weist 24 Lizenzen aus.</p><table><tr><th>Standort</th><td>Kassel</td></tr></table>",
            )
        }),
        Entry::Event(Line {
            no: 2,
            icon: "sent",
            who: "Confirmation".into(),
            what: "mailed to".into(),
            whom: Some("Hanna Weber".into()),
            href: None,
            detail: None,
            bad: false,
            at: at("2026-11-16T08:12:00Z"),
        }),
        Entry::Comment(Text {
            pending: None,
            delivery: Some(Delivery {
                icon: "check",
                line: "Delivered to 1 of 1".into(),
                bad: false,
                letters: vec![letter("check", "Delivered 16 Nov, 10:05", false)],
            }),
            ..text(3, "Jane Okafor", "<p>Guten Tag Frau Weber,</p><p>Sie haben recht.</p>")
        }),
        Entry::Comment(Text {
            note: true,
            initials: "LP".into(),
            ..text(4, "Lin Park", "<p>The price list still has the old price.</p>")
        }),
        Entry::Unverified(Unverified {
            why: "This mail answers the ticket, but its sender is not a participant.".into(),
            open: true,
            addable: true,
            text: Text { agent: false, ..text(8, "b.kessler@kessler-steuer.example", "<p>Hallo,</p>") },
        }),
        Entry::Automatic(Text { agent: false, ..text(5, "Hanna Weber", "<p>Ich bin nicht im Büro.</p>") }),
        Entry::Event(Line {
            no: 6,
            icon: "alert",
            who: "Delivery failed".into(),
            what: "for".into(),
            whom: Some("buchhaltung@weber-moebel.example".into()),
            href: Some("/p/acme/web/413".into()),
            detail: Some("552 5.2.2 mailbox full".into()),
            bad: true,
            at: at("2026-11-16T09:12:00Z"),
        }),
        Entry::Comment(Text {
            fresh: true,
            pending: None,
            delivery: Some(Delivery {
                icon: "alert",
                line: "Not known whether sent to 1 of 1".into(),
                bad: true,
                letters: vec![letter("alert", "Not known whether sent", true)],
            }),
            ..text(7, "Tomás Rivera", "<p>Eine Frage noch: nach Standorten getrennt?</p>")
        }),
    ]
}

pub(crate) fn ticket() -> Ticket {
    Ticket {
        href: "/p/acme/web/412".into(),
        path: "acme/web".into(),
        project_href: "/?q=project%3Aacme%2Fweb".into(),
        number: 412,
        title: "Rechnung R-2026-1187: falscher Betrag, bitte um korrigierte Rechnung bis Freitag".into(),
        state: "open",
        owed_since: Some(at("2026-11-19T08:12:00Z")),
        active_at: at("2026-11-19T08:12:00Z"),
        opened_at: at("2026-11-16T08:12:00Z"),
        requester: "Hanna Weber".into(),
        comments: 6,
        notes: 1,
        notices: vec![Notice {
            text: "One entry is new since you began to write.".into(),
            bad: true,
            link: Some(link("See it", None)),
        }],
        earlier: Some(link("120 earlier entries", None)),
        entries: entries(),
        may_work: true,
        composer: Some(Composer {
            text: "Guten Tag,\n\nanbei".into(),
            mode: "reply",
            focus: true,
            mailed: vec!["Hanna Weber <hanna.weber@weber-moebel.example>".into()],
            unmailed: vec!["Timo Weber (unsubscribed)".into()],
            readers: "4 people".into(),
        }),
        seen: 7,
        members: vec![
            Member { id: 1, name: "Jane Okafor".into(), chosen: true, me: true },
            Member { id: 2, name: "Lin Park".into(), chosen: false, me: false },
        ],
        assignee: Some("Jane Okafor".into()),
        participants: vec![
            Person {
                no: 1,
                removable: false,
                icon: "mail",
                name: Some("Hanna Weber".into()),
                address: "hanna.weber@weber-moebel.example".into(),
                line: "Requester, gets every reply".into(),
                bad: false,
                lift: None,
            },
            Person {
                no: 2,
                removable: true,
                icon: "alert",
                name: None,
                address: "buchhaltung@weber-moebel.example".into(),
                line: "Bounced, paused".into(),
                bad: true,
                lift: Some(3),
            },
        ],
        targets: vec![ProjectChoice { id: 2, path: "acme/mobile".into() }],
        others: vec![Other {
            href: "/p/acme/web/340".into(),
            title: "Angebot für 22 Lizenzen".into(),
            reference: "acme/web#340".into(),
            state: "closed",
            owed_since: None,
            active_at: at("2026-10-05T08:12:00Z"),
        }],
        also_for: vec!["acme/mobile".into()],
        written_to: Some("support@acme.example".into()),
        first_reply: Some("53 min".into()),
    }
}

pub(crate) fn held() -> Held {
    let row = |id, cause, target: Option<&str>| HeldRow {
        id,
        cause,
        sentence: "The project takes no new tickets at present.",
        subject: "Fotos vom Transportschaden".into(),
        from: "l.hoffmann@moebelspedition.example".into(),
        to: "support@acme.example".into(),
        at: at("2026-11-18T08:03:00Z"),
        size: 61_000_000,
        preview: Some("Hallo,\nanbei die Fotos.".into()),
        target: target.map(Into::into),
        unread: id == 4,
        again: id == 4,
        may_dismiss: id == 3,
    };
    Held {
        notices: vec![Notice { text: "Left as it is.".into(), bad: false, link: None }],
        rows: vec![row(3, "H04", Some("acme/web")), row(2, "H01", None), row(4, "H14", None)],
        projects: vec![
            ProjectChoice { id: 1, path: "acme/web".into() },
            ProjectChoice { id: 2, path: "acme/mobile".into() },
        ],
        older: Some("/held?after=2".into()),
        taken: "1,284".into(),
        balance: vec![
            Balance { word: "tickets", count: "1,250".into() },
            Balance { word: "held", count: "34".into() },
        ],
        junk: Some(JunkPart {
            total: "2".into(),
            rows: vec![JunkRow {
                email: "M1".into(),
                subject: "Re: Quote <b>".into(),
                from: "Timo <timo@weber.example>".into(),
                at: at("2026-11-18T08:03:00Z"),
                size: 4_000,
            }],
        }),
    }
}

pub(crate) fn sign_in() -> SignIn {
    SignIn {
        host: "desk.acme.example".into(),
        address: "jane@acme.example".into(),
        trouble: Some("Address and password do not match.".into()),
        back: "/p/acme/web/412".into(),
        kept: Some(Kept { text: "Guten Tag,".into(), mode: "note" }),
        demo: Some(DemoNote {
            address: "jane@acme.example".into(),
            password: "secret-enough".into(),
            mailbox: "http://localhost:8081/".into(),
        }),
    }
}

pub(crate) fn welcome() -> Welcome {
    Welcome {
        name: "Jane Okafor".into(),
        address: "jane@acme.example".into(),
        trouble: Some("Too short.".into()),
        minimum: 10,
    }
}

pub(crate) fn unsubscribe(state: &'static str) -> Unsubscribe {
    Unsubscribe {
        project_name: "Acme Support".into(),
        project_path: "acme/web".into(),
        number: 412,
        address: "timo.weber@weber-moebel.example".into(),
        state,
        link: "/u/abc".into(),
        host: "desk.acme.example".into(),
    }
}

pub(crate) fn error() -> ErrorPage {
    ErrorPage {
        status: 404,
        title: "There is no ticket acme/web#4120".into(),
        text: "It may have been deleted, or it belongs to a project that you are not a member of.".into(),
        kept: Some("Text".into()),
        link: Some(link("All tickets", None)),
        reference: Some("r-7f3k2a".into()),
    }
}

pub(crate) fn letters() -> [Letter; 12] {
    [
        Letter::Confirmation(ConfirmationLetter {
            project_name: "Acme Support".into(),
            project_path: "acme/web".into(),
            number: 422,
            reference: "acme/web#422".into(),
            subject: Some("Re: Quote for 240 seats\r\nBcc: a@b.example".into()),
            wrote_to: Some("support@acme.example".into()),
            unsubscribe_url: Some("https://desk.acme.example/u/abc".into()),
        }),
        Letter::Comment(CommentLetter {
            project_name: "Acme Support".into(),
            project_path: "acme/web".into(),
            number: 412,
            reference: "acme/web#412".into(),
            title: "AW: Rechnung <b>".into(),
            author: "Jane Okafor".into(),
            text: "Guten Tag Frau Weber,\n\nanbei.".into(),
            html: Html::sanitised("<p>Guten Tag Frau Weber,</p><p>anbei.</p>".into()),
            left_out: vec!["film.mp4".into()],
            unsubscribe_url: None,
        }),
        Letter::ParticipantAdded(added(Some("AW: Rechnung <b>"))),
        Letter::ParticipantAdded(added(None)),
        Letter::Closed(closed(Some("AW: Rechnung <b>"), true)),
        Letter::Closed(closed(None, false)),
        Letter::Notice(notice("new", [true, true, false])),
        Letter::Notice(notice("comment", [true, false, false])),
        Letter::Notice(notice("unverified", [true, false, true])),
        Letter::Notice(NoticeLetter {
            text: String::new(),
            html: Html::sanitised(String::new()),
            writer: None,
            ..notice("assigned", [false; 3])
        }),
        Letter::Invitation(account()),
        Letter::NewPassword(account()),
    ]
}

fn added(title: Option<&str>) -> ParticipantAddedLetter {
    ParticipantAddedLetter {
        project_name: "Acme Support".into(),
        project_path: "acme/web".into(),
        number: 412,
        reference: "acme/web#412".into(),
        title: title.map(Into::into),
        by: "Jane Okafor".into(),
        unsubscribe_url: Some("https://desk.acme.example/u/abc".into()),
    }
}

fn notice(occasion: &'static str, [works, comment, note]: [bool; 3]) -> NoticeLetter {
    let note_to = comment.then(|| "incoming+k3j9x2m4q7w8z1c5v6b0n2a4s8@desk.acme.example".into());
    NoticeLetter {
        occasion,
        project_name: "Acme Support".into(),
        project_path: "acme/web".into(),
        number: 412,
        reference: "acme/web#412".into(),
        title: "AW: Rechnung <b>".into(),
        by: "Lin Park".into(),
        writer: Some("Hanna Weber <hanna.weber@weber-moebel.example>".into()),
        authenticated: note,
        text: "Guten Tag,\n\nder Betrag ist falsch.".into(),
        html: Html::sanitised("<p>Guten Tag,</p><p>der Betrag ist falsch.</p>".into()),
        url: "https://desk.acme.example/p/acme/web/412".into(),
        ways: NoticeWays { works, comment, note, note_to },
        settings_url: "https://desk.acme.example/account".into(),
        above: crate::mail::ABOVE,
        unsubscribe_url: None,
    }
}

fn closed(title: Option<&str>, reopens: bool) -> ClosedLetter {
    ClosedLetter {
        project_name: "Acme Support".into(),
        project_path: "acme/web".into(),
        number: 412,
        reference: "acme/web#412".into(),
        title: title.map(Into::into),
        reopens,
        unsubscribe_url: Some("https://desk.acme.example/u/abc".into()),
    }
}

fn account() -> AccountLetter {
    AccountLetter {
        name: "Jane Okafor".into(),
        address: "jane@acme.example".into(),
        desk: "desk.acme.example".into(),
        link: "https://desk.acme.example/welcome/abc".into(),
        unsubscribe_url: None,
    }
}
