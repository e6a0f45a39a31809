//! The command line: what can be typed after `postdesk`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this module speaks to a terminal")]

mod args;
mod command;
mod export;
mod keep;
mod log;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Reads the arguments, does what they say, and tells the shell how it went.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    // The demo's greeting is what its terminal is for, so only what goes wrong follows it.
    let usual = if matches!(args.command, Command::Demo(_)) { "warn" } else { "info" };
    if let Err(why) = log::start(args.log_json, usual) {
        return fail(&why);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the system gives no threads: {error}")),
    };
    let done = runtime.block_on(run(args));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(&why),
    }
}

async fn run(args: Args) -> Result<(), String> {
    match args.command {
        Command::Version => {
            println!("postdesk {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
        Command::Demo(demo) => command::demo(demo).await,
        Command::Run(at) => command::run(&at).await,
        Command::Project(project) => command::operate(&project.at, project.what.into_request()).await,
        Command::Account(account) => command::account(account).await,
        Command::Admin(admin) => command::operate(&admin.at, admin.what.into_request()).await,
        Command::Adopt(adopt) => command::operate(&adopt.at, adopt.request()).await,
        Command::Check(check) => command::check(&check).await,
        Command::Backup(backup) => keep::backup(backup).await,
        Command::Restore(restore) => keep::restore(restore).await,
        Command::Replay(replay) => keep::replay(replay).await,
        Command::Erase(erase) => command::operate(&erase.at, erase.request()).await,
        Command::Redact(redact) => command::operate(&redact.at, redact.request()).await,
        Command::Export(args) => export::run(args).await,
        Command::Verify(at) => keep::look_through(&at).await,
        Command::Compact(at) => keep::compact(&at).await,
        Command::Pause(at) => command::operate(&at, crate::control::Request::Pause).await,
        Command::Resume(at) => command::operate(&at, crate::control::Request::Resume).await,
        Command::Status(at) => command::operate(&at, crate::control::Request::Status).await,
    }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("postdesk: {why}");
    ExitCode::FAILURE
}
