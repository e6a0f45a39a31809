//! Method calls: an envelope of ours around the arguments, and each response read by itself.
//!
//! The envelope names only the capabilities that are used, because a server refuses a request
//! that names one it lacks (RFC 8620 §3.3). Responses are matched by method name and call id,
//! because `onSuccessUpdateEmail` adds a second one with the same id (RFC 8621 §7.5), and one
//! that cannot be read never hides the others.

use jmap_client::core::RequestParams;
use jmap_client::core::request::Arguments;
use jmap_client::{Method, URI};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{JmapError, MethodFault};

/// The calls of one request, all for one account.
pub(super) struct Batch {
    account: String,
    using: Vec<URI>,
    calls: Vec<(Name, Value, String)>,
}

/// The name of a method: one of jmap-client's, or one that it does not know.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Name {
    Known(Method),
    Other(&'static str),
}

impl From<Method> for Name {
    fn from(method: Method) -> Self {
        Self::Known(method)
    }
}

/// One call of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    method: Name,
    number: usize,
}

#[derive(Serialize)]
struct Envelope<'a> {
    using: &'a [URI],
    #[serde(rename = "methodCalls")]
    method_calls: &'a [(Name, Value, String)],
}

/// What every request uses; anything else is named by those that need it.
pub(super) const USING: [URI; 3] = [URI::Core, URI::Mail, URI::Submission];

impl Batch {
    pub(super) fn new(account: &str) -> Self {
        Self { account: account.to_owned(), using: USING.to_vec(), calls: Vec::new() }
    }

    /// Names a further capability, which the server has to offer.
    pub(super) fn with(mut self, capability: URI) -> Self {
        self.using.push(capability);
        self
    }

    /// The parameters for the next call.
    pub(super) fn params(&self, method: Method) -> RequestParams {
        RequestParams::new(self.account.as_str(), method, self.calls.len())
    }

    /// Adds a call with typed arguments.
    pub(super) fn add(&mut self, method: Method, arguments: Arguments) -> Result<Call, JmapError> {
        let arguments = serde_json::to_value(arguments)?;
        Ok(self.add_raw(method, arguments))
    }

    /// Adds a call with arguments as they are, but for the account. Patches need it: the typed
    /// ones write `false` where RFC 8620 §5.3 wants `null`.
    pub(super) fn add_raw(&mut self, method: impl Into<Name>, mut arguments: Value) -> Call {
        let method = method.into();
        if let Value::Object(map) = &mut arguments {
            map.entry("accountId").or_insert_with(|| Value::String(self.account.clone()));
        }
        let number = self.calls.len();
        self.calls.push((method, arguments, format!("s{number}")));
        Call { method, number }
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, JmapError> {
        Ok(serde_json::to_vec(&Envelope { using: &self.using, method_calls: &self.calls })?)
    }
}

/// The name of a method, as it stands on the wire.
pub(super) fn name_of(method: impl Into<Name>) -> String {
    let method: Name = method.into();
    match serde_json::to_value(method) {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    }
}

/// The responses to one batch.
#[derive(Debug)]
pub(super) struct Answers {
    responses: Vec<(String, Value, String)>,
    pub(super) session_state: Option<String>,
}

impl Answers {
    /// Reads the envelope alone. An entry that is no triple is left out.
    pub(super) fn parse(body: &[u8]) -> Result<Self, JmapError> {
        let malformed = |why: String| JmapError::malformed("a request", &why);
        let mut body: Value = serde_json::from_slice(body).map_err(|error| malformed(error.to_string()))?;
        let Some(Value::Array(entries)) = body.get_mut("methodResponses").map(Value::take) else {
            return Err(malformed("it has no methodResponses".to_owned()));
        };
        let triple = |entry: Value| serde_json::from_value::<(String, Value, String)>(entry).ok();
        Ok(Self {
            responses: entries.into_iter().filter_map(triple).collect(),
            session_state: body.get("sessionState").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// The response to a call.
    ///
    /// # Errors
    /// The method's own error; or that there is no response, or that it cannot be read.
    pub(super) fn take<T: DeserializeOwned>(&mut self, call: Call) -> Result<T, JmapError> {
        let name = name_of(call.method);
        match self.take_named(&name, call) {
            Some(found) => serde_json::from_value(found).map_err(|error| JmapError::malformed(&name, &error)),
            None => Err(self.fault_of(&name, call)),
        }
    }

    /// A response with another method's name and this call's id, where there is one that can be read.
    pub(super) fn take_implicit<T: DeserializeOwned>(&mut self, method: Method, call: Call) -> Option<T> {
        let found = self.take_named(&name_of(method), call)?;
        serde_json::from_value(found).ok()
    }

    fn take_named(&mut self, name: &str, call: Call) -> Option<Value> {
        let id = format!("s{}", call.number);
        let at = self.responses.iter().position(|(method, _, of)| method == name && *of == id)?;
        Some(self.responses.remove(at).1)
    }

    fn fault_of(&mut self, name: &str, call: Call) -> JmapError {
        match self.take_named("error", call) {
            Some(fault) => match serde_json::from_value::<MethodFault>(fault) {
                Ok(fault) => MethodFault { method: name.to_owned(), ..fault }.into(),
                Err(error) => JmapError::malformed(name, &error),
            },
            None => JmapError::malformed(name, &"there is no response to it"),
        }
    }
}
