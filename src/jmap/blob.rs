//! Raw octets in and out (RFC 8620 §6).

use bytes::Bytes;
use serde::Deserialize;

use super::{BlobId, Jmap, JmapError, for_size};
use crate::wire::{Request, WireError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Uploaded {
    blob_id: BlobId,
}

impl Jmap {
    /// Downloads a blob of at most `cap` octets.
    ///
    /// # Errors
    /// [`JmapError::is_not_found`] where it is gone, [`JmapError::TooLarge`] where it is larger.
    pub async fn download(&self, blob: &BlobId, cap: usize) -> Result<Bytes, JmapError> {
        let session = self.session().await?;
        let request = Request::get(session.download_url(blob)?)
            .credentials(self.credentials(&session))
            .limits(for_size(cap as u64, cap));
        let response = {
            let _permit = self.0.requests.acquire().await;
            self.0.wire.send(request).await
        };
        let response = match response {
            Err(WireError::TooLarge { cap, .. }) => {
                let cap = cap as u64;
                return Err(JmapError::TooLarge { what: "the mail".to_owned(), size: cap + 1, limit: cap });
            }
            other => other?,
        };
        if !response.status.is_success() {
            return Err(self.http_fault(&response).into());
        }
        // RFC 8620 §6.2: the type is the one that was asked for. A page is what a proxy or a captive
        // portal says in the server's place, and must not be taken for the mail.
        if response.media_type().is_some_and(|media| media == "text/html") {
            return Err(JmapError::malformed("a download", &"it is a web page"));
        }
        Ok(response.body)
    }

    /// Uploads the octets of a mail. Sending them twice does no harm.
    ///
    /// # Errors
    /// [`JmapError::TooLarge`] where the server takes less, [`JmapError::TooLargeOnTheWay`] where
    /// something before it does.
    pub async fn upload(&self, octets: Bytes) -> Result<BlobId, JmapError> {
        let session = self.session().await?;
        let (size, limit) = (octets.len() as u64, session.limits.max_size_upload);
        if size > limit {
            return Err(JmapError::TooLarge { what: "the mail".to_owned(), size, limit });
        }
        let request = Request::post(session.upload_url()?, "message/rfc822", octets)
            .credentials(self.credentials(&session))
            .repeatable(true)
            .limits(for_size(size, 64 * 1024));
        let response = {
            let _permit = self.0.uploads.acquire().await;
            self.0.wire.send(request).await?
        };
        // A proxy on the way may take less than the session says.
        if response.status == http::StatusCode::PAYLOAD_TOO_LARGE {
            return Err(JmapError::TooLargeOnTheWay { size });
        }
        if !response.status.is_success() {
            return Err(self.http_fault(&response).into());
        }
        let uploaded: Uploaded = serde_json::from_slice(&response.body)
            .map_err(|error| JmapError::malformed("an upload", &error))?;
        Ok(uploaded.blob_id)
    }
}
