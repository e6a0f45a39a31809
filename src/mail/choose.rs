//! Which parts of a mail are its text, which its HTML, and which are files (RFC 8621 §4.1.4).

use super::structure::Part;

/// The parts of a mail, by what they are for.
#[derive(Default)]
pub(super) struct Chosen<'p, 'a> {
    pub(super) text: Vec<&'p Part<'a>>,
    pub(super) html: Vec<&'p Part<'a>>,
    /// Everything that is a file; images that the text shows are among them.
    pub(super) files: Vec<&'p Part<'a>>,
}

/// Sorts the parts of a mail.
pub(super) fn choose<'p, 'a>(root: &'p Part<'a>) -> Chosen<'p, 'a> {
    let mut chosen = Chosen::default();
    walk(std::slice::from_ref(root), "mixed", false, Wanted { text: true, html: true }, &mut chosen);
    chosen
}

/// Which of the two lists the parts of one container go to.
#[derive(Clone, Copy)]
struct Wanted {
    text: bool,
    html: bool,
}

fn walk<'p, 'a>(
    parts: &'p [Part<'a>],
    multipart: &str,
    in_alternative: bool,
    mut wanted: Wanted,
    chosen: &mut Chosen<'p, 'a>,
) {
    let (texts, htmls) = (chosen.text.len(), chosen.html.len());
    for (at, part) in parts.iter().enumerate() {
        if part.is_multipart() {
            let kind = part.kind.subkind.as_str();
            walk(&part.children, kind, in_alternative || kind == "alternative", wanted, chosen);
            continue;
        }
        let (plain, html) = (part.is("text", "plain"), part.is("text", "html"));
        let inline = (plain || html) && !part.is_attachment();
        // Below multipart/related only the first part is the text; a text with a name is a file.
        if !inline || at > 0 && (multipart == "related" || part.name().is_some()) {
            chosen.files.push(part);
        } else if multipart == "alternative" {
            if plain { chosen.text.push(part) } else { chosen.html.push(part) }
        } else {
            if in_alternative {
                wanted.html &= !plain;
                wanted.text &= !html;
            }
            if wanted.text {
                chosen.text.push(part);
            }
            if wanted.html {
                chosen.html.push(part);
            }
        }
    }
    // Where an alternative has one of the two only, it serves for both.
    if multipart == "alternative" {
        let (new_texts, new_htmls) = (chosen.text.len() > texts, chosen.html.len() > htmls);
        if !new_texts && new_htmls {
            let more: Vec<_> = chosen.html.iter().skip(htmls).copied().collect();
            chosen.text.extend(more);
        } else if new_texts && !new_htmls {
            let more: Vec<_> = chosen.text.iter().skip(texts).copied().collect();
            chosen.html.extend(more);
        }
    }
}
