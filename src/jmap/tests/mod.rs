//! The client against a small server that plays what real ones do.

mod answers;
mod push;
mod session;
mod since;
mod submit;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::tls;
use crate::wire::testing::{Reply, Seen, Server};

/// The session of a server like Cyrus: its URLs are relative.
fn session() -> Value {
    json!({
        "username": "support@example.test",
        "apiUrl": "/jmap/",
        "downloadUrl": "/jmap/download/{accountId}/{blobId}/{name}?accept={type}",
        "uploadUrl": "/jmap/upload/{accountId}/",
        "eventSourceUrl": "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}",
        "state": "0",
        "capabilities": {
            "urn:ietf:params:jmap:core": { "maxObjectsInGet": 3, "maxObjectsInSet": 2, "maxSizeUpload": 1000 },
            "urn:ietf:params:jmap:mail": {},
            "urn:ietf:params:jmap:submission": {},
            "urn:ietf:params:jmap:quota": {},
        },
        "accounts": {
            "u1": { "name": "support@example.test", "accountCapabilities": {
                "urn:ietf:params:jmap:mail": {}, "urn:ietf:params:jmap:quota": {},
            } },
        },
        "primaryAccounts": { "urn:ietf:params:jmap:mail": "u1" },
    })
}

/// Answers to calls: `(name, arguments, call id)` in, the same triples out.
fn answers(calls: &Value, answer: impl Fn(&str, &Value, &str) -> Vec<Value>) -> Reply {
    let responses: Vec<Value> = calls["methodCalls"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|call| answer(call[0].as_str().unwrap(), &call[1], call[2].as_str().unwrap()))
        .collect();
    Reply::json(&json!({ "methodResponses": responses, "sessionState": "0" }))
}

/// A server with that session, and `api` for everything else.
async fn server(api: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |seen| match seen.path.as_str() {
        "/.well-known/jmap" => Reply::redirect(301, "/jmap/session"),
        "/jmap/session" => Reply::json(&session()),
        _ => api(seen),
    })
    .await
}

fn config(url: Url) -> JmapConfig {
    JmapConfig {
        url,
        login: Login::Basic { user: "support@example.test".to_owned(), password: "pass\n".into() },
        account: None,
        trusted_origins: Vec::new(),
        poll: Duration::from_secs(15),
    }
}

async fn connect_with(config: JmapConfig, clock: &Clock) -> Result<Jmap, JmapError> {
    let wire = Wire::new(tls::client_config(None).unwrap(), clock.clone());
    Jmap::connect(config, wire, clock.clone(), Random::seeded(7)).await
}

async fn connect(server: &Server) -> Jmap {
    connect_with(config(server.url("")), &Clock::system()).await.unwrap()
}

/// The requests to the API alone, without the one that asks for identities at the start.
fn calls(server: &Server) -> Vec<Value> {
    server.seen().iter().filter(|seen| seen.path == "/jmap/").skip(1).map(Seen::json).collect()
}
