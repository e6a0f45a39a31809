//! HTML that is safe to stand in a page as it is.

use minijinja::{AutoEscape, Error, Output, State, Value, escape_formatter};
use serde::{Serialize, Serializer};

/// HTML that came out of the sanitiser or of the Markdown renderer. Templates put it in as it is;
/// every other text is escaped, so no template needs a filter that switches escaping off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Vouches for it: the text comes from `mail::render` or `mail::markdown`.
    #[must_use]
    pub fn sanitised(html: String) -> Self {
        Self(html)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for Html {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::from_safe_string(self.0.clone()).serialize(serializer)
    }
}

/// Escapes texts for HTML. minijinja's own way also escapes every slash, which makes the source of
/// a mail hard to read and gains nothing: attributes are always quoted.
pub(super) fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if matches!(state.auto_escape(), AutoEscape::Html) && !value.is_safe() => {
            let mut rest = text;
            while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
                let (before, after) = rest.split_at(at);
                let mut characters = after.chars();
                out.write_str(before)?;
                out.write_str(match characters.next() {
                    Some('<') => "&lt;",
                    Some('>') => "&gt;",
                    Some('&') => "&amp;",
                    Some('"') => "&quot;",
                    _ => "&#39;",
                })?;
                rest = characters.as_str();
            }
            out.write_str(rest).map_err(Error::from)
        }
        _ => escape_formatter(out, state, value),
    }
}
