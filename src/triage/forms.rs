//! The key of an address: what stands in place of `{key}`, in each form that a site understands.
//!
//! Reading never asks whether something is on record; that is for `route` to find out.

use std::fmt;

use crate::mail::ReplyKey;
use crate::tracker::{ProjectId, ProjectPath, Slug, Suffix};

/// What the key of an address says, taken at its word.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyForm {
    /// `acme-web-7-issue-`: a project's number, with a slug that has to be its own.
    Current { slug: Slug, project: ProjectId },
    /// `acme/web`: a project's path. A path of one part only has no legacy form.
    Legacy(ProjectPath),
    /// `acme-web-help`: slug and suffix, split at the last dash.
    Suffix { slug: Slug, suffix: Suffix },
    /// A reply key.
    Reply(ReplyKey),
    /// A key with `-unsubscribe`, or with the older `+unsubscribe`.
    Unsubscribe(ReplyKey),
}

const CURRENT_END: &str = "-issue-";
const UNSUBSCRIBE_END: &str = "-unsubscribe";
const OLDER_UNSUBSCRIBE_END: &str = "+unsubscribe";

impl KeyForm {
    /// Reads a key in any form; upper case is folded. The suffix form is left out, because it
    /// belongs to some wildcards only: see [`KeyForm::parse_suffix`].
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let key = key.to_lowercase();
        Self::parse_key(&key).or_else(|| current(&key)).or_else(|| legacy(&key))
    }

    /// Reads a reply key, or one to unsubscribe with: the forms that an alias' sub-address may have.
    #[must_use]
    pub fn parse_key(key: &str) -> Option<Self> {
        let key = key.to_lowercase();
        let ended = key.strip_suffix(UNSUBSCRIBE_END).or_else(|| key.strip_suffix(OLDER_UNSUBSCRIBE_END));
        match ended {
            Some(start) => ReplyKey::parse(start).map(Self::Unsubscribe),
            None => ReplyKey::parse(&key).map(Self::Reply),
        }
    }

    /// Reads slug and suffix. A suffix has no dash, so the last dash is what parts them.
    #[must_use]
    pub fn parse_suffix(key: &str) -> Option<Self> {
        let key = key.to_lowercase();
        let (slug, suffix) = key.rsplit_once('-')?;
        Some(Self::Suffix { slug: slug_of(slug)?, suffix: Suffix::parse(suffix)? })
    }

    /// The reply key in it, whatever it is for.
    #[must_use]
    pub fn reply_key(&self) -> Option<&ReplyKey> {
        match self {
            Self::Reply(key) | Self::Unsubscribe(key) => Some(key),
            Self::Current { .. } | Self::Legacy(_) | Self::Suffix { .. } => None,
        }
    }
}

impl fmt::Display for KeyForm {
    /// Writes the key as addresses carry it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Current { slug, project } => write!(f, "{slug}-{project}{CURRENT_END}"),
            Self::Legacy(path) => path.fmt(f),
            Self::Suffix { slug, suffix } => write!(f, "{slug}-{}", suffix.as_str()),
            Self::Reply(key) => key.fmt(f),
            Self::Unsubscribe(key) => write!(f, "{key}{UNSUBSCRIBE_END}"),
        }
    }
}

fn current(key: &str) -> Option<KeyForm> {
    let (slug, number) = key.strip_suffix(CURRENT_END)?.rsplit_once('-')?;
    // `parse` alone would take a sign.
    let digits = number.bytes().all(|b| b.is_ascii_digit());
    let project = ProjectId(number.parse().ok().filter(|_| digits)?);
    Some(KeyForm::Current { slug: slug_of(slug)?, project })
}

fn legacy(key: &str) -> Option<KeyForm> {
    if !key.contains('/') {
        return None;
    }
    ProjectPath::parse(key).ok().map(KeyForm::Legacy)
}

/// A slug as some path could have it: so that a key which another wildcard explains better, such
/// as `incoming+acme-web-7-issue-` on a catch-all, is not taken for one.
fn slug_of(text: &str) -> Option<Slug> {
    let alnum = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = text.starts_with(alnum)
        && text.ends_with(alnum)
        && text.chars().all(|c| alnum(c) || matches!(c, '-' | '_' | '.'));
    fits.then(|| Slug::new(text))
}
