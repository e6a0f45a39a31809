//! The command line: what can be typed after `postdesk`.

mod args;
mod command;
mod export;
mod failure;
mod keep;
mod log;
mod papers;
mod say;
mod setup;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;

/// Reads the arguments, does what they say, and tells the shell how it went.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    // The demo's greeting is what its terminal is for, so only what goes wrong follows it.
    // So is a set-up's dialogue.
    let usual = match args.command {
        Command::Demo(_) | Command::Setup(_) => "warn",
        _ => "info",
    };
    if let Err(why) = log::start(args.log_json, usual) {
        return Failure::from(why).told();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::from(format!("the system gives no threads: {error}")).told(),
    };
    let done = runtime.block_on(run(args));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.told(),
    }
}

async fn run(args: Args) -> Result<(), Failure> {
    let done = match args.command {
        Command::Version => {
            say::out(concat!("postdesk ", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
        Command::Demo(demo) => Box::pin(command::demo(demo)).await,
        Command::Run(at) => return command::run(&at).await,
        Command::Project(project) => command::operate(&project.at, project.what.into_request()).await,
        Command::Account(account) => Box::pin(command::account(account)).await,
        Command::Admin(admin) => command::operate(&admin.at, admin.what.into_request()).await,
        Command::Adopt(adopt) => command::operate(&adopt.at, adopt.request()).await,
        Command::Setup(setup) => setup::run(*setup).await,
        Command::Check(check) => command::check(&check).await,
        Command::Backup(backup) => keep::backup(backup).await,
        Command::Restore(restore) => keep::restore(restore).await,
        Command::Replay(replay) => Box::pin(keep::replay(replay)).await,
        Command::Erase(erase) => command::operate(&erase.at, erase.request()).await,
        Command::Redact(redact) => command::operate(&redact.at, redact.request()).await,
        Command::Export(args) => export::run(args).await,
        Command::Verify(at) => keep::look_through(&at).await,
        Command::Compact(at) => keep::compact(&at).await,
        Command::Pause(at) => command::operate(&at, crate::control::Request::Pause).await,
        Command::Resume(at) => command::operate(&at, crate::control::Request::Resume).await,
        Command::Status(status) => command::operate(&status.at, status.request()).await,
        Command::Reload(at) => command::operate(&at, crate::control::Request::Reload).await,
        Command::Man { folder } => papers::man(&folder),
        Command::Completions { shell } => papers::completions(shell),
    };
    Ok(done?)
}

/// Whether a command line, without `postdesk` in front, can be typed; for tests of the documents.
///
/// # Errors
/// What is said of one that cannot.
#[doc(hidden)]
pub fn understands(arguments: &[&str]) -> Result<(), String> {
    let whole = std::iter::once("postdesk").chain(arguments.iter().copied());
    Args::try_parse_from(whole).map(|_| ()).map_err(|error| error.to_string())
}
