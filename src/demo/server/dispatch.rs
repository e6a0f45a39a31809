//! One request to the API: its envelope, its calls in order, its response (RFC 8620 §3).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{Answer, Call};
use super::errors::{MethodError, Problem, error_arguments};
use super::faults::{Fault, Faults};
use super::method;
use super::options::Options;
use super::refs;
use super::world::World;

pub const CORE: &str = "urn:ietf:params:jmap:core";
pub const MAIL: &str = "urn:ietf:params:jmap:mail";
pub const SUBMISSION: &str = "urn:ietf:params:jmap:submission";
pub const QUOTA: &str = "urn:ietf:params:jmap:quota";

/// A request, as it stands in the body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    using: Vec<String>,
    method_calls: Vec<(String, Map<String, Value>, String)>,
    created_ids: Option<BTreeMap<String, String>>,
}

impl Envelope {
    /// Reads a body: `notJSON` or `notRequest` where it is none (RFC 8620 §3.6.1).
    pub fn read(body: &[u8]) -> Result<Self, Problem> {
        let value: Value =
            serde_json::from_slice(body).map_err(|error| Problem::request("notJSON", error.to_string()))?;
        serde_json::from_value(value).map_err(|error| Problem::request("notRequest", error.to_string()))
    }

    /// The names of the methods that it calls.
    pub fn methods(&self) -> Vec<String> {
        self.method_calls.iter().map(|(name, _, _)| name.clone()).collect()
    }
}

type Method = fn(&mut Call<'_>, Map<String, Value>) -> Answer;

/// Every method: its name, the capability it belongs to, and what runs it.
const METHODS: &[(&str, &str, Method)] = &[
    ("Core/echo", CORE, method::core::echo),
    ("Mailbox/get", MAIL, method::mailbox_get::get),
    ("Mailbox/query", MAIL, method::mailbox_query::query),
    ("Mailbox/set", MAIL, method::mailbox_set::set),
    ("Mailbox/changes", MAIL, method::changes::mailbox),
    ("Thread/get", MAIL, method::thread::get),
    ("Thread/changes", MAIL, method::changes::thread),
    ("Email/query", MAIL, method::email_query::query),
    ("Email/get", MAIL, method::email_get::get),
    ("Email/set", MAIL, method::email_set::set),
    ("Email/import", MAIL, method::email_import::import),
    ("Email/changes", MAIL, method::changes::email),
    ("Identity/get", SUBMISSION, method::identity::get),
    ("Identity/set", SUBMISSION, method::identity::set),
    ("Identity/changes", SUBMISSION, method::changes::identity),
    ("EmailSubmission/set", SUBMISSION, method::submission_set::set),
    ("EmailSubmission/get", SUBMISSION, method::submission_get::get),
    ("EmailSubmission/query", SUBMISSION, method::submission_get::query),
    ("EmailSubmission/changes", SUBMISSION, method::changes::submission),
    ("Quota/get", QUOTA, method::quota::get),
];

/// Runs the calls of a request, one after the other, each under the world's lock as a whole.
pub fn run(
    world: &mut World,
    options: &Options,
    faults: &Faults,
    login: &str,
    envelope: Envelope,
) -> Result<Value, Problem> {
    let known = |name: &str| match name {
        CORE | MAIL => true,
        SUBMISSION => !options.habits.no_submission,
        QUOTA => !options.habits.no_quota,
        _ => false,
    };
    if let Some(unknown) = envelope.using.iter().find(|name| !known(name)) {
        return Err(Problem::request("unknownCapability", format!("no capability {unknown}")));
    }
    if envelope.method_calls.len() > options.limits.max_calls_in_request {
        return Err(Problem::limit("maxCallsInRequest"));
    }
    let tell_created = envelope.created_ids.is_some();
    let mut created = envelope.created_ids.unwrap_or_default();
    let mut responses: Vec<refs::Response> = Vec::new();
    for (name, arguments, id) in envelope.method_calls {
        let found = METHODS
            .iter()
            .find(|(known, needs, _)| *known == name && envelope.using.iter().any(|u| u == needs));
        let answer = match found {
            None => Err(MethodError::new("unknownMethod")),
            Some((method, _, run)) => refused_call(faults, method).and_then(|()| {
                let arguments = refs::resolve(&arguments, &responses)?;
                let mut call = Call { world, options, faults, login, method, created: &mut created };
                run(&mut call, arguments)
            }),
        };
        match answer {
            Ok(all) => {
                responses.extend(all.into_iter().map(|(name, value)| (name.to_owned(), value, id.clone())));
            }
            Err(MethodError::Request(problem)) => return Err(problem),
            Err(MethodError::Call { kind, description }) => {
                let arguments = error_arguments(&kind, description.as_deref());
                responses.push(("error".to_owned(), arguments, id));
            }
        }
        after(world, faults, login, &name);
    }
    if faults.strikes(&Fault::OtherSession) {
        world.session += 1;
    }
    let mut response = json!({ "methodResponses": responses, "sessionState": session_state(world) });
    if let (true, Some(map)) = (tell_created, response.as_object_mut()) {
        map.insert("createdIds".to_owned(), json!(created));
    }
    Ok(response)
}

fn refused_call(faults: &Faults, method: &str) -> Result<(), MethodError> {
    let kind = faults.take(|fault| match fault {
        Fault::MethodError(at, kind) if *at == method => Some(kind.clone()),
        _ => None,
    });
    kind.map_or(Ok(()), |kind| Err(MethodError::new(&kind)))
}

fn after(world: &mut World, faults: &Faults, login: &str, method: &str) {
    if method != "Email/query" {
        return;
    }
    let former = faults.take(|fault| match fault {
        Fault::ChangeEmailIds(former) => Some(*former),
        _ => None,
    });
    if let (Some(former), Some(account)) = (former, world.account_mut(login)) {
        account.change_email_ids(former);
    }
}

/// The state of the session document; it changes at each restart.
pub fn session_state(world: &World) -> String {
    format!("session-{}", world.session)
}
