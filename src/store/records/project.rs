//! The record of a project.

use minicbor::{Decode, Encode};

use super::{Record, Stamp, Unreadable, address};
use crate::mail::Address;
use crate::tracker::{
    AccountId, FromName, Joining, Project, ProjectId, ProjectPath, Role, Suffix, TrustedDomain,
};

#[derive(Encode, Decode)]
#[cbor(map)]
pub struct StoredProject {
    #[n(0)]
    id: u32,
    #[n(1)]
    path: String,
    #[n(2)]
    #[cbor(default)]
    former_paths: Vec<String>,
    #[n(3)]
    #[cbor(default)]
    name: String,
    #[n(4)]
    #[cbor(default)]
    on: bool,
    #[n(5)]
    #[cbor(default)]
    aliases: Vec<String>,
    #[n(6)]
    suffix: Option<String>,
    #[n(7)]
    #[cbor(default)]
    members: Vec<StoredMember>,
    #[n(8)]
    #[cbor(default)]
    name_of_project: bool,
    #[n(9)]
    confirm: Option<bool>,
    #[n(10)]
    reopen: Option<bool>,
    #[n(11)]
    #[cbor(default)]
    created_at: Stamp,
    #[n(12)]
    #[cbor(default)]
    tell_closed: bool,
    #[n(20)]
    #[cbor(default)]
    reply_all_joins: bool,
    #[n(21)]
    #[cbor(default)]
    cc_participants: bool,
    #[n(22)]
    #[cbor(default)]
    trusted_domains: Vec<String>,
    #[n(23)]
    #[cbor(default)]
    form_senders: Vec<String>,
    #[n(30)]
    keep_closed_days: Option<u32>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
struct StoredMember {
    #[n(0)]
    account: u32,
    #[n(1)]
    role: u8,
}

impl Record for Project {
    type Stored = StoredProject;

    fn to_stored(&self) -> StoredProject {
        StoredProject {
            id: self.id.0,
            path: self.path.to_string(),
            former_paths: self.former_paths.iter().map(ToString::to_string).collect(),
            name: self.name.clone(),
            on: self.on,
            aliases: self.aliases.iter().map(ToString::to_string).collect(),
            suffix: self.suffix.as_ref().map(|suffix| suffix.as_str().to_owned()),
            members: self
                .members
                .iter()
                .map(|(account, role)| StoredMember { account: account.0, role: role_code(*role) })
                .collect(),
            name_of_project: self.from_name == FromName::Project,
            confirm: Some(self.confirm),
            reopen: Some(self.reopen),
            tell_closed: self.tell_closed,
            reply_all_joins: self.joining.reply_all,
            cc_participants: self.joining.cc,
            trusted_domains: self.joining.trusted.iter().map(ToString::to_string).collect(),
            form_senders: self.joining.form_senders.iter().map(ToString::to_string).collect(),
            keep_closed_days: self.keep_closed_days,
            created_at: Stamp(self.created_at),
        }
    }

    fn from_stored(stored: StoredProject) -> Result<Self, Unreadable> {
        let member = |member: &StoredMember| Ok((AccountId(member.account), role(member.role)?));
        let suffix =
            |text: String| Suffix::parse(&text).ok_or_else(|| Unreadable(format!("no suffix: {text}")));
        Ok(Self {
            id: ProjectId(stored.id),
            path: path(&stored.path)?,
            former_paths: stored.former_paths.iter().map(|text| path(text)).collect::<Result<_, _>>()?,
            name: stored.name,
            on: stored.on,
            aliases: stored.aliases.iter().map(|text| address(text)).collect::<Result<_, _>>()?,
            suffix: stored.suffix.map(suffix).transpose()?,
            members: stored.members.iter().map(member).collect::<Result<_, Unreadable>>()?,
            from_name: if stored.name_of_project { FromName::Project } else { FromName::Agent },
            confirm: stored.confirm.unwrap_or(true),
            reopen: stored.reopen.unwrap_or(true),
            tell_closed: stored.tell_closed,
            joining: Joining {
                reply_all: stored.reply_all_joins,
                cc: stored.cc_participants,
                // One that became public since is trusted no more.
                trusted: stored
                    .trusted_domains
                    .iter()
                    .filter_map(|text| TrustedDomain::parse(text).ok())
                    .collect(),
                // No index has these, so they need not be as they were written.
                form_senders: stored
                    .form_senders
                    .iter()
                    .map(|text| Address::parse(text).or_else(|_| address(text)))
                    .collect::<Result<_, _>>()?,
            },
            keep_closed_days: stored.keep_closed_days,
            created_at: stored.created_at.0,
        })
    }
}

fn path(text: &str) -> Result<ProjectPath, Unreadable> {
    ProjectPath::parse(text).map_err(|error| Unreadable(format!("no path: {text}: {error}")))
}

fn role_code(role: Role) -> u8 {
    match role {
        Role::Viewer => 1,
        Role::Agent => 2,
        Role::Manager => 3,
    }
}

fn role(code: u8) -> Result<Role, Unreadable> {
    match code {
        1 => Ok(Role::Viewer),
        2 => Ok(Role::Agent),
        3 => Ok(Role::Manager),
        other => Err(Unreadable(format!("no role: {other}"))),
    }
}
