//! Pebble, the authority that others test their ACME clients with, and a name server that leads
//! every host to loopback.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::folder;
use super::tls::https_of_its_own;
use super::wait::{LONG, holds};

/// A running Pebble. It ends when this is dropped.
pub struct Pebble {
    children: Vec<Child>,
    folder: TempDir,
    port: u16,
}

/// The key of the only account that may be bound, by the id `kid-7`, in base64url.
pub const BOUND: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

impl Pebble {
    /// Starts it; it comes to these ports of loopback for tls-alpn-01 and http-01.
    pub async fn start(tls_port: u16, http_port: u16) -> Self {
        let folder = folder::temporary("pebble");
        let at = |name: &str| folder.path().join(name);
        let (root, certificate, key) = https_of_its_own();
        for (name, text) in [("root.pem", root), ("https.pem", certificate), ("https.key", key)] {
            std::fs::write(at(name), text).expect("a file");
        }
        let [port, names, manage] = [(); 3].map(|()| folder::free_port());
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "certificate": at("https.pem"),
            "privateKey": at("https.key"),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "externalAccountBindingRequired": true,
            "externalAccountMACKeys": { "kid-7": BOUND },
        }});
        std::fs::write(at("pebble.json"), config.to_string()).expect("its configuration");
        let names_at = format!("127.0.0.1:{names}");
        let mut server = Command::new("/usr/bin/pebble-challtestsrv");
        server.args(["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", &names_at]);
        server.args(["-http01", "", "-https01", "", "-tlsalpn01", ""]);
        server.args(["-management", &format!("127.0.0.1:{manage}")]);
        let mut pebble = Command::new("/usr/bin/pebble");
        pebble.arg("-config").arg(at("pebble.json")).args(["-dnsserver", &names_at]);
        // It refuses some nonces and takes its time, as real ones may.
        pebble.env("PEBBLE_WFE_NONCEREJECT", "20").env("PEBBLE_VA_SLEEPTIME", "1");
        let children = [server, pebble].map(|command| spawn(command, folder.path()));
        let pebble = Self { children: children.into(), folder, port };
        holds("Pebble", LONG, async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok())
            .await;
        pebble
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/dir", self.port)
    }

    /// Whom its own https goes back to.
    pub fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("root.pem")
    }
}

fn spawn(mut command: Command, folder: &Path) -> Child {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).expect("a log");
    command.current_dir(folder).stdin(Stdio::null());
    command.stdout(log.try_clone().expect("the log again")).stderr(log);
    command.spawn().expect("a program")
}

impl Drop for Pebble {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- Pebble's log\n{log}");
        }
    }
}
