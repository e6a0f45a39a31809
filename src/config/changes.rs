//! Which settings differ between two readings of the file.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Config;

/// Where a configuration came from, to be read again and compared.
#[derive(Clone, Default)]
pub(super) struct Source {
    pub(super) path: Option<PathBuf>,
    pub(super) settings: Table,
}

/// Two readings of the same settings look the same, whatever their text.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl Config {
    /// The file that it was read from; `None` for a demo's.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.source.path.as_deref()
    }

    /// The settings that stand differently in `other`, such as `mail.url`, in alphabetic order.
    /// What stands in files that are named is not compared.
    #[must_use]
    pub fn changes(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        compare(&self.source.settings, &other.source.settings, "", &mut found);
        found.sort();
        found
    }

    /// Takes over how these settings stand in `other`'s file, as they are in force now.
    pub fn take_from(&mut self, other: &Self, settings: &[String]) {
        for name in settings {
            put(&mut self.source.settings, name, at(&other.source.settings, name));
        }
    }
}

fn at<'a>(table: &'a Table, name: &str) -> Option<&'a Value> {
    match name.split_once('.') {
        None => table.get(name),
        Some((section, rest)) => table.get(section)?.as_table().and_then(|table| at(table, rest)),
    }
}

fn put(table: &mut Table, name: &str, value: Option<&Value>) {
    match (name.split_once('.'), value) {
        (None, Some(value)) => drop(table.insert(name.to_owned(), value.clone())),
        (None, None) => drop(table.remove(name)),
        (Some((section, rest)), value) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Some(inner) = inner.as_table_mut() {
                put(inner, rest, value);
            }
        }
    }
}

fn compare(one: &Table, other: &Table, within: &str, found: &mut Vec<String>) {
    let added = other.keys().filter(|key| !one.contains_key(*key));
    for key in one.keys().chain(added) {
        let name = if within.is_empty() { key.clone() } else { format!("{within}.{key}") };
        match (one.get(key), other.get(key)) {
            (Some(one), Some(other)) if one == other => {}
            // A secret's place is a small table, and yet one setting.
            (one, other) if is_section(one) && is_section(other) => {
                compare(&section(one), &section(other), &name, found);
            }
            _ => found.push(name),
        }
    }
}

fn is_section(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.as_table().is_some_and(|table| !is_secret(table)))
}

fn section(value: Option<&Value>) -> Table {
    value.and_then(Value::as_table).cloned().unwrap_or_default()
}

fn is_secret(table: &Table) -> bool {
    table.len() == 1 && ["file", "env", "credential"].iter().any(|place| table.contains_key(*place))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Config;

    const BEFORE: &str = r#"
        public_url = "https://desk.example.com"
        [mail]
        url = "https://mail.example.com"
        user = "help@example.com"
        password = { credential = "mail-password" }
        address = "help@example.com"
        [addresses]
        wildcard = "help+{key}@example.com"
        [web]
        listen = ["127.0.0.1:8080"]
    "#;

    fn changes(before: &str, after: &str) -> Vec<String> {
        let parse = |text: &str| Config::parse(text, Path::new("test.toml")).unwrap();
        parse(before).changes(&parse(after))
    }

    #[test]
    fn changed_new_and_removed_settings_are_named_each_by_itself() {
        assert_eq!(changes(BEFORE, BEFORE), Vec::<String>::new());
        let after = BEFORE
            .replace("8080", "8081")
            .replace("{ credential = \"mail-password\" }", "{ file = \"password\" }")
            .replace("[addresses]", "[limits]\nmax_mail_bytes = 5\n[addresses]\nreply_to = \"plain\"");
        let named = ["addresses.reply_to", "limits.max_mail_bytes", "mail.password", "web.listen"];
        assert_eq!(changes(BEFORE, &after), named);
        assert_eq!(changes(&after, BEFORE), named, "and the other way round");
        let parse = |text: &str| Config::parse(text, Path::new("test.toml")).unwrap();
        let (mut running, after) = (parse(BEFORE), parse(&after));
        running.take_from(&after, &["limits.max_mail_bytes".to_owned()]);
        assert_eq!(running.changes(&after), ["addresses.reply_to", "mail.password", "web.listen"]);
        running.take_from(&parse(BEFORE), &["limits.max_mail_bytes".to_owned()]);
        assert_eq!(running.changes(&parse(BEFORE)), Vec::<String>::new());
    }
}
