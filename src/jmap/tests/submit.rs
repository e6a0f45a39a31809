//! Submissions: what each outcome proves.

use super::*;
use crate::mail::Address;
use crate::tracker::Delivery;

/// What comes of a submission that the server answers in this way.
async fn submit(api: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Submission, Vec<Value>) {
    // The connection over which the identities came is still open, and will be used again.
    let server = server(move |seen| {
        let calls = if seen.body.is_empty() { Value::Null } else { seen.json() };
        if calls["methodCalls"][0][0] == "Identity/get" {
            answers(&calls, |name, _, id| vec![json!([name, { "list": [] }, id])])
        } else {
            api(seen)
        }
    })
    .await;
    let jmap = connect(&server).await;
    let envelope = Envelope {
        from: Address::parse("support@example.test").unwrap(),
        to: Address::parse("jane@example.test").unwrap(),
    };
    let (drafts, sent) = (MailboxId::from("drafts"), MailboxId::from("sent"));
    let after = AfterSending::File { from: drafts, to: sent };
    let ready = jmap.ready().await.unwrap();
    let done = ready.submit(&EmailId::from("e1"), &envelope, &IdentityId::from("i1"), &after).await;
    let submissions = |call: &Value| call["methodCalls"][0][0] == "EmailSubmission/set";
    (done, calls(&server).into_iter().filter(submissions).collect())
}

/// What comes of a submission whose calls are answered in this way.
async fn answered(
    answer: impl Fn(&str, &Value, &str) -> Vec<Value> + Send + Sync + 'static,
) -> (Submission, Vec<Value>) {
    submit(move |seen| answers(&seen.json(), &answer)).await
}

fn status(delivered: &str, reply: &str) -> Value {
    json!({ "jane@example.test": { "delivered": delivered, "smtpReply": reply, "displayed": "unknown" } })
}

/// Created, with the implicit update answering under the same call id, before or after.
fn created(update: &Value, status: &Value) -> impl Fn(&str, &Value, &str) -> Vec<Value> + use<> {
    let (update, status) = (update.clone(), status.clone());
    move |name, _, id| match name {
        "EmailSubmission/set" => vec![
            json!(["EmailSubmission/set", { "created": { "k1": { "id": "S1", "undoStatus": "final" } } }, id]),
            json!(["Email/set", update, id]),
        ],
        _ => vec![json!([name, { "list": [{ "id": "S1", "emailId": "e1", "deliveryStatus": status }] }, id])],
    }
}

#[tokio::test]
async fn a_created_submission_is_accepted_whatever_the_implicit_update_says() {
    let (done, asked) =
        answered(created(&json!({ "updated": { "e1": null } }), &status("queued", "250 ok"))).await;
    let accepted =
        |delivery, filed| Submission::Accepted { id: Some(SubmissionId::from("S1")), delivery, filed };
    assert_eq!(done, accepted(Delivery::Queued, true));
    let arguments = &asked[0]["methodCalls"][0][1];
    assert_eq!(arguments["accountId"], "u1");
    let submission = &arguments["create"]["k1"];
    assert_eq!((&submission["emailId"], &submission["identityId"]), (&json!("e1"), &json!("i1")));
    assert_eq!(submission["envelope"]["mailFrom"]["email"], "support@example.test");
    assert_eq!(submission["envelope"]["rcptTo"].as_array().unwrap().len(), 1);
    assert_eq!(
        arguments["onSuccessUpdateEmail"],
        json!({ "#k1": { "mailboxIds/drafts": null, "mailboxIds/sent": true, "keywords/$draft": null } })
    );

    let failed = json!({ "notUpdated": { "e1": { "type": "invalidProperties" } } });
    let (done, _) = answered(created(&failed, &Value::Null)).await;
    assert_eq!(done, accepted(Delivery::Unknown, false));
    let (done, _) = answered(created(&json!(17), &status("yes", "250 ok"))).await;
    assert_eq!(done, accepted(Delivery::Delivered, false));
    let (done, _) =
        answered(created(&json!({ "updated": { "e1": {} } }), &status("no", "550 5.1.1 no"))).await;
    assert_eq!(done, accepted(Delivery::Refused { reply: "550 5.1.1 no".to_owned() }, true));
}

#[tokio::test]
async fn a_delivery_that_cannot_be_asked_for_takes_nothing_back() {
    let (done, _) = submit(|seen| {
        let calls = seen.json();
        if calls["methodCalls"][0][0] == "EmailSubmission/set" {
            answers(&calls, created(&json!({}), &Value::Null))
        } else {
            Reply::status(500)
        }
    })
    .await;
    assert!(matches!(done, Submission::Accepted { delivery: Delivery::Unknown, .. }), "{done:?}");
}

async fn refused(fault: Value) -> Submission {
    answered(move |name, _, id| vec![json!([name, { "notCreated": { "k1": fault } }, id])]).await.0
}

#[tokio::test]
async fn a_refusal_is_classified_by_the_reply_in_it_else_by_its_type() {
    for (fault, permanent, reply) in [
        (
            json!({ "type": "forbiddenToSend", "description": "451 4.3.0 later" }),
            false,
            Some("451 4.3.0 later"),
        ),
        (json!({ "type": "forbiddenToSend", "description": "4.3.0 later" }), false, Some("4.3.0 later")),
        (
            json!({ "type": "tooManyRecipients", "description": "550 no such user" }),
            true,
            Some("550 no such user"),
        ),
        (json!({ "type": "smtpProtocolError", "description": "5.7.1 spam" }), true, Some("5.7.1 spam")),
        (json!({ "type": "invalidRecipients", "invalidRecipients": ["jane@example.test"] }), true, None),
        (json!({ "type": "forbiddenFrom" }), true, None),
        (json!({ "type": "forbiddenMailFrom" }), true, None),
        (json!({ "type": "invalidEmail" }), true, None),
        // The code is Cyrus' secret: refused, and nobody knows for how long.
        (json!({ "type": "forbiddenToSend", "description": "come back later" }), false, None),
        (json!({ "type": "tooManyRecipients", "maxRecipients": 0 }), false, None),
        (json!({ "type": "tooLarge" }), false, None),
    ] {
        match refused(fault.clone()).await {
            Submission::Refused { permanent: is, reply: said, .. } => {
                assert_eq!((is, said.as_deref()), (permanent, reply), "{fault}");
            }
            other => panic!("{fault}: {other:?}"),
        }
    }
    for fault in [
        json!({ "type": "smtpProtocolError", "description": "go" }),
        json!({ "type": "serverFail", "description": "Internal Error" }),
        json!({ "type": "aNewOne" }),
        json!({}),
        json!("what"),
    ] {
        assert!(matches!(refused(fault.clone()).await, Submission::Unknown { .. }), "{fault}");
    }
}

#[tokio::test]
async fn only_what_proves_that_nothing_left_counts_as_not_sent() {
    for status in [400, 401, 403, 413, 429] {
        let (done, asked) = submit(move |_| Reply::status(status)).await;
        assert!(matches!(done, Submission::NotSent { .. }), "{status}: {done:?}");
        assert_eq!(asked.len(), 1);
    }
    let (done, _) = submit(|_| Reply::new(429, "text/html", "retry-after: 60\r\n", "")).await;
    let failure = Failure::Temporary { retry_after: Some(Duration::from_secs(60)) };
    assert!(matches!(done, Submission::NotSent { failure: f, .. } if f == failure), "{done:?}");
    for kind in ["serverFail", "serverUnavailable"] {
        let (done, _) = answered(move |_, _, id| vec![json!(["error", { "type": kind }, id])]).await;
        assert!(matches!(done, Submission::NotSent { .. }), "{kind}: {done:?}");
    }
    for kind in ["serverPartialFail", "somethingNew"] {
        let (done, _) = answered(move |_, _, id| vec![json!(["error", { "type": kind }, id])]).await;
        assert!(matches!(done, Submission::Unknown { .. }), "{kind}: {done:?}");
    }
    let problem = r#"{"type":"urn:ietf:params:jmap:error:notRequest"}"#;
    let (done, _) = submit(move |_| Reply::new(500, "application/problem+json", "", problem)).await;
    assert!(matches!(done, Submission::NotSent { .. }), "{done:?}");
    for status in [404, 500, 502, 503, 307] {
        let (done, _) = submit(move |_| Reply::status(status)).await;
        assert!(matches!(done, Submission::Unknown { .. }), "{status}: {done:?}");
    }
}

#[tokio::test]
async fn a_broken_answer_is_an_unknown_outcome_and_the_request_is_written_once() {
    for text in
        ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"methodResponses\":["]
    {
        let (done, asked) = submit(move |_| Reply::raw(text)).await;
        assert!(matches!(done, Submission::Unknown { .. }), "{text}: {done:?}");
        assert_eq!(asked.len(), 1, "{text}");
    }
    for body in [
        json!({}),
        json!({ "methodResponses": [] }),
        json!({ "methodResponses": [["EmailSubmission/set", {}, "s0"]] }),
    ] {
        let (done, asked) = submit(move |_| Reply::json(&body)).await;
        assert!(matches!(done, Submission::Unknown { .. }), "{done:?}");
        assert_eq!(asked.len(), 1);
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_sent() {
    let server = server(|_| Reply::status(500)).await;
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let jmap = connect_with(config(server.url("")), &clock).await.unwrap();
    clock.advance(Duration::from_secs(60));
    let address = server.address;
    drop(server);
    // The listener is closed by its task, which ends soon.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let envelope = Envelope {
        from: Address::parse("support@example.test").unwrap(),
        to: Address::parse("jane@example.test").unwrap(),
    };
    let mailbox = MailboxId::from("m");
    let after = AfterSending::File { from: mailbox.clone(), to: mailbox };
    let ready = jmap.ready().await.unwrap();
    let done = ready.submit(&EmailId::from("e"), &envelope, &IdentityId::from("i"), &after).await;
    let again = Failure::Temporary { retry_after: None };
    assert!(matches!(done, Submission::NotSent { failure, .. } if failure == again), "{done:?}");
}

#[tokio::test]
async fn a_submission_is_found_by_its_email_unless_it_was_cancelled() {
    let found = async |undo: &'static str, email: &'static str| {
        let server = server(move |seen| {
            answers(&seen.json(), |name, _, id| match name {
                "EmailSubmission/query" => vec![json!([name, { "ids": ["S1"] }, id])],
                _ => vec![
                    json!([name, { "list": [{ "id": "S1", "emailId": email, "undoStatus": undo }] }, id]),
                ],
            })
        })
        .await;
        connect(&server).await.submission_of(&EmailId::from("e1"), None).await.unwrap()
    };
    assert_eq!(found("final", "e1").await, Some(SubmissionId::from("S1")));
    assert_eq!(found("canceled", "e1").await, None);
    assert_eq!(found("final", "e2").await, None);
}

#[test]
fn identities_are_chosen_by_address() {
    let identity =
        |id: &str, email: &str| Identity { id: id.into(), name: String::new(), email: email.to_owned() };
    let all = [identity("1", "*@Example.test"), identity("2", "Support@example.test")];
    let chosen = |text: &str| {
        let found = Identity::for_address(&all, &Address::parse(text).unwrap());
        found.map(|identity| identity.id.as_str().to_owned())
    };
    assert_eq!(chosen("support@EXAMPLE.test").as_deref(), Some("2"));
    assert_eq!(chosen("help@example.test").as_deref(), Some("1"));
    assert_eq!(chosen("help@other.test"), None);
}

/// The Email's id may have been given a second time, and the Email be gone.
#[tokio::test]
async fn a_submission_to_somebody_else_proves_nothing() {
    let to_jane =
        json!({ "mailFrom": { "email": "a@b.test" }, "rcptTo": [{ "email": "Jane@Example.test" }] });
    for (told, jane, lin) in [
        (json!({ "envelope": to_jane }), true, false),
        (json!({ "deliveryStatus": status("yes", "250 ok") }), true, false),
        (json!({}), true, true),
    ] {
        let server = server(move |seen| {
            answers(&seen.json(), |name, _, id| {
                if name == "EmailSubmission/query" {
                    return vec![json!([name, { "ids": ["S1"] }, id])];
                }
                let mut submission = json!({ "id": "S1", "emailId": "e1", "undoStatus": "final" });
                let fields = submission.as_object_mut().unwrap();
                fields.extend(told.as_object().unwrap().clone());
                vec![json!([name, { "list": [submission] }, id])]
            })
        })
        .await;
        let jmap = connect(&server).await;
        for (who, found) in [("jane@example.test", jane), ("lin@example.test", lin)] {
            let to = Address::parse(who).unwrap();
            let submission = jmap.submission_of(&EmailId::from("e1"), Some(&to)).await.unwrap();
            assert_eq!(submission.is_some(), found, "{who}");
        }
    }
}
