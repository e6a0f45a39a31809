//! References to the results of earlier calls in the same request (RFC 8620 §3.7).

use serde_json::{Map, Value};

use super::errors::MethodError;

/// One response so far: name, arguments, call id.
pub type Response = (String, Value, String);

/// Replaces every `#argument` by what it refers to.
pub fn resolve(
    arguments: &Map<String, Value>,
    responses: &[Response],
) -> Result<Map<String, Value>, MethodError> {
    let mut resolved = Map::new();
    for (name, value) in arguments {
        let Some(plain) = name.strip_prefix('#') else {
            resolved.insert(name.clone(), value.clone());
            continue;
        };
        if arguments.contains_key(plain) {
            return Err(MethodError::arguments(format!("both {plain} and #{plain}")));
        }
        let found = refer(value, responses).ok_or_else(|| {
            MethodError::because("invalidResultReference", format!("#{plain} finds nothing"))
        })?;
        resolved.insert(plain.to_owned(), found);
    }
    Ok(resolved)
}

fn refer(reference: &Value, responses: &[Response]) -> Option<Value> {
    let part = |name: &str| reference.get(name)?.as_str();
    let (result_of, name, path) = (part("resultOf")?, part("name")?, part("path")?);
    let (found_name, arguments, _) = responses.iter().find(|(_, _, id)| id == result_of)?;
    if found_name != name {
        return None;
    }
    point(arguments, path)
}

/// A JSON pointer (RFC 6901) in which `*` maps over an array and flattens one level.
fn point(value: &Value, path: &str) -> Option<Value> {
    let Some(rest) = path.strip_prefix('/') else {
        return path.is_empty().then(|| value.clone());
    };
    let (token, rest) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let token = token.replace("~1", "/").replace("~0", "~");
    match value {
        Value::Array(items) if token == "*" => {
            let mut all = Vec::new();
            for item in items {
                match point(item, rest)? {
                    Value::Array(inner) => all.extend(inner),
                    single => all.push(single),
                }
            }
            Some(Value::Array(all))
        }
        Value::Array(items) => point(items.get(token.parse::<usize>().ok()?)?, rest),
        Value::Object(map) => point(map.get(&token)?, rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn responses() -> Vec<Response> {
        let list = json!({ "list": [{ "ids": ["a", "b"] }, { "ids": ["c"] }], "a/b": [7] });
        vec![("Thread/get".to_owned(), list, "t0".to_owned())]
    }

    #[test]
    fn a_star_maps_and_flattens() {
        let reference = json!({ "#ids": { "resultOf": "t0", "name": "Thread/get", "path": "/list/*/ids" } });
        let resolved = resolve(reference.as_object().unwrap(), &responses()).unwrap();
        assert_eq!(resolved.get("ids").unwrap(), &json!(["a", "b", "c"]));
        assert_eq!(point(&responses()[0].1, "/a~1b/0"), Some(json!(7)));
    }

    #[test]
    fn what_cannot_be_found_is_an_invalid_reference() {
        for reference in [
            json!({ "#ids": { "resultOf": "t1", "name": "Thread/get", "path": "/list" } }),
            json!({ "#ids": { "resultOf": "t0", "name": "Email/get", "path": "/list" } }),
            json!({ "#ids": { "resultOf": "t0", "name": "Thread/get", "path": "/none" } }),
            json!({ "#ids": 5 }),
        ] {
            let error = resolve(reference.as_object().unwrap(), &responses()).unwrap_err();
            assert!(matches!(error, MethodError::Call { kind, .. } if kind == "invalidResultReference"));
        }
    }
}
