//! Says how the certificate stands: on the board for as long as it is so, in the log once per
//! change.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::desk::StandingBoard;
use crate::tls::{CertificateHealth, CertificateStanding};

/// Says how the certificate stands.
#[derive(Clone)]
pub(super) struct Teller {
    board: StandingBoard,
    /// What the log last said of its end.
    said: Arc<Mutex<Option<CertificateHealth>>>,
}

impl Teller {
    pub(super) fn new(board: StandingBoard) -> Self {
        Self { board, said: Arc::default() }
    }

    /// Puts it on the board, and what changed for the worse or the better into the log.
    pub(super) fn tell(&self, stands: &CertificateStanding, now: Timestamp) {
        let before = self.board.get().certificate;
        if before.as_ref() != Some(stands) {
            self.board.update(|standing| standing.certificate = Some(stands.clone()));
        }
        let why = |standing: &CertificateStanding| standing.trouble.as_ref().map(|t| t.why.clone());
        let (was, is) = (before.as_ref().and_then(why), why(stands));
        match (&was, &is) {
            (_, Some(is)) if was.as_ref() != Some(is) => {
                let until = stands.not_after;
                let again = stands.trouble.as_ref().and_then(|trouble| trouble.again);
                let again = again.map(tracing::field::display);
                tracing::warn!(%until, again, "there is no new certificate: {is}");
            }
            (Some(_), None) => {
                tracing::info!(certificate = stands.line(now), "the certificate is well again");
            }
            _ => {}
        }
        self.of_its_end(stands, now);
    }

    /// Says once that the end is near, and once that it has come.
    fn of_its_end(&self, stands: &CertificateStanding, now: Timestamp) {
        let bad = stands.end(now);
        if self.said.lock().unwrap_or_else(PoisonError::into_inner).replace(bad) == Some(bad) {
            return;
        }
        match bad {
            CertificateHealth::Good => {}
            CertificateHealth::Warn => {
                tracing::warn!(
                    certificate = stands.line(now),
                    "the certificate ends soon; see `postdesk check`"
                );
            }
            CertificateHealth::Refused => tracing::error!(
                certificate = stands.line(now),
                "browsers refuse the certificate; see `postdesk check`"
            ),
        }
    }
}
