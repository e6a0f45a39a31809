//! Discovery, credentials, the envelope, references and limits.

use super::*;
use crate::demo::server::{Habits, Limits};

#[tokio::test]
async fn the_well_known_place_leads_to_a_session_of_ones_own() {
    let server = server();
    let found = ask(&server, Request::get("/.well-known/jmap"), "").await.unwrap();
    assert_eq!(
        (found.status, &found.headers["location"]),
        (StatusCode::TEMPORARY_REDIRECT, &"/jmap/session".parse().unwrap())
    );
    let session = ask(&server, get("/jmap/session"), "").await.unwrap().json();
    assert_eq!(session["username"], DESK);
    assert_eq!(session["primaryAccounts"]["urn:ietf:params:jmap:mail"], "a");
    assert_eq!(session["accounts"].as_object().unwrap().len(), 1);
    assert_eq!(session["apiUrl"], "http://localhost/jmap/api/");
    let bearer = Request::get("/jmap/session").header("Authorization", "Bearer token-1");
    assert_eq!(ask(&server, bearer, "").await.unwrap().json(), session);
}

#[tokio::test]
async fn who_has_no_right_credentials_gets_nothing() {
    let server = server();
    for value in
        [None, Some(basic(DESK, "wrong")), Some("Bearer none".to_owned()), Some("nonsense".to_owned())]
    {
        let mut request = Request::get("/jmap/session");
        if let Some(value) = value {
            request = request.header("Authorization", value);
        }
        let answered = ask(&server, request, "").await.unwrap();
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answered.headers["content-type"], "application/problem+json; charset=utf-8");
    }
    let raw = mail(ANN, DESK, "1", "x");
    let blob = upload(&server, &raw).await;
    let theirs = Request::get(format!("/jmap/download/a/{blob}/x?accept=text/plain"))
        .header("Authorization", basic(ANN, "ann"));
    assert_eq!(ask(&server, theirs, "").await.unwrap().status, StatusCode::NOT_FOUND);
    let other = json!([["Mailbox/get", { "accountId": "b", "ids": null }, "0"]]);
    assert_eq!(calls(&server, other).await[0].1["type"], "accountNotFound");
}

#[tokio::test]
async fn habits_change_the_session() {
    let server = Server::in_memory(options().habits(Habits::cyrus()));
    let session = ask(&server, get("/jmap/session"), "").await.unwrap().json();
    assert_eq!(session["apiUrl"], "/jmap/api/");
    let server = Server::in_memory(options().habits(Habits::stalwart()));
    let session = ask(&server, Request::get("/jmap/session"), "").await.unwrap();
    assert_eq!((session.status, &session.json()["accounts"]), (StatusCode::OK, &json!({})));
}

#[tokio::test]
async fn a_request_that_is_none_is_refused_as_a_whole() {
    let server = server();
    let cases = [
        ("text/plain", "{}".to_owned(), "notJSON"),
        ("application/json", "{".to_owned(), "notJSON"),
        ("application/json", "{}".to_owned(), "notRequest"),
        (
            "application/json",
            json!({ "using": ["urn:x"], "methodCalls": [] }).to_string(),
            "unknownCapability",
        ),
    ];
    for (content_type, body, kind) in cases {
        let answered = ask(&server, post("/jmap/api/", content_type), body).await.unwrap();
        assert_eq!(answered.status, StatusCode::BAD_REQUEST);
        assert_eq!(answered.json()["type"], format!("urn:ietf:params:jmap:error:{kind}"));
    }
}

#[tokio::test]
async fn limits_are_kept() {
    let mut options = options();
    options.limits =
        Limits { max_calls_in_request: 2, max_objects_in_get: 3, max_size_upload: 10, ..Limits::default() };
    let server = Server::in_memory(options.clone());
    let echo = json!(["Core/echo", { "x": 1 }, "0"]);
    let many = request(&server, json!([echo, echo, echo])).await.unwrap();
    assert_eq!((many.status, &many.json()["limit"]), (StatusCode::BAD_REQUEST, &json!("maxCallsInRequest")));
    let ids = json!({ "ids": ["a", "b", "c", "d"] });
    assert_eq!(call(&server, "Email/get", ids.clone()).await["type"], "requestTooLarge");
    let big = ask(&server, post("/jmap/upload/a/", "text/plain"), "12345678901").await.unwrap();
    assert_eq!(big.status, StatusCode::PAYLOAD_TOO_LARGE);
    options.habits.ids_fail_request = true;
    let server = Server::in_memory(options);
    let calls = json!([["Email/get", { "accountId": "a", "ids": ["a", "b", "c", "d"] }, "0"]]);
    assert_eq!(request(&server, calls).await.unwrap().status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn calls_refer_to_earlier_results_and_unknown_ones_fail_alone() {
    let server = server();
    server.deliver(mail(ANN, DESK, "1", "x"), &[address(DESK)]);
    let inbox = boxes(&server).await["inbox"].clone();
    let query = json!({ "accountId": "a", "filter": { "inMailbox": inbox } });
    let answers = calls(
        &server,
        json!([
            ["Email/query", query, "q"],
            ["Email/get", { "accountId": "a", "#ids": { "resultOf": "q", "name": "Email/query", "path": "/ids" }, "properties": ["subject"] }, "g"],
            ["Email/get", { "accountId": "a", "#ids": { "resultOf": "z", "name": "Email/query", "path": "/ids" } }, "h"],
            ["Email/parse", {}, "p"],
            ["VacationResponse/get", {}, "v"],
        ]),
    )
    .await;
    assert_eq!(answers[1].1["list"], json!([{ "id": "a", "subject": "Hello 1" }]));
    let errors: Vec<_> = answers[2..]
        .iter()
        .map(|(name, value, _)| (name.as_str(), value["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        errors,
        [("error", "invalidResultReference"), ("error", "unknownMethod"), ("error", "unknownMethod")]
    );
}

#[tokio::test]
async fn a_method_of_a_capability_not_named_is_unknown() {
    let server = server();
    let body = json!({ "using": ALL[..2], "methodCalls": [["Identity/get", { "accountId": "a" }, "0"]] })
        .to_string();
    let answered = ask(&server, post("/jmap/api/", "application/json"), body).await.unwrap();
    assert_eq!(answered.json()["methodResponses"][0][1]["type"], "unknownMethod");
}
