//! The unix socket itself.

use std::io;
use std::path::Path;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use super::answer::{Operator, answer};
use super::{Answer, Request, snapshot};

/// The longest request or answer, in octets.
const LONGEST: u64 = 1024 * 1024;

/// Why the daemon could not be asked.
#[derive(Debug, Error)]
pub enum ControlError {
    /// Nobody listens: no daemon runs on this data folder.
    #[error("no daemon runs")]
    NobodyThere,
    #[error("the daemon's control socket fails: {0}")]
    Io(#[from] io::Error),
    #[error("the daemon did not answer in time")]
    Silence,
    #[error("the daemon's answer cannot be read; are the command and the daemon of one version? ({0})")]
    Language(#[from] serde_json::Error),
}

/// Asks the daemon behind this socket.
///
/// # Errors
/// [`ControlError::NobodyThere`] where the caller may act by itself; anything else is a failure.
pub async fn ask(socket: &Path, request: &Request) -> Result<Answer, ControlError> {
    converse_once(&mut connect(socket).await?, request).await
}

pub(super) async fn connect(socket: &Path) -> Result<UnixStream, ControlError> {
    UnixStream::connect(socket).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::NobodyThere,
        _ => ControlError::Io(error),
    })
}

/// One request and its answer; the connection stays open.
pub(super) async fn converse_once(
    stream: &mut UnixStream,
    request: &Request,
) -> Result<Answer, ControlError> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = Vec::new();
    let mut reader = BufReader::new(stream).take(LONGEST);
    match tokio::time::timeout(request.patience(), reader.read_until(b'\n', &mut answer)).await {
        Ok(read) => read?,
        Err(_) => return Err(ControlError::Silence),
    };
    Ok(serde_json::from_slice(&answer)?)
}

/// Answers whoever connects, until `stop` says so. The listener is bound by the caller.
pub async fn serve(listener: UnixListener, operator: Operator, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let operator = operator.clone();
                    tokio::spawn(async move {
                        if let Err(error) = converse(stream, &operator).await {
                            tracing::debug!(%error, "a control connection ended early");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept");
                    // Out of file descriptors: waiting a little helps, and keeps the log short.
                    operator.desk.clock.sleep(Duration::from_secs(1)).await;
                }
            },
            _ = stop.changed() => {}
        }
    }
}

async fn converse(stream: UnixStream, operator: &Operator) -> Result<(), ControlError> {
    let (reader, mut writer) = stream.into_split();
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader);
    (&mut reader).take(LONGEST).read_until(b'\n', &mut line).await?;
    let told = match serde_json::from_slice::<Request>(&line) {
        Ok(Request::Snapshot) => return snapshot::keep(operator, reader, writer).await,
        Ok(request) => answer(operator, request).await,
        Err(error) => Answer::Refused(format!(
            "the daemon does not know this command ({error}); are both of one version?"
        )),
    };
    let mut line = serde_json::to_vec(&told)?;
    line.push(b'\n');
    Ok(writer.write_all(&line).await?)
}
