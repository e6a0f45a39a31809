//! Opening connections, and counting what is written to them.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Any connection.
pub type BoxStream = Box<dyn Stream>;

/// A connection that is being opened.
pub type Dialled = Pin<Box<dyn Future<Output = io::Result<BoxStream>> + Send>>;

/// Opens connections: the system's network, or a test's own.
pub trait Dial: Send + Sync + 'static {
    /// Opens a connection to `host`. With `loopback_only` it must not lead off this machine,
    /// whatever the name resolves to.
    fn dial(&self, host: &str, port: u16, loopback_only: bool) -> Dialled;
}

/// The system's network.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpDial;

impl Dial for TcpDial {
    fn dial(&self, host: &str, port: u16, loopback_only: bool) -> Dialled {
        // A URL has an IPv6 address in brackets, the resolver wants it without.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Box::pin(async move {
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the name leads to no address");
            for address in tokio::net::lookup_host((host.as_str(), port)).await? {
                if loopback_only && !address.ip().is_loopback() {
                    last = io::Error::new(
                        io::ErrorKind::PermissionDenied,
                        "plain http is for this machine only, and the name leads off it",
                    );
                    continue;
                }
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        return Ok(Box::new(stream) as BoxStream);
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        })
    }
}

/// Counts the octets that were handed to a connection, above TLS: whether an octet counted here
/// reached the other side is not known, one that is not counted never did.
pub(super) struct Counted {
    inner: BoxStream,
    written: Arc<AtomicU64>,
}

impl Counted {
    pub(super) fn new(inner: BoxStream) -> (Self, Arc<AtomicU64>) {
        let written = Arc::new(AtomicU64::new(0));
        (Self { inner, written: Arc::clone(&written) }, written)
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Counted before the attempt: TLS may send a part and then report an error.
        self.written.fetch_add(octets.len() as u64, Ordering::SeqCst);
        let result = Pin::new(&mut self.inner).poll_write(context, octets);
        if result.is_pending() {
            self.written.fetch_sub(octets.len() as u64, Ordering::SeqCst);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
