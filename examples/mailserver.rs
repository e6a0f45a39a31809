//! A mail account on a JMAP server in memory, beside a daemon that is tried from outside:
//! `tests/package` runs it next to a machine that has the package installed.
//!
//! It prints its address. Each line of its standard input is a file and a recipient: that mail is
//! delivered. Each letter that leaves lies in the folder that its one argument names, as `1.eml`,
//! `2.eml` and so on. It ends with its standard input.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a program of the tests' own, which speaks by files"
)]

use std::error::Error;
use std::path::PathBuf;

use postdesk::clock::Clock;
use postdesk::demo::server::{Habits, Options, Server, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::triage::Wildcard;

const ADDRESS: &str = "help@desk.example";
const WILDCARD: &str = "help+{key}@desk.example";
const PASSWORD: &str = "not a secret";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("a folder for the letters")?);
    let user = User::new(Address::parse(ADDRESS)?, PASSWORD).wildcard(Wildcard::parse(WILDCARD)?);
    let options = Options::new(Clock::system(), Random::system()).user(user).habits(Habits::stalwart());
    let server = Server::start(options).await?;
    println!("{}", server.url());
    tokio::spawn(keep_letters(server.clone(), folder));
    // Read on this thread, while the server runs on others.
    for line in std::io::stdin().lines() {
        let line = line?;
        let (file, to) = line.split_once(' ').ok_or("a file and a recipient")?;
        let landed = server.deliver(std::fs::read(file)?, &[Address::parse(to)?]);
        eprintln!("{to}: {landed:?}");
    }
    Ok(())
}

/// Writes each letter under a name that it only gets once it is whole.
async fn keep_letters(server: Server, folder: PathBuf) {
    for count in 1.. {
        server.wait_until(|world| world.submissions().len() >= count).await;
        let letters = server.submissions();
        let Some(letter) = letters.get(count - 1) else { return };
        let (part, whole) = (folder.join("part"), folder.join(format!("{count}.eml")));
        let written = std::fs::write(&part, &letter.raw).and_then(|()| std::fs::rename(&part, &whole));
        if let Err(error) = written {
            eprintln!("{}: {error}", whole.display());
            return;
        }
    }
}
