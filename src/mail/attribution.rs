//! The lines with which mail programs introduce what they quote, in many languages.

/// Words that end an introduction: `On … wrote:`.
const WROTE: [&str; 24] = [
    "wrote",
    "writes",
    "schrieb",
    "schreef",
    "a écrit",
    "escribió",
    "ha scritto",
    "scrisse",
    "escreveu",
    "skrev",
    "napisał",
    "napisała",
    "napisał(a)",
    "написал",
    "написала",
    "написал(а)",
    "пише",
    "kirjoitti",
    "napsal",
    "yazdı",
    "写道",
    "書きました",
    "のメール",
    "작성",
];

/// The names of From in header blocks.
const FROM: [&str; 14] = [
    "from",
    "von",
    "de",
    "da",
    "van",
    "från",
    "fra",
    "od",
    "от",
    "від",
    "lähettäjä",
    "gönderen",
    "差出人",
    "发件人",
];

/// The other names in header blocks.
const OTHERS: [&str; 44] = [
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "reply-to",
    "gesendet",
    "datum",
    "an",
    "kopie",
    "betreff",
    "envoyé",
    "à",
    "objet",
    "enviado",
    "fecha",
    "para",
    "asunto",
    "inviato",
    "data",
    "a",
    "oggetto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "sendt",
    "til",
    "emne",
    "wysłano",
    "do",
    "temat",
    "отправлено",
    "дата",
    "кому",
    "тема",
    "lähetetty",
    "vastaanottaja",
    "aihe",
    "日時",
    "宛先",
    "件名",
];

/// The words between the dashes of `-----Original Message-----`.
const ORIGINAL: [&str; 12] = [
    "original message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "mensagem original",
    "oorspronkelijk bericht",
    "ursprungligt meddelande",
    "oprindelig meddelelse",
    "исходное сообщение",
];

/// The words that introduce a forwarded mail.
const FORWARDED: [&str; 11] = [
    "forwarded message",
    "begin forwarded message",
    "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht",
    "message transféré",
    "début du message transféré",
    "mensaje reenviado",
    "messaggio inoltrato",
    "mensagem encaminhada",
    "doorgestuurd bericht",
    "vidarebefordrat meddelande",
];

/// The beginnings of subjects of forwarded mails.
const FORWARD_SUBJECTS: [&str; 12] =
    ["fwd:", "fw:", "wg:", "tr:", "rv:", "enc:", "doorst:", "vb:", "vl:", "i:", "pd:", "转发:"];

/// Whether a text, its lines joined, introduces a quote: it ends in a colon, says that someone
/// wrote, and names a day or an address.
pub(super) fn is_attribution(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['*', '_']).trim_end_matches(['*', '_']).to_lowercase();
    let Some(text) = text.strip_suffix([':', '：']).map(str::trim_end) else {
        return false;
    };
    let telling = text.chars().any(|c| c.is_ascii_digit()) || text.contains('@');
    let says = WROTE.iter().any(|word| text.ends_with(word) || contains_word(text, word));
    text.chars().count() <= 400 && telling && says
}

/// Whether an introduction ends in the word itself: `On … Jane wrote:`.
pub(super) fn ends_in_wrote(text: &str) -> bool {
    let text = text.trim().trim_end_matches(['*', '_', ':', '：']).trim_end().to_lowercase();
    WROTE.iter().any(|word| text.ends_with(word))
}

fn contains_word(text: &str, word: &str) -> bool {
    text.split_once(word).is_some_and(|(before, after)| {
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

/// `-----Original Message-----` and its translations.
pub(super) fn is_original_marker(line: &str) -> bool {
    dashed(line).is_some_and(|words| ORIGINAL.contains(&words.as_str()))
}

/// `---------- Forwarded message ---------`, `Begin forwarded message:` and translations.
pub(super) fn is_forward_marker(line: &str) -> bool {
    let plain = line.trim().trim_end_matches(':').to_lowercase();
    FORWARDED.contains(&plain.as_str())
        || dashed(line).is_some_and(|words| FORWARDED.contains(&words.as_str()))
}

/// Whether a subject says that the mail is forwarded: then what looks like a quote is the matter.
pub(super) fn is_forward_subject(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    FORWARD_SUBJECTS.iter().any(|start| subject.starts_with(start))
}

/// The words between dashes, in lower case.
fn dashed(line: &str) -> Option<String> {
    let line = line.trim();
    let words = line.trim_matches('-').trim();
    (line.starts_with("--") && line.ends_with("--") && !words.is_empty()).then(|| words.to_lowercase())
}

/// `From: Anna <anna@example.com>` in a header block.
pub(super) fn is_from_line(line: &str) -> bool {
    header_name(line).is_some_and(|name| FROM.contains(&name.as_str()))
}

/// Any line of a header block.
pub(super) fn is_header_line(line: &str) -> bool {
    header_name(line).is_some_and(|name| FROM.contains(&name.as_str()) || OTHERS.contains(&name.as_str()))
}

/// The name before the colon, in lower case; mail programs may set it in bold.
fn header_name(line: &str) -> Option<String> {
    let (name, value) = line.trim().split_once([':', '：'])?;
    let name = name.trim_matches(['*', '_', ' ', '\u{a0}']);
    let fits = !value.trim_matches('*').trim().is_empty() && name.chars().count() <= 20;
    fits.then(|| name.to_lowercase())
}
