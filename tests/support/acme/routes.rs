//! What the authority answers to each request (RFC 8555 §7).

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as With};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::jws::{Jws, key_of, thumbprint};
use super::{Order, Shared, validate};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

/// A refusal: the status, the kind of RFC 8555 §6.7, and what it says.
type Refusal = (u16, String, String);

fn refuse<T>(status: u16, kind: &str, detail: impl Into<String>) -> Result<T, Refusal> {
    Err((status, kind.to_owned(), detail.into()))
}

/// What is answered: the status, a Location, and the body.
struct Told {
    status: u16,
    location: Option<String>,
    body: Body,
    kind: &'static str,
    wait: Option<u64>,
}

fn told(status: u16, body: &Value) -> Told {
    Told { status, location: None, body: Body::from(body.to_string()), kind: "application/json", wait: None }
}

/// Who asks, by a signed request.
struct Asked {
    account: Option<String>,
    key: Value,
    payload: Value,
}

async fn answer(With(shared): With<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let is_jose = head.headers.get("content-type").is_some_and(|kind| kind == "application/jose+json");
    let agent = head.headers.get_all("user-agent").iter().count();
    let result = match head.method {
        _ if agent != 1 => refuse(400, "malformed", "RFC 8555 §6.1: one User-Agent"),
        Method::POST if !is_jose => refuse(415, "malformed", "RFC 8555 §6.2: application/jose+json"),
        Method::POST => post(&shared, &path, &body),
        _ => get(&shared, &path),
    };
    let nonce = format!("n{}", shared.state().number());
    shared.state().nonces.insert(nonce.clone());
    let mut response = Response::builder().header("replay-nonce", nonce).header("cache-control", "no-store");
    let body = match result {
        Ok(told) => {
            response = response.status(told.status).header("content-type", told.kind);
            if let Some(location) = told.location {
                response = response.header("location", location);
            }
            if let Some(wait) = told.wait {
                response = response.header("retry-after", wait.to_string());
            }
            told.body
        }
        Err((status, kind, detail)) => {
            let wait = shared.state().refusal.as_ref().and_then(|(_, wait)| *wait);
            response = response.status(status).header("content-type", "application/problem+json");
            if let Some(wait) = wait {
                response = response.header("retry-after", wait.to_string());
            }
            let kind = format!("urn:ietf:params:acme:error:{kind}");
            Body::from(json!({ "type": kind, "detail": detail, "status": status }).to_string())
        }
    };
    response.body(body).expect("an answer")
}

fn get(shared: &Arc<Shared>, path: &str) -> Result<Told, Refusal> {
    let base = &shared.base;
    match path {
        "/directory" => {
            let mut directory = json!({
                "newNonce": format!("{base}/new-nonce"),
                "newAccount": format!("{base}/new-account"),
                "newOrder": format!("{base}/new-order"),
                "revokeCert": format!("{base}/revoke"),
                "keyChange": format!("{base}/key-change"),
                "meta": { "externalAccountRequired": shared.options.external.is_some() },
            });
            if shared.options.says_when {
                directory["renewalInfo"] = json!(format!("{base}/renewal-info"));
            }
            Ok(told(200, &directory))
        }
        "/new-nonce" => Ok(told(200, &json!({}))),
        _ => match (path.strip_prefix("/renewal-info/"), shared.state().window) {
            (Some(id), window) if id.split('.').count() == 2 => {
                let never = shared.now().checked_add(jiff::SignedDuration::from_hours(24 * 60));
                let never = never.expect("a time");
                let (start, end) = window.unwrap_or((never, never + jiff::SignedDuration::from_hours(24)));
                let body =
                    json!({ "suggestedWindow": { "start": start.to_string(), "end": end.to_string() } });
                Ok(Told { wait: Some(21_600), ..told(200, &body) })
            }
            _ => refuse(404, "malformed", format!("nothing is at {path}")),
        },
    }
}

fn post(shared: &Arc<Shared>, path: &str, body: &[u8]) -> Result<Told, Refusal> {
    let asked = asked(shared, path, body)?;
    let mut parts = path.trim_start_matches('/').split('/');
    let (what, number) = (parts.next().unwrap_or_default(), parts.next());
    let number: u64 = number.and_then(|number| number.parse().ok()).unwrap_or_default();
    match (what, parts.next()) {
        ("new-account", None) => new_account(shared, &asked),
        ("new-order", None) => new_order(shared, &asked),
        ("order", None) => order(shared, &asked, number),
        ("order", Some("finalize")) => finalize(shared, &asked, number),
        ("authz", None) => authorization(shared, &asked, number),
        ("challenge", Some(kind)) => challenge(shared, &asked, number, kind),
        ("certificate", None) => certificate(shared, &asked, number),
        _ => refuse(404, "malformed", format!("nothing is at {path}")),
    }
}

/// Checks the signature, the nonce, the address and the account (RFC 8555 §6.2–§6.5).
fn asked(shared: &Shared, path: &str, body: &[u8]) -> Result<Asked, Refusal> {
    let malformed = |why: String| (400, "malformed".to_owned(), why);
    let body: Value = serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
    let jws = Jws::parse(&body).map_err(malformed)?;
    if jws.text("url").map_err(malformed)? != format!("{}{path}", shared.base) {
        return refuse(403, "unauthorized", "the signed address is another one");
    }
    let mut state = shared.state();
    let known = state.nonces.remove(jws.text("nonce").map_err(malformed)?);
    if !known || state.refuse_nonces > 0 {
        state.refuse_nonces = state.refuse_nonces.saturating_sub(1);
        state.nonces_refused += 1;
        return refuse(400, "badNonce", "this nonce is not known, or was used");
    }
    let (account, key) = match (jws.header.get("kid"), jws.header.get("jwk")) {
        (Some(kid), None) => {
            let kid = kid.as_str().unwrap_or_default().to_owned();
            let Some((key, _)) = state.accounts.get(&kid) else {
                return refuse(400, "accountDoesNotExist", "this account is not known here");
            };
            (Some(kid), key.clone())
        }
        (None, Some(jwk)) if path == "/new-account" => (None, key_of(jwk)),
        _ => {
            return refuse(
                400,
                "malformed",
                "a request has one of jwk and kid, and jwk for new accounts only",
            );
        }
    };
    jws.is_signed_by(&key).map_err(malformed)?;
    let payload = match jws.payload.as_slice() {
        b"" => Value::Null,
        text => serde_json::from_slice(text).map_err(|error| malformed(error.to_string()))?,
    };
    Ok(Asked { account, key, payload })
}

fn new_account(shared: &Shared, asked: &Asked) -> Result<Told, Refusal> {
    if asked.payload["termsOfServiceAgreed"] != true {
        return refuse(403, "userActionRequired", "the terms have to be agreed to");
    }
    if let Some((id, secret)) = &shared.options.external {
        let binding = &asked.payload["externalAccountBinding"];
        if binding.is_null() {
            return refuse(403, "externalAccountRequired", "an account has to be bound to one that exists");
        }
        let bound = Jws::parse(binding).and_then(|jws| {
            jws.is_signed_with(secret)?;
            let inner: Value = serde_json::from_slice(&jws.payload).map_err(|error| error.to_string())?;
            let fits = jws.text("kid")? == id
                && jws.text("url")? == format!("{}/new-account", shared.base)
                && jws.header.get("nonce").is_none()
                && key_of(&inner) == asked.key;
            if fits { Ok(()) } else { Err("the binding is for something else".to_owned()) }
        });
        if let Err(why) = bound {
            return refuse(403, "unauthorized", why);
        }
    }
    let mut state = shared.state();
    let known = state.accounts.iter().find(|(_, (key, _))| *key == asked.key).map(|(at, _)| at.clone());
    let status = if known.is_some() { 200 } else { 201 };
    let at = known.unwrap_or_else(|| format!("{}/account/{}", shared.base, state.number()));
    state.accounts.insert(at.clone(), (asked.key.clone(), asked.payload["contact"].clone()));
    Ok(Told { location: Some(at), ..told(status, &json!({ "status": "valid" })) })
}

fn new_order(shared: &Shared, asked: &Asked) -> Result<Told, Refusal> {
    let mut state = shared.state();
    if let Some((kind, _)) = &state.refusal {
        let status = if kind == "rateLimited" { 429 } else { 403 };
        return refuse(status, kind, "no orders are taken at present");
    }
    let [identifier] = asked.payload["identifiers"].as_array().map_or(&[][..], Vec::as_slice) else {
        return refuse(400, "malformed", "one identifier, please");
    };
    let (kind, host) = (identifier["type"].as_str(), identifier["value"].as_str().unwrap_or_default());
    if kind != Some("dns") || host.is_empty() {
        return refuse(400, "unsupportedIdentifier", "names only");
    }
    let replaces = asked.payload["replaces"].as_str().map(str::to_owned);
    let number = state.number();
    let order = Order {
        account: asked.account.clone().unwrap_or_default(),
        host: host.to_owned(),
        token: BASE64URL_NOPAD.encode(format!("token {number} of this authority").as_bytes()),
        proof: "pending",
        why: None,
        replaces: replaces.clone(),
        chain: None,
        looked: 0,
    };
    state.replaced.push(replaces);
    let body = shown(&shared.base, number, &order);
    state.orders.insert(number, order);
    Ok(Told { location: Some(format!("{}/order/{number}", shared.base)), ..told(201, &body) })
}

fn shown(base: &str, number: u64, order: &Order) -> Value {
    let status = match (&order.chain, order.proof) {
        // It takes a moment to make one, and whoever waits has to look twice.
        (Some(_), _) if order.looked == 0 => "processing",
        (Some(_), _) => "valid",
        (None, "valid") => "ready",
        (None, "invalid") => "invalid",
        (None, _) => "pending",
    };
    let mut body = json!({
        "status": status,
        "identifiers": [{ "type": "dns", "value": order.host }],
        "authorizations": [format!("{base}/authz/{number}")],
        "finalize": format!("{base}/order/{number}/finalize"),
    });
    if status == "valid" {
        body["certificate"] = json!(format!("{base}/certificate/{number}"));
    }
    if let Some(replaces) = &order.replaces {
        body["replaces"] = json!(replaces);
    }
    body
}

/// The order by this number, if it is this account's.
fn with<T>(
    shared: &Shared,
    asked: &Asked,
    number: u64,
    then: impl FnOnce(&mut Order) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let mut state = shared.state();
    match state.orders.get_mut(&number) {
        Some(order) if Some(&order.account) == asked.account.as_ref() => then(order),
        _ => refuse(403, "unauthorized", "this is not yours"),
    }
}

fn order(shared: &Shared, asked: &Asked, number: u64) -> Result<Told, Refusal> {
    with(shared, asked, number, |order| {
        if order.chain.is_some() {
            order.looked += 1;
        }
        Ok(told(200, &shown(&shared.base, number, order)))
    })
}

fn authorization(shared: &Shared, asked: &Asked, number: u64) -> Result<Told, Refusal> {
    with(shared, asked, number, |order| {
        let status = if order.proof == "processing" { "pending" } else { order.proof };
        let challenge = |kind: &str| {
            let url = format!("{}/challenge/{number}/{kind}", shared.base);
            let mut body = json!({ "type": kind, "url": url, "token": order.token, "status": order.proof });
            if let Some(why) = &order.why {
                body["error"] = why.clone();
            }
            body
        };
        let body = json!({
            "status": status,
            "identifier": { "type": "dns", "value": order.host },
            "challenges": [challenge("dns-01"), challenge("http-01"), challenge("tls-alpn-01")],
        });
        Ok(told(200, &body))
    })
}

/// Begins to look for the proof; what came of it is seen later.
fn challenge(shared: &Arc<Shared>, asked: &Asked, number: u64, kind: &str) -> Result<Told, Refusal> {
    let by_tls = kind == "tls-alpn-01";
    let (token, host) = with(shared, asked, number, |order| {
        order.proof = "processing";
        Ok((order.token.clone(), order.host.clone()))
    })?;
    let expected = format!("{token}.{}", thumbprint(&asked.key));
    let body = json!({
        "type": kind, "status": "processing", "token": token,
        "url": format!("{}/challenge/{number}/{kind}", shared.base),
    });
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let to = if by_tls { shared.state().tls_port } else { shared.state().http_port };
        let proven = match to {
            None => Err("connection refused".to_owned()),
            Some(to) if by_tls => validate::by_tls(to, &host, &expected).await,
            Some(to) => validate::by_http(to, &host, &token, &expected).await,
        };
        let mut state = shared.state();
        state.tried.push((if by_tls { "tls-alpn-01" } else { "http-01" }, proven.is_ok()));
        let order = state.orders.get_mut(&number).expect("the order");
        order.proof = if proven.is_ok() { "valid" } else { "invalid" };
        let kind = "urn:ietf:params:acme:error:unauthorized";
        order.why = proven.err().map(|why| json!({ "type": kind, "detail": why, "status": 403 }));
    });
    Ok(told(200, &body))
}

fn finalize(shared: &Shared, asked: &Asked, number: u64) -> Result<Told, Refusal> {
    // An hour earlier, as authorities do, for clocks that are behind.
    let from = shared.now().checked_sub(jiff::SignedDuration::from_hours(1)).expect("a time");
    let to: Timestamp = from.checked_add(shared.options.life).expect("a time");
    with(shared, asked, number, |order| {
        if order.proof != "valid" || order.chain.is_some() {
            return refuse(403, "orderNotReady", "the order is not ready");
        }
        let csr = asked.payload["csr"].as_str().unwrap_or_default();
        let csr = BASE64URL_NOPAD.decode(csr.as_bytes()).unwrap_or_default();
        match shared.authority.sign(&csr, &order.host, from, to) {
            Ok(chain) => order.chain = Some(chain),
            Err(why) => return refuse(400, "badCSR", why),
        }
        Ok(told(200, &shown(&shared.base, number, order)))
    })
}

fn certificate(shared: &Shared, asked: &Asked, number: u64) -> Result<Told, Refusal> {
    with(shared, asked, number, |order| match &order.chain {
        Some(chain) => Ok(Told {
            status: StatusCode::OK.as_u16(),
            location: None,
            body: Body::from(chain.clone()),
            kind: "application/pem-certificate-chain",
            wait: None,
        }),
        None => refuse(404, "malformed", "there is none"),
    })
}
