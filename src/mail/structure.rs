//! The parts of a mail (RFC 2046 §5.1), numbered in the order in which they stand.
//!
//! Numbers name attachments in links and records, so they are counted here and not by the parser
//! crate, whose count may change. Cutting is linear in the size, times a bounded depth.

use super::header::{Header, Parameters};
use super::{charset, decode};

/// Parts after this many are not looked at.
pub(super) const MAX_PARTS: u32 = 1_000;
/// A multipart deeper than this is shown as it stands.
const MAX_DEPTH: u32 = 20;

/// One part: a leaf with its body, or a multipart with its children.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    /// 0 is the mail itself; the others are counted depth first.
    pub(super) number: u32,
    pub(super) header: Header<'a>,
    pub(super) kind: Parameters,
    disposition: Option<Parameters>,
    pub(super) body: &'a [u8],
    pub(super) children: Vec<Part<'a>>,
}

/// The parts of a mail, and whether there were more than are looked at.
pub(super) struct Structure<'a> {
    pub(super) root: Part<'a>,
    pub(super) cut: bool,
}

/// Finds the parts of a mail.
pub(super) fn read(raw: &[u8]) -> Structure<'_> {
    let mut count = Count { next: 0, cut: false };
    let root = part(raw, 0, "text/plain", &mut count);
    Structure { root, cut: count.cut }
}

struct Count {
    next: u32,
    cut: bool,
}

fn part<'a>(raw: &'a [u8], depth: u32, default: &str, count: &mut Count) -> Part<'a> {
    let (header, body) = Header::split(raw);
    let number = count.next;
    count.next += 1;
    let kind = header.parameters("Content-Type").filter(|kind| !kind.kind.is_empty());
    let kind = kind.unwrap_or_else(|| plain_kind(default));
    let disposition = header.parameters("Content-Disposition");
    let mut part = Part { number, header, kind, disposition, body, children: Vec::new() };
    if part.kind.kind != "multipart" {
        return part;
    }
    let boundary = boundary_of(&part);
    let whole = boundary.is_empty() || depth >= MAX_DEPTH;
    let pieces = if whole { Vec::new() } else { pieces(body, boundary.as_bytes()) };
    if pieces.is_empty() {
        // A multipart that cannot be cut is shown as it stands, so that nothing is lost.
        part.kind = plain_kind("text/plain");
        return part;
    }
    // RFC 2046 §5.1.5: what a digest does not label is a mail.
    let default = if part.kind.subkind == "digest" { "message/rfc822" } else { "text/plain" };
    for piece in pieces {
        if count.next >= MAX_PARTS {
            count.cut = true;
            break;
        }
        part.children.push(self::part(piece, depth + 1, default, count));
    }
    part
}

/// The boundary, also where the semicolon before it is missing.
fn boundary_of(part: &Part<'_>) -> String {
    if let Some(boundary) = part.kind.get("boundary") {
        return boundary.to_owned();
    }
    let value = part.header.first("Content-Type").unwrap_or_default();
    let at = value.to_ascii_lowercase().find("boundary=");
    let rest = at.and_then(|at| value.get(at + "boundary=".len()..)).unwrap_or_default();
    let mut pieces = rest.split(if rest.starts_with('"') { ['"', '"'] } else { [';', ' '] });
    let first = pieces.next().unwrap_or_default();
    pieces.next().filter(|_| first.is_empty()).unwrap_or(first).to_owned()
}

/// What stands between the boundary lines. A missing last boundary ends with the body.
fn pieces<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        if let Some(last) = is_boundary(line, boundary) {
            if let Some(from) = start.take() {
                found.push(without_line_end(body.get(from..at).unwrap_or_default()));
            }
            if last || found.len() > MAX_PARTS as usize {
                return found;
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    if let Some(from) = start {
        found.push(body.get(from..).unwrap_or_default());
    }
    found
}

/// Whether a line is this boundary, and the last one.
fn is_boundary(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1).
fn without_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

fn plain_kind(default: &str) -> Parameters {
    let (kind, subkind) = default.split_once('/').unwrap_or((default, ""));
    Parameters::bare(kind, subkind)
}

impl<'a> Part<'a> {
    /// `text/plain` and the like.
    pub(super) fn media_type(&self) -> String {
        format!("{}/{}", self.kind.kind, self.kind.subkind)
    }

    pub(super) fn is(&self, kind: &str, subkind: &str) -> bool {
        self.kind.kind == kind && self.kind.subkind == subkind
    }

    /// Whether its children are to be looked at instead of itself.
    pub(super) fn is_multipart(&self) -> bool {
        !self.children.is_empty()
    }

    pub(super) fn is_attachment(&self) -> bool {
        self.disposition.as_ref().is_some_and(|d| d.kind == "attachment")
    }

    /// The file name that the mail gives the part, if any.
    pub(super) fn name(&self) -> Option<String> {
        let name =
            self.disposition.as_ref().and_then(|d| d.get("filename")).or_else(|| self.kind.get("name"))?;
        Some(super::header::one_line(name)).filter(|name| !name.is_empty())
    }

    /// Content-ID without angle brackets (RFC 2392).
    pub(super) fn content_id(&self) -> Option<String> {
        let id = self.header.first("Content-ID")?;
        Some(id.trim_start_matches('<').trim_end_matches('>').to_owned()).filter(|id| !id.is_empty())
    }

    /// The body as octets, transfer encoding undone.
    pub(super) fn bytes(&self) -> Vec<u8> {
        decode::transfer(self.body, &self.encoding())
    }

    /// How many octets `bytes` has.
    pub(super) fn size(&self) -> usize {
        match self.encoding().as_str() {
            "base64" | "quoted-printable" => self.bytes().len(),
            _ => self.body.len(),
        }
    }

    /// The body as text, transfer encoding and charset undone, line ends as `\n`.
    pub(super) fn text(&self) -> String {
        let text = charset::decode(&self.bytes(), self.kind.get("charset"));
        text.replace("\r\n", "\n").replace(['\r', '\0'], "\n")
    }

    /// Its transfer encoding, in lower case.
    pub(super) fn encoding(&self) -> String {
        let value = self.header.first("Content-Transfer-Encoding").unwrap_or_default();
        let word = value.split([';', ' ', '(']).next().unwrap_or_default();
        word.to_ascii_lowercase()
    }

    /// This part and all below it, in the order of their numbers.
    pub(super) fn walk(&self) -> Vec<&Part<'a>> {
        let mut all = vec![self];
        for child in &self.children {
            all.extend(child.walk());
        }
        all
    }
}
