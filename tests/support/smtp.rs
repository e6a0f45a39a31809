//! An SMTP server (RFC 5321) that keeps every mail with its envelope, and refuses, stalls or breaks
//! off where a test wants it to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A mail that came to the server.
#[derive(Clone, Debug)]
pub struct Sent {
    pub from: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
    /// Whether the 250 after the data went out: the sender knows that it is sent.
    pub confirmed: bool,
}

impl Sent {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// The values of a header, unfolded (RFC 5322 §2.2.3), not decoded.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let text = self.text().replace("\r\n", "\n");
        let head = text.split("\n\n").next().unwrap_or_default().replace("\n ", " ").replace("\n\t", " ");
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim().to_owned())
            .collect()
    }

    /// The only value of a header; none where it is absent.
    ///
    /// # Panics
    /// Where it stands twice.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut all = self.headers(name);
        assert!(all.len() < 2, "{name} stands {} times", all.len());
        all.pop()
    }
}

/// What the server does after it has taken the data of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterData {
    /// Says 250.
    #[default]
    Confirm,
    /// Keeps the mail and closes the connection without a word.
    Cut,
    /// Keeps the mail and says nothing until told otherwise; then does that.
    Stall,
}

/// The server; it ends with the value.
pub struct Sink {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    mails: watch::Sender<Vec<Sent>>,
    after_data: watch::Sender<AfterData>,
    refusals: Mutex<HashMap<String, String>>,
    enhanced: AtomicBool,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port for the SMTP server");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State {
            mails: watch::Sender::new(Vec::new()),
            after_data: watch::Sender::new(AfterData::Confirm),
            refusals: Mutex::default(),
            enhanced: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                sessions.spawn(async move {
                    // A peer that goes away in the middle is what some tests want.
                    let _ = serve(stream, &state).await;
                });
            }
        });
        Self { address, state, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says from now on that its replies have enhanced status codes (RFC 2034). Cyrus reads a
    /// refusal otherwise then.
    pub fn enhanced(&self) {
        self.state.enhanced.store(true, Ordering::Relaxed);
    }

    /// Answers RCPT for this recipient with this reply, such as `550 5.1.1 no such person`.
    pub fn refuse(&self, recipient: &str, reply: &str) {
        self.state.refusals.lock().unwrap().insert(recipient.to_lowercase(), reply.to_owned());
    }

    /// Takes mail for this recipient again.
    pub fn accept(&self, recipient: &str) {
        self.state.refusals.lock().unwrap().remove(&recipient.to_lowercase());
    }

    /// What to do after the data, from now on; releases those who stall.
    pub fn after_data(&self, then: AfterData) {
        self.state.after_data.send_replace(then);
    }

    /// Every mail so far.
    pub fn mails(&self) -> Vec<Sent> {
        self.state.mails.borrow().clone()
    }

    /// The mails to this recipient so far.
    pub fn mails_to(&self, recipient: &str) -> Vec<Sent> {
        self.mails()
            .into_iter()
            .filter(|mail| mail.to.iter().any(|to| to.eq_ignore_ascii_case(recipient)))
            .collect()
    }

    /// Waits until the mails are as wanted, and returns them.
    ///
    /// # Panics
    /// Where they are not within the limit.
    pub async fn wait_for(&self, what: &str, limit: Duration, wanted: impl Fn(&[Sent]) -> bool) -> Vec<Sent> {
        let mut changes = self.state.mails.subscribe();
        let waiting =
            async { changes.wait_for(|mails| wanted(mails)).await.expect("the server lives").clone() };
        match tokio::time::timeout(limit, waiting).await {
            Ok(mails) => mails,
            Err(_) => {
                let seen = self
                    .mails()
                    .iter()
                    .map(|mail| format!("{:?}\n{}", mail.to, mail.text()))
                    .collect::<Vec<_>>();
                panic!("waited {limit:?} in vain for {what}; mails so far:\n{}", seen.join("\n---\n"))
            }
        }
    }

    /// Waits for the n-th mail (from 1) to this recipient, and returns it.
    pub async fn nth_to(&self, recipient: &str, n: usize) -> Sent {
        let to = |mail: &&Sent| mail.to.iter().any(|to| to.eq_ignore_ascii_case(recipient));
        let what = format!("mail {n} to {recipient}");
        let mails =
            self.wait_for(&what, super::wait::LONG, |mails| mails.iter().filter(to).count() >= n).await;
        mails.iter().filter(to).nth(n - 1).expect("it is there").clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    writer.write_all(b"220 sink.example ESMTP\r\n").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply = match verb.as_str() {
            "EHLO" => {
                let enhanced = state.enhanced.load(Ordering::Relaxed);
                let codes = if enhanced { "250-ENHANCEDSTATUSCODES\r\n" } else { "" };
                format!("250-sink.example\r\n250-8BITMIME\r\n{codes}250-SMTPUTF8\r\n250 SIZE 50000000")
            }
            "HELO" | "NOOP" => "250 2.0.0 well".to_owned(),
            "MAIL" => {
                from = path(&line);
                to.clear();
                "250 2.1.0 sender taken".to_owned()
            }
            "RCPT" => {
                let recipient = path(&line);
                let refusal = state.refusals.lock().unwrap().get(&recipient.to_lowercase()).cloned();
                if refusal.is_none() {
                    to.push(recipient);
                }
                refusal.unwrap_or_else(|| "250 2.1.5 recipient taken".to_owned())
            }
            "DATA" if to.is_empty() => "503 5.5.1 no recipients".to_owned(),
            "DATA" => {
                writer.write_all(b"354 go on\r\n").await?;
                let raw = read_data(&mut reader).await?;
                if !keep(
                    state,
                    Sent { from: from.clone(), to: std::mem::take(&mut to), raw, confirmed: false },
                )
                .await
                {
                    return Ok(());
                }
                "250 2.0.0 mail taken".to_owned()
            }
            "RSET" => {
                to.clear();
                "250 2.0.0 forgotten".to_owned()
            }
            "QUIT" => {
                writer.write_all(b"221 2.0.0 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 5.5.2 unknown".to_owned(),
        };
        writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

/// Keeps the mail; tells whether to confirm it.
async fn keep(state: &State, mail: Sent) -> bool {
    let mut at = 0;
    state.mails.send_modify(|mails| {
        at = mails.len();
        mails.push(mail);
    });
    let mut orders = state.after_data.subscribe();
    let confirm =
        orders.wait_for(|then| *then != AfterData::Stall).await.is_ok_and(|then| *then == AfterData::Confirm);
    if confirm {
        state.mails.send_modify(|mails| {
            if let Some(mail) = mails.get_mut(at) {
                mail.confirmed = true;
            }
        });
    }
    confirm
}

/// What stands between `<` and `>`.
fn path(line: &str) -> String {
    let after = line.split_once('<').map_or("", |(_, after)| after);
    after.split_once('>').map_or("", |(path, _)| path).to_owned()
}

/// The data up to the lone dot, dots undone (RFC 5321 §4.5.2).
async fn read_data(reader: &mut BufReader<tokio::net::tcp::OwnedReadHalf>) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(raw);
        }
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
