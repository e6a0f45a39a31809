//! What our own letters carry for us to find again: the tokens of their unsubscribe links, and of
//! which comment they are.

use super::header::Header;
use super::{MessageId, ReplyKey};

/// Which comment a letter is of: its number on its ticket, and whether an agent wrote it.
pub const COMMENT_HEADER: &str = "X-Postdesk-Comment";

/// Which comment a letter is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CommentTrace {
    /// The number of the event on the ticket as it was then.
    pub event: u32,
    /// An agent wrote it in the tracker; else it came as a mail of its own.
    pub by_agent: bool,
}

/// Which mail of an agent's a comment is, by [`source_mark`]: customers do not get its Message-ID.
pub const SOURCE_HEADER: &str = "X-Postdesk-Source";

/// A mark by which a mail is known again and that does not tell its Message-ID.
#[must_use]
pub fn source_mark(id: &MessageId) -> String {
    blake3::hash(id.as_str().as_bytes()).to_hex().chars().take(32).collect()
}

/// What a notice to an agent carries: the key of a note.
pub const NOTICE_HEADER: &str = "X-Postdesk-Notice";

/// What the answers to a notice become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeTrace {
    /// The key in the address for a note.
    pub note: ReplyKey,
    /// Whether an answer to the notice itself is a comment; else a note.
    pub comment: bool,
}

impl NoticeTrace {
    /// The header's value.
    #[must_use]
    pub fn value(&self) -> String {
        format!("{} {}", if self.comment { "comment" } else { "note" }, self.note)
    }

    fn parse(value: &str) -> Option<Self> {
        let (becomes, note) = value.trim().split_once(' ')?;
        Some(Self { note: ReplyKey::parse(note)?, comment: becomes == "comment" })
    }
}

/// What a letter of ours carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The tokens in List-Unsubscribe (RFC 2369 §3.2), by their form alone: the same one stands in
    /// its https and in its mailto link.
    pub tokens: Vec<ReplyKey>,
    /// Of no comment where it is missing.
    pub comment: Option<CommentTrace>,
    /// Only in a notice.
    pub notice: Option<NoticeTrace>,
}

impl CommentTrace {
    /// The header's value.
    #[must_use]
    pub fn value(self) -> String {
        format!("{} by {}", self.event, if self.by_agent { "agent" } else { "customer" })
    }

    fn parse(value: &str) -> Option<Self> {
        let (event, by) = value.trim().split_once(" by ")?;
        Some(Self { event: event.parse().ok()?, by_agent: by == "agent" })
    }
}

/// Reads what a letter of ours carries.
#[must_use]
pub fn traces(raw: &[u8]) -> Traces {
    let (header, _) = Header::split(raw);
    let mut tokens: Vec<ReplyKey> = Vec::new();
    for value in header.all("List-Unsubscribe") {
        for token in value.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(ReplyKey::parse) {
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
    }
    let comment = header.first(COMMENT_HEADER).and_then(|value| CommentTrace::parse(&value));
    let notice = header.first(NOTICE_HEADER).and_then(|value| NoticeTrace::parse(&value));
    Traces { tokens, comment, notice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_both_links_and_the_comment_are_found() {
        let token = ReplyKey::from_random([7; 26]);
        let comment = CommentTrace { event: 12, by_agent: true };
        let raw = format!(
            "Subject: x\r\nList-Unsubscribe: <https://desk.example/u/{token}>,\r\n \
             <mailto:incoming+{token}-unsubscribe@desk.example>\r\n{COMMENT_HEADER}: {}\r\n\r\n\
             List-Unsubscribe: <https://a/u/b>\r\n",
            comment.value()
        );
        let found = traces(raw.as_bytes());
        assert_eq!((found.tokens.as_slice(), found.comment), ([token].as_slice(), Some(comment)));
        for comment in [true, false] {
            let notice = NoticeTrace { note: ReplyKey::from_random([7; 26]), comment };
            let raw = format!("{NOTICE_HEADER}: {}\r\n\r\n", notice.value());
            assert_eq!(traces(raw.as_bytes()).notice, Some(notice));
        }
        assert_eq!(traces(b"Subject: none\r\nX-Postdesk-Comment: 1 for me\r\n\r\n"), Traces::default());
    }
}
