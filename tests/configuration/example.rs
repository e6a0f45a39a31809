//! The example file: every setting, those commented out that may be left away.

use super::source::{Setting, Table};

const HEAD: &str = "\
# The configuration of Postdesk: /etc/postdesk/postdesk.toml
#
# What is commented out may be left away; what then holds is said there, or is what the line shows.
# Passwords do not stand in this file: it says where they are, { file = \"…\" }, { env = \"…\" } or
# { credential = \"…\" } (systemd). Paths start at this file's folder. `postdesk check` tries it all.
";
const WIDTH: usize = 100;

pub fn write(tables: &[Table]) -> String {
    let mut text = HEAD.to_owned();
    for table in tables {
        text.push('\n');
        if !table.name.is_empty() {
            paragraphs(&mut text, &table.docs);
            let mark = if table.stands() { "" } else { "#" };
            text.push_str(&format!("{mark}[{}]\n", table.name));
        }
        for setting in &table.settings {
            write_setting(&mut text, setting, table.stands());
        }
    }
    text
}

fn write_setting(text: &mut String, setting: &Setting, stands: bool) {
    paragraphs(text, &setting.docs);
    for (word, docs) in &setting.words {
        let docs = docs.join(" ");
        wrap(text, "# ", &format!("- {word}: {docs}"));
    }
    if !(setting.set && stands) {
        text.push('#');
    }
    text.push_str(&setting.line);
    text.push('\n');
}

fn paragraphs(text: &mut String, paragraphs: &[String]) {
    for paragraph in paragraphs {
        wrap(text, "# ", paragraph);
    }
}

/// Lines of at most [`WIDTH`] columns that begin with `before`.
pub fn wrap(text: &mut String, before: &str, paragraph: &str) {
    wrap_to(text, before, paragraph, WIDTH);
}

pub fn wrap_to(text: &mut String, before: &str, paragraph: &str, width: usize) {
    let mut line = before.trim_end().to_owned();
    for word in paragraph.split_whitespace() {
        let fits = line.chars().count() + 1 + word.chars().count() <= width;
        if !fits {
            text.push_str(&line);
            text.push('\n');
            before.trim_end().clone_into(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
