//! Delivery into the accounts of this server: who has an address, and what a mail gets on its way.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::headers;
use super::log::{Kind, What};
use super::options::Options;
use super::world::World;
use crate::mail::{Address, Authentication};

/// A mail on its way in.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub raw: Bytes,
    /// `None` is the null sender (RFC 5321 §4.5.5).
    pub mail_from: Option<Address>,
    pub rcpt_to: Vec<Address>,
    /// What the server writes into Authentication-Results, where it writes one at all.
    pub authentication: Authentication,
    /// Role or name of the mailbox it is put into.
    pub mailbox: String,
}

impl Incoming {
    /// A mail to the inbox, from whom its From names, with unknown authentication.
    #[must_use]
    pub fn new(raw: impl Into<Bytes>, rcpt_to: &[Address]) -> Self {
        let raw = raw.into();
        let mail_from = headers::read(&raw).from.map(|from| from.address);
        let (authentication, mailbox) = (Authentication::Unknown, "inbox".to_owned());
        Self { raw, mail_from, rcpt_to: rcpt_to.to_vec(), authentication, mailbox }
    }
}

/// Where a copy ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    pub recipient: Address,
    /// The user and the Email's id; `None` where nobody has the address.
    pub at: Option<(String, String)>,
}

/// Whose mail it is: an address or its sub-address first, then the wildcards in order.
fn owner(world: &World, to: &Address) -> Option<String> {
    let by_address = world.accounts.iter().find(|account| account.has_address(to));
    let by_wildcard = || {
        world.accounts.iter().find(|account| {
            account.user.wildcards.iter().any(|w| w.key_of(to).is_some() || w.bare().as_ref() == Some(to))
        })
    };
    by_address.or_else(by_wildcard).map(|account| account.user.login.clone())
}

/// Whether anybody here takes mail for the address.
pub fn is_local(world: &World, to: &Address) -> bool {
    owner(world, to).is_some()
}

/// Puts a copy into the mailbox of each recipient that is known here.
pub fn deliver(world: &mut World, options: &Options, mail: &Incoming) -> Vec<Landed> {
    mail.rcpt_to
        .iter()
        .map(|to| Landed { recipient: to.clone(), at: put(world, options, mail, to) })
        .collect()
}

fn put(world: &mut World, options: &Options, mail: &Incoming, to: &Address) -> Option<(String, String)> {
    let login = owner(world, to)?;
    let account = world.account_mut(&login)?;
    let mailbox = account.find_mailbox(&mail.mailbox)?;
    let own = account.user.addresses.first().cloned();
    let mut raw = trace(options, mail, to, own.as_ref());
    raw.extend_from_slice(&mail.raw);
    let id = account.add_email(raw.into(), BTreeSet::from([mailbox]), BTreeSet::new(), options.clock.now());
    account.log.add(Kind::EmailDelivery, &id, What::Created);
    Some((login, id))
}

/// The trace header (RFC 5321 §4.4). It differs from copy to copy, as in life.
fn trace(options: &Options, mail: &Incoming, to: &Address, own: Option<&Address>) -> Vec<u8> {
    let sender = mail.mail_from.as_ref().map_or("", Address::as_str);
    let mut lines = vec![format!("Return-Path: <{sender}>")];
    if let Some(authserv) = &options.authserv_id {
        lines.push(format!("Authentication-Results: {authserv};\r\n {}", results(mail, sender)));
    }
    if let Some(covered) = options.habits.signs {
        let domain = mail.mail_from.as_ref().map_or("invalid.example", Address::domain);
        lines.push(format!(
            "DKIM-Signature: v=1; a=ed25519-sha256; d={domain}; s=s1;\r\n h={covered};\r\n bh=x; b=x"
        ));
    }
    if let (true, Some(own)) = (options.habits.delivered_to, own) {
        lines.push(format!("Delivered-To: {own}"));
    }
    let host = mail.mail_from.as_ref().map_or("mailer.example", Address::domain);
    let (id, by) = (options.random.reply_key(), &options.host);
    let for_whom = if options.habits.received_for { format!("\r\n for <{to}>") } else { String::new() };
    let date = DateTimePrinter::new().timestamp_to_string(&options.clock.now()).unwrap_or_default();
    lines.push(format!(
        "Received: from {host} ({host} [192.0.2.1])\r\n by {by} with ESMTPS id {id}{for_whom};\r\n {date}"
    ));
    let mut raw = lines.join("\r\n").into_bytes();
    raw.extend_from_slice(b"\r\n");
    raw
}

/// SPF, DKIM and DMARC in the words of RFC 8601 §2.7.
fn results(mail: &Incoming, sender: &str) -> String {
    let from = headers::read(&mail.raw).from;
    let domain = from.as_ref().map_or("invalid.example", |from| from.address.domain());
    let result = match mail.authentication {
        Authentication::Pass => "pass",
        Authentication::Fail => "fail",
        Authentication::Unknown => return "none".to_owned(),
    };
    format!(
        "spf={result} smtp.mailfrom={sender};\r\n dkim={result} header.d={domain};\r\n dmarc={result} header.from={domain}"
    )
}
