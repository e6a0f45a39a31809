//! The page about the configuration: every setting with what it is for.

use super::example::wrap_to;
use super::source::{Setting, Table};

const HEAD: &str = "\
# Configuration

One TOML file says what the operator decides: `/etc/postdesk/postdesk.toml`, or what `--config` or
`POSTDESK_CONFIG` names. [postdesk setup](setup.md) writes it, and [the example](../packaging/postdesk.toml) has every
setting. What is edited on a page of the tracker does not stand in it.

- A setting that Postdesk does not know is refused, with its line. `postdesk check` tries the whole file.
- Paths that do not begin with `/` start at the file's folder.
- A secret does not stand in the file. It is named: `{ file = \"…\" }`, `{ env = \"…\" }`, or
  `{ credential = \"…\" }` for one of systemd's (`LoadCredential=`, also encrypted).

This page is made of the documentation in `src/config`.
";
const WIDTH: usize = 120;

pub fn write(tables: &[Table]) -> String {
    let mut text = HEAD.to_owned();
    for table in tables {
        if table.name.is_empty() {
            text.push_str("\n## At the top\n");
        } else {
            text.push_str(&format!("\n## [{}]\n", table.name));
        }
        paragraphs(&mut text, &table.docs);
        if table.optional {
            text.push_str("\nThe whole table may be left away.\n");
        }
        for setting in &table.settings {
            write_setting(&mut text, &table.full(setting), setting);
        }
    }
    text
}

fn write_setting(text: &mut String, name: &str, setting: &Setting) {
    text.push_str(&format!("\n### {name}\n"));
    paragraphs(text, &setting.docs);
    if !setting.words.is_empty() {
        text.push('\n');
    }
    for (word, docs) in &setting.words {
        let mut item = String::new();
        wrap_to(&mut item, "", &format!("- `{word}`: {}", docs.join(" ")), WIDTH - 2);
        text.push_str(&item.trim_end().replace('\n', "\n  "));
        text.push('\n');
    }
    let what = match (setting.required, setting.is_default) {
        (true, _) => "Required",
        (_, true) => "Default",
        _ => "Such as",
    };
    text.push_str(&format!("\n{what}: `{}`\n", setting.line));
}

fn paragraphs(text: &mut String, paragraphs: &[String]) {
    for paragraph in paragraphs {
        text.push('\n');
        wrap_to(text, "", paragraph, WIDTH);
    }
}
