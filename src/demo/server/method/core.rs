//! `Core/echo` (RFC 8620 §4).

use serde_json::{Map, Value};

use crate::demo::server::call::{Answer, Call};

pub fn echo(_: &mut Call<'_>, arguments: Map<String, Value>) -> Answer {
    Ok(vec![("Core/echo", Value::Object(arguments))])
}
