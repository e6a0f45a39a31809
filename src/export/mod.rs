//! What leaves the desk in formats that others read: tickets as JSON Lines, mails as mbox.
//!
//! It reads a copy that nobody writes (a [`crate::store::Snapshot`]), a ticket and a mail at a time,
//! so that a desk of any size can be exported beside the daemon. In memory stand only the hashes of
//! the mails written so far: each mail is written once, and lines of tickets name it by its place.

mod mbox;
mod person;
mod ticket;

use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::keep::{KeepError, Target};
use crate::mail::{self, Address};
use crate::store::{Look, RawError, Read, StoreError, is_from, raw_octets};
use crate::tracker::{MailRowId, ProjectId, RawHash, Ticket, TicketId};
use crate::triage::MailRow;

/// The files that an export consists of.
pub const TICKETS: &str = "tickets.jsonl";
pub const MAILS: &str = "mails.mbox";

/// How many records are read at once.
const CHUNK: usize = 500;
/// The name of a mail too large to be kept, and of one that was erased.
const NOT_KEPT: RawHash = RawHash([0; 32]);

/// Why an export was not made. The sentences are for the operator.
#[derive(Debug, Error)]
pub enum ExportError {
    #[error("{} fails: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not empty; name a folder that is empty or does not exist yet", .0.display())]
    NotEmpty(PathBuf),
    #[error(transparent)]
    File(#[from] KeepError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Raw(#[from] RawError),
    #[error("a ticket cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Everything,
    /// The tickets that are in this project now, and the mails held or ignored for it.
    Project(ProjectId),
    /// One person's data: what came from this address, and what was written to it.
    Person(Address),
}

/// Where it is read from: a copied database, and the folder of the raw mails.
pub struct Source<'a> {
    pub read: &'a Read,
    pub raw: &'a Path,
}

/// What an export has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub tickets: u64,
    pub mails: u64,
    /// Raw mails that are on record and could not be read; everything else was written.
    pub missing: Vec<String>,
}

/// Exports into a folder that is empty or does not exist yet. The two files appear under their names
/// when they are whole. `tick` is told how many tickets and mails are written.
///
/// # Errors
/// Where the folder is not empty, or the disk or the store fails; then no file stands under its name.
pub fn export(
    source: &Source<'_>,
    scope: &Scope,
    folder: &Path,
    tick: &mut dyn FnMut(u64),
) -> Result<Exported, ExportError> {
    prepare(folder)?;
    let (tickets, mails) = (Target::begin(&folder.join(TICKETS))?, Target::begin(&folder.join(MAILS))?);
    let mut out = Out {
        source,
        lines: BufWriter::new(tickets.writer()?),
        mails: BufWriter::new(mails.writer()?),
        folder,
        places: HashMap::new(),
        exported: Exported::default(),
        tick,
    };
    out.everything_of(scope)?;
    let exported = out.finish()?;
    tickets.finish()?;
    mails.finish()?;
    Ok(exported)
}

fn prepare(folder: &Path) -> Result<(), ExportError> {
    let failed = |source| ExportError::Io { path: folder.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut entries = std::fs::read_dir(folder).map_err(failed)?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(ExportError::NotEmpty(folder.to_owned())),
    }
}

/// The files being written.
struct Out<'a> {
    source: &'a Source<'a>,
    lines: BufWriter<File>,
    mails: BufWriter<File>,
    folder: &'a Path,
    /// Where each mail stands in the mbox, counted from 0.
    places: HashMap<RawHash, Option<u64>>,
    exported: Exported,
    tick: &'a mut dyn FnMut(u64),
}

impl Out<'_> {
    fn everything_of(&mut self, scope: &Scope) -> Result<(), ExportError> {
        match scope {
            Scope::Everything => {
                self.each_ticket(|out, ticket| out.whole_ticket(&ticket))?;
                self.each_row(|out, row| out.row(&row))
            }
            Scope::Project(id) => {
                self.each_ticket(|out, ticket| match ticket.project == *id {
                    true => out.whole_ticket(&ticket),
                    false => Ok(()),
                })?;
                let project = Some(*id);
                self.each_row(|out, row| match row.project == project && row.ticket.is_none() {
                    true => out.row(&row),
                    false => Ok(()),
                })
            }
            Scope::Person(address) => self.person(address),
        }
    }

    fn person(&mut self, address: &Address) -> Result<(), ExportError> {
        // Tickets on which a mail of the person's is shown though the person takes no part.
        let mut theirs = HashSet::new();
        self.each_row(|_, row| {
            theirs.extend(row.ticket.filter(|_| is_from(&row, address)));
            Ok(())
        })?;
        self.each_ticket(|out, ticket| {
            if theirs.contains(&ticket.id) || person::takes_part(&ticket, address) {
                let line = person::line(out, &ticket, address)?;
                out.line(&line)?;
            }
            Ok(())
        })?;
        self.each_row(|out, row| match is_from(&row, address) {
            true => out.row(&row),
            false => Ok(()),
        })
    }

    fn whole_ticket(&mut self, ticket: &Ticket) -> Result<(), ExportError> {
        let line = ticket::line(self, ticket)?;
        self.line(&line)
    }

    fn line(&mut self, line: &serde_json::Value) -> Result<(), ExportError> {
        serde_json::to_writer(&mut self.lines, line)?;
        self.lines.write_all(b"\n").map_err(at(self.folder, TICKETS))?;
        self.exported.tickets += 1;
        self.told();
        Ok(())
    }

    fn row(&mut self, row: &MailRow) -> Result<(), ExportError> {
        self.mail(&row.raw).map(drop)
    }

    /// Writes a mail where it is not yet; its place. `None` where there is none to be had.
    fn mail(&mut self, raw: &RawHash) -> Result<Option<u64>, ExportError> {
        if *raw == NOT_KEPT {
            return Ok(None);
        }
        if let Some(place) = self.places.get(raw) {
            return Ok(*place);
        }
        let octets = match raw_octets(self.source.raw, raw) {
            Ok(octets) => octets,
            Err(error @ (RawError::Missing(_) | RawError::Damaged(_))) => {
                self.exported.missing.push(error.to_string());
                self.places.insert(*raw, None);
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        mbox::append(&mut self.mails, &octets).map_err(at(self.folder, MAILS))?;
        let place = self.exported.mails;
        self.exported.mails += 1;
        self.places.insert(*raw, Some(place));
        self.told();
        Ok(Some(place))
    }

    /// The text for people of a mail.
    fn text_of(&self, raw: &RawHash) -> Option<String> {
        let octets = raw_octets(self.source.raw, raw).ok()?;
        Some(mail::parse(&octets, None).text)
    }

    fn told(&mut self) {
        (self.tick)(self.exported.tickets + self.exported.mails);
    }

    fn each_ticket(
        &mut self,
        mut visit: impl FnMut(&mut Self, Ticket) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut last = TicketId::default();
        loop {
            let tickets = self.source.read.tickets_after(last, CHUNK)?;
            let Some(end) = tickets.last() else { return Ok(()) };
            last = end.id;
            for ticket in tickets {
                visit(self, ticket)?;
            }
        }
    }

    fn each_row(
        &mut self,
        mut visit: impl FnMut(&mut Self, MailRow) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let mut last = MailRowId::default();
        loop {
            let rows = self.source.read.mail_rows_after(last, CHUNK)?;
            let Some(end) = rows.last() else { return Ok(()) };
            last = end.id;
            for row in rows {
                visit(self, row)?;
            }
        }
    }

    fn finish(mut self) -> Result<Exported, ExportError> {
        self.lines.flush().map_err(at(self.folder, TICKETS))?;
        self.mails.flush().map_err(at(self.folder, MAILS))?;
        Ok(self.exported)
    }
}

fn at<'a>(folder: &'a Path, name: &'static str) -> impl Fn(io::Error) -> ExportError + 'a {
    move |source| ExportError::Io { path: folder.join(name), source }
}

#[cfg(test)]
mod tests;
