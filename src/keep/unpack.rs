//! Reading a backup: every entry is hashed on its way and compared with the sums at its end, and
//! every raw mail with the hash that it is named by.
#![allow(clippy::disallowed_methods, reason = "backups are files of this module's")]

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use super::seal::Sealed;
use super::sums::{Sums, Tee};
use super::{DATABASE, Header, KeepError, Progress, header, sums};
use crate::store;
use crate::tracker::RawHash;

/// The longest list of sums that is read, in octets: some ten million files.
const LONGEST_LIST: u64 = 2 * 1024 * 1024 * 1024;

/// A backup that was read to its end and is what was written.
#[derive(Debug)]
pub struct Checked {
    pub header: Header,
    pub files: usize,
    /// Unpacked.
    pub octets: u64,
    /// What was wrong in the data folder already when the backup was made, in sentences.
    pub findings: Vec<String>,
    /// The raw mails in it.
    pub(super) raw: HashSet<RawHash>,
}

/// Where the entries go.
pub(super) enum Sink<'a> {
    /// All of them.
    Folder(&'a Path),
    /// The database alone; the others are only looked at.
    Database(&'a Path),
}

/// Reads a backup to its end and looks into its database, which is unpacked beside it meanwhile.
///
/// # Errors
/// [`KeepError::Damaged`] where anything differs from what was written.
pub fn verify(file: &Path, progress: Progress<'_>) -> Result<Checked, KeepError> {
    let beside = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let scratch = tempfile::Builder::new().prefix(".postdesk-verify").tempdir_in(beside);
    // Where backups lie may be read-only.
    let scratch = scratch.or_else(|_| tempfile::tempdir()).map_err(KeepError::at(beside))?;
    let database = scratch.path().join(DATABASE);
    let from = File::open(file).map_err(KeepError::at(file))?;
    let name = file.display().to_string();
    let mut checked = unpack(from, &name, &Sink::Database(&database), &|_| Ok(()), progress)?;
    look_into(&database, &name, &mut checked)?;
    Ok(checked)
}

/// Whether the database of a backup is whole, and each raw mail that it names is in it.
pub(super) fn look_into(database: &Path, name: &str, checked: &mut Checked) -> Result<(), KeepError> {
    store::look_at_copy(database).map_err(|error| match error {
        store::OpenError::Database(error) => KeepError::damaged(name, error),
        other => other.into(),
    })?;
    let raw = std::mem::take(&mut checked.raw);
    let report = store::verify(database, &mut |hash| raw.contains(hash), &mut |_| {})?;
    checked.raw = raw;
    if let Some(why) = report.broken {
        return Err(KeepError::damaged(name, format!("its database is not whole ({why})")));
    }
    checked.findings.extend(report.findings);
    Ok(())
}

/// Reads all entries; `begin` may refuse when it sees what comes.
pub(super) fn unpack(
    from: impl Read,
    name: &str,
    sink: &Sink<'_>,
    begin: &dyn Fn(&Header) -> Result<(), KeepError>,
    progress: Progress<'_>,
) -> Result<Checked, KeepError> {
    let none = |why: &dyn ToString| KeepError::NoBackup { file: name.to_owned(), why: why.to_string() };
    let mut sealed = Sealed::new(from);
    let decoder = zstd::Decoder::new(&mut sealed).map_err(|error| none(&error))?;
    let mut archive = tar::Archive::new(decoder);
    let mut entries = archive.entries().map_err(|error| none(&error))?;
    let mut first = match entries.next() {
        Some(first) => first.map_err(|error| none(&error))?,
        None => return Err(none(&"it is empty")),
    };
    if first.path().ok().as_deref() != Some(Path::new(header::NAME)) {
        return Err(none(&"it does not say what it is"));
    }
    let mut octets = Vec::new();
    first.by_ref().take(header::LONGEST).read_to_end(&mut octets).map_err(|error| none(&error))?;
    let header = Header::read(&octets, name)?;
    begin(&header)?;
    let mut reading = Reading { name, sink, sums: Sums::default(), listed: None, checked: empty(header) };
    reading.sums.add(header::NAME.to_owned(), blake3::hash(&octets));
    let total = Some(reading.checked.header.octets);
    for entry in entries {
        let entry = entry.map_err(|error| KeepError::damaged(name, error))?;
        reading.entry(entry)?;
        progress(reading.checked.octets, total);
    }
    // The frame's own checksum stands behind its last octet.
    std::io::copy(&mut archive.into_inner(), &mut std::io::sink())
        .map_err(|error| KeepError::damaged(name, error))?;
    let checked = reading.end()?;
    if !sealed.is_whole() {
        return Err(KeepError::damaged(name, "it is not what was sealed when it was made"));
    }
    Ok(checked)
}

fn empty(header: Header) -> Checked {
    Checked { header, files: 0, octets: 0, findings: Vec::new(), raw: HashSet::new() }
}

struct Reading<'a> {
    name: &'a str,
    sink: &'a Sink<'a>,
    sums: Sums,
    listed: Option<String>,
    checked: Checked,
}

impl Reading<'_> {
    #[allow(clippy::needless_pass_by_value, reason = "errors and texts are handed over as they are")]
    fn damaged(&self, why: impl ToString) -> KeepError {
        KeepError::damaged(self.name, why)
    }

    fn entry<R: Read>(&mut self, mut entry: tar::Entry<'_, R>) -> Result<(), KeepError> {
        let path = entry.path().map_err(|error| self.damaged(error))?.into_owned();
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        let Some(name) = path.to_str().filter(|_| plain).map(str::to_owned) else {
            return Err(self.damaged(format!("it has an entry called {}", path.display())));
        };
        if self.listed.is_some() || !entry.header().entry_type().is_file() {
            return Err(self.damaged(format!("it has the entry {name}, which does not belong there")));
        }
        if name == sums::NAME {
            let mut listed = String::new();
            let read = entry.by_ref().take(LONGEST_LIST).read_to_string(&mut listed);
            read.map_err(|error| self.damaged(error))?;
            self.listed = Some(listed);
            return Ok(());
        }
        let mut target = self.target(&name)?;
        let mut tee = Tee::new(&mut entry, target.as_mut().map(|(file, _)| file as &mut dyn Write));
        let whole = raw_hash(&name).map(|hash| (hash, unpacked_is(&hash, &mut tee)));
        std::io::copy(&mut tee, &mut std::io::sink())
            .map_err(|error| KeepError::damaged(self.name, error))?;
        let (sum, octets) = (tee.sum(), tee.octets);
        if let Some((file, path)) = target {
            file.sync_all().map_err(KeepError::at(&path))?;
        }
        self.checked.octets += octets;
        self.checked.files += 1;
        if let Some((hash, whole)) = whole {
            self.checked.raw.insert(hash);
            if !whole {
                self.checked
                    .findings
                    .push(format!("the raw mail {hash} is damaged, and was when the backup was made"));
            }
        }
        self.sums.add(name, sum);
        Ok(())
    }

    /// Where an entry is written to, if it is.
    fn target(&self, name: &str) -> Result<Option<(File, PathBuf)>, KeepError> {
        let path = match self.sink {
            Sink::Folder(folder) => folder.join(name),
            Sink::Database(path) if name == DATABASE => (*path).to_owned(),
            Sink::Database(_) => return Ok(None),
        };
        if let Some(folder) = path.parent() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(KeepError::at(folder))?;
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(&path);
        file.map(|file| Some((file, path.clone()))).map_err(KeepError::at(&path))
    }

    fn end(self) -> Result<Checked, KeepError> {
        let Some(listed) = &self.listed else {
            return Err(self.damaged("its end is missing"));
        };
        match self.sums.differs(listed) {
            Some(why) => Err(self.damaged(why)),
            None => Ok(self.checked),
        }
    }
}

/// `raw/ab/abcd….zst`
fn raw_hash(name: &str) -> Option<RawHash> {
    let (_, file) = name.strip_prefix("raw/")?.split_once('/')?;
    RawHash::from_hex(file.strip_suffix(".zst")?)
}

/// Whether a packed raw mail is the one that its name says.
fn unpacked_is(hash: &RawHash, packed: &mut impl Read) -> bool {
    let Ok(mut decoder) = zstd::Decoder::new(packed) else { return false };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut decoder).is_ok() && hasher.finalize().as_bytes() == &hash.0
}
