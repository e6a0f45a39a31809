//! Errors on their three levels: of the request (RFC 8620 §3.6.1), of a call (§3.6.2), of one
//! object in a `/set` (§5.3).

use http::StatusCode;
use serde_json::{Map, Value, json};

/// Why a whole request was refused.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    /// What follows `urn:ietf:params:jmap:error:`, or nothing for a plain status.
    pub kind: Option<&'static str>,
    pub limit: Option<&'static str>,
    pub detail: String,
}

impl Problem {
    pub fn request(kind: &'static str, detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind: Some(kind), limit: None, detail: detail.into() }
    }

    pub fn limit(limit: &'static str) -> Self {
        let detail = format!("The request goes beyond {limit}.");
        Self { status: StatusCode::BAD_REQUEST, kind: Some("limit"), limit: Some(limit), detail }
    }

    pub fn status(status: StatusCode) -> Self {
        let detail = status.canonical_reason().unwrap_or_default().to_owned();
        Self { status, kind: None, limit: None, detail }
    }

    /// The problem document (RFC 7807).
    pub fn document(&self) -> Value {
        let kind =
            self.kind.map_or("about:blank".to_owned(), |kind| format!("urn:ietf:params:jmap:error:{kind}"));
        let mut document = json!({ "type": kind, "status": self.status.as_u16(), "detail": self.detail });
        if let (Some(limit), Some(map)) = (self.limit, document.as_object_mut()) {
            map.insert("limit".to_owned(), limit.into());
        }
        document
    }
}

/// Why one call failed.
#[derive(Clone, Debug)]
pub enum MethodError {
    Call {
        kind: String,
        description: Option<String>,
    },
    /// The call fails the request it stands in.
    Request(Problem),
}

impl MethodError {
    pub fn new(kind: &str) -> Self {
        Self::Call { kind: kind.to_owned(), description: None }
    }

    pub fn because(kind: &str, description: impl Into<String>) -> Self {
        Self::Call { kind: kind.to_owned(), description: Some(description.into()) }
    }

    pub fn arguments(description: impl Into<String>) -> Self {
        Self::because("invalidArguments", description)
    }
}

/// The arguments of an `error` response.
pub fn error_arguments(kind: &str, description: Option<&str>) -> Value {
    let mut map = Map::from_iter([("type".to_owned(), Value::from(kind))]);
    if let Some(description) = description {
        map.insert("description".to_owned(), description.into());
    }
    Value::Object(map)
}

/// Why one object was not created, updated or destroyed.
#[derive(Clone, Debug)]
pub struct SetError(pub Map<String, Value>);

impl SetError {
    pub fn new(kind: &str) -> Self {
        Self(Map::from_iter([("type".to_owned(), Value::from(kind))]))
    }

    pub fn because(kind: &str, description: impl Into<String>) -> Self {
        Self::new(kind).with("description", Value::from(description.into()))
    }

    /// `invalidProperties`, naming them.
    pub fn properties(names: &[&str]) -> Self {
        Self::new("invalidProperties").with("properties", json!(names))
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }
}

impl From<SetError> for Value {
    fn from(error: SetError) -> Self {
        Value::Object(error.0)
    }
}
