//! Reading what servers send: a field of the wrong type counts as one that is not there.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A text, where it is one.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// Those elements that are texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(values) => values
            .into_iter()
            .filter_map(|value| match value {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    })
}

/// A number that is not negative, where it is one.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(from)?.as_u64())
}

/// The names in a set such as `mailboxIds`: those whose value is `true`.
pub(super) fn set<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Object(map) => {
            map.into_iter().filter(|(_, value)| *value == Value::Bool(true)).map(|(name, _)| name).collect()
        }
        _ => Vec::new(),
    })
}

/// A map; empty where there is `null` or none. Values that cannot be read are left out.
pub(super) fn map<'de, D, T>(from: D) -> Result<HashMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Ok(match Value::deserialize(from)? {
        Value::Object(map) => map
            .into_iter()
            .filter_map(|(name, value)| serde_json::from_value(value).ok().map(|value| (name, value)))
            .collect(),
        _ => HashMap::new(),
    })
}

/// A list; elements that cannot be read are left out.
pub(super) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Ok(match Value::deserialize(from)? {
        Value::Array(values) => {
            values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect()
        }
        _ => Vec::new(),
    })
}
