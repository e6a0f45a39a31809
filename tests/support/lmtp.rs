//! An LMTP client (RFC 2033): hands raw mails to Cyrus as a mail server would.

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// One connection to an LMTP server on loopback.
pub struct Lmtp {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Lmtp {
    pub async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("an LMTP server");
        stream.set_nodelay(true).expect("no delay");
        let (reader, writer) = stream.into_split();
        let mut lmtp = Self { reader: BufReader::new(reader), writer };
        lmtp.reply().await;
        assert_eq!(lmtp.command("LHLO test.example").await.0, 250);
        lmtp
    }

    /// Delivers a mail; returns the reply for each recipient: that to RCPT where it was refused there,
    /// else that after the data (RFC 2033 §4.2).
    pub async fn deliver(&mut self, raw: &[u8], from: &str, to: &[&str]) -> Vec<(u16, String)> {
        let (code, text) = self.command(&format!("MAIL FROM:<{from}>")).await;
        assert_eq!(code, 250, "{text}");
        let mut replies = Vec::new();
        for recipient in to {
            replies.push(self.command(&format!("RCPT TO:<{recipient}>")).await);
        }
        if replies.iter().all(|(code, _)| *code >= 300) {
            self.command("RSET").await;
            return replies;
        }
        assert_eq!(self.command("DATA").await.0, 354);
        self.writer.write_all(&stuffed(raw)).await.expect("the data goes out");
        for reply in replies.iter_mut().filter(|(code, _)| *code < 300) {
            *reply = read_reply(&mut self.reader).await;
        }
        replies
    }

    /// Delivers a mail that every recipient must take.
    pub async fn must_deliver(&mut self, raw: &[u8], from: &str, to: &[&str]) {
        for (recipient, (code, text)) in to.iter().zip(self.deliver(raw, from, to).await) {
            assert_eq!(code, 250, "{recipient}: {text}");
        }
    }

    async fn command(&mut self, line: &str) -> (u16, String) {
        self.writer.write_all(format!("{line}\r\n").as_bytes()).await.expect("the command goes out");
        self.reply().await
    }

    async fn reply(&mut self) -> (u16, String) {
        read_reply(&mut self.reader).await
    }
}

async fn read_reply(reader: &mut BufReader<OwnedReadHalf>) -> (u16, String) {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).await.expect("a reply") > 0, "LMTP ended: {text}");
        text.push_str(line.get(4..).unwrap_or_default().trim_end());
        if line.as_bytes().get(3) != Some(&b'-') {
            return (line.get(..3).and_then(|code| code.parse().ok()).expect("a reply code"), text);
        }
    }
}

/// The data with CRLF line ends, dots doubled and the last dot (RFC 5321 §4.5.2).
fn stuffed(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 64);
    let body = raw.strip_suffix(b"\n").unwrap_or(raw);
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Delivers one mail over a connection of its own; every recipient must take it.
pub async fn deliver(port: u16, raw: &[u8], from: &str, to: &[&str]) {
    Lmtp::connect(port).await.must_deliver(raw, from, to).await;
}
