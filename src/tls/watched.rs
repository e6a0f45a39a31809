//! Certificate files, read again when they change.
//!
//! They are looked at by name, following links: whoever renews them may rename new files over the
//! old ones, or turn a link (certbot), and a watch on the file itself would see neither.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{Pair, TlsError};

/// What tells one state of a file from another.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

/// Two files with a certificate and its key.
#[derive(Debug)]
pub struct Watched {
    certificate: PathBuf,
    key: PathBuf,
    /// What was read last, good or not.
    read: (Stamp, Stamp),
    /// Whether that was good.
    good: bool,
}

impl Watched {
    /// Reads them for the first time.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn begin(certificate: &Path, key: &Path) -> Result<(Self, Pair), TlsError> {
        let read = (stamp(certificate), stamp(key));
        let pair = Pair::of_files(certificate, key)?;
        Ok((Self { certificate: certificate.to_owned(), key: key.to_owned(), read, good: true }, pair))
    }

    /// Where the certificate is.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Reads them where they changed since they were last read, or were not good then, or always.
    /// `None` where there is nothing new.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn look(&mut self, always: bool) -> Option<Result<Pair, TlsError>> {
        // Taken before the files are read: what is written meanwhile is seen by the next look.
        let now = (stamp(&self.certificate), stamp(&self.key));
        if !always && self.good && now == self.read {
            return None;
        }
        self.read = now;
        let pair = Pair::of_files(&self.certificate, &self.key);
        self.good = pair.is_ok();
        Some(pair)
    }
}

fn stamp(path: &Path) -> Stamp {
    let of = |facts: Metadata| (facts.dev(), facts.ino(), facts.mtime(), facts.mtime_nsec(), facts.len());
    std::fs::metadata(path).ok().map(of)
}
