//! What a method gets: the world under its lock, who asks, and the ids created so far.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::account::Account;
use super::errors::{MethodError, Problem, SetError};
use super::faults::{Fault, Faults};
use super::log::Kind;
use super::options::Options;
use super::world::World;

/// The state of one request while its calls run.
pub struct Call<'a> {
    pub world: &'a mut World,
    pub options: &'a Options,
    pub faults: &'a Faults,
    pub login: &'a str,
    /// The name of the method that runs now.
    pub method: &'static str,
    /// Creation ids to ids (RFC 8620 §3.3).
    pub created: &'a mut BTreeMap<String, String>,
}

/// What a method answers: one response, or several (RFC 8621 §7.5).
pub type Answer = Result<Vec<(&'static str, Value)>, MethodError>;

impl Call<'_> {
    pub fn account(&self) -> Result<&Account, MethodError> {
        self.world.account(self.login).ok_or_else(|| MethodError::new("accountNotFound"))
    }

    pub fn account_mut(&mut self) -> Result<&mut Account, MethodError> {
        self.world.account_mut(self.login).ok_or_else(|| MethodError::new("accountNotFound"))
    }

    /// The account that the arguments name must be the user's own.
    pub fn check_account(&self, id: &str) -> Result<(), MethodError> {
        if self.account()?.id == id { Ok(()) } else { Err(MethodError::new("accountNotFound")) }
    }

    pub fn state(&self, kind: Kind) -> Result<String, MethodError> {
        Ok(self.account()?.log.state(kind))
    }

    /// `ifInState` (RFC 8620 §5.3).
    pub fn check_state(&self, kind: Kind, expected: Option<&str>) -> Result<(), MethodError> {
        match expected {
            Some(expected) if expected != self.state(kind)? => Err(MethodError::new("stateMismatch")),
            _ => Ok(()),
        }
    }

    /// Refuses more objects than the session's limit allows.
    pub fn check_count(&self, count: usize, most: usize, limit: &'static str) -> Result<(), MethodError> {
        if count <= most {
            return Ok(());
        }
        if self.options.habits.ids_fail_request {
            return Err(MethodError::Request(Problem::limit(limit)));
        }
        Err(MethodError::because("requestTooLarge", format!("more than {limit}")))
    }

    /// An id, or what a creation id (`#x`) stands for.
    pub fn resolve(&self, id: &str) -> Option<String> {
        match id.strip_prefix('#') {
            Some(creation) => self.created.get(creation).cloned(),
            None => Some(id.to_owned()),
        }
    }

    /// The switch that refuses one object of this method.
    pub fn refused_object(&self) -> Option<SetError> {
        self.faults.take(|fault| match fault {
            Fault::SetError(method, kind, description) if *method == self.method => {
                let error = SetError::new(kind);
                Some(match description {
                    Some(text) => error.with("description", text.clone().into()),
                    None => error,
                })
            }
            _ => None,
        })
    }
}

/// Reads the arguments of a call into their type; what does not fit is `invalidArguments`.
pub fn arguments<T: DeserializeOwned>(arguments: Map<String, Value>) -> Result<T, MethodError> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| MethodError::arguments(error.to_string()))
}

/// Puts only these properties, and the id, into an object.
pub fn select(object: Map<String, Value>, properties: Option<&[String]>) -> Value {
    let Some(wanted) = properties else { return Value::Object(object) };
    Value::Object(object.into_iter().filter(|(name, _)| name == "id" || wanted.contains(name)).collect())
}

/// Refuses properties that the type does not have (RFC 8620 §5.1).
pub fn check_properties(wanted: Option<&[String]>, known: &[&str]) -> Result<(), MethodError> {
    match wanted.unwrap_or_default().iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(MethodError::arguments(format!("no property {name}"))),
        None => Ok(()),
    }
}
