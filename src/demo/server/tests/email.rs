//! Mailboxes and Emails.

use super::*;

async fn arrived(server: &Server, count: usize) -> String {
    for number in 0..count {
        server.deliver(mail(ANN, DESK, &number.to_string(), "Hello"), &[address(DESK)]);
        server.0.options.clock.advance(std::time::Duration::from_secs(1));
    }
    boxes(server).await["inbox"].clone()
}

#[tokio::test]
async fn a_query_pages_through_a_mailbox_in_both_orders() {
    let server = server();
    let inbox = arrived(&server, 5).await;
    let ask = |ascending: bool, position: i64, limit: usize| {
        json!({
            "filter": { "inMailbox": inbox }, "sort": [{ "property": "receivedAt", "isAscending": ascending }],
            "position": position, "limit": limit, "calculateTotal": true,
        })
    };
    let page = call(&server, "Email/query", ask(true, 1, 2)).await;
    assert_eq!((&page["ids"], &page["total"], &page["position"]), (&json!(["b", "c"]), &json!(5), &json!(1)));
    assert_eq!(call(&server, "Email/query", ask(false, 0, 2)).await["ids"], json!(["e", "d"]));
    assert_eq!(call(&server, "Email/query", ask(true, -2, 9)).await["ids"], json!(["d", "e"]));
    assert_eq!(call(&server, "Email/query", ask(true, 9, 9)).await["ids"], json!([]));
    let by_subject = json!({ "sort": [{ "property": "subject" }] });
    assert_eq!(call(&server, "Email/query", by_subject).await["type"], "unsupportedSort");
    let by_text = json!({ "filter": { "text": "hello" } });
    assert_eq!(call(&server, "Email/query", by_text).await["type"], "unsupportedFilter");
    let header =
        json!({ "filter": { "operator": "NOT", "conditions": [{ "header": ["Message-ID", "3@test"] }] } });
    assert_eq!(call(&server, "Email/query", header).await["ids"], json!(["a", "b", "c", "e"]));
}

#[tokio::test]
async fn mails_of_one_second_keep_their_order_of_arrival() {
    let server = server();
    for number in 0..30 {
        server.deliver(mail(ANN, DESK, &number.to_string(), "Hello"), &[address(DESK)]);
    }
    let sort = json!({ "sort": [{ "property": "receivedAt" }] });
    let ids = call(&server, "Email/query", sort).await["ids"].clone();
    assert_eq!(
        (&ids[0], &ids[25], &ids[26], &ids[29]),
        (&json!("a"), &json!("z"), &json!("aa"), &json!("ad"))
    );
}

#[tokio::test]
async fn an_email_has_the_properties_that_are_asked_for() {
    let server = server();
    let inbox = arrived(&server, 1).await;
    let properties =
        ["blobId", "mailboxIds", "keywords", "size", "receivedAt", "messageId", "from", "header:Subject"];
    let found = call(&server, "Email/get", json!({ "ids": ["a", "zz"], "properties": properties })).await;
    assert_eq!(found["notFound"], json!(["zz"]));
    let email = &found["list"][0];
    assert_eq!((&email["id"], &email["mailboxIds"]), (&json!("a"), &json!({ inbox: true })));
    assert_eq!(
        (&email["messageId"], &email["receivedAt"]),
        (&json!(["0@test.example"]), &json!("2026-11-22T10:00:00Z"))
    );
    assert_eq!(
        (&email["from"], &email["header:Subject"]),
        (&json!([{ "name": null, "email": ANN }]), &json!(" Hello 0"))
    );
    let path =
        format!("/jmap/download/a/{}/mail.eml?accept=message%2Frfc822", email["blobId"].as_str().unwrap());
    let raw = ask(&server, get(&path), "").await.unwrap();
    assert_eq!(
        (raw.body.len(), raw.headers["content-type"].to_str().unwrap()),
        (email["size"].as_u64().unwrap() as usize, "message/rfc822")
    );
    assert!(raw.body.starts_with(b"Return-Path: <ann@customer.example>\r\nReceived: "));
    let unknown = call(&server, "Email/get", json!({ "ids": [], "properties": ["colour"] })).await;
    assert_eq!(unknown["type"], "invalidArguments");
}

#[tokio::test]
async fn patches_move_and_mark_and_false_is_refused() {
    let server = server();
    let (inbox, boxes) = (arrived(&server, 1).await, boxes(&server).await);
    let (junk, trash) = (&boxes["junk"], &boxes["trash"]);
    let to_trash = json!({ format!("mailboxIds/{inbox}"): null, format!("mailboxIds/{trash}"): true, "keywords/$SEEN": true });
    let cases = [
        (json!({ format!("mailboxIds/{inbox}"): false }), Some("invalidProperties")),
        (json!({ "keywords/$seen": false }), Some("invalidProperties")),
        (json!({ "keywords": { "$seen": false } }), Some("invalidProperties")),
        (json!({ "mailboxIds": {} }), Some("invalidProperties")),
        (json!({ "mailboxIds": { "nowhere": true } }), Some("invalidProperties")),
        (json!({ format!("mailboxIds/{inbox}"): null }), Some("invalidProperties")),
        (json!({ "mailboxIds": { junk: true }, format!("mailboxIds/{inbox}"): null }), Some("invalidPatch")),
        (json!({ "subject": "x" }), Some("invalidProperties")),
        (json!({ "keywords/with space": true }), Some("invalidProperties")),
        (to_trash, None),
        (json!({ "mailboxIds": { junk: true } }), None),
    ];
    for (patch, error) in cases {
        let answer = call(&server, "Email/set", json!({ "update": { "a": patch } })).await;
        match error {
            Some(error) => assert_eq!(answer["notUpdated"]["a"]["type"], error, "{patch}"),
            None => assert_eq!(answer["updated"], json!({ "a": null }), "{patch}: {answer}"),
        }
    }
    let mails = server.mails(DESK, "junk");
    assert_eq!(
        (mails[0].mailboxes.as_slice(), mails[0].keywords.as_slice()),
        (["Junk Mail".to_owned()].as_slice(), ["$seen".to_owned()].as_slice())
    );
}

#[tokio::test]
async fn a_change_may_be_bound_to_a_state() {
    let server = server();
    arrived(&server, 1).await;
    let state = call(&server, "Email/get", json!({ "ids": [] })).await["state"].clone();
    let seen = json!({ "ifInState": state, "update": { "a": { "keywords/$seen": true } } });
    let first = call(&server, "Email/set", seen.clone()).await;
    assert_eq!((&first["oldState"], first["newState"] == state), (&state, false));
    assert_eq!(call(&server, "Email/set", seen).await["type"], "stateMismatch");
    let gone = call(&server, "Email/set", json!({ "destroy": ["a", "b"] })).await;
    assert_eq!((&gone["destroyed"], &gone["notDestroyed"]["b"]["type"]), (&json!(["a"]), &json!("notFound")));
    let changes = call(&server, "Email/changes", json!({ "sinceState": state })).await;
    assert_eq!((&changes["destroyed"], &changes["updated"]), (&json!(["a"]), &json!([])));
    assert_eq!(
        call(&server, "Email/changes", json!({ "sinceState": "bogus" })).await["type"],
        "cannotCalculateChanges"
    );
}

#[tokio::test]
async fn the_same_octets_are_imported_once() {
    let server = server();
    let raw = mail(DESK, ANN, "1", "Hello");
    let id = draft(&server, &raw).await;
    let (blob, boxes) = (upload(&server, &raw).await, boxes(&server).await);
    let moved = json!({ "update": { &id: { "mailboxIds": { &boxes["sent"]: true } } } });
    assert_eq!(call(&server, "Email/set", moved).await["updated"], json!({ &id: null }));
    let email = json!({ "blobId": blob, "mailboxIds": { &boxes["drafts"]: true } });
    let again = call(&server, "Email/import", json!({ "emails": { "d": email } })).await;
    assert_eq!(again["notCreated"]["d"], json!({ "type": "alreadyExists", "existingId": id }));
    call(&server, "Email/set", json!({ "destroy": [id] })).await;
    let anew = call(&server, "Email/import", json!({ "emails": { "d": email } })).await;
    assert_eq!(anew["created"]["d"]["size"], raw.len());
    assert_ne!(anew["created"]["d"]["id"], id);
}

#[tokio::test]
async fn an_import_that_cannot_be_is_refused() {
    let server = server();
    let (boxes, blob) = (boxes(&server).await, upload(&server, b"no mail at all").await);
    let cases = [
        (json!({ "blobId": "b0", "mailboxIds": { &boxes["drafts"]: true } }), "invalidProperties"),
        (json!({ "blobId": blob, "mailboxIds": {} }), "invalidProperties"),
        (json!({ "blobId": blob, "mailboxIds": { &boxes["drafts"]: true } }), "invalidEmail"),
    ];
    for (email, error) in cases {
        let answer = call(&server, "Email/import", json!({ "emails": { "d": email } })).await;
        assert_eq!(answer["notCreated"]["d"]["type"], error);
    }
}

#[tokio::test]
async fn mailboxes_are_made_found_and_removed() {
    let server = server();
    let create = json!({ "create": {
        "child": { "name": "Handled", "parentId": "#parent" }, "parent": { "name": "Postdesk" },
        "twice": { "name": "Inbox" }, "role": { "name": "Other", "role": "inbox" },
    }});
    let made = call(&server, "Mailbox/set", create).await;
    let (parent, child) = (&made["created"]["parent"]["id"], &made["created"]["child"]["id"]);
    assert_eq!(
        (&made["notCreated"]["twice"]["type"], &made["notCreated"]["role"]["properties"]),
        (&json!("invalidProperties"), &json!(["role"]))
    );
    let found =
        call(&server, "Mailbox/query", json!({ "filter": { "name": "handled", "parentId": parent } })).await;
    assert_eq!(found["ids"], json!([child]));
    let by_role = call(&server, "Mailbox/query", json!({ "filter": { "role": "inbox" } })).await;
    assert_eq!(by_role["ids"].as_array().unwrap().len(), 1);
    server.deliver(mail(ANN, DESK, "1", "x"), &[address(DESK)]);
    assert!(server.move_mail(DESK, "a", "Handled"));
    let counts = call(
        &server,
        "Mailbox/get",
        json!({ "ids": [child], "properties": ["totalEmails", "unreadEmails"] }),
    )
    .await;
    assert_eq!(counts["list"], json!([{ "id": child, "totalEmails": 1, "unreadEmails": 1 }]));
    let destroy = |with: bool| json!({ "destroy": [parent, child], "onDestroyRemoveEmails": with });
    let refused = call(&server, "Mailbox/set", destroy(false)).await;
    assert_eq!(refused["notDestroyed"][parent.as_str().unwrap()]["type"], "mailboxHasChild");
    assert_eq!(refused["notDestroyed"][child.as_str().unwrap()]["type"], "mailboxHasEmail");
    let done = call(&server, "Mailbox/set", destroy(true)).await;
    assert_eq!(done["destroyed"], json!([child]), "the parent was asked for first");
    assert!(server.look(|world| world.all_mails(DESK)).is_empty());
}
