//! The site's addresses, both ways: what an address says, and every address that we write.
//!
//! What is built keeps to 64 octets before the `@` (RFC 5321 §4.5.3.1.1); where it cannot, there is
//! no such address, and the form that saves a project says so.

use super::{KeyForm, ProjectFact, Site, Wildcard};
use crate::mail::{Address, ReplyKey};
use crate::tracker::{Project, ProjectPath, Slug, Suffix};

/// What one address says, before anything is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Whether it is the account's address, or a wildcard's without a key.
    pub bare: bool,
    /// Whether a wildcard matches, whatever the key.
    pub wildcard: bool,
    /// The forms of its key. More than one where one wildcard contains another: what is on record
    /// tells them apart.
    pub forms: Vec<KeyForm>,
    /// Read as a sub-address: whose, and the key if it has the shape of one. What a wildcard makes
    /// of its own bare address is left out.
    pub subs: Vec<(Address, Option<KeyForm>)>,
}

/// What projects are called in addresses, as far as it makes an address one of ours.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ProjectNames {
    aliases: Vec<Address>,
    suffixed: Vec<(Slug, Suffix)>,
}

impl ProjectNames {
    /// The names of these projects.
    #[must_use]
    pub fn of(projects: &[Project]) -> Self {
        let suffixed = projects.iter().flat_map(|p| p.slugs().zip(std::iter::repeat(p.suffix.clone())));
        Self {
            aliases: projects.iter().flat_map(|project| project.aliases.clone()).collect(),
            suffixed: suffixed.filter_map(|(slug, suffix)| Some((slug, suffix?))).collect(),
        }
    }

    pub(super) fn of_facts(facts: &[ProjectFact]) -> Self {
        let slugs = |fact: &ProjectFact| fact.paths.iter().map(ProjectPath::slug).collect::<Vec<_>>();
        let suffixed =
            facts.iter().flat_map(|f| slugs(f).into_iter().zip(std::iter::repeat(f.suffix.clone())));
        Self {
            aliases: facts.iter().flat_map(|fact| fact.aliases.clone()).collect(),
            suffixed: suffixed.filter_map(|(slug, suffix)| Some((slug, suffix?))).collect(),
        }
    }

    fn has(&self, form: &KeyForm) -> bool {
        let KeyForm::Suffix { slug, suffix } = form else { return true };
        self.suffixed.iter().any(|(have, of)| have == slug && of == suffix)
    }
}

impl Site {
    /// `incoming+acme-web-7-issue-@…`: the project's address of today.
    #[must_use]
    pub fn current(&self, project: &Project) -> Option<Address> {
        self.with_form(&KeyForm::Current { slug: project.path.slug(), project: project.id })
    }

    /// `incoming+acme/web@…`; none for a path of one part.
    #[must_use]
    pub fn legacy(&self, path: &ProjectPath) -> Option<Address> {
        if !path.as_str().contains('/') {
            return None;
        }
        self.with_form(&KeyForm::Legacy(path.clone()))
    }

    /// `contact+acme-web-help@…`, where the site has such a wildcard and the project a suffix.
    #[must_use]
    pub fn suffixed(&self, project: &Project) -> Option<Address> {
        let form = KeyForm::Suffix { slug: project.path.slug(), suffix: project.suffix.clone()? };
        self.suffix_wildcard.as_ref()?.address(&form.to_string())
    }

    /// Every address that is a slug of the project, present or former, with its suffix.
    #[must_use]
    pub fn every_suffixed(&self, project: &Project) -> Vec<Address> {
        let Some(suffix) = &project.suffix else { return Vec::new() };
        let wildcards = || self.wildcards().filter_map(|(wildcard, suffixes)| suffixes.then_some(wildcard));
        let forms = project.slugs().map(|slug| KeyForm::Suffix { slug, suffix: suffix.clone() }.to_string());
        forms.flat_map(|key| wildcards().filter_map(move |wildcard| wildcard.address(&key))).collect()
    }

    /// The address that people are told to write to: the project's first alias, else its current one.
    #[must_use]
    pub fn shown(&self, project: &Project) -> Option<Address> {
        project.aliases.first().cloned().or_else(|| self.current(project))
    }

    /// Where an answer goes: `incoming+<key>@…`.
    #[must_use]
    pub fn reply(&self, key: &ReplyKey) -> Option<Address> {
        self.with_form(&KeyForm::Reply(key.clone()))
    }

    /// `incoming+<key>-unsubscribe@…`, the mailto form of List-Unsubscribe (RFC 2369 §3.2).
    #[must_use]
    pub fn unsubscribe(&self, key: &ReplyKey) -> Option<Address> {
        self.with_form(&KeyForm::Unsubscribe(key.clone()))
    }

    /// `support+<key>@example.com`: where an answer to a letter from an alias goes.
    #[must_use]
    pub fn reply_on(&self, alias: &Address, key: &ReplyKey) -> Option<Address> {
        let (local, domain) = alias.as_str().rsplit_once('@')?;
        Address::parse(&format!("{}+{key}@{domain}", local.trim_matches('"'))).ok()
    }

    /// The subject of a mail that unsubscribes, for a site whose mailbox knows its bare address only.
    #[must_use]
    pub fn unsubscribe_subject(&self, key: &ReplyKey) -> String {
        KeyForm::Unsubscribe(key.clone()).to_string()
    }

    /// What stands in References so that an answer finds its ticket without a sub-address:
    /// `reply-<key>@host`, without angle brackets.
    #[must_use]
    pub fn reply_mark(&self, key: &ReplyKey) -> String {
        format!("reply-{key}@{}", self.host)
    }

    /// Whether an address is the site's own, and so nobody's who could take part in a ticket.
    /// `names` are those of the projects that may matter.
    #[must_use]
    pub fn is_ours(&self, address: &Address, names: &ProjectNames) -> bool {
        let reading = self.read(address);
        // On a catch-all domain people may live as well: there, only what has the form of a key is
        // ours. `mary-ann` has the form of slug and suffix, so these have to be a project's.
        let by_form = reading.forms.iter().any(|form| names.has(form));
        let by_prefix = self.wildcards().any(|(w, _)| !w.is_catch_all() && w.key_of(address).is_some());
        let mut bases = reading.subs.iter().map(|(base, _)| base);
        reading.bare
            || by_form
            || by_prefix
            || bases.any(|base| *base == self.account)
            || names.aliases.iter().any(|a| a == address || reading.subs.iter().any(|(base, _)| base == a))
    }

    /// Reads an address by every wildcard of the site.
    pub(super) fn read(&self, address: &Address) -> Reading {
        let found: Vec<_> =
            self.wildcards().filter_map(|(w, suffixes)| Some((w, w.key_of(address)?, suffixes))).collect();
        let forms = found.iter().flat_map(|(_, key, suffixes)| {
            let suffix = suffixes.then(|| KeyForm::parse_suffix(key)).flatten();
            KeyForm::parse(key).into_iter().chain(suffix)
        });
        Reading {
            bare: *address == self.account
                || self.wildcards().any(|(w, _)| w.bare().as_ref() == Some(address)),
            wildcard: !found.is_empty(),
            forms: forms.collect(),
            subs: sub_addresses(address)
                .into_iter()
                .filter(|(base, _)| !found.iter().any(|(w, _, _)| w.bare().as_ref() == Some(base)))
                .collect(),
        }
    }

    /// Every wildcard, and whether suffixes stand on it. Nobody knows any more what a former one
    /// was for, so all forms are read there.
    fn wildcards(&self) -> impl Iterator<Item = (&Wildcard, bool)> {
        let former = self.former.iter().map(|w| (w, true));
        std::iter::once((&self.wildcard, false))
            .chain(self.suffix_wildcard.iter().map(|w| (w, true)))
            .chain(former)
    }

    fn with_form(&self, form: &KeyForm) -> Option<Address> {
        self.wildcard.address(&form.to_string())
    }
}

/// Every way to read an address as `base+key@domain`; more than one where either has a `+`.
fn sub_addresses(address: &Address) -> Vec<(Address, Option<KeyForm>)> {
    let (local, domain) = (address.local(), address.domain());
    local
        .match_indices('+')
        .filter_map(|(at, _)| Some((local.get(..at)?, local.get(at + 1..)?)))
        .filter_map(|(base, key)| {
            let base = Address::parse(&format!("{base}@{domain}")).ok()?;
            Some((base, KeyForm::parse_key(key)))
        })
        .collect()
}
