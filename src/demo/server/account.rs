//! One mail account: its mailboxes, Emails, blobs, identities and submissions, and how each of
//! them changes. Every change is logged here, so that no method can forget to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::log::{Kind, Log, What};
use super::options::User;
use super::world::Mail;
use crate::mail::{Address, Inbound};

#[derive(Clone, Debug)]
pub struct Mailbox {
    pub name: String,
    pub parent: Option<String>,
    pub role: Option<String>,
    pub sort_order: u32,
}

#[derive(Clone, Debug)]
pub struct Email {
    /// The order of arrival; it decides between mails of one second.
    pub number: u64,
    pub blob: String,
    pub thread: String,
    pub mailboxes: BTreeSet<String>,
    pub keywords: BTreeSet<String>,
    pub received_at: Timestamp,
    pub raw: Bytes,
    pub parsed: Arc<Inbound>,
}

#[derive(Clone, Debug)]
pub struct Identity {
    pub name: String,
    pub address: Address,
}

/// How one recipient of a submission fared (RFC 8621 §7 `deliveryStatus`).
#[derive(Clone, Debug)]
pub struct Delivery {
    pub reply: String,
    /// `queued`, `yes`, `no` or `unknown`.
    pub delivered: &'static str,
}

#[derive(Clone, Debug)]
pub struct Submission {
    pub identity: String,
    pub email: String,
    pub thread: String,
    /// The envelope as it is shown: JSON, because parameters are free.
    pub envelope: Value,
    pub at: Timestamp,
    pub deliveries: BTreeMap<String, Delivery>,
}

#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub user: User,
    pub mailboxes: BTreeMap<String, Mailbox>,
    pub emails: BTreeMap<String, Email>,
    pub uploads: BTreeMap<String, (String, Bytes)>,
    pub identities: BTreeMap<String, Identity>,
    pub submissions: BTreeMap<String, Submission>,
    pub log: Log,
    /// Ids that Emails had before, where they still answer.
    pub former_ids: BTreeMap<String, String>,
    next: BTreeMap<&'static str, u64>,
}

/// Ids as short as Stalwart's: `a`, `b`, … `z`, `aa`; they repeat across types and accounts.
fn short_id(mut number: u64) -> String {
    let mut letters = Vec::new();
    while number > 0 {
        number = number.saturating_sub(1);
        letters.push(char::from(b'a'.saturating_add(u8::try_from(number % 26).unwrap_or(0))));
        number /= 26;
    }
    letters.iter().rev().collect()
}

/// The blob id of these octets.
pub fn blob_id(raw: &[u8]) -> String {
    let hash = blake3::hash(raw).to_hex();
    format!("b{}", hash.get(..24).unwrap_or_default())
}

impl Account {
    pub fn new(user: &User, number: u64) -> Self {
        let mut account = Self {
            id: short_id(number),
            user: user.clone(),
            mailboxes: BTreeMap::new(),
            emails: BTreeMap::new(),
            uploads: BTreeMap::new(),
            identities: BTreeMap::new(),
            submissions: BTreeMap::new(),
            log: Log::default(),
            former_ids: BTreeMap::new(),
            next: BTreeMap::new(),
        };
        for (role, name) in &user.mailboxes {
            account.add_mailbox(Mailbox {
                name: (*name).to_owned(),
                parent: None,
                role: role.map(str::to_owned),
                sort_order: 0,
            });
        }
        for address in &user.addresses {
            let id = account.next_id("identity");
            account.log.add(Kind::Identity, &id, What::Created);
            account.identities.insert(id, Identity { name: user.name.clone(), address: address.clone() });
        }
        account
    }

    fn next_number(&mut self, of: &'static str) -> u64 {
        let next = self.next.entry(of).or_default();
        *next = next.saturating_add(1);
        *next
    }

    fn next_id(&mut self, of: &'static str) -> String {
        short_id(self.next_number(of))
    }

    // ---- mailboxes

    pub fn add_mailbox(&mut self, mailbox: Mailbox) -> String {
        let id = self.next_id("mailbox");
        self.mailboxes.insert(id.clone(), mailbox);
        self.log.add(Kind::Mailbox, &id, What::Created);
        id
    }

    /// A mailbox by its role, or else its name.
    pub fn find_mailbox(&self, wanted: &str) -> Option<String> {
        let by = |fits: &dyn Fn(&Mailbox) -> bool| {
            self.mailboxes.iter().find(|(_, mailbox)| fits(mailbox)).map(|(id, _)| id.clone())
        };
        by(&|mailbox| mailbox.role.as_deref() == Some(wanted))
            .or_else(|| by(&|mailbox| mailbox.name == wanted))
    }

    fn touch_mailboxes<'a>(&mut self, ids: impl IntoIterator<Item = &'a String>) {
        for id in ids {
            if self.mailboxes.contains_key(id) {
                self.log.add(Kind::Mailbox, id, What::Updated);
            }
        }
    }

    // ---- Emails

    /// The id that an Email has now, which may differ from the one it is asked for by.
    pub fn present_id(&self, id: &str) -> Option<String> {
        if self.emails.contains_key(id) {
            return Some(id.to_owned());
        }
        let present = self.former_ids.get(id)?;
        self.emails.contains_key(present).then(|| present.clone())
    }

    pub fn email(&self, id: &str) -> Option<&Email> {
        self.emails.get(id).or_else(|| self.emails.get(self.former_ids.get(id)?))
    }

    pub fn add_email(
        &mut self,
        raw: Bytes,
        mailboxes: BTreeSet<String>,
        keywords: BTreeSet<String>,
        received_at: Timestamp,
    ) -> String {
        let parsed = Arc::new(super::headers::read(&raw));
        let thread = self.thread_of(&parsed);
        let (number, id) = (self.next_number("arrival"), self.next_id("email"));
        self.touch_mailboxes(&mailboxes);
        let blob = blob_id(&raw);
        self.emails.insert(
            id.clone(),
            Email { number, blob, thread: thread.clone(), mailboxes, keywords, received_at, raw, parsed },
        );
        self.log.add(Kind::Email, &id, What::Created);
        self.log.add(Kind::Thread, &thread, What::Updated);
        id
    }

    /// The thread of the mails that this one names (RFC 8621 §3), or a new one.
    fn thread_of(&mut self, mail: &Inbound) -> String {
        let named: BTreeSet<_> =
            mail.references.iter().chain(&mail.in_reply_to).chain(&mail.message_id).collect();
        let known = self
            .emails
            .values()
            .find(|email| email.parsed.message_id.as_ref().is_some_and(|id| named.contains(id)))
            .map(|email| email.thread.clone());
        known.unwrap_or_else(|| self.next_id("thread"))
    }

    /// Puts an Email where it shall be.
    pub fn place(&mut self, id: &str, mailboxes: BTreeSet<String>, keywords: BTreeSet<String>) {
        let Some(email) = self.emails.get_mut(id) else { return };
        let touched: BTreeSet<String> = email.mailboxes.union(&mailboxes).cloned().collect();
        let thread = email.thread.clone();
        email.mailboxes = mailboxes;
        email.keywords = keywords;
        self.log.add(Kind::Email, id, What::Updated);
        self.log.add(Kind::Thread, &thread, What::Updated);
        self.touch_mailboxes(&touched);
    }

    pub fn destroy_email(&mut self, id: &str) -> bool {
        let Some(email) = self.emails.remove(id) else { return false };
        self.log.add(Kind::Email, id, What::Destroyed);
        let last = !self.emails.values().any(|other| other.thread == email.thread);
        self.log.add(Kind::Thread, &email.thread, if last { What::Destroyed } else { What::Updated });
        self.touch_mailboxes(&email.mailboxes);
        true
    }

    /// Gives every Email a new id, as a server does that joins threads or is moved.
    pub fn change_email_ids(&mut self, former_answer: bool) {
        let mut emails: Vec<(String, Email)> = std::mem::take(&mut self.emails).into_iter().collect();
        emails.sort_by_key(|(_, email)| email.number);
        for (former, email) in emails {
            let id = self.next_id("email");
            self.log.add(Kind::Email, &former, What::Destroyed);
            self.log.add(Kind::Email, &id, What::Created);
            for known in self.former_ids.values_mut().filter(|present| **present == former) {
                known.clone_from(&id);
            }
            if former_answer {
                self.former_ids.insert(former, id.clone());
            }
            self.emails.insert(id, email);
        }
    }

    pub fn mails(&self, wanted: impl Fn(&Email) -> bool) -> Vec<Mail> {
        let mut found: Vec<_> = self.emails.iter().filter(|(_, email)| wanted(email)).collect();
        found.sort_by_key(|(_, email)| (email.received_at, email.number));
        let name = |id: &String| self.mailboxes.get(id).map(|mailbox| mailbox.name.clone());
        let mail = |(id, email): (&String, &Email)| Mail {
            id: id.clone(),
            blob: email.blob.clone(),
            received_at: email.received_at,
            mailboxes: email.mailboxes.iter().filter_map(name).collect(),
            keywords: email.keywords.iter().cloned().collect(),
            raw: email.raw.clone(),
        };
        found.into_iter().map(mail).collect()
    }

    // ---- blobs

    pub fn add_upload(&mut self, content_type: &str, raw: Bytes) -> String {
        let id = blob_id(&raw);
        self.uploads.insert(id.clone(), (content_type.to_owned(), raw));
        id
    }

    pub fn blob(&self, id: &str) -> Option<Bytes> {
        if let Some((_, raw)) = self.uploads.get(id) {
            return Some(raw.clone());
        }
        self.emails.values().find(|email| email.blob == id).map(|email| email.raw.clone())
    }

    // ---- submissions

    pub fn next_submission_id(&mut self) -> String {
        self.next_id("submission")
    }

    pub fn add_submission(&mut self, id: &str, submission: Submission) {
        self.submissions.insert(id.to_owned(), submission);
        self.log.add(Kind::EmailSubmission, id, What::Created);
    }

    pub fn forget_submission(&mut self, id: &str) {
        if self.submissions.remove(id).is_some() {
            self.log.add(Kind::EmailSubmission, id, What::Destroyed);
        }
    }

    /// Whether this account takes mail for the address as one of its own, with or without `+`.
    pub fn has_address(&self, address: &Address) -> bool {
        self.user.addresses.iter().any(|own| own == address || is_sub_address(own, address))
    }
}

/// Whether `address` is `own` with `+anything` before its `@` (RFC 5233).
fn is_sub_address(own: &Address, address: &Address) -> bool {
    own.domain() == address.domain()
        && address.local().strip_prefix(own.local()).is_some_and(|rest| rest.starts_with('+'))
}

/// A set of ids or keywords as JSON: `{ "a": true }`.
pub fn as_map(set: &BTreeSet<String>) -> Value {
    Value::Object(set.iter().map(|key| (key.clone(), Value::Bool(true))).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_letters_that_count_on() {
        let ids: Vec<_> = [1, 2, 26, 27, 52, 53, 702, 703].into_iter().map(short_id).collect();
        assert_eq!(ids, ["a", "b", "z", "aa", "az", "ba", "zz", "aaa"]);
    }

    #[test]
    fn a_sub_address_is_the_same_address_with_a_plus() {
        let address = |text| Address::parse(text).unwrap();
        let own = address("help@desk.example");
        assert!(is_sub_address(&own, &address("HELP+x@Desk.example")));
        assert!(!is_sub_address(&own, &address("helper+x@desk.example")));
        assert!(!is_sub_address(&own, &address("help+x@else.example")));
    }
}
