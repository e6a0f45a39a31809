//! A small HTTP server for tests: it says what it is told to, also what no real server should.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use url::Url;

/// One request that came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What to say.
#[derive(Debug)]
pub(crate) struct Reply {
    bytes: Vec<u8>,
    /// Pieces that are said as they come.
    more: Option<mpsc::UnboundedReceiver<Vec<u8>>>,
    then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Keep,
    Close,
    Hang,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, headers: &str, body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status} Some Reason\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{headers}\r\n",
            body.len()
        );
        Self { bytes: (head + body).into_bytes(), more: None, then: Then::Keep }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self::new(200, "application/json", "", &value.to_string())
    }

    pub(crate) fn status(status: u16) -> Self {
        Self::new(status, "text/html", "", "<h1>no</h1>")
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::new(status, "text/html", &format!("location: {location}\r\n"), "")
    }

    /// Exactly these octets, and then the connection ends.
    pub(crate) fn raw(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), more: None, then: Then::Close }
    }

    /// Nothing at all, for ever.
    pub(crate) fn silence() -> Self {
        Self { bytes: Vec::new(), more: None, then: Then::Hang }
    }

    /// An event stream that says what it is given, until the sender is dropped.
    pub(crate) fn events() -> (Self, mpsc::UnboundedSender<Vec<u8>>) {
        let (sender, more) = mpsc::unbounded_channel();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream;charset=utf-8\r\n\r\n";
        (Self { bytes: head.as_bytes().to_vec(), more: Some(more), then: Then::Close }, sender)
    }
}

type Handler = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// The server. It ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    count: watch::Receiver<usize>,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, count) = watch::channel(0);
        let handler: Handler = Arc::new(handler);
        let log = Log { seen: Arc::clone(&seen), counter: Arc::new(counter) };
        let accepted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                accepted.fetch_add(1, Ordering::SeqCst);
                open.spawn(serve(stream, Arc::clone(&handler), log.clone()));
            }
        });
        Self { address, seen, count, connections, task }
    }

    /// A server that gives these replies one after the other, then closes.
    pub(crate) async fn script(replies: Vec<Reply>) -> Self {
        let replies = Mutex::new(VecDeque::from(replies));
        Self::start(move |_| replies.lock().unwrap().pop_front().unwrap_or_else(|| Reply::raw(""))).await
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until so many requests came.
    pub(crate) async fn wait(&self, requests: usize) {
        self.count.clone().wait_for(|count| *count >= requests).await.unwrap();
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
struct Log {
    seen: Arc<Mutex<Vec<Seen>>>,
    counter: Arc<watch::Sender<usize>>,
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, handler: Handler, log: Log) {
    while let Some(seen) = read(&mut stream).await {
        let reply = handler(&seen);
        log.seen.lock().unwrap().push(seen);
        log.counter.send_modify(|count| *count += 1);
        if stream.write_all(&reply.bytes).await.is_err() {
            return;
        }
        if let Some(mut more) = reply.more {
            while let Some(piece) = more.recv().await {
                if stream.write_all(&piece).await.is_err() {
                    return;
                }
            }
        }
        match reply.then {
            Then::Keep => {}
            Then::Close => return,
            Then::Hang => std::future::pending().await,
        }
    }
}

/// One exchange over a stream that is no socket.
pub(crate) async fn serve_one(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: Reply) -> Seen {
    let seen = read(&mut stream).await.unwrap();
    stream.write_all(&reply.bytes).await.unwrap();
    seen
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, path, headers, body })
}
