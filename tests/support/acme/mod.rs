//! A certificate authority of the tests' own, that speaks ACME (RFC 8555) over https: every request
//! has to be signed, carry a nonce that was not used yet and name its address, and a host is
//! believed only when its listener shows the proof, by tls-alpn-01 (RFC 8737) or by http-01. It
//! also says when it wants a certificate renewed (RFC 9773).

mod issue;
mod jws;
mod routes;
mod serve;
mod validate;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::task::JoinHandle;

use issue::Authority;
pub use validate::Anything;

/// What the authority is like.
pub struct Options {
    /// Its time; certificates begin at it.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// How long a certificate is good.
    pub life: SignedDuration,
    /// The only account that may be bound (RFC 8555 §7.3.4): its id and key.
    pub external: Option<(String, Vec<u8>)>,
    /// Whether it says when to renew.
    pub says_when: bool,
}

impl Options {
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            now: Box::new(now),
            life: SignedDuration::from_hours(24 * 90),
            external: None,
            says_when: false,
        }
    }
}

/// The running authority. It ends when this is dropped.
pub struct Acme {
    shared: Arc<Shared>,
    port: u16,
    folder: tempfile::TempDir,
    task: JoinHandle<()>,
}

struct Shared {
    options: Options,
    authority: Authority,
    base: String,
    state: Mutex<State>,
}

/// What the authority remembers.
#[derive(Default)]
struct State {
    nonces: HashSet<String>,
    next: u64,
    /// By the address of the account: its public key, and the contacts.
    accounts: HashMap<String, (Value, Value)>,
    orders: HashMap<u64, Order>,
    /// Where port 443 and port 80 of every host lead.
    tls_port: Option<SocketAddr>,
    http_port: Option<SocketAddr>,
    /// Why new orders are refused: an error's kind, and how long to wait.
    refusal: Option<(String, Option<u64>)>,
    /// When certificates are to be renewed.
    window: Option<(Timestamp, Timestamp)>,
    nonces_refused: usize,
    /// Nonces to call bad although they are not.
    refuse_nonces: usize,
    /// The challenges that were tried, and whether they were proven.
    tried: Vec<(&'static str, bool)>,
    /// The `replaces` of each order.
    replaced: Vec<Option<String>>,
}

struct Order {
    account: String,
    host: String,
    token: String,
    /// `pending`, `processing`, `valid` or `invalid`.
    proof: &'static str,
    why: Option<Value>,
    replaces: Option<String>,
    chain: Option<String>,
    /// How often the order was looked at while its certificate was being made.
    looked: u32,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }

    fn now(&self) -> Timestamp {
        (self.options.now)()
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Acme {
    pub async fn start(options: Options) -> Self {
        let folder = super::folder::temporary("acme");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let authority = Authority::new();
        std::fs::write(folder.path().join("root.pem"), authority.root_pem()).expect("the root");
        let shared = Arc::new(Shared {
            options,
            authority,
            base: format!("https://localhost:{port}"),
            state: Mutex::default(),
        });
        let task = tokio::spawn(serve::serve(listener, Arc::clone(&shared)));
        Self { shared, port, folder, task }
    }

    pub fn directory(&self) -> String {
        format!("https://localhost:{}/directory", self.port)
    }

    /// The certificate that its own https, and every certificate that it gives, goes back to.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    pub fn root_path(&self) -> &Path {
        self.folder.path()
    }

    /// Where port 443 of every host leads.
    pub fn tls_port(&self, address: SocketAddr) {
        self.shared.state().tls_port = Some(address);
    }

    /// Where port 80 of every host leads.
    pub fn http_port(&self, address: SocketAddr) {
        self.shared.state().http_port = Some(address);
    }

    /// From now on, new orders are refused for this kind of reason, or taken again.
    pub fn refuse(&self, kind: Option<&str>, retry_after: Option<Duration>) {
        let refusal = kind.map(|kind| (kind.to_owned(), retry_after.map(|wait| wait.as_secs())));
        self.shared.state().refusal = refusal;
    }

    /// Calls the next nonces bad although they are not (RFC 8555 §6.5).
    pub fn refuse_nonces(&self, count: usize) {
        self.shared.state().refuse_nonces = count;
    }

    /// Wants every certificate renewed between these times.
    pub fn wants_renewal(&self, from: Timestamp, to: Timestamp) {
        self.shared.state().window = Some((from, to));
    }

    /// Forgets all accounts, as one that was set up anew.
    pub fn forget_accounts(&self) {
        self.shared.state().accounts.clear();
    }

    pub fn accounts(&self) -> usize {
        self.shared.state().accounts.len()
    }

    /// The contacts of each account.
    pub fn contacts(&self) -> Vec<Value> {
        self.shared.state().accounts.values().map(|(_, contact)| contact.clone()).collect()
    }

    pub fn orders(&self) -> usize {
        self.shared.state().orders.len()
    }

    /// The challenges that were tried, and whether they were proven.
    pub fn tried(&self) -> Vec<(&'static str, bool)> {
        self.shared.state().tried.clone()
    }

    /// What each order said that it replaces.
    pub fn replaced(&self) -> Vec<Option<String>> {
        self.shared.state().replaced.clone()
    }
}

impl Drop for Acme {
    fn drop(&mut self) {
        self.task.abort();
    }
}
