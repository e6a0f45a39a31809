//! What a server may answer, and how it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::config::MailboxRef;

pub(super) async fn jmap(
    answer: impl Fn(&str, &Value, &str) -> Vec<Value> + Send + Sync + 'static,
) -> (Server, Jmap) {
    let server = server(move |seen| match seen.path.as_str() {
        "/jmap/" => answers(&seen.json(), &answer),
        "/jmap/upload/u1/" => Reply::json(&json!({ "blobId": "blob1", "size": seen.body.len() })),
        _ => Reply::status(404),
    })
    .await;
    let jmap = connect(&server).await;
    (server, jmap)
}

fn email(id: &str) -> Value {
    json!({
        "id": id, "blobId": format!("b-{id}"), "size": 10, "receivedAt": "2026-11-22T10:00:00Z",
        "mailboxIds": { "in": true, "out": false }, "keywords": { "$Seen": true }, "messageId": ["1@x"],
        "stalwartOnly": { "anything": [] },
    })
}

#[tokio::test]
async fn a_page_comes_in_one_request_and_in_the_order_of_the_query() {
    let (server, jmap) = jmap(|name, arguments, id| match name {
        "Email/query" => vec![json!([name, { "ids": ["e1", "e2", "gone", "e4"], "total": 9, "position": arguments["position"] }, id])],
        // Another order, one gone, one that cannot be read.
        _ => vec![json!([name, { "list": [email("e2"), { "id": "e4" }, email("e1")], "notFound": ["gone"] }, id])],
    })
    .await;
    let page = jmap.page(&MailboxId::from("in"), 20, 500).await.unwrap();
    assert_eq!((page.found(), page.total), (4, Some(9)));
    let ids: Vec<&str> = page.emails.iter().map(|email| email.id.as_str()).collect();
    assert_eq!(ids, ["e1", "e2"]);
    assert_eq!(page.emails[0].mailboxes, [MailboxId::from("in")]);
    assert_eq!(page.emails[0].keywords, ["$seen"]);
    assert_eq!(page.emails[0].received_at.to_string(), "2026-11-22T10:00:00Z");

    let asked = &calls(&server)[0];
    assert_eq!(
        asked["using"],
        json!(["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"])
    );
    let query = &asked["methodCalls"][0][1];
    assert_eq!(query["filter"], json!({ "inMailbox": "in" }));
    assert_eq!(query["sort"], json!([{ "isAscending": true, "property": "receivedAt" }]));
    // Never more than the server gives at once.
    assert_eq!((&query["position"], &query["limit"]), (&json!(20), &json!(3)));
    let get = &asked["methodCalls"][1][1];
    assert_eq!(get["#ids"], json!({ "resultOf": "s0", "name": "Email/query", "path": "/ids" }));
    assert_eq!(get["properties"], json!(["id", "blobId", "size", "receivedAt", "mailboxIds", "keywords"]));
}

#[tokio::test]
async fn mails_are_moved_by_a_patch_with_null_in_parts_that_the_server_takes() {
    let (server, jmap) = jmap(|name, arguments, id| {
        let mut refused = json!({});
        if arguments["update"].get("e2").is_some() {
            refused = json!({ "e2": { "type": "resultReference", "description": 7 } });
        }
        // Some say neither oldState nor newState, and null for what was updated.
        vec![json!([name, { "updated": null, "notUpdated": refused }, id])]
    })
    .await;
    let (from, to) = (MailboxId::from("in"), MailboxId::from("done"));
    let moves: Vec<_> =
        ["e1", "e2", "e3"].iter().map(|&id| (EmailId::from(id), from.clone(), to.clone())).collect();
    let results = jmap.file(&moves).await.unwrap();
    assert!(results[0].is_ok() && results[2].is_ok());
    let fault = results[1].clone().unwrap_err();
    assert_eq!(fault.kind, SetErrorType::Other("resultReference".to_owned()));
    assert_eq!(fault.failure(), Failure::Temporary { retry_after: None });
    let calls = calls(&server);
    assert_eq!(calls.len(), 2);
    let patch = json!({ "mailboxIds/in": null, "mailboxIds/done": true });
    assert_eq!(calls[0]["methodCalls"][0][1]["update"], json!({ "e1": patch, "e2": patch }));
}

#[tokio::test]
async fn an_import_answers_without_states_and_the_same_octets_are_one_email() {
    let (server, jmap) = jmap(|name, _, id| {
        vec![json!([name, { "created": { "i0": { "id": "e9" } }, "notCreated": null }, id])]
    })
    .await;
    let done = jmap.import(Bytes::from_static(b"mail"), &MailboxId::from("in"), &["$Draft"]).await.unwrap();
    assert_eq!(done, Imported { id: EmailId::from("e9"), existed: false });
    let import = &calls(&server)[0]["methodCalls"][0][1]["emails"]["i0"];
    assert_eq!(
        *import,
        json!({ "blobId": "blob1", "mailboxIds": { "in": true }, "keywords": { "$draft": true } })
    );

    let (_server, jmap) = super::answers::jmap(|name, _, id| {
        vec![json!([name, { "notCreated": { "i0": { "type": "alreadyExists", "existingId": "e1" } } }, id])]
    })
    .await;
    let again = jmap.import(Bytes::from_static(b"mail"), &MailboxId::from("in"), &[]).await.unwrap();
    assert_eq!(again, Imported { id: EmailId::from("e1"), existed: true });
}

#[tokio::test]
async fn what_is_larger_than_the_server_takes_is_not_uploaded() {
    let (server, jmap) = jmap(|_, _, _| Vec::new()).await;
    let error = jmap.upload(Bytes::from(vec![b'x'; 1001])).await.unwrap_err();
    assert!(matches!(error, JmapError::TooLarge { size: 1001, limit: 1000, .. }), "{error:?}");
    assert!(server.seen().iter().all(|seen| !seen.path.contains("upload")));
}

#[tokio::test]
async fn a_missing_mailbox_is_created_inside_its_parent() {
    let (server, jmap) = jmap(|name, arguments, id| match name {
        "Mailbox/get" => vec![json!([name, { "list": [
            { "id": "m1", "name": "INBOX", "role": "inbox", "totalEmails": 3, "myRights": { "unknown": 1 } },
            { "id": "m2", "name": "Sent Items", "role": "sent" },
            { "id": "m3", "name": "Postdesk", "parentId": null },
            { "name": "no id" },
        ] }, id])],
        _ => {
            let key = arguments["create"].as_object().unwrap().keys().next().unwrap().clone();
            vec![json!([name, { "created": { key: { "id": "new" } } }, id])]
        }
    })
    .await;
    let ensure = async |text: &str| jmap.ensure_mailbox(&MailboxRef::parse(text).unwrap()).await.unwrap();
    assert_eq!(ensure("role:sent").await.as_str(), "m2");
    assert_eq!(ensure("inbox").await.as_str(), "m1");
    assert_eq!(ensure("Postdesk/Handled").await.as_str(), "new");
    let created = &calls(&server).pop().unwrap()["methodCalls"][0][1]["create"]["m"];
    assert_eq!(*created, json!({ "name": "Handled", "parentId": "m3", "isSubscribed": true }));
    assert_eq!(ensure("role:junk").await.as_str(), "new");
    let created = &calls(&server).pop().unwrap()["methodCalls"][0][1]["create"]["m"];
    assert_eq!(*created, json!({ "name": "Junk", "parentId": null, "role": "junk", "isSubscribed": true }));
}

#[tokio::test]
async fn a_mailbox_that_somebody_made_meanwhile_is_taken() {
    let made = Arc::new(AtomicBool::new(false));
    let (server, jmap) = jmap(move |name, _, id| match name {
        "Mailbox/get" if made.load(Ordering::SeqCst) => {
            vec![json!([name, { "list": [{ "id": "m9", "name": "Handled", "parentId": null }] }, id])]
        }
        "Mailbox/get" => vec![json!([name, { "list": [] }, id])],
        "Mailbox/set" => {
            made.store(true, Ordering::SeqCst);
            let refused = json!({ "type": "invalidProperties", "properties": ["name"] });
            vec![json!([name, { "created": null, "notCreated": { "m": refused } }, id])]
        }
        _ => Vec::new(),
    })
    .await;
    let ensured = jmap.ensure_mailbox(&MailboxRef::parse("Handled").unwrap()).await.unwrap();
    assert_eq!(ensured.as_str(), "m9");
    assert_eq!(calls(&server).len(), 3);
    // One that is refused for another reason is not there either.
    let refused = jmap.ensure_mailbox(&MailboxRef::parse("Held").unwrap()).await;
    assert!(matches!(refused, Err(JmapError::Set { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_quota_with_the_least_room_for_mail_counts() {
    let quota = |id: &str, more: Value| {
        let mut quota = json!({ "id": id, "resourceType": "octets", "used": 70, "hardLimit": 100, "scope": "account",
            "name": id, "types": ["Email", "Calendar"] });
        quota.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        quota
    };
    let (server, jmap) = jmap(move |name, arguments, id| match name {
        "Quota/get" if arguments["ids"].is_null() => vec![json!([name, { "list": [
            quota("roomy", json!({ "hardLimit": 1000 })),
            quota("mails", json!({ "resourceType": "count", "used": 99 })),
            quota("everyone", json!({ "scope": "domain", "used": 99 })),
            quota("files", json!({ "types": ["FileNode"], "used": 99 })),
            quota("strange", json!({ "used": -1 })),
            quota("ours", json!({ "types": ["Mail"] })),
            quota("endless", json!({ "hardLimit": 0 })),
        ] }, id])],
        _ => Vec::new(),
    })
    .await;
    assert_eq!(jmap.used().await.unwrap(), Some(Used { octets: 70, limit: Some(100) }));
    let using = calls(&server).pop().unwrap()["using"].clone();
    assert!(using.as_array().unwrap().contains(&json!("urn:ietf:params:jmap:quota")), "{using}");
}

async fn failing(reply: impl Fn() -> Reply + Send + Sync + 'static) -> JmapError {
    let server = server(move |_| reply()).await;
    let jmap = connect_with(config(server.url("")), &Clock::system()).await.unwrap();
    jmap.mailboxes().await.unwrap_err()
}

#[tokio::test]
async fn refusals_are_read_by_media_type_and_status() {
    let problem =
        r#"{"type":"urn:ietf:params:jmap:error:limit","limit":"maxObjectsInGet","detail":"too many"}"#;
    let error =
        failing(move || Reply::new(400, "application/problem+json; charset=utf-8", "", problem)).await;
    let JmapError::Http(fault) = &error else { panic!("{error:?}") };
    assert_eq!(fault.limit.as_deref(), Some("maxObjectsInGet"));
    assert_eq!(
        error.to_string(),
        "the mail server answered 400 Bad Request (urn:ietf:params:jmap:error:limit: too many)"
    );
    assert_eq!(error.failure(), Failure::Permanent);

    let error = failing(|| Reply::new(429, "text/html", "retry-after: 90\r\n", "<h1>Too many</h1>")).await;
    assert_eq!(error.failure(), Failure::Temporary { retry_after: Some(Duration::from_secs(90)) });
    let error = failing(|| Reply::new(413, "text/html", "", problem)).await;
    // A body that only looks like a problem document is not read as one.
    assert_eq!(error.to_string(), "the mail server answered 413 Payload Too Large");
    assert_eq!(error.failure(), Failure::Permanent);
    for (status, failure) in [
        (401, Failure::Credentials),
        (403, Failure::Credentials),
        (500, Failure::Temporary { retry_after: None }),
        (503, Failure::Temporary { retry_after: None }),
        (307, Failure::Permanent),
    ] {
        assert_eq!(failing(move || Reply::status(status)).await.failure(), failure, "{status}");
    }
}

#[tokio::test]
async fn a_method_error_is_typed_and_an_unknown_one_is_kept() {
    for (kind, failure) in [
        ("unknownMethod", Failure::Permanent),
        ("serverUnavailable", Failure::Temporary { retry_after: None }),
        ("somethingNew", Failure::Temporary { retry_after: None }),
    ] {
        let body =
            json!({ "methodResponses": [["error", { "type": kind, "more": 1 }, "s0"]], "sessionState": "0" });
        let error = failing(move || Reply::json(&body)).await;
        assert_eq!(error.to_string(), format!("Mailbox/get failed: {kind}"));
        assert_eq!(error.failure(), failure);
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_temporary_and_breaks_nothing() {
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"methodResponses":[]}"#,
        r#"{"methodResponses":[1,["Mailbox/get"]]}"#,
        r#"{"methodResponses":[["Mailbox/get",5,"s0"]]}"#,
        r#"{"methodResponses":[["error",5,"s0"]]}"#,
        r#"{"methodResponses":[["Mailbox/get",{"list":[]},"s1"]]}"#,
        "<html>",
    ] {
        let error = failing(move || Reply::new(200, "application/json", "", body)).await;
        assert!(matches!(error, JmapError::Malformed { .. }), "{body}: {error:?}");
        assert_eq!(error.failure(), Failure::Temporary { retry_after: None });
    }
}

#[tokio::test]
async fn an_account_without_its_first_mail_has_no_mailboxes_yet() {
    let (_server, jmap) = jmap(|_, _, id| vec![json!(["error", { "type": "accountNotFound" }, id])]).await;
    assert_eq!(jmap.mailboxes().await.unwrap(), []);
}
