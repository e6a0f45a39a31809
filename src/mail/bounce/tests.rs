use super::*;
use crate::mail::parse;

fn dsn(status: &str, copy: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\n\n\
         --B\n\nIt did not arrive.\n--B\nContent-Type: message/delivery-status\n\n{status}\n--B\n{copy}\n--B--\n"
    )
}

const COPY: &str =
    "Content-Type: message/rfc822\n\nFrom: help@desk.example\nMessage-ID: <one@desk.example>\n\nText";

fn read(mail: &str) -> DeliveryReport {
    parse(mail.as_bytes(), None).report.unwrap_or_else(|| panic!("no report: {mail}"))
}

#[test]
fn a_report_in_postfix_words_is_read() {
    let status = "Reporting-MTA: dns; mx.example\nArrival-Date: Thu, 19 Nov 2026 14:00:00 +0000\n\n\
         Final-Recipient: rfc822; anna@customer.example\nOriginal-Recipient: rfc822;info@customer.example\n\
         Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.customer.example\n\
         Diagnostic-Code: smtp; 550 5.1.1 <anna@customer.example>:\n    no such user\n";
    let report = read(&dsn(status, COPY));
    assert_eq!(report.original, MessageId::parse("one@desk.example"));
    let [anna] = report.recipients.as_slice() else { panic!("{report:?}") };
    let addresses: Vec<&str> = anna.addresses.iter().map(Address::as_str).collect();
    assert_eq!(addresses, ["anna@customer.example", "info@customer.example"]);
    assert_eq!(anna.status.as_deref(), Some("5.1.1"));
    assert_eq!(anna.words(), "550 5.1.1 <anna@customer.example>: no such user");
    assert!(anna.is_permanent());
}

#[test]
fn several_recipients_are_told_apart_and_headers_alone_name_the_mail() {
    let status = "Reporting-MTA: dns; mx.example\n\n\
         Final-Recipient: RFC822; <a@x.example>\nAction: DELAYED\nStatus: 4.2.2 (full)\n\n\n\
         Final-Recipient: rfc822; b@x.example\nAction: relayed\nStatus: 2.0.0\n\n\
         Final-Recipient: rfc822; c@x.example\nAction: failed\nStatus: 4.4.7\n\n\
         Final-Recipient: rfc822; d@x.example\nStatus: 5.0.0\n";
    let copy = "Content-Type: text/rfc822-headers\n\nMessage-Id: <two@desk.example>\nSubject: x\n";
    let report = read(&dsn(status, copy));
    assert_eq!(report.original, MessageId::parse("two@desk.example"));
    let said: Vec<_> = report.recipients.iter().map(|r| (r.action, r.is_permanent())).collect();
    let (delayed, passed, failed) = (ReportedAction::Delayed, ReportedAction::Passed, ReportedAction::Failed);
    // The last has no action, which RFC 3464 requires.
    assert_eq!(said, [(delayed, false), (passed, false), (failed, false)]);
    assert_eq!(report.recipients[0].words(), "4.2.2");
}

#[test]
fn what_is_no_delivery_status_has_no_report() {
    let check = |mail: &str| assert_eq!(parse(mail.as_bytes(), None).report, None, "{mail}");
    check("From: a@b\n\nhello");
    check(&dsn("x: y\n", COPY).replace("message/delivery-status", "message/disposition-notification"));
    check(&dsn("x: y\n", COPY).replace("multipart/report", "multipart/mixed"));
}

#[test]
fn a_report_that_breaks_off_is_as_much_as_it_says() {
    let whole = dsn("Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n", COPY);
    for end in 0..whole.len() {
        let _ = parse(&whole.as_bytes()[..end], None);
    }
    let none = read(&dsn("\n\n\n", "Content-Type: text/plain\n\nMessage-ID: <x@y>"));
    assert_eq!(none, DeliveryReport { original: None, recipients: Vec::new() });
}
