//! Mails as a customer's program writes them.

use super::Webmail;
use super::form::Form;
use crate::demo::samples::Customer;
use crate::demo::server::Mail;
use crate::mail::{self, Address, Draft, Inbound, NameAddr};

/// Whom an answer goes to: Reply-To, else From (RFC 5322 §3.6.2).
pub fn answered(mail: &Inbound) -> Option<&Address> {
    mail.reply_to.first().or(mail.from.as_ref()).map(|to| &to.address)
}

/// A new mail.
pub fn new(webmail: &Webmail, who: &Customer, to: Address, form: &Form) -> Option<Draft> {
    let from = Address::parse(who.address).ok()?;
    Some(Draft {
        to: to.into(),
        reply_to: None,
        subject: form.subject.clone(),
        date: webmail.0.clock.now(),
        message_id: webmail.0.random.message_id(from.domain()),
        from: NameAddr { name: Some(who.name.to_owned()), address: from },
        in_reply_to: None,
        references: Vec::new(),
        text: form.text.clone(),
        html: String::new(),
        headers: Vec::new(),
        boundary_seed: webmail.0.random.octets(),
        attachments: form.files.clone(),
    })
}

/// An answer, with the mail that it answers quoted below, as most programs do.
pub fn reply(webmail: &Webmail, who: &Customer, found: &Mail, form: &Form) -> Option<Draft> {
    let inbound = mail::parse(&found.raw, None);
    let draft = new(webmail, who, answered(&inbound)?.clone(), form)?;
    let mut references = inbound.references.clone();
    references.extend(inbound.message_id.clone());
    Some(Draft {
        subject: answered_subject(&inbound.subject),
        in_reply_to: inbound.message_id.clone(),
        references,
        text: format!("{}\n\n{}", form.text.trim_end(), quoted(&inbound, found)),
        ..draft
    })
}

/// `Re: ` once, whatever the language of the other's program.
fn answered_subject(subject: &str) -> String {
    let has = ["re:", "aw:", "sv:", "antw:"].iter().any(|prefix| subject.to_lowercase().starts_with(prefix));
    if has { subject.to_owned() } else { format!("Re: {subject}") }
}

fn quoted(inbound: &Inbound, found: &Mail) -> String {
    let at = inbound.date.unwrap_or(found.received_at).strftime("%a, %d %b %Y at %H:%M");
    let named =
        inbound.from.as_ref().map(|from| from.name.clone().unwrap_or_else(|| from.address.to_string()));
    let lines: Vec<String> =
        inbound.text.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    format!("On {at}, {} wrote:\n{}\n", named.as_deref().unwrap_or("somebody"), lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_answered_once() {
        assert_eq!(answered_subject("Order"), "Re: Order");
        assert_eq!(answered_subject("AW: Order"), "AW: Order");
        assert_eq!(answered_subject("RE: Order"), "RE: Order");
    }
}
