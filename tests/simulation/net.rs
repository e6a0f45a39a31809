//! The wire in memory: connections lead into the embedded server, and break where the seed says.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use postdesk::demo::server::{Cut, Server};
use postdesk::wire::{BoxStream, Dial, Dialled};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::dice::Dice;

/// How much the wire may hold before the other side reads.
const ROOM: usize = 64 * 1024;

#[derive(Clone)]
pub struct Net {
    server: Server,
    weather: Arc<Mutex<Weather>>,
}

struct Weather {
    dice: Dice,
    /// One connection in so many is refused or breaks; 0 is never.
    bad: u64,
}

impl Net {
    pub fn new(server: Server, dice: Dice) -> Self {
        Self { server, weather: Arc::new(Mutex::new(Weather { dice, bad: 0 })) }
    }

    pub fn set_bad(&self, bad: u64) {
        self.weather.lock().unwrap().bad = bad;
    }
}

impl Dial for Net {
    fn dial(&self, _: &str, _: u16, _: bool) -> Dialled {
        let mut weather = self.weather.lock().unwrap();
        let mut limits = (u64::MAX, u64::MAX);
        let bad = weather.bad;
        if bad > 0 && weather.dice.one_in(bad) {
            match weather.dice.below(3) {
                0 => return Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) }),
                1 => limits.0 = weather.dice.below(3000),
                _ => limits.1 = weather.dice.below(6000),
            }
        }
        drop(weather);
        let server = self.server.clone();
        Box::pin(async move {
            let (ours, theirs) = tokio::io::duplex(ROOM);
            tokio::spawn(serve(server, theirs));
            Ok(Box::new(Line { inner: ours, to_write: limits.0, to_read: limits.1 }) as BoxStream)
        })
    }
}

async fn serve(server: Server, stream: DuplexStream) {
    let answer = service_fn(|request: Request<Incoming>| {
        let server = server.clone();
        async move {
            let (head, body) = request.into_parts();
            let body: Bytes = body.collect().await.map_err(|_| Cut)?.to_bytes();
            server.call(Request::from_parts(head, body)).await
        }
    });
    let _ =
        http1::Builder::new().header_read_timeout(None).serve_connection(TokioIo::new(stream), answer).await;
}

/// A connection that breaks after so many octets in one direction.
struct Line {
    inner: DuplexStream,
    to_write: u64,
    to_read: u64,
}

fn broken<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.to_read == 0 || self.to_write == 0 {
            return broken();
        }
        let mut piece = [0; 4096];
        let most =
            usize::try_from(self.to_read).unwrap_or(usize::MAX).min(buffer.remaining()).min(piece.len());
        let mut part = ReadBuf::new(&mut piece[..most]);
        let polled = Pin::new(&mut self.inner).poll_read(context, &mut part);
        if let Poll::Ready(Ok(())) = &polled {
            buffer.put_slice(part.filled());
            self.to_read -= part.filled().len() as u64;
        }
        polled
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.to_write == 0 || self.to_read == 0 {
            return broken();
        }
        let most = usize::try_from(self.to_write).unwrap_or(usize::MAX).min(octets.len());
        let polled = Pin::new(&mut self.inner).poll_write(context, &octets[..most]);
        if let Poll::Ready(Ok(written)) = &polled {
            self.to_write -= *written as u64;
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
