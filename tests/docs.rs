//! The documents are true: each command of ours in them is run, against a real daemon and the embedded
//! mail server; each page is reached from the first one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and own their files"
)]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use postdesk::clock::Clock;
use postdesk::demo::server::{Options, Server, User};
use postdesk::mail::Address;
use postdesk::secret::Random;
use postdesk::triage::Wildcard;
use support::daemon::Daemon;

const DESK: &str = "desk@example.com";

/// Commands that are read as the program reads them and not run, by how they begin, and why.
const ONLY_READ: &[(&str, &str)] = &[
    ("postdesk run", "it is running already: every other command speaks to it"),
    ("postdesk setup", "tests/setup.rs runs it, with answers"),
    ("postdesk backup - |", "there is no other machine"),
    ("postdesk redact", "it names a mail of a customer's; tests/streets redacts one"),
];

/// What stands beside our commands and is run with them, since they need it.
const HELPERS: &[&str] = &["mkdir", "printf"];

/// What a page takes for granted.
const BEFORE: &[(&str, &[&str])] = &[
    ("docs/connect-stalwart.md", &["project add acme/web"]),
    ("docs/connect-cyrus.md", &["project add acme/web"]),
    ("docs/connect-fastmail.md", &["project add acme/web"]),
    ("docs/operating.md", &["project add acme/web"]),
    ("docs/privacy.md", &["project add acme/web"]),
    ("docs/troubleshooting.md", &["admin create jane jane@example.com"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and the pages, by their names in the repository.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".md") {
            pages.push(format!("docs/{name}"));
        }
    }
    pages.sort();
    pages
}

fn read(page: &str) -> String {
    std::fs::read_to_string(root().join(page)).unwrap()
}

/// The commands in fenced blocks, each with its line.
fn commands(text: &str) -> Vec<(usize, String)> {
    let (mut fenced, mut found) = (false, Vec::new());
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let line = line.strip_prefix("$ ").unwrap_or(line);
        let line = line.strip_prefix("sudo ").unwrap_or(line);
        let first = line.split_whitespace().next().unwrap_or_default();
        if fenced && (first == "postdesk" || HELPERS.contains(&first)) {
            // A remark stands behind two blanks.
            let line = line.split("  #").next().unwrap_or(line).trim();
            found.push((at + 1, line.to_owned()));
        }
    }
    found
}

/// A command's words as a shell has them, up to the first thing that is the shell's own.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut some) = (Vec::new(), String::new(), None, false);
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (None, '"' | '\'') => (quote, some) = (Some(letter), true),
            (None, '|' | '<' | '>' | ';' | '&') => break,
            (None, ' ') => {
                if some {
                    words.push(std::mem::take(&mut word));
                }
                some = false;
            }
            _ => {
                word.push(letter);
                some = true;
            }
        }
    }
    if some {
        words.push(word);
    }
    words
}

#[test]
fn words_are_told_apart_as_a_shell_does() {
    assert_eq!(
        words(r#"postdesk a --name "Acme Web" 'b c'"#),
        ["postdesk", "a", "--name", "Acme Web", "b c"]
    );
    assert_eq!(words("postdesk a - | ssh b"), ["postdesk", "a", "-"]);
}

fn only_read(command: &str) -> bool {
    ONLY_READ.iter().any(|(start, _)| command.starts_with(start))
}

#[test]
fn each_command_is_one_that_can_be_typed() {
    let mut used = BTreeSet::new();
    for page in pages() {
        for (line, command) in commands(&read(&page)).into_iter().filter(|(_, c)| c.starts_with("postdesk")) {
            let words = words(&command);
            let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
            if let Err(why) = postdesk::cli::understands(&arguments) {
                panic!("{page}:{line}: `{command}` cannot be typed:\n{why}");
            }
            used.extend(ONLY_READ.iter().filter(|(start, _)| command.starts_with(start)).map(|(s, _)| *s));
        }
    }
    let listed: BTreeSet<_> = ONLY_READ.iter().map(|(start, _)| *start).collect();
    assert_eq!(listed, used, "no page has a command that is listed as only read");
}

/// A desk with a mail account, running, and `postdesk` as a shell finds it.
struct World {
    desk: Daemon,
    _server: Server,
}

impl World {
    async fn new() -> Self {
        let wildcard = "desk+{key}@example.com";
        let mut user = User::new(Address::parse(DESK).unwrap(), "secret");
        for wildcard in [wildcard, "contact+{key}@example.com"] {
            user = user.wildcard(Wildcard::parse(wildcard).unwrap());
        }
        let server =
            Server::start(Options::new(Clock::system(), Random::seeded(7)).user(user)).await.unwrap();
        let mut desk = Daemon::prepare(|folder, port| {
            std::fs::write(folder.join("password"), "secret\n").unwrap();
            std::fs::create_dir(folder.join("theme")).unwrap();
            std::fs::create_dir(folder.join("bin")).unwrap();
            let program = env!("CARGO_BIN_EXE_postdesk");
            std::os::unix::fs::symlink(program, folder.join("bin/postdesk")).unwrap();
            format!(
                "data = \"data\"\ntheme = \"theme\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
                 [mail]\nurl = \"{}\"\nuser = \"{DESK}\"\npassword = {{ file = \"password\" }}\naddress = \"{DESK}\"\n\
                 [addresses]\nwildcard = \"{wildcard}\"\nsuffix_wildcard = \"contact+{{key}}@example.com\"\n\
                 [web]\nlisten = [\"127.0.0.1:{port}\"]\n",
                server.url()
            )
        });
        desk.start().await;
        Self { desk, _server: server }
    }

    /// Runs a line as a shell does. What it names in the system's folders is meant for the test's own.
    fn run(&self, command: &str) -> Result<(), String> {
        let folder = self.desk.folder();
        let mut command = command.to_owned();
        for system in ["/etc/", "/var/", "/srv/"] {
            let own = format!("{}{system}", folder.display());
            std::fs::create_dir_all(&own).unwrap();
            command = command.replace(&format!(" {system}"), &format!(" {own}"));
        }
        let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(folder).env("PATH", path);
        shell.env("POSTDESK_CONFIG", folder.join("postdesk.toml"));
        let output = tokio::task::block_in_place(|| shell.output()).unwrap();
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        Err(format!("{}\n{}", output.status, String::from_utf8_lossy(&text)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_command_does_what_its_page_says() {
    for page in pages() {
        let commands = commands(&read(&page));
        let run: Vec<_> = commands.iter().filter(|(_, command)| !only_read(command)).collect();
        if run.is_empty() {
            continue;
        }
        let world = World::new().await;
        for before in BEFORE.iter().filter(|(of, _)| *of == page).flat_map(|(_, before)| *before) {
            world
                .run(&format!("postdesk {before}"))
                .unwrap_or_else(|why| panic!("before {page}: {before}: {why}"));
        }
        for (line, command) in run {
            if let Err(why) = world.run(command) {
                panic!("{page}:{line}: `{command}` failed: {why}");
            }
        }
    }
}

/// The pages that a page links to, by their names in the repository.
fn links(page: &str) -> Vec<String> {
    let folder = Path::new(page).parent().unwrap();
    let text = read(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#', ' ']).next());
    let mut found = Vec::new();
    for target in targets.filter(|target| !target.contains("://") && !target.is_empty()) {
        let mut path = PathBuf::new();
        for part in folder.join(target).components() {
            match part {
                std::path::Component::ParentDir => drop(path.pop()),
                part => path.push(part),
            }
        }
        let path = path.display().to_string();
        found.push(if root().join(&path).is_dir() { format!("{path}/README.md") } else { path });
    }
    found
}

#[test]
fn each_page_is_reached_from_the_first() {
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut next = vec!["README.md".to_owned()];
    while let Some(page) = next.pop() {
        for link in links(&page) {
            if reached.insert(link.clone()) && link.ends_with(".md") {
                next.push(link);
            }
        }
    }
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        files.insert(format!("docs/{}", entry.unwrap().file_name().into_string().unwrap()));
    }
    let lost: Vec<_> = files.difference(&reached).collect();
    assert!(lost.is_empty(), "nothing links to {lost:?}");
}

/// `#heading` as pages are linked to: lower case, dashes for blanks, without signs.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let kept = heading.to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

#[test]
fn each_link_to_a_heading_finds_it() {
    for page in pages() {
        let text = read(&page);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()) {
            let Some((file, anchor)) = target.split_once('#').filter(|(file, _)| !file.contains("://"))
            else {
                continue;
            };
            let to =
                if file.is_empty() { root().join(&page) } else { root().join(&page).with_file_name(file) };
            let there =
                std::fs::read_to_string(&to).unwrap_or_else(|error| panic!("{page}: {target}: {error}"));
            assert!(anchors(&there).contains(anchor), "{page}: no heading for {target}");
        }
    }
}
