//! Bounces: delivery status notifications as mail servers write them (RFC 3464).

use data_encoding::HEXLOWER;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::options::Options;
use crate::mail::Address;

/// A report that a mail did not reach its recipient. As in life it names the mail by nothing but
/// the copy that it carries: no In-Reply-To, no References.
#[must_use]
pub fn report(
    options: &Options,
    sender: &Address,
    recipient: &Address,
    reply: &str,
    original: &[u8],
) -> Vec<u8> {
    let date = DateTimePrinter::new().timestamp_to_string(&options.clock.now()).unwrap_or_default();
    let boundary = HEXLOWER.encode(&options.random.octets::<12>());
    let (host, id) = (&options.host, options.random.reply_key());
    let status = reply.split_whitespace().nth(1).filter(|word| word.contains('.')).unwrap_or("5.0.0");
    let action = if status.starts_with('4') { "delayed" } else { "failed" };
    let head = format!(
        "From: Mail Delivery System <MAILER-DAEMON@{host}>\r\n\
         To: <{sender}>\r\n\
         Subject: Undelivered Mail Returned to Sender\r\n\
         Date: {date}\r\n\
         Message-ID: <{id}@{host}>\r\n\
         Auto-Submitted: auto-replied\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"{boundary}\"\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\
         \r\n\
         Your mail could not be delivered to this address:\r\n\
         \r\n\
         <{recipient}>: {reply}\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: message/delivery-status\r\n\
         \r\n\
         Reporting-MTA: dns; {host}\r\n\
         Arrival-Date: {date}\r\n\
         \r\n\
         Final-Recipient: rfc822; {recipient}\r\n\
         Action: {action}\r\n\
         Status: {status}\r\n\
         Diagnostic-Code: smtp; {reply}\r\n\
         \r\n\
         --{boundary}\r\n\
         Content-Type: message/rfc822\r\n\
         \r\n"
    );
    let mut report = head.into_bytes();
    report.extend_from_slice(original);
    report.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    report
}
