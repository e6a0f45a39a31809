//! What the TOML reader says, in the words of the person who writes the file.

use super::ConfigError;

/// What the file as a whole lacks. The reader blames its first line for that, and so whatever setting
/// happens to stand there. These names stand at the top of the file and nowhere else.
pub(super) fn missing(message: &str) -> Option<ConfigError> {
    let (named, what) = match field(message)? {
        "public_url" => {
            ("public_url", "is missing; add it, such as public_url = \"https://desk.example.com\"")
        }
        "mail" => ("[mail]", "is missing; add that table, with `url`, `address` and a login"),
        "addresses" => ("[addresses]", "is missing; add that table, with `wildcard` in it"),
        _ => return None,
    };
    Some(ConfigError::new(named, what))
}

/// The reader's message as what is said of the setting it is about; its own words where they are not
/// known here.
pub(super) fn words(message: &str) -> String {
    if let Some(field) = field(message) {
        return format!("lacks the setting `{field}`; add it");
    }
    if let Some((_, known)) =
        message.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected "))
    {
        let known = known.trim_start_matches("one of ");
        return format!("is no setting that Postdesk knows; at this place there can be {known}");
    }
    let wrong = ["invalid type: ", "invalid value: "].iter().find_map(|start| message.strip_prefix(start));
    match wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, wanted)) => format!("is {}, and has to be {}", given(found), kind(wanted)),
        None => message.to_owned(),
    }
}

fn field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// What was found there.
fn given(found: &str) -> String {
    match found {
        "sequence" => "a list".to_owned(),
        "map" => "a table".to_owned(),
        other => match other.split_once(' ') {
            Some(("string", text)) => format!("the text {text}"),
            Some(("integer" | "boolean", value)) => value.trim_matches('`').to_owned(),
            _ => other.trim_start_matches("floating point ").trim_matches('`').to_owned(),
        },
    }
}

/// What belongs there.
fn kind(wanted: &str) -> &str {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not below 0",
        "a nonzero u32" | "a nonzero u64" => "a whole number, at least 1",
        "i32" | "i64" => "a whole number",
        "f64" => "a number",
        "a string" | "path string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list in brackets",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}
