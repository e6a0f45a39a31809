//! Writing a backup: header, database, raw mails, what else the data folder holds, sums.
#![allow(clippy::disallowed_methods, reason = "backups are files of this module's")]

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use super::seal::Sealing;
use super::sums::{Sums, Tee};
use super::{DATABASE, Header, KeepError, Progress, header, sums};

/// Fast; the raw mails are packed already.
const LEVEL: i32 = 3;

/// What stands in a data folder and is not taken along: the database itself (its copy is), what is
/// made anew, and what only this machine's daemon means.
const LEFT_OUT: [&str; 8] =
    ["postdesk.redb", "postdesk.lock", "raw", "snapshot", "restoring", "search", "reserve", "control.sock"];

/// What is packed.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The data folder. Its raw mails are not removed while this is read.
    pub data: &'a Path,
    /// The copy of its database.
    pub database: &'a Path,
}

/// What was packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    pub files: usize,
    /// Before packing.
    pub octets: u64,
}

/// One file on its way in.
struct Item {
    name: String,
    path: PathBuf,
    size: u64,
    /// It may change or go meanwhile: nothing in the database names it.
    loose: bool,
}

/// Packs a data folder and gives the writer back, everything written and nothing synced.
///
/// # Errors
/// Where a file cannot be read or the writer does not take it.
pub fn pack<W: Write>(
    source: Source<'_>,
    mut header: Header,
    out: W,
    progress: Progress<'_>,
) -> Result<(W, Packed), KeepError> {
    let items = items(source)?;
    header.octets = items.iter().map(|item| item.size).sum();
    let total = Some(header.octets);
    let out_failed = KeepError::at(Path::new("the backup"));
    let mut encoder = zstd::Encoder::new(Sealing::new(out), LEVEL).map_err(&out_failed)?;
    encoder.include_checksum(true).map_err(&out_failed)?;
    let mut archive = Archive { tar: tar::Builder::new(encoder), sums: Sums::default(), created: 0 };
    archive.created = u64::try_from(header.created.as_second()).unwrap_or_default();
    archive.text(header::NAME, &header.to_octets())?;
    let mut done = 0;
    for item in &items {
        if archive.file(item)? {
            done += item.size;
            progress(done, total);
        }
    }
    let packed = Packed { files: archive.sums.len() - 1, octets: done };
    let sums = archive.sums.to_text();
    archive.entry(sums::NAME, sums.as_bytes(), sums.len() as u64)?;
    let encoder = archive.tar.into_inner().map_err(&out_failed)?;
    let out = encoder.finish().and_then(Sealing::seal).map_err(&out_failed)?;
    Ok((out, packed))
}

struct Archive<W: Write> {
    tar: tar::Builder<W>,
    sums: Sums,
    /// In seconds; every entry has this time, so that one state makes one archive.
    created: u64,
}

impl<W: Write> Archive<W> {
    fn text(&mut self, name: &str, octets: &[u8]) -> Result<(), KeepError> {
        self.sums.add(name.to_owned(), blake3::hash(octets));
        self.entry(name, octets, octets.len() as u64)
    }

    /// False where a file that may go has gone.
    fn file(&mut self, item: &Item) -> Result<bool, KeepError> {
        let file = match File::open(&item.path) {
            Err(error) if item.loose && error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(KeepError::at(&item.path))?,
        };
        let mut tee = Tee::new(file.take(item.size), None);
        self.entry(&item.name, &mut tee, item.size)?;
        if tee.octets != item.size {
            return Err(KeepError::Changed(item.path.clone()));
        }
        let sum = tee.sum();
        self.sums.add(item.name.clone(), sum);
        Ok(true)
    }

    fn entry(&mut self, name: &str, from: impl std::io::Read, size: u64) -> Result<(), KeepError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.created);
        header.set_entry_type(tar::EntryType::Regular);
        self.tar.append_data(&mut header, name, from).map_err(KeepError::at(Path::new(name)))
    }
}

/// Everything that goes in, the database first.
fn items(source: Source<'_>) -> Result<Vec<Item>, KeepError> {
    let size = source.database.metadata().map_err(KeepError::at(source.database))?.len();
    let database = Item { name: DATABASE.to_owned(), path: source.database.to_owned(), size, loose: false };
    let mut items = vec![database];
    walk(&source.data.join("raw"), "raw", false, &mut items)?;
    for (name, path) in entries(source.data)? {
        if LEFT_OUT.contains(&name.as_str()) || name.starts_with("postdesk.redb.") {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            walk(&path, &name, true, &mut items)?;
        } else {
            items.extend(item(path, name, true)?);
        }
    }
    Ok(items)
}

fn walk(folder: &Path, name: &str, loose: bool, items: &mut Vec<Item>) -> Result<(), KeepError> {
    for (entry, path) in entries(folder)? {
        let name = format!("{name}/{entry}");
        // What is being written into the raw store, and named by nothing yet.
        if name == "raw/tmp" {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            walk(&path, &name, loose, items)?;
        } else {
            items.extend(item(path, name, loose)?);
        }
    }
    Ok(())
}

/// `None` for a socket, a link, another backup, and a name that cannot stand in a list.
fn item(path: PathBuf, name: String, loose: bool) -> Result<Option<Item>, KeepError> {
    let about = match path.symlink_metadata() {
        Err(error) if loose && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        about => about.map_err(KeepError::at(&path))?,
    };
    let backup = name.ends_with(".tar.zst") || name.ends_with(super::target::PARTIAL);
    if !about.is_file() || backup || name.contains(['\n', '\\']) {
        return Ok(None);
    }
    Ok(Some(Item { size: about.len(), path, name, loose }))
}

/// The entries of a folder by name; none where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, KeepError> {
    let listed = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(KeepError::at(folder))?,
    };
    let mut entries = Vec::new();
    for entry in listed {
        let entry = entry.map_err(KeepError::at(folder))?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((name, entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}
