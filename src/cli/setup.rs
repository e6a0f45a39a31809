//! `postdesk setup`: the flags that give answers, and the terminal that is asked for the rest.

use std::io::{self, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::args::At;
use super::say;
use crate::config;
use crate::setup::{self, Authority, Options, Talk};

/// What is given here is not asked for.
#[derive(Debug, Args)]
pub(super) struct Setup {
    #[command(flatten)]
    at: At,
    /// Ask nothing: what is not given takes its default, and what is wrong ends the set-up.
    #[arg(long, short)]
    yes: bool,
    /// Replace a configuration that is there; it is kept as postdesk.toml.before.
    #[arg(long)]
    replace: bool,
    /// The desk's mail address.
    #[arg(long)]
    address: Option<String>,
    /// The mail server, or its JMAP session; else it is found by the address' domain.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The user there; else the address.
    #[arg(long, conflicts_with = "token")]
    user: Option<String>,
    /// Sign in by an API token, without a user.
    #[arg(long)]
    token: bool,
    /// The file that the password or token stands in, and stays in; - reads it from standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Let the configuration name this credential of systemd; the password is only used to try it.
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// The account's id or name, for a login that has several.
    #[arg(long)]
    account: Option<String>,
    /// A PEM file with further certificate authorities, for a mail server with a private one.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Another server that may see the login; may be given more than once.
    #[arg(long, value_name = "ORIGIN")]
    trust: Vec<String>,
    /// The tracker's public host name.
    #[arg(long, value_name = "HOST")]
    public: Option<String>,
    /// How https comes to the tracker.
    #[arg(long, value_enum)]
    front: Option<Front>,
    /// The certificate with its chain (PEM), for --front files.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Its key (PEM), for --front files.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The authority's directory, for --front acme; else Let's Encrypt's.
    #[arg(long, value_name = "URL")]
    acme_directory: Option<String>,
    /// Where the authority may write to, for --front acme; - for nowhere.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    acme_contact: Option<String>,
    /// How the authority sees that the host is ours, for --front acme.
    #[arg(long, value_enum, default_value_t)]
    acme_challenge: Challenge,
    /// A PEM file with further roots, for an authority whose own https has a private one.
    #[arg(long, value_name = "FILE")]
    acme_ca: Option<PathBuf>,
    /// Where the tracker listens; may be given more than once.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Vec<SocketAddr>,
    /// A plain port that leads browsers to https, and an authority to its answer; may be given more
    /// than once.
    #[arg(long, value_name = "ADDRESS:PORT")]
    redirect: Vec<SocketAddr>,
    /// The data folder.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The address for answers, with {key}; else derived from the desk's.
    #[arg(long, value_name = "ADDRESS")]
    wildcard: Option<String>,
    /// Letters carry the plain address; answers are joined by the mails that they answer alone.
    #[arg(long)]
    plain: bool,
    /// Send no test mails.
    #[arg(long)]
    no_test_mail: bool,
    /// How many seconds to wait for test mails.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    wait: u64,
    /// Do not start the service, nor enable it.
    #[arg(long)]
    no_start: bool,
    /// The path of the first project; - for none.
    #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
    project: Option<String>,
    /// The mail address of the first admin, for whom a one-time link is printed; - for none.
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    admin: Option<String>,
    /// A DNS server to ask in place of the system's.
    #[arg(long, hide = true, value_name = "ADDRESS:PORT")]
    resolver: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Front {
    /// Through a proxy on this computer that speaks it.
    Proxy,
    /// Directly, with a certificate from an authority such as Let's Encrypt.
    Acme,
    /// Directly, with a certificate from files.
    Files,
    /// Directly, with a certificate that Postdesk makes, for trying out.
    Generated,
}

impl From<Front> for setup::Front {
    fn from(front: Front) -> Self {
        match front {
            Front::Proxy => Self::Proxy,
            Front::Acme => Self::Acme,
            Front::Files => Self::Files,
            Front::Generated => Self::Generated,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Challenge {
    /// It comes to port 443 of the host.
    #[default]
    #[value(name = "tls-alpn-01")]
    TlsAlpn01,
    /// It comes to port 80 of the host.
    #[value(name = "http-01")]
    Http01,
}

impl From<Challenge> for config::Challenge {
    fn from(challenge: Challenge) -> Self {
        match challenge {
            Challenge::TlsAlpn01 => Self::TlsAlpn01,
            Challenge::Http01 => Self::Http01,
        }
    }
}

pub(super) async fn run(setup: Setup) -> Result<(), String> {
    let asks = !setup.yes;
    if asks {
        tokio::spawn(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                setup::show_typing();
                say::err("\npostdesk: ended; what was not written is not there");
                std::process::exit(130);
            }
        });
    }
    let colours = super::log::coloured(&io::stdout());
    let talk = Talk::new(BufReader::new(io::stdin()), io::stdout(), asks, colours);
    setup::run(options(setup), talk).await.map_err(|error| whole(&error))
}

/// The sentence with its causes.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn options(setup: Setup) -> Options {
    Options {
        config: setup.at.config,
        replace: setup.replace,
        address: setup.address,
        server: setup.server,
        user: setup.user,
        token: setup.token,
        password_file: setup.password_file,
        credential: setup.credential,
        account: setup.account,
        ca: setup.ca,
        trust: setup.trust,
        public: setup.public,
        front: setup.front.map(Into::into),
        certificate: setup.certificate,
        key: setup.key,
        acme: Authority {
            directory: setup.acme_directory,
            contact: setup.acme_contact,
            challenge: setup.acme_challenge.into(),
            ca: setup.acme_ca,
        },
        listen: setup.listen,
        redirect: setup.redirect,
        data: setup.data,
        wildcard: setup.wildcard,
        plain: setup.plain,
        no_test_mail: setup.no_test_mail,
        wait: Duration::from_secs(setup.wait),
        no_start: setup.no_start,
        project: setup.project,
        admin: setup.admin,
        resolver: setup.resolver,
    }
}
