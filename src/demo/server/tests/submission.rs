//! Sending, delivery between addresses, bounces and refusals.

use super::*;
use crate::demo::server::{Fault, Habits, Incoming, Times, Unknown};
use crate::mail::Authentication;

async fn submit(server: &Server, email: &str, to: &[&str]) -> Vec<(String, Value, String)> {
    let boxes = boxes(server).await;
    let rcpt_to: Vec<_> = to.iter().map(|email| json!({ "email": email })).collect();
    let create = json!({
        "identityId": "a", "emailId": email,
        "envelope": { "mailFrom": { "email": DESK, "parameters": null }, "rcptTo": rcpt_to },
    });
    let filed = json!({
        format!("mailboxIds/{}", boxes["drafts"]): null, format!("mailboxIds/{}", boxes["sent"]): true, "keywords/$draft": null,
    });
    calls(
        server,
        json!([["EmailSubmission/set", { "accountId": "a", "create": { "s": create }, "onSuccessUpdateEmail": { "#s": filed } }, "7"]]),
    )
    .await
}

#[tokio::test]
async fn a_submission_delivers_at_once_and_files_the_mail() {
    let server = server();
    let raw = mail(DESK, ANN, "1", "Hello");
    let email = draft(&server, &raw).await;
    let answers = submit(&server, &email, &[ANN]).await;
    let names: Vec<_> = answers.iter().map(|(name, _, id)| (name.as_str(), id.as_str())).collect();
    assert_eq!(names, [("EmailSubmission/set", "7"), ("Email/set", "7")]);
    assert_eq!(answers[1].1["updated"], json!({ &email: null }));
    let id = &answers[0].1["created"]["s"]["id"];
    let found = call(&server, "EmailSubmission/get", json!({ "ids": [id] })).await;
    assert_eq!(found["list"][0]["deliveryStatus"][ANN]["delivered"], "yes");
    let queried = call(&server, "EmailSubmission/query", json!({ "filter": { "emailIds": [email] } })).await;
    assert_eq!(queried["ids"], json!([id]));
    let left = server.submissions();
    assert_eq!(
        (left.len(), left[0].rcpt_to.as_slice(), left[0].raw.as_ref()),
        (1, [address(ANN)].as_slice(), raw.as_slice())
    );
    assert!(server.mails(ANN, "inbox")[0].raw.ends_with(&raw));
    let sent = server.mails(DESK, "sent");
    assert_eq!((sent.len(), sent[0].keywords.len()), (1, 0));
}

#[tokio::test]
async fn what_is_wrong_with_a_submission_is_said_and_nothing_leaves() {
    let server = server();
    let email = draft(&server, &mail(DESK, ANN, "1", "Hello")).await;
    let parties = |from: &str, to: Value| json!({ "mailFrom": { "email": from }, "rcptTo": to });
    let to_ann = json!([{ "email": ANN }]);
    let cases = [
        (json!({ "identityId": "z", "emailId": email }), "invalidProperties"),
        (json!({ "identityId": "a", "emailId": "zz" }), "invalidProperties"),
        (
            json!({ "identityId": "a", "emailId": email, "envelope": parties(DESK, json!([])) }),
            "noRecipients",
        ),
        (
            json!({ "identityId": "a", "emailId": email, "envelope": parties(DESK, json!([{ "email": "no address" }])) }),
            "invalidRecipients",
        ),
        (
            json!({ "identityId": "a", "emailId": email, "envelope": parties("help+x@desk.example", to_ann.clone()) }),
            "forbiddenMailFrom",
        ),
        (
            json!({ "identityId": "a", "emailId": email, "envelope": parties("", to_ann) }),
            "forbiddenMailFrom",
        ),
    ];
    for (create, error) in cases {
        let answer = call(&server, "EmailSubmission/set", json!({ "create": { "s": create } })).await;
        assert_eq!(answer["notCreated"]["s"]["type"], error, "{answer}");
    }
    assert!(server.submissions().is_empty());
}

#[tokio::test]
async fn addresses_sub_addresses_aliases_and_wildcards_find_their_owner() {
    let server = server();
    let cases = [
        (DESK, true),
        ("HELP+anything.at-all@desk.example", true),
        ("support@acme.example", true),
        ("support+key@acme.example", true),
        ("incoming+acme-web-7-issue-@desk.example", true),
        ("incoming@desk.example", true),
        ("incoming+@desk.example", false),
        ("helper@desk.example", false),
    ];
    for (to, known) in cases {
        let landed = server.deliver(mail(ANN, to, to, "x"), &[address(to)]);
        assert_eq!(landed[0].at.as_ref().map(|(login, _)| login.as_str()), known.then_some(DESK), "{to}");
    }
    let mut options = options();
    options.users[0].wildcards = vec![Wildcard::parse("{key}@desk.example").unwrap()];
    let catch_all = Server::in_memory(options);
    assert!(
        catch_all.deliver(mail(ANN, DESK, "1", "x"), &[address("whatever@desk.example")])[0].at.is_some()
    );
}

#[tokio::test]
async fn one_mail_to_two_sub_addresses_is_two_emails_with_traces_of_their_own() {
    let server = server();
    let raw = mail(ANN, DESK, "1", "x");
    server.deliver(raw, &[address("help+a@desk.example"), address("help+b@desk.example")]);
    let mails = server.mails(DESK, "inbox");
    assert_eq!(mails.len(), 2);
    assert_ne!(mails[0].raw, mails[1].raw);
    assert!(
        !String::from_utf8_lossy(&mails[0].raw).contains("help+a"),
        "a sub-address stands in no trace header"
    );
}

#[tokio::test]
async fn traces_say_what_the_habits_and_the_authority_say() {
    let mut options = options();
    options.authserv_id = Some("mx.desk.example".to_owned());
    options.habits.received_for = true;
    options.habits.delivered_to = true;
    let server = Server::in_memory(options);
    let incoming = Incoming {
        authentication: Authentication::Fail,
        mail_from: None,
        ..Incoming::new(mail(ANN, DESK, "1", "x"), &[address("help+key@desk.example")])
    };
    server.deliver_as(&incoming);
    server.send(ANN, mail(ANN, DESK, "2", "x"), &[address(DESK)]).unwrap();
    let mails = server.mails(DESK, "inbox");
    let (first, second) = (String::from_utf8_lossy(&mails[0].raw), String::from_utf8_lossy(&mails[1].raw));
    assert!(
        first.starts_with("Return-Path: <>\r\nAuthentication-Results: mx.desk.example;\r\n spf=fail"),
        "{first}"
    );
    assert!(
        first.contains("Delivered-To: help@desk.example\r\n")
            && first.contains("\r\n for <help+key@desk.example>;\r\n")
    );
    assert!(second.contains("dmarc=pass header.from=customer.example"));
    assert_eq!(server.mails(ANN, "sent").len(), 1);
}

#[tokio::test]
async fn mail_to_nobody_comes_back_as_a_report_or_is_refused() {
    let server = server();
    let email = draft(&server, &mail(DESK, "none@customer.example", "1", "Hello")).await;
    let answers = submit(&server, &email, &["none@customer.example"]).await;
    let id = &answers[0].1["created"]["s"]["id"];
    let status = call(&server, "EmailSubmission/get", json!({ "ids": [id] })).await;
    assert_eq!(status["list"][0]["deliveryStatus"]["none@customer.example"]["delivered"], "queued");
    let report = String::from_utf8(server.mails(DESK, "inbox")[0].raw.to_vec()).unwrap();
    assert!(report.starts_with("Return-Path: <>\r\n") && report.contains("report-type=delivery-status"));
    assert!(
        report.contains(
            "Final-Recipient: rfc822; none@customer.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        )
    );
    assert!(report.contains("Message-ID: <1@test.example>") && !report.contains("In-Reply-To"));

    let mut options = options();
    options.unknown_here = Unknown::Refused;
    let server = Server::in_memory(options);
    assert!(
        server
            .send(DESK, mail(DESK, ANN, "1", "x"), &[address("none@desk.example")])
            .unwrap_err()
            .starts_with("550 5.1.1")
    );
    assert_eq!((server.submissions().len(), server.mails(DESK, "sent").len()), (0, 0));
}

#[tokio::test]
async fn refusals_show_in_cyrus_way_and_in_stalwarts() {
    for (reply, cyrus, stalwart) in [
        ("550 5.1.1 Go away", json!({ "type": "invalidRecipients" }), "no"),
        ("451 4.3.0 Later", json!({ "type": "forbiddenToSend", "description": "Later" }), "queued"),
    ] {
        let cyrus_server = Server::in_memory(options().habits(Habits::cyrus()));
        let rule = cyrus_server.faults().add(Fault::Refuse("ann@".into(), reply.into()), Times::Once);
        let email = draft(&cyrus_server, &mail(DESK, ANN, "1", "Hello")).await;
        let answers = submit(&cyrus_server, &email, &[ANN, "else@where.example"]).await;
        assert_eq!((answers.len(), rule.hits()), (1, 1));
        assert_eq!(answers[0].1["notCreated"]["s"], cyrus);
        assert!(cyrus_server.submissions().is_empty());
        assert_eq!(cyrus_server.mails(DESK, "drafts").len(), 1);

        let server = server();
        server.faults().add(Fault::Refuse("ann@".into(), reply.into()), Times::Always);
        let email = draft(&server, &mail(DESK, ANN, "1", "Hello")).await;
        let answers = submit(&server, &email, &[ANN]).await;
        let id = &answers[0].1["created"]["s"]["id"];
        let status = call(&server, "EmailSubmission/get", json!({ "ids": [id] })).await;
        let status = &status["list"][0]["deliveryStatus"][ANN];
        assert_eq!((&status["delivered"], &status["smtpReply"]), (&json!(stalwart), &json!(reply)));
        assert!(server.submissions().is_empty());
    }
}

#[tokio::test]
async fn bcc_stays_behind() {
    let server = server();
    let mut raw = b"Bcc: <secret@desk.example>\r\n".to_vec();
    raw.extend(mail(DESK, ANN, "1", "Hello"));
    let email = draft(&server, &raw).await;
    submit(&server, &email, &[ANN]).await;
    assert_eq!(server.submissions()[0].raw, mail(DESK, ANN, "1", "Hello"));
}

#[tokio::test]
async fn submissions_may_be_forgotten_and_the_implicit_update_may_fail() {
    let server = server();
    let forgets = server.faults().add(Fault::ForgetSubmission, Times::Once);
    let loses = server.faults().add(Fault::LoseImplicitUpdate, Times::Once);
    let email = draft(&server, &mail(DESK, ANN, "1", "Hello")).await;
    let answers = submit(&server, &email, &[ANN]).await;
    let id = &answers[0].1["created"]["s"]["id"];
    assert!(answers[1].1["notUpdated"][&email]["type"] == "invalidProperties");
    assert_eq!(call(&server, "EmailSubmission/get", json!({ "ids": [id] })).await["notFound"], json!([id]));
    assert_eq!((forgets.hits(), loses.hits(), server.submissions().len()), (1, 1, 1));
    assert_eq!(server.look(|world| world.submission_objects(DESK)), 0);
    assert_eq!(server.mails(DESK, "drafts").len(), 1, "the mail is sent and lies where it lay");
}

#[tokio::test]
async fn identities_are_read_only() {
    let server = server();
    let found = call(&server, "Identity/get", json!({ "ids": null, "properties": ["email"] })).await;
    assert_eq!(
        found["list"],
        json!([{ "id": "a", "email": DESK }, { "id": "b", "email": "support@acme.example" }])
    );
    assert_eq!(
        call(&server, "Identity/set", json!({ "update": { "a": { "name": "x" } } })).await["type"],
        "unknownMethod"
    );
}
