//! What each command does.

use std::io::IsTerminal;
use std::time::Duration;

use super::args::{Account, AccountCommand, At, Check, Demo};
use super::failure::Failure;
use super::say;
use crate::app::{self, App};
use crate::check;
use crate::config::Config;
use crate::control::{AccountAdd, Answer, ControlError, Request, ask};
use crate::demo;
use crate::systemd;

/// Tries everything, in memory, until Ctrl-C or until its terminal closes.
pub(super) async fn demo(args: Demo) -> Result<(), String> {
    let running = demo::Demo::start(args.port).await.map_err(|error| error.to_string())?;
    say::out(running.greeting());
    let until = async {
        tokio::select! {
            () = app::stop_signal() => {}
            () = app::terminal_closed() => {}
        }
    };
    Box::pin(running.run(until)).await;
    Ok(())
}

/// Runs the desk until SIGTERM or Ctrl-C.
pub(super) async fn run(at: &At) -> Result<(), Failure> {
    let config = Config::load(&at.config).map_err(|error| Failure::of_configuration(error.to_string()))?;
    let app = App::build(config, None).await.map_err(|error| {
        let needs_a_person = error.needs_a_person();
        let why = error.to_string();
        // What `systemctl status` shows of a desk that did not start.
        systemd::status(&why);
        if needs_a_person { Failure::of_configuration(why) } else { Failure::from(why) }
    })?;
    app.run(app::stop_signal()).await;
    Ok(())
}

/// Asks the running daemon; where none runs, does it here.
pub(super) async fn operate(at: &At, request: Request) -> Result<(), String> {
    let config = load(at)?;
    let told = match ask(&config.control_socket(), &request).await {
        Ok(told) => told,
        Err(ControlError::NobodyThere) => {
            refuse_as_another(&config)?;
            Box::pin(app::answer_alone(config, request)).await.map_err(|error| error.to_string())?
        }
        Err(error) => return Err(error.to_string()),
    };
    match told {
        Answer::Done(lines) => {
            for line in lines {
                say::out(line);
            }
            Ok(())
        }
        Answer::Refused(why) => Err(why),
        Answer::Survey(_) | Answer::Snapshot { .. } => Ok(()),
    }
}

/// What root wrote into the data folder of another user, that user's daemon could not read.
fn refuse_as_another(config: &Config) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(&config.data).map(|folder| folder.uid()).unwrap_or(0);
    if owner == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let folder = config.data.display();
    Err(format!(
        "the desk does not run, and its data folder {folder} belongs to another user; start the desk first \
         (`systemctl start postdesk`), or run this as that user"
    ))
}

/// Tries everything, a line for each thing; fails where the desk would not run.
pub(super) async fn check(args: &Check) -> Result<(), String> {
    let send = args.send.then(|| Duration::from_secs(args.wait));
    let colours = super::log::coloured(&std::io::stdout());
    let report = check::run(&args.at.config, send, |finding| say::out(finding.line(colours))).await;
    match report.in_the_way() {
        0 => {
            say::out("The desk would run.");
            Ok(())
        }
        1 => Err("the desk would not run: one thing is in the way, marked `bad` above".to_owned()),
        more => Err(format!("the desk would not run: {more} things are in the way, marked `bad` above")),
    }
}

pub(super) async fn account(account: Account) -> Result<(), String> {
    let request = match account.what {
        AccountCommand::Add { handle, address, name, projects, link } => {
            Request::AccountAdd(AccountAdd { handle, name, address, admin: false, projects, link })
        }
        AccountCommand::List => Request::AccountList,
        AccountCommand::Password { handle, stdin, link } => {
            let password = if stdin { Some(read_password()?) } else { None };
            Request::AccountPassword { handle, password, link }
        }
    };
    operate(&account.at, request).await
}

pub(super) fn load(at: &At) -> Result<Config, String> {
    Config::load(&at.config).map_err(|error| error.to_string())
}

fn read_password() -> Result<String, String> {
    if std::io::stdin().is_terminal() {
        say::err("New password, then Enter:");
    }
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
