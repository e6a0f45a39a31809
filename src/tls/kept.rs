//! What an authority gave us, in a folder of its own in the data folder: the account, the
//! certificate with its key, and when it is to be asked again. All of it is ours alone to read.
#![allow(clippy::disallowed_methods, reason = "certificate files belong to this module")]

use std::io;
use std::path::{Path, PathBuf};

use super::{Pair, TlsError, write};

const ACCOUNT: &str = "account.json";
const CERTIFICATE: &str = "certificate.pem";
const ATTEMPT: &str = "attempt.json";

/// The folder of one authority.
#[derive(Clone, Debug)]
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// The folder by this name in `tls`, the data folder's place for certificates. It is made when
    /// there is something to keep.
    #[must_use]
    pub fn new(tls: &Path, authority: &str) -> Self {
        Self { folder: tls.join("acme").join(authority) }
    }

    /// Where the certificate is, or will be.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    /// The certificate with its key, if there is one.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn pair(&self) -> Result<Option<Pair>, TlsError> {
        let path = self.certificate();
        self.read(CERTIFICATE)?.map(|text| Pair::of_pem(&text, &path)).transpose()
    }

    /// Keeps a key and the chain that belongs to it, if they do.
    ///
    /// # Errors
    /// Where they do not go together, or cannot be written.
    pub fn keep_pair(&self, key: &str, chain: &str) -> Result<Pair, TlsError> {
        // One file for both: there is never one without the other.
        let text = format!("{}\n{}\n", key.trim_end(), chain.trim_end());
        let pair = Pair::of_pem(&text, &self.certificate())?;
        self.write(CERTIFICATE, &text)?;
        Ok(pair)
    }

    /// The account at the authority, as the client wrote it.
    ///
    /// # Errors
    /// Names the file.
    pub fn account(&self) -> Result<Option<String>, TlsError> {
        self.read(ACCOUNT)
    }

    /// # Errors
    /// Names the file.
    pub fn keep_account(&self, text: &str) -> Result<(), TlsError> {
        self.write(ACCOUNT, text)
    }

    /// When the authority is to be asked again after a failure.
    ///
    /// # Errors
    /// Names the file.
    pub fn attempt(&self) -> Result<Option<String>, TlsError> {
        self.read(ATTEMPT)
    }

    /// # Errors
    /// Names the file.
    pub fn keep_attempt(&self, text: &str) -> Result<(), TlsError> {
        self.write(ATTEMPT, text)
    }

    fn read(&self, name: &str) -> Result<Option<String>, TlsError> {
        let path = self.folder.join(name);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TlsError::Read { path, source }),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), TlsError> {
        write::folder(&self.folder)?;
        write::whole(&self.folder.join(name), text.as_bytes(), 0o600)
    }
}
