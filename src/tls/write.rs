//! Writing a small file whole, or not at all.
#![allow(clippy::disallowed_methods, reason = "certificate files belong to this module")]

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::TlsError;

/// Makes a folder that is ours alone, with those above it.
pub(super) fn folder(path: &Path) -> Result<(), TlsError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| TlsError::Write { path: path.to_owned(), source })
}

/// Writes a whole file with these permissions, by way of a second one, so that none is ever half.
pub(super) fn whole(path: &Path, content: &[u8], mode: u32) -> Result<(), TlsError> {
    let draft = path.with_extension("new");
    let attempt = || {
        // One that a crash left may have other permissions.
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    };
    attempt().map_err(|source| TlsError::Write { path: path.to_owned(), source })
}
