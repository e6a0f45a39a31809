//! A snapshot through the socket: the daemon makes it, and keeps it for as long as the connection
//! lasts; the command line reads the files itself.

use std::path::PathBuf;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

use super::socket::{connect, converse_once};
use super::{Answer, ControlError, Operator, Request};
use crate::config::Config;
use crate::store::{Snapshot, SnapshotError, StorePath};

/// Why there is no snapshot.
#[derive(Debug, Error)]
pub enum TakeError {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The daemon's own sentence.
    #[error("{0}")]
    Refused(String),
    #[error("the daemon does not know this command; restart it after an upgrade")]
    Old,
}

/// A copy of the database, and raw mails that nobody removes while this lives.
#[derive(Debug)]
pub struct Taken {
    database: PathBuf,
    _kept: Kept,
}

#[derive(Debug)]
enum Kept {
    /// The daemon keeps it until this connection ends.
    ByDaemon { _stream: UnixStream },
    /// No daemon runs, and none can start.
    Alone { _snapshot: Snapshot },
}

impl Taken {
    #[must_use]
    pub fn database(&self) -> &std::path::Path {
        &self.database
    }

    /// Whether a daemon runs.
    #[must_use]
    pub fn beside_daemon(&self) -> bool {
        matches!(self._kept, Kept::ByDaemon { .. })
    }
}

/// Takes a snapshot: the running daemon makes it, and where none runs, it is made here.
///
/// # Errors
/// Where neither can be.
pub async fn take_snapshot(config: &Config) -> Result<Taken, TakeError> {
    let mut stream = match connect(&config.control_socket()).await {
        Ok(stream) => stream,
        Err(ControlError::NobodyThere) => {
            let snapshot = StorePath::new(&config.data).snapshot()?;
            return Ok(Taken {
                database: snapshot.path().to_owned(),
                _kept: Kept::Alone { _snapshot: snapshot },
            });
        }
        Err(error) => return Err(error.into()),
    };
    match converse_once(&mut stream, &Request::Snapshot).await? {
        Answer::Snapshot { database } => Ok(Taken { database, _kept: Kept::ByDaemon { _stream: stream } }),
        Answer::Refused(why) => Err(TakeError::Refused(why)),
        _ => Err(TakeError::Old),
    }
}

/// The daemon's side: makes a snapshot, says where, and drops it when the other side has gone.
pub(super) async fn keep(
    operator: &Operator,
    mut reader: impl AsyncRead + Unpin,
    mut writer: impl AsyncWrite + Unpin,
) -> Result<(), ControlError> {
    let snapshot = operator.desk.store.snapshot().await;
    let told = match &snapshot {
        Ok(snapshot) => Answer::Snapshot { database: snapshot.path().to_owned() },
        Err(error) => Answer::Refused(error.to_string()),
    };
    let mut line = serde_json::to_vec(&told)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    if snapshot.is_ok() {
        tracing::info!("a backup reads the data folder; nothing is removed there meanwhile");
        // Nothing more is said; the end of the connection is what is waited for.
        while reader.read(&mut [0; 64]).await? > 0 {}
    }
    Ok(())
}
