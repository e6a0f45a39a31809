//! Events as they come over the line (the HTML standard, §9.2 server-sent events), bounded.

/// What one event may hold at most, in octets; a state change of a large account is a few
/// thousand.
const CAP: usize = 256 * 1024;

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// `message` where the server gave no name.
    pub(super) name: String,
    /// Cut off where it was larger than is taken: that something happened is still true.
    pub(super) data: String,
}

/// Takes the octets as they come, in pieces of any size.
#[derive(Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    /// The last octet was a CR, so that an LF after it ends no second line.
    after_cr: bool,
    /// The beginning, where a byte order mark may stand, is past.
    begun: bool,
    name: String,
    data: String,
    has_data: bool,
    /// What the server asks us to wait before coming back, in milliseconds.
    pub(super) retry: Option<u64>,
}

impl Parser {
    /// The events that these octets complete.
    pub(super) fn feed(&mut self, octets: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &octet in octets {
            let after_cr = std::mem::replace(&mut self.after_cr, octet == b'\r');
            match octet {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                // A line beyond the cap is read on and not kept.
                _ if self.line.len() < CAP => self.line.push(octet),
                _ => {}
            }
        }
        events
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line).into_owned();
        let line = if std::mem::replace(&mut self.begun, true) {
            line.as_str()
        } else {
            line.strip_prefix('\u{feff}').unwrap_or(&line)
        };
        if line.is_empty() {
            return self.dispatch();
        }
        // A line that starts with a colon is a comment: it keeps the connection alive.
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.keep("\n");
                }
                self.keep(value);
            }
            "retry" if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) => {
                self.retry = value.parse().ok();
            }
            // Nothing is replayed to us, so an id is of no use.
            _ => {}
        }
        None
    }

    /// Adds to the data what still fits.
    fn keep(&mut self, text: &str) {
        let room = CAP.saturating_sub(self.data.len());
        self.data.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
    }

    /// An empty line ends the event; one without data is none.
    fn dispatch(&mut self) -> Option<Event> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data)
            .then(|| Event { name: if name.is_empty() { "message".to_owned() } else { name }, data })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<Event> {
        Parser::default().feed(text.as_bytes())
    }

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn comments_retry_ids_and_all_line_ends_are_read() {
        let text = "\u{feff}: hello\r\nretry: 2500\r\nid: 7\r\nevent: state\r\ndata: {\r\ndata:  \"a\"}\r\n\r\n\
                    event: ping\rdata:{\"interval\":30}\r\rdata\n\nevent: no data\n\n: bye\n\n";
        let mut parser = Parser::default();
        let events = parser.feed(text.as_bytes());
        assert_eq!(
            events,
            [event("state", "{\n \"a\"}"), event("ping", "{\"interval\":30}"), event("message", "")]
        );
        assert_eq!(parser.retry, Some(2500));
    }

    #[test]
    fn a_huge_event_is_cut_and_the_next_one_is_whole() {
        let huge = "x".repeat(CAP * 2);
        let events = all(&format!("data: {huge}\ndata: {huge}\n\nevent: state\ndata: {{}}\n\n"));
        assert_eq!(events.len(), 2);
        assert_eq!(events[0].data.len(), CAP);
        assert_eq!(events[1], event("state", "{}"));
    }

    proptest! {
        #[test]
        fn how_the_octets_are_cut_makes_no_difference(
            lines in proptest::collection::vec("(data|event|retry|id|:c|)(: ?)?[a-z0-9 é]{0,9}(\r\n|\n|\r)", 0..30),
            cuts in proptest::collection::vec(1usize..7, 1..20),
        ) {
            let text = lines.concat();
            let whole = all(&text);
            let mut parser = Parser::default();
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                pieces.extend(parser.feed(now));
                rest = later;
            }
            prop_assert_eq!(whole, pieces);
        }

        #[test]
        fn no_octets_break_it(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
            Parser::default().feed(&octets);
        }
    }
}
