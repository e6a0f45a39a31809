//! Mailboxes (RFC 8621 §2): found by role or name, created where missing.

use jmap_client::core::get::GetRequest;
use jmap_client::core::request::Arguments;
use jmap_client::core::set::SetRequest;
use jmap_client::mailbox::{self, Role};
use jmap_client::{Method, Set};
use serde::Deserialize;

use super::set::{SetAnswer, created};
use super::{Jmap, JmapError, MailboxId, MethodErrorType};
use crate::config::MailboxRef;

/// One mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    pub id: MailboxId,
    pub name: String,
    pub parent: Option<MailboxId>,
    /// In lower case; servers have their own names for the same mailbox, the role is what counts.
    pub role: Option<String>,
    /// How many mails lie in it.
    pub total: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    id: MailboxId,
    #[serde(default, deserialize_with = "super::lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    parent_id: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::text")]
    role: Option<String>,
    #[serde(default, deserialize_with = "super::lenient::number")]
    total_emails: Option<u64>,
}

impl From<Raw> for Mailbox {
    fn from(raw: Raw) -> Self {
        Self {
            id: raw.id,
            name: raw.name.unwrap_or_default(),
            parent: raw.parent_id.map(MailboxId::from),
            role: raw.role.map(|role| role.to_lowercase()),
            total: raw.total_emails.unwrap_or(0),
        }
    }
}

/// The list of any `Foo/get` response; elements that cannot be read are left out.
#[derive(Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub(super) struct Got<T> {
    #[serde(default, deserialize_with = "super::lenient::list")]
    pub(super) list: Vec<T>,
}

impl Jmap {
    /// All mailboxes of the account; none where the account is yet to get its first mail.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn mailboxes(&self) -> Result<Vec<Mailbox>, JmapError> {
        let mut batch = self.batch();
        let mut get = GetRequest::<mailbox::Mailbox<Set>>::new(batch.params(Method::GetMailbox));
        get.properties([
            mailbox::Property::Id,
            mailbox::Property::Name,
            mailbox::Property::ParentId,
            mailbox::Property::Role,
            mailbox::Property::TotalEmails,
        ]);
        let call = batch.add(Method::GetMailbox, Arguments::MailboxGet(get))?;
        match self.call(&batch, true).await?.take::<Got<Raw>>(call) {
            Ok(got) => Ok(got.list.into_iter().map(Mailbox::from).collect()),
            // Cyrus makes an account with its first mail, and has a session for it before.
            Err(JmapError::Method(fault)) if fault.kind == MethodErrorType::AccountNotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// The mailbox that the operator named, if the account has it.
    ///
    /// # Errors
    /// Where the server does not say.
    pub async fn find_mailbox(&self, wanted: &MailboxRef) -> Result<Option<Mailbox>, JmapError> {
        Ok(find(&self.mailboxes().await?, wanted).cloned())
    }

    /// The mailbox that the operator named; what is missing of it is created.
    ///
    /// # Errors
    /// Where it cannot be created.
    pub async fn ensure_mailbox(&self, wanted: &MailboxRef) -> Result<MailboxId, JmapError> {
        let mailboxes = self.mailboxes().await?;
        if let Some(found) = find(&mailboxes, wanted) {
            return Ok(found.id.clone());
        }
        match wanted {
            MailboxRef::Role(role) => {
                // A mailbox of that name but without the role serves as well: some servers do not
                // let a role be given.
                let name = capitalised(role);
                let plain = MailboxRef::Name(vec![name.clone()]);
                if let Some(found) = find(&mailboxes, &plain) {
                    return Ok(found.id.clone());
                }
                match self.create_mailbox(&name, None, Some(role)).await {
                    Err(JmapError::Set { .. }) => self.create_mailbox(&name, None, None).await,
                    done => done,
                }
            }
            MailboxRef::Name(parts) => {
                let mut parent: Option<MailboxId> = None;
                for part in parts {
                    let here = child(&mailboxes, parent.as_ref(), part).map(|found| found.id.clone());
                    let id = match here {
                        Some(id) => id,
                        None => self.create_mailbox(part, parent.as_ref(), None).await?,
                    };
                    parent = Some(id);
                }
                parent.ok_or_else(|| JmapError::NoMailbox(wanted.to_string()))
            }
        }
    }

    /// Creates a mailbox; where the server refuses that because somebody made it since we looked,
    /// that one is taken.
    async fn create_mailbox(
        &self,
        name: &str,
        parent: Option<&MailboxId>,
        role: Option<&str>,
    ) -> Result<MailboxId, JmapError> {
        match self.ask_for_mailbox(name, parent, role).await {
            Err(refused @ JmapError::Set { .. }) => {
                let now = self.mailboxes().await?;
                child(&now, parent, name).map(|found| found.id.clone()).ok_or(refused)
            }
            done => done,
        }
    }

    async fn ask_for_mailbox(
        &self,
        name: &str,
        parent: Option<&MailboxId>,
        role: Option<&str>,
    ) -> Result<MailboxId, JmapError> {
        let mut batch = self.batch();
        let mut set = SetRequest::<mailbox::Mailbox<Set>>::new(batch.params(Method::SetMailbox));
        let new = set.create_with_id("m");
        new.name(name).parent_id(parent.map(MailboxId::as_str)).is_subscribed(true);
        if let Some(role) = role.and_then(typed_role) {
            new.role(role);
        }
        let call = batch.add(Method::SetMailbox, Arguments::MailboxSet(set))?;
        let mut answer: SetAnswer = self.call(&batch, false).await?.take(call)?;
        let (id, _) = created(&mut answer, "m", &format!("the mailbox \"{name}\" cannot be created"))?;
        Ok(MailboxId::from(id))
    }
}

fn find<'a>(mailboxes: &'a [Mailbox], wanted: &MailboxRef) -> Option<&'a Mailbox> {
    match wanted {
        MailboxRef::Role(role) => mailboxes.iter().find(|mailbox| mailbox.role.as_ref() == Some(role)),
        MailboxRef::Name(parts) => {
            let mut found: Option<&Mailbox> = None;
            for part in parts {
                found = Some(child(mailboxes, found.map(|mailbox| &mailbox.id), part)?);
            }
            found
        }
    }
}

/// Names are compared as they are written, but for `INBOX`, whose case servers disagree on.
fn child<'a>(mailboxes: &'a [Mailbox], parent: Option<&MailboxId>, name: &str) -> Option<&'a Mailbox> {
    mailboxes.iter().find(|mailbox| {
        mailbox.parent.as_ref() == parent
            && (mailbox.name == name
                || (name.eq_ignore_ascii_case("inbox") && mailbox.name.eq_ignore_ascii_case("inbox")))
    })
}

fn capitalised(role: &str) -> String {
    let mut letters = role.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn typed_role(role: &str) -> Option<Role> {
    match role {
        "archive" => Some(Role::Archive),
        "drafts" => Some(Role::Drafts),
        "important" => Some(Role::Important),
        "inbox" => Some(Role::Inbox),
        "junk" => Some(Role::Junk),
        "sent" => Some(Role::Sent),
        "trash" => Some(Role::Trash),
        _ => None,
    }
}
