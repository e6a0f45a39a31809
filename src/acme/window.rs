//! When the authority itself wants a certificate renewed (RFC 9773).

use std::borrow::Cow;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use instant_acme::{CertificateIdentifier, Error};
use jiff::Timestamp;

use super::http::Later;
use super::{Acme, AcmeError};
use crate::tls::{Certificate, Pair};

/// When a certificate should be renewed, as its authority wishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub start: Timestamp,
    pub end: Timestamp,
    /// After how long to ask again whether that changed.
    pub ask_again: Duration,
}

/// The bounds of asking again: authorities say six hours.
const LEAST: Duration = Duration::from_hours(1);
const MOST: Duration = Duration::from_hours(24);

impl Acme {
    /// When the authority wants this certificate renewed; `None` where it has no wish.
    ///
    /// # Errors
    /// Where it does not answer. That is no reason to do anything.
    pub async fn window(&self, pair: &Pair) -> Result<Option<Window>, AcmeError> {
        let Some(identifier) = identifier(pair.says()) else { return Ok(None) };
        let later = Later::default();
        let account = self.account(&later).await?;
        let (info, ask_again) = match account.renewal_info(&identifier).await {
            Ok(told) => told,
            Err(Error::Unsupported(_)) => return Ok(None),
            Err(error) => return Err(self.explain(error, later.get())),
        };
        let window = info.suggested_window;
        let at = |second| Timestamp::from_second(second).ok();
        let times = at(window.start.unix_timestamp()).zip(at(window.end.unix_timestamp()));
        // RFC 9773 §4.2: a window that ends before it begins is none.
        let window = times.filter(|(start, end)| start < end);
        Ok(window.map(|(start, end)| Window { start, end, ask_again: ask_again.clamp(LEAST, MOST) }))
    }
}

/// RFC 9773 §4.1: who signed it, and its number.
pub(super) fn identifier(certificate: &Certificate) -> Option<CertificateIdentifier<'static>> {
    let authority = certificate.authority_key.as_ref()?;
    Some(CertificateIdentifier {
        authority_key_identifier: Cow::Owned(BASE64URL_NOPAD.encode(authority)),
        serial: Cow::Owned(BASE64URL_NOPAD.encode(&certificate.serial)),
    })
}
