//! What people see of a comment's or note's text, rendered from the truth.
//!
//! A mail's raw bytes are the truth; what comes out of them is kept for a while by hash, because a
//! ticket is read far more often than written.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use crate::mail::{self, Attachment, Defect, RemoteImages};
use crate::store::Store;
use crate::tracker::{Body, RawHash};

/// How many octets of rendered HTML are kept.
const KEPT: usize = 16 * 1024 * 1024;

/// A text as it stands in a page.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SeenText {
    /// Sanitised: safe to put in a page.
    pub html: String,
    /// The folded quote, sanitised.
    pub quoted: Option<String>,
    /// The text for people, without markup.
    pub text: String,
    pub remote_images: usize,
    pub images_shown: bool,
    pub attachments: Vec<Attachment>,
    pub defects: Vec<Defect>,
    /// The raw mail cannot be read at present.
    pub missing: bool,
}

/// Renders and remembers. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Texts(Arc<Mutex<Memory>>);

#[derive(Default)]
struct Memory {
    texts: HashMap<(RawHash, bool), Arc<SeenText>>,
    order: VecDeque<(RawHash, bool)>,
    octets: usize,
}

impl Texts {
    /// Reads and renders; blocks, so it is called off the async threads.
    pub(super) fn of(&self, store: &Store, body: &Body, images: bool) -> Arc<SeenText> {
        match body {
            Body::Text(markdown) => Arc::new(SeenText {
                html: mail::markdown::to_html(markdown),
                text: markdown.clone(),
                ..SeenText::default()
            }),
            Body::Mail { raw, .. } => self.of_mail(store, raw, images),
        }
    }

    fn of_mail(&self, store: &Store, raw: &RawHash, images: bool) -> Arc<SeenText> {
        if let Some(known) = self.lock().texts.get(&(*raw, images)) {
            return known.clone();
        }
        let bytes = match store.raw().get(raw) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, raw = %raw, "a raw mail cannot be read");
                return Arc::new(SeenText { missing: true, ..SeenText::default() });
            }
        };
        let choice = if images { RemoteImages::Shown } else { RemoteImages::Blocked };
        let body = mail::render(&bytes, choice);
        let text = Arc::new(SeenText {
            html: body.html,
            quoted: body.quoted,
            text: body.text,
            remote_images: body.remote_images,
            images_shown: images,
            attachments: body.attachments,
            defects: body.defects,
            missing: false,
        });
        self.lock().keep((*raw, images), &text);
        text
    }

    /// Forgets everything that is remembered, because some of it was erased.
    pub(super) fn forget_all(&self) {
        *self.lock() = Memory::default();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn keep(&mut self, key: (RawHash, bool), text: &Arc<SeenText>) {
        if weight(text) > KEPT / 8 || self.texts.insert(key, text.clone()).is_some() {
            return;
        }
        self.octets += weight(text);
        self.order.push_back(key);
        while self.octets > KEPT {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(text) = self.texts.remove(&oldest) {
                self.octets = self.octets.saturating_sub(weight(&text));
            }
        }
    }
}

fn weight(text: &SeenText) -> usize {
    text.html.len() + text.text.len() + text.quoted.as_ref().map_or(0, String::len) + 512
}
