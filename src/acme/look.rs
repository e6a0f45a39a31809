//! A look at an authority's directory, for `check`. Nothing is asked for.

use std::path::PathBuf;

use serde::Deserialize;

use super::error::chain;
use super::{Acme, AcmeError};
use crate::wire::Request;

/// What a directory says (RFC 8555 §7.1.1), as far as `check` wants to know.
#[derive(Debug, Deserialize)]
pub struct Directory {
    #[serde(rename = "newOrder")]
    new_order: String,
    #[serde(default)]
    meta: Meta,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(default, rename = "externalAccountRequired")]
    external_account_required: bool,
}

impl Directory {
    /// Whether nobody gets an account without one that exists already.
    #[must_use]
    pub fn wants_external_account(&self) -> bool {
        self.meta.external_account_required
    }
}

impl Acme {
    /// Reads the authority's directory.
    ///
    /// # Errors
    /// Where it does not answer, or is no directory.
    pub async fn directory(&self) -> Result<Directory, AcmeError> {
        let authority = || self.authority().to_owned();
        let response = self
            .wire
            .send(Request::get(self.settings.directory.clone()))
            .await
            .map_err(|error| AcmeError::Unreachable { authority: authority(), why: chain(&error) })?;
        let foreign = |why: String| AcmeError::Foreign { authority: authority(), why };
        if !response.status.is_success() {
            return Err(foreign(response.status.to_string()));
        }
        let read: Directory =
            serde_json::from_slice(&response.body).map_err(|error| foreign(error.to_string()))?;
        if read.new_order.is_empty() { Err(foreign("it takes no orders".to_owned())) } else { Ok(read) }
    }

    /// Where the certificate is, or will be.
    #[must_use]
    pub fn certificate_path(&self) -> PathBuf {
        self.kept.certificate()
    }
}
