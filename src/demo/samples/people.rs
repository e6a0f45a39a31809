//! Who works at the invented company, on what, and who its customers are.

use crate::tracker::Role;

/// A project to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleProject {
    pub path: &'static str,
    pub name: &'static str,
    /// An address of its own, which the mail account takes mail for.
    pub alias: Option<&'static str>,
}

/// Someone who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleAccount {
    pub handle: &'static str,
    pub name: &'static str,
    pub address: &'static str,
    pub admin: bool,
    pub projects: &'static [(&'static str, Role)],
}

/// A customer whose mailbox one can open. The key stands in the mailbox's links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Customer {
    pub key: &'static str,
    pub name: &'static str,
    pub address: &'static str,
    /// The language that the name is written in (BCP 47).
    pub language: &'static str,
}

#[must_use]
pub fn projects() -> &'static [SampleProject] {
    &[
        SampleProject { path: "acme/web", name: "Acme Support", alias: Some("support@acme.example") },
        SampleProject { path: "acme/api", name: "Acme API", alias: Some("api@acme.example") },
        SampleProject { path: "acme/mobile", name: "Acme Mobile", alias: None },
    ]
}

#[must_use]
pub fn accounts() -> &'static [SampleAccount] {
    &[
        SampleAccount {
            handle: "jane",
            name: "Jane Okafor",
            address: "jane@acme.example",
            admin: true,
            projects: &[("acme/web", Role::Manager)],
        },
        SampleAccount {
            handle: "lin",
            name: "Lin Chen",
            address: "lin@acme.example",
            admin: false,
            projects: &[("acme/web", Role::Agent), ("acme/mobile", Role::Agent)],
        },
        SampleAccount {
            handle: "tomas",
            name: "Tomás Rivera",
            address: "tomas@acme.example",
            admin: false,
            projects: &[("acme/api", Role::Agent), ("acme/web", Role::Viewer)],
        },
    ]
}

#[must_use]
pub fn customers() -> &'static [Customer] {
    const fn customer(
        key: &'static str,
        name: &'static str,
        address: &'static str,
        language: &'static str,
    ) -> Customer {
        Customer { key, name, address, language }
    }
    const ALL: &[Customer] = &[
        customer("hanna", "Hanna Weber", "hanna.weber@weber-moebel.example", "de"),
        customer("yuko", "田中 裕子", "yuko.tanaka@hoshi-denki.example", "ja"),
        customer("priya", "Priya Raman", "priya@raman-studio.example", "en"),
        customer("eleonore", "Éléonore Dubois-Lacaze", "eleonore@dubois-lacaze.example", "fr"),
        customer("oskar", "Oskar Lindqvist", "oskar@lindqvist.example", "sv"),
        customer("giulia", "Giulia Ferrari", "giulia@ferrari-ceramica.example", "it"),
    ];
    ALL
}
