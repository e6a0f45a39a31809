//! The session: found, signed in to, chosen from, fetched anew.

use super::*;

#[tokio::test]
async fn the_well_known_address_leads_to_relative_urls() {
    let server = server(|_| Reply::status(500)).await;
    let jmap = connect(&server).await;
    assert_eq!(jmap.account_id(), "u1");
    assert_eq!(jmap.limits().max_objects_in_get, 3);
    assert_eq!(jmap.limits().max_calls_in_request, 16);
    let seen = server.seen();
    assert_eq!(seen[1].path, "/jmap/session");
    // "support@example.test:pass", without the newline that the password's file ended with.
    assert_eq!(seen[1].header("authorization"), Some("Basic c3VwcG9ydEBleGFtcGxlLnRlc3Q6cGFzcw=="));
    let session = jmap.current();
    assert_eq!(session.api, server.url("/jmap/"));
    let download = session.download_url(&BlobId::from("a/b")).unwrap();
    assert_eq!(download, server.url("/jmap/download/u1/a%2Fb/mail.eml?accept=application%2Foctet-stream"));
}

#[tokio::test]
async fn a_direct_session_url_does_as_well() {
    let server = server(|_| Reply::status(500)).await;
    connect_with(config(server.url("/jmap/session")), &Clock::system()).await.unwrap();
    assert_eq!(server.seen()[0].path, "/jmap/session");
    // The identities are asked for at once.
    assert_eq!(server.seen()[1].json()["methodCalls"][0][0], "Identity/get");
    assert_eq!(server.seen().len(), 2);
}

async fn refused(document: Value, account: Option<&str>) -> JmapError {
    let server = Server::start(move |_| Reply::json(&document)).await;
    let config = JmapConfig { account: account.map(str::to_owned), ..config(server.url("")) };
    connect_with(config, &Clock::system()).await.map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn a_foreign_api_url_is_refused_before_it_sees_the_login() {
    let foreign = Server::start(|_| Reply::status(200)).await;
    for field in ["apiUrl", "downloadUrl", "uploadUrl"] {
        let mut document = session();
        document[field] = json!(foreign.url("/jmap/").as_str());
        let error = refused(document, None).await;
        assert!(error.to_string().contains("trusted_origins"), "{error}");
        assert_eq!(error.failure(), Failure::Permanent);
    }
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn a_trusted_origin_sees_the_login() {
    let foreign = Server::start(|_| Reply::new(200, "text/plain", "", "raw mail")).await;
    let mut document = session();
    document["downloadUrl"] = json!(format!("{}{{accountId}}/{{blobId}}", foreign.url("/")));
    let server = Server::start(move |_| Reply::json(&document)).await;
    let config = JmapConfig { trusted_origins: vec![foreign.url("/").origin()], ..config(server.url("")) };
    let jmap = connect_with(config, &Clock::system()).await.unwrap();
    assert_eq!(&jmap.download(&BlobId::from("b"), 100).await.unwrap()[..], b"raw mail");
    assert_eq!(foreign.seen().len(), 1);
    assert!(foreign.seen()[0].header("authorization").is_some());
}

#[tokio::test]
async fn the_account_is_the_configured_one_else_the_primary_else_the_only_one() {
    let mail =
        json!({ "name": "other@example.test", "accountCapabilities": { "urn:ietf:params:jmap:mail": {} } });
    let mut two = session();
    two["accounts"]["u2"] = mail;
    let choose = async |document: &Value, account: Option<&str>| {
        let document = document.clone();
        let server = Server::start(move |_| Reply::json(&document)).await;
        let config = JmapConfig { account: account.map(str::to_owned), ..config(server.url("")) };
        connect_with(config, &Clock::system()).await.map(|jmap| jmap.account_id())
    };
    assert_eq!(choose(&two, None).await.unwrap(), "u1");
    assert_eq!(choose(&two, Some("u2")).await.unwrap(), "u2");
    assert_eq!(choose(&two, Some("other@example.test")).await.unwrap(), "u2");
    let error = choose(&two, Some("nobody")).await.unwrap_err().to_string();
    assert!(error.contains("\"other@example.test\""), "{error}");
    two["primaryAccounts"] = json!({});
    let error = choose(&two, None).await.unwrap_err().to_string();
    assert!(error.contains("several"), "{error}");
    let mut one = session();
    one["primaryAccounts"] = json!({});
    assert_eq!(choose(&one, None).await.unwrap(), "u1");
}

#[tokio::test]
async fn a_session_without_accounts_is_no_login() {
    let mut document = session();
    document["accounts"] = json!({});
    document["primaryAccounts"] = json!({});
    assert_eq!(refused(document, None).await.failure(), Failure::Credentials);
    let server = Server::start(|_| Reply::status(401)).await;
    let error = connect_with(config(server.url("")), &Clock::system()).await.map(|_| ()).unwrap_err();
    assert_eq!(error.failure(), Failure::Credentials);
}

#[tokio::test]
async fn what_is_no_session_is_said_to_be_none() {
    let server = Server::start(|_| Reply::new(200, "text/html", "", "<h1>Welcome</h1>")).await;
    let error = connect_with(config(server.url("")), &Clock::system()).await.map(|_| ()).unwrap_err();
    assert!(
        error.to_string().contains("is not a JMAP session") && error.to_string().contains("`url`"),
        "{error}"
    );
}

#[tokio::test]
async fn what_leads_elsewhere_or_nowhere_says_what_to_set() {
    for (reply, part) in [
        (Reply::status(404), "the setting `url` in [mail]"),
        (Reply::redirect(301, "https://api.example.test/session"), "set `url` in [mail] to it"),
    ] {
        let server = Server::script(vec![reply]).await;
        let error = connect_with(config(server.url("")), &Clock::system()).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!(error.failure(), Failure::Permanent);
    }
}

#[tokio::test]
async fn a_changed_session_state_fetches_the_session_anew_before_the_next_call() {
    let server = server(|seen| {
        let name = &seen.json()["methodCalls"][0][0];
        let state = if name == "Identity/get" { "0" } else { "0-restarted" };
        Reply::json(&json!({ "methodResponses": [[name, { "list": [] }, "s0"]], "sessionState": state }))
    })
    .await;
    let jmap = connect(&server).await;
    let sessions = || server.seen().iter().filter(|seen| seen.path == "/jmap/session").count();
    jmap.mailboxes().await.unwrap();
    assert_eq!(sessions(), 1);
    jmap.mailboxes().await.unwrap();
    assert_eq!(sessions(), 2);
}
