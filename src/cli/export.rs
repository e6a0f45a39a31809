//! People's data: `export` writes it in formats that others read, `erase` removes it, `redact`
//! takes one passage out.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::args::At;
use super::command::load;
use super::keep::Bar;
use super::say;
use crate::control::{Request, take_snapshot};
use crate::export::{ExportError, Exported, MAILS, Scope, Source, TICKETS, export};
use crate::mail::Address;
use crate::store::{self, CopiedStore, Look, StorePath, aside};
use crate::tracker::ProjectPath;

#[derive(Debug, ClapArgs)]
pub(super) struct Export {
    #[command(flatten)]
    pub at: At,
    /// The folder to write into, which is empty or does not exist yet.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// Only the tickets of this project, such as `acme/web`.
    #[arg(long, value_name = "PATH", conflicts_with = "address")]
    project: Option<String>,
    /// Only one person's data: what came from this address, and what was written to it.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Erase {
    #[command(flatten)]
    pub at: At,
    /// The person's mail address.
    #[arg(long, value_name = "ADDRESS")]
    address: String,
    /// Only say what would be found.
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    pub(super) fn request(&self) -> Request {
        Request::Erase { address: self.address.clone(), dry_run: self.dry_run }
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct Redact {
    #[command(flatten)]
    pub at: At,
    /// The ticket, such as `acme/web#12`.
    ticket: String,
    /// The number of the line on its timeline, as `export` shows it.
    event: u32,
    /// The passage; white space stands for any white space.
    #[arg(long)]
    text: String,
}

impl Redact {
    pub(super) fn request(&self) -> Request {
        Request::Redact { ticket: self.ticket.clone(), event: self.event, text: self.text.clone() }
    }
}

pub(super) async fn run(args: Export) -> Result<(), String> {
    let config = load(&args.at)?;
    let address =
        args.address.as_deref().map(Address::parse).transpose().map_err(|error| error.to_string())?;
    let path = args.project.as_deref().map(ProjectPath::parse).transpose().map_err(|e| e.to_string())?;
    let taken = take_snapshot(&config).await.map_err(|error| error.to_string())?;
    let raw = StorePath::new(&config.data).raw();
    let folder = args.to;
    let writing = aside(move || {
        store::look_at_copy(taken.database()).map_err(|error| error.to_string())?;
        let copied = CopiedStore::open(taken.database()).map_err(|error| error.to_string())?;
        let scope = scope(&copied, address, path)?;
        let bar = Bar::spinner("export");
        let source = Source { read: copied.read(), raw: &raw };
        let done = export(&source, &scope, &folder, &mut |written| bar.set(written, None));
        done.map(|exported| (folder, exported)).map_err(|error: ExportError| error.to_string())
    });
    let (folder, exported) = writing.await.map_err(|error| error.to_string())??;
    let Exported { tickets, mails, missing } = exported;
    say::out(format_args!("{}: {tickets} tickets", folder.join(TICKETS).display()));
    say::out(format_args!("{}: {mails} mails", folder.join(MAILS).display()));
    for line in &missing {
        say::out(format_args!("  {line}"));
    }
    match missing.len() {
        0 => Ok(()),
        some => Err(format!("{some} mails are on record and could not be read; everything else was written")),
    }
}

fn scope(copied: &CopiedStore, address: Option<Address>, path: Option<ProjectPath>) -> Result<Scope, String> {
    let Some(path) = path else { return Ok(address.map_or(Scope::Everything, Scope::Person)) };
    let project = copied.read().project_by_path(&path).map_err(|error| error.to_string())?;
    project
        .map(|project| Scope::Project(project.id))
        .ok_or_else(|| format!("there is no project {path}; `postdesk project list` shows all"))
}
