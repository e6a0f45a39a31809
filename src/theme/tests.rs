//! Every template is rendered, and every template is used.
#![allow(clippy::disallowed_methods, reason = "a test writes a theme folder")]

use std::collections::BTreeSet;

use super::page::NoticePage;
use super::*;

fn theme() -> Theme {
    Theme::load(None, TimeZone::UTC).unwrap()
}

/// All pages with all their branches, by a name for failures.
fn rendered() -> Vec<(String, String)> {
    let all = theme().rehearse_pages();
    all.into_iter()
        .map(|(name, page)| (name.to_owned(), page.unwrap_or_else(|e| panic!("{name}: {e}"))))
        .collect()
}

#[test]
fn every_page_renders_without_an_empty_place() {
    for (name, page) in rendered() {
        assert!(page.ends_with("</html>") || page.ends_with("</html>\n"), "{name} is cut");
        for bad in ["undefined", "None", ">none<", "{{", "{%", "<script>"] {
            assert!(!page.contains(bad), "{name} has {bad}");
        }
    }
}

#[test]
fn pages_keep_to_the_content_security_policy() {
    for (name, page) in rendered() {
        for bad in ["style=", "<style", "<script", " onclick", "javascript:", "src=\"http", "url(http"] {
            assert!(!page.contains(bad), "{name} has {bad}");
        }
    }
}

#[test]
fn every_form_that_posts_carries_the_token_and_an_id_of_its_own() {
    for (name, page) in rendered() {
        let mut ids = BTreeSet::new();
        for form in page.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            if !form.contains("method=\"post\"") || form.contains("action=\"/u/") {
                continue;
            }
            assert!(form.contains("name=\"csrf\" value=\"csrf-token\""), "{name} has a form without token");
            let id =
                form.split("name=\"form\" value=\"").nth(1).expect("a form id").split('"').next().unwrap();
            assert!(crate::tracker::FormId::parse(id).is_some(), "{id} of {name} is no form id");
            assert!(ids.insert(id.to_owned()), "{name} has two forms with the id {id}");
        }
    }
}

#[test]
fn elements_that_refer_to_each_other_exist_once() {
    for (name, page) in rendered() {
        let all: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let ids: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), ids.len(), "{name} has an id twice");
        for mark in ["for=\"", "aria-labelledby=\"", "aria-describedby=\"", "popovertarget=\"", "href=\"#"] {
            for target in page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
                assert!(ids.contains(target), "{name} refers to {target} by {mark}");
            }
        }
        assert_eq!(page.matches("<h1").count(), 1, "{name} has one h1");
    }
}

/// What a screen reader says: every field has a label, a name holds what is seen (WCAG 2.5.3), and
/// elements without a role have no name of their own.
#[test]
fn every_page_can_be_used_without_seeing_it() {
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?;
        value.split('"').next().map(str::to_owned)
    };
    for (name, page) in rendered() {
        assert!(page.contains("<html lang=\""), "{name} has no language");
        let title = page.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
        assert!(title.is_some_and(|title| !title.trim().is_empty()), "{name} has no title");
        for tag in ["<input", "<select", "<textarea"].iter().flat_map(|start| page.split(start).skip(1)) {
            let tag = tag.split('>').next().unwrap();
            let kind = attribute(tag, "type");
            if matches!(kind.as_deref(), Some("hidden" | "radio")) || tag.contains("aria-hidden") {
                continue;
            }
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("{name}: {tag} has no id"));
            assert!(page.contains(&format!(" for=\"{id}\"")), "{name}: {id} has no label");
        }
        for tag in ["<span", "<div", "<p"].iter().flat_map(|start| page.split(start).skip(1)) {
            let tag = tag.split('>').next().unwrap();
            assert!(!tag.contains(" aria-label=") || tag.contains(" role="), "{name}: {tag}");
        }
        for button in page.split("<button").skip(1) {
            let (tag, rest) = button.split_once('>').unwrap();
            let seen = rest.split('<').next().unwrap().trim();
            if let Some(said) = attribute(tag, "aria-label") {
                assert!(said.contains(seen), "{name} shows {seen} and says {said}");
            }
        }
    }
}

#[test]
fn letters_render_and_never_break_a_line_of_the_subject() {
    let theme = theme();
    let [confirmation, comment, ..] = samples::letters();
    let rendered = theme.letter("en", &confirmation).unwrap();
    assert_eq!(rendered.subject, "Re: Quote for 240 seats Bcc: a@b.example (#422)");
    assert!(rendered.text.contains("\n-- \nacme/web#422\n"), "{}", rendered.text);
    assert!(rendered.text.ends_with("\nhttps://desk.acme.example/u/abc\n"), "{}", rendered.text);
    assert!(rendered.html.contains("href=\"https://desk.acme.example/u/abc\""), "{}", rendered.html);
    let rendered = theme.letter("tlh", &comment).unwrap();
    assert_eq!(rendered.subject, "Re: Rechnung <b> (#412)");
    assert!(rendered.html.contains("<title>AW: Rechnung &lt;b&gt;</title>"));
    assert!(rendered.html.contains("<p>Guten Tag Frau Weber,</p>"));
    assert!(!rendered.html.contains("Stop mails"));
    assert!(
        rendered.text.ends_with("\n-- \nJane Okafor, Acme Support, acme/web#412\nJust reply to this mail.\n")
    );
}

#[test]
fn a_confirmation_without_the_subject_is_neutral() {
    let [Letter::Confirmation(mut letter), ..] = samples::letters() else { panic!("order") };
    letter.subject = None;
    let rendered = theme().letter("en", &Letter::Confirmation(letter)).unwrap();
    assert_eq!(rendered.subject, "Your request has the number #422");
    assert!(!rendered.html.contains("Quote") && !rendered.text.contains("Quote"));
}

/// A template that nothing renders, extends, includes or imports is dead.
#[test]
fn no_template_is_dead() {
    let theme = theme();
    let mut used: BTreeSet<String> =
        super::page::NAMES.iter().map(|name| format!("pages/{name}.html")).collect();
    for letter in samples::letters() {
        used.extend(
            ["subject.txt", "body.txt", "body.html"].map(|f| format!("mail/en/{}/{f}", letter.name())),
        );
    }
    // The page of the demo's mailbox has its content in `demo::webmail`, whose tests render it.
    used.insert("pages/demo/mailbox.html".to_owned());
    used.extend(["comment", "automatic", "unverified", "event"].map(|kind| format!("parts/{kind}.html")));
    let names: BTreeSet<String> = theme.templates().map(str::to_owned).collect();
    for name in &names {
        let template = theme.0.environment.get_template(name).unwrap();
        used.extend(
            names.iter().filter(|other| template.source().contains(&format!("\"{other}\""))).cloned(),
        );
    }
    assert_eq!(names.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "dead");
    assert_eq!(used.difference(&names).collect::<Vec<_>>(), Vec::<&String>::new(), "missing");
}

#[test]
fn no_template_switches_escaping_off() {
    let theme = theme();
    for (name, template) in theme.0.environment.templates() {
        for bad in ["|safe", "| safe", "autoescape"] {
            assert!(!template.source().contains(bad), "{name} has {bad}");
        }
    }
}

#[test]
fn icons_that_are_used_are_drawn_and_the_other_way_round() {
    let pages: String = rendered().into_iter().map(|(_, page)| page).collect();
    let drawn: BTreeSet<&str> =
        pages.split("<symbol id=\"i-").skip(1).filter_map(|s| s.split('"').next()).collect();
    let used: BTreeSet<&str> =
        pages.split("<use href=\"#i-").skip(1).filter_map(|s| s.split('"').next()).collect();
    let missing: Vec<_> = used.difference(&drawn).collect();
    assert!(missing.is_empty(), "not drawn: {missing:?}");
}

#[test]
fn a_folder_replaces_single_files_and_its_faults_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("pages")).unwrap();
    let page = folder.path().join("pages/notice.html");
    std::fs::write(&page, "own: {{ page.title }}").unwrap();
    let notice = NoticePage { title: "T".into(), text: String::new(), sign_in: true };
    let theme = Theme::load(Some(folder.path()), TimeZone::UTC).unwrap();
    assert_eq!(theme.page(&samples::frame(), &notice).unwrap(), "own: T");

    std::fs::write(&page, "{{ page.titel }}").unwrap();
    let theme = Theme::load(Some(folder.path()), TimeZone::UTC).unwrap();
    let error = theme.page(&samples::frame(), &notice).unwrap_err().to_string();
    assert!(error.contains("pages/notice.html, line 1"), "{error}");

    std::fs::write(&page, "{% for i in range(1000) %}{% for j in range(9999) %}{% endfor %}{% endfor %}")
        .unwrap();
    let theme = Theme::load(Some(folder.path()), TimeZone::UTC).unwrap();
    let error = theme.page(&samples::frame(), &notice).unwrap_err().to_string();
    assert!(error.contains("fuel"), "{error}");

    std::fs::write(&page, "{% if %}").unwrap();
    assert!(matches!(Theme::load(Some(folder.path()), TimeZone::UTC), Err(ThemeError::Syntax { .. })));
    assert!(matches!(
        Theme::load(Some(&folder.path().join("none")), TimeZone::UTC),
        Err(ThemeError::Read { .. })
    ));
}

#[test]
fn static_files_carry_their_hash() {
    let theme = theme();
    let href = theme.asset_href("postdesk.css").unwrap();
    let hashed = href.strip_prefix(assets::ROOT).unwrap();
    assert_eq!(theme.asset(hashed).unwrap().content_type, "text/css; charset=utf-8");
    assert!(theme.asset("postdesk.css").is_none());
}
