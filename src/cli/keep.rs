//! Backups and what else keeps a desk's data: `backup`, `restore`, `replay`, `verify`, `compact`,
//! `pause`, `resume`.

mod bar;

use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use jiff::Timestamp;

use super::args::At;
use super::command::{load, operate};
use super::say;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{ControlError, Request, Taken, ask, take_snapshot};
use crate::desk::after_restore;
use crate::keep::{
    Checked, Header, KeepError, Packed, Restoring, Source, Target, file_name, pack, prune, verify,
};
use crate::secret::Random;
use crate::store::{self, Store, StorePath, aside};
use crate::theme::octets_text;
pub(super) use bar::Bar;

#[derive(Debug, ClapArgs)]
pub(super) struct Backup {
    #[command(flatten)]
    pub at: At,
    /// The file to write, or a folder for one that is named by the time, or `-` for standard output.
    /// Without it, a file in the present folder.
    #[arg(value_name = "FILE")]
    to: Option<PathBuf>,
    /// Read the backup again and look through it. A FILE that exists is not written, only read.
    #[arg(long)]
    verify: bool,
    /// Keep so many backups in the folder, and remove older ones when the new one is there.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Restore {
    #[command(flatten)]
    pub at: At,
    /// The backup, or `-` for standard input.
    #[arg(value_name = "FILE")]
    from: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Replay {
    #[command(flatten)]
    pub at: At,
    /// A day such as 2026-11-22, or a time such as 2026-11-22T13:00:00Z; else when the restored
    /// backup was made.
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<Timestamp>,
}

impl Replay {
    pub(super) fn request(&self) -> Request {
        Request::Replay { since: self.since }
    }
}

fn since(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::system()).ok();
    text.parse::<Timestamp>()
        .ok()
        .or_else(|| day().map(|day| day.timestamp()))
        .ok_or_else(|| "it is no day such as 2026-11-22 and no time such as 2026-11-22T13:00:00Z".to_owned())
}

/// Where a backup goes.
enum Out {
    Stdout,
    File(PathBuf),
}

pub(super) async fn backup(args: Backup) -> Result<(), String> {
    let existing = args.to.as_ref().filter(|path| args.verify && path.is_file());
    if let Some(file) = existing {
        let checked = verified(file.clone()).await?;
        say::out(format_args!("{} is whole. Nothing was written.", file.display()));
        return tell_checked(&checked);
    }
    let config = load(&args.at)?;
    let clock = Clock::system();
    let created = clock.now();
    let out = destination(args.to.as_deref(), args.verify, args.keep, created)?;
    let packed = make(&config, &out, created).await?;
    if let Out::File(path) = &out {
        say::out(format_args!(
            "{} holds {} files, {}",
            path.display(),
            packed.files,
            octets_text(packed.octets)
        ));
        if args.verify {
            let checked = verified(path.clone()).await?;
            say::out("It was read again and is whole.");
            tell_checked(&checked)?;
        }
        if let Some(keep) = args.keep {
            let folder = path.parent().unwrap_or(Path::new("."));
            for removed in prune(folder, keep as usize).map_err(|error| error.to_string())? {
                say::out(format_args!("removed {}", removed.display()));
            }
        }
    }
    Ok(())
}

fn destination(
    to: Option<&Path>,
    verify: bool,
    keep: Option<u32>,
    created: Timestamp,
) -> Result<Out, String> {
    match to {
        Some(path) if path == Path::new("-") => {
            if verify || keep.is_some() {
                return Err("what goes to standard output is neither read again nor removed; leave out --verify and --keep"
                    .to_owned());
            }
            if std::io::stdout().is_terminal() {
                return Err(
                    "a backup is nothing for a terminal; send standard output into a file or a program"
                        .to_owned(),
                );
            }
            Ok(Out::Stdout)
        }
        Some(path) if path.is_dir() => Ok(Out::File(path.join(file_name(created)))),
        Some(path) if keep.is_some() => {
            Err(format!("--keep is for a folder of backups, and {} is none", path.display()))
        }
        Some(path) => Ok(Out::File(path.to_owned())),
        None => Ok(Out::File(Path::new(".").join(file_name(created)))),
    }
}

/// Makes the backup from a snapshot, beside the daemon or alone.
async fn make(config: &Config, out: &Out, created: Timestamp) -> Result<Packed, String> {
    // A name that is taken is told before anything is copied.
    let target = match out {
        Out::Stdout => None,
        Out::File(path) => Some(Target::begin(path).map_err(|error| error.to_string())?),
    };
    let taken = take_snapshot(config).await.map_err(|error| error.to_string())?;
    let data = config.data.clone();
    let packing = aside(move || write_out(target, &taken, &data, created));
    packing.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn write_out(
    target: Option<Target>,
    taken: &Taken,
    data: &Path,
    created: Timestamp,
) -> Result<Packed, KeepError> {
    let facts = store::look_at_copy(taken.database())?;
    let header = Header::new(&facts, created);
    let source = Source { data, database: taken.database() };
    let bar = Bar::new("backup");
    let mut progress = |done, total| bar.set(done, total);
    match target {
        Some(target) => {
            let (_, packed) = pack(source, header, target.writer()?, &mut progress)?;
            target.finish()?;
            Ok(packed)
        }
        None => Ok(pack(source, header, std::io::stdout().lock(), &mut progress)?.1),
    }
}

async fn verified(file: PathBuf) -> Result<Checked, String> {
    let reading = aside(move || {
        let bar = Bar::new("verify");
        verify(&file, &mut |done, total| bar.set(done, total))
    });
    reading.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

fn tell_checked(checked: &Checked) -> Result<(), String> {
    let Header { created, postdesk, store, journal, .. } = &checked.header;
    let time = created.strftime("%Y-%m-%d %H:%M:%S UTC");
    say::out(format_args!(
        "made {time} by Postdesk {postdesk}, of the store {store} at journal number {journal}"
    ));
    say::out(format_args!("{} files, {}", checked.files, octets_text(checked.octets)));
    for finding in &checked.findings {
        say::out(format_args!("  {finding}"));
    }
    match checked.findings.len() {
        0 => Ok(()),
        _ => {
            Err("the backup is what was written, and the data was not as it should be then; see above"
                .to_owned())
        }
    }
}

pub(super) async fn restore(args: Restore) -> Result<(), String> {
    let config = load(&args.at)?;
    if !matches!(ask(&config.control_socket(), &Request::Status).await, Err(ControlError::NobodyThere)) {
        return Err("the desk is running; stop it first, and restore into an empty data folder".to_owned());
    }
    let data = StorePath::new(&config.data);
    let unpacking = aside(move || {
        let bar = Bar::new("restore");
        let name = args.from.display().to_string();
        let mut progress = |done, total| bar.set(done, total);
        if args.from == Path::new("-") {
            return Restoring::begin(&data, std::io::stdin().lock(), "standard input", &mut progress);
        }
        let file = store_file(&args.from)?;
        Restoring::begin(&data, BufReader::new(file), &name, &mut progress)
    });
    let restoring = unpacking.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let (clock, random) = (Clock::system(), Random::system());
    let created = restoring.checked().header.created;
    let store = Store::open(&restoring.store(), &random, &clock).map_err(|error| error.to_string())?;
    let restored = after_restore(&store, created, clock.now()).await;
    store.close().await;
    drop(store);
    let restored = restored.map_err(|error| error.to_string())?;
    let done = aside(move || restoring.finish()).await.map_err(|error| error.to_string())?;
    let done = done.map_err(|error| error.to_string())?;
    let _ = tell_checked(&done.checked);
    say::out(format_args!(
        "It is restored into {}, and paused: nothing comes in or goes out yet.",
        config.data.display()
    ));
    if restored.letters > 0 {
        say::out(format_args!(
            "Letters that were pending then: {}; they are looked for in Sent, and none is sent twice.",
            restored.letters
        ));
    }
    say::out("Start the desk; `postdesk status` says what to do next.");
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "the backup is named on the command line")]
fn store_file(path: &Path) -> Result<std::fs::File, KeepError> {
    std::fs::File::open(path).map_err(|source| KeepError::Io { path: path.to_owned(), source })
}

/// Looks through the store; fails where anything is not as it should be.
pub(super) async fn look_through(at: &At) -> Result<(), String> {
    let config = load(at)?;
    let taken = take_snapshot(&config).await.map_err(|error| error.to_string())?;
    let raw = StorePath::new(&config.data).raw();
    let looking = aside(move || {
        store::look_at_copy(taken.database()).map_err(|error| error.to_string())?;
        let bar = Bar::spinner("verify");
        let mut damaged = |hash: &crate::tracker::RawHash| store::whole(&raw, hash).is_ok();
        store::verify(taken.database(), &mut damaged, &mut |records| bar.set(records, None))
            .map_err(|error| error.to_string())
    });
    let report = looking.await.map_err(|error| error.to_string())??;
    say::out(format_args!("looked at {} entries and {} raw files", report.records, report.raw));
    let broken = report.broken.iter().map(|why| format!("the database is not whole: {why}"));
    for line in broken.chain(report.findings.iter().cloned()) {
        say::out(format_args!("  {line}"));
    }
    match report.found {
        0 => {
            say::out("Everything is as it should be.");
            Ok(())
        }
        1 => Err("one thing is not as it should be; keep the data folder and restore a backup".to_owned()),
        more => {
            Err(format!("{more} things are not as they should be; keep the data folder and restore a backup"))
        }
    }
}

/// Compacts the database while no daemon runs.
pub(super) async fn compact(at: &At) -> Result<(), String> {
    let config = load(at)?;
    let path = StorePath::new(&config.data);
    let compacted = aside(move || path.compact()).await.map_err(|error| error.to_string())?;
    let done = compacted.map_err(|error| error.to_string())?;
    let (before, after) = (octets_text(done.before), octets_text(done.after));
    let saved = octets_text(done.before.saturating_sub(done.after));
    say::out(format_args!("The database took {before} and takes {after} now; {saved} saved."));
    Ok(())
}

pub(super) async fn replay(args: Replay) -> Result<(), String> {
    operate(&args.at, args.request()).await
}
