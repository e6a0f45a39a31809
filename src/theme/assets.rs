//! Static files, each under a name that carries its hash: such a name may be kept for ever.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;

/// Where static files lie.
pub(super) const ROOT: &str = "/-/static/";

/// A static file.
#[derive(Clone, Debug)]
pub struct Asset {
    pub content: Bytes,
    pub content_type: &'static str,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Assets {
    by_hashed: BTreeMap<String, Asset>,
    hrefs: BTreeMap<String, String>,
}

impl Assets {
    pub(super) fn add(&mut self, name: &str, content: Cow<'static, [u8]>) {
        let content = Bytes::from(content.into_owned());
        let hash = blake3::hash(&content).to_hex();
        let hash = hash.as_str().get(..16).unwrap_or_default();
        let hashed = match name.rsplit_once('.') {
            Some((stem, end)) => format!("{stem}-{hash}.{end}"),
            None => format!("{name}-{hash}"),
        };
        self.hrefs.insert(name.to_owned(), format!("{ROOT}{hashed}"));
        self.by_hashed.insert(hashed, Asset { content, content_type: content_type(name) });
    }

    pub(super) fn get(&self, hashed: &str) -> Option<&Asset> {
        self.by_hashed.get(hashed)
    }

    pub(super) fn href(&self, name: &str) -> Option<&str> {
        self.hrefs.get(name).map(String::as_str)
    }

    pub(super) fn hrefs(&self) -> BTreeMap<String, String> {
        self.hrefs.clone()
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
