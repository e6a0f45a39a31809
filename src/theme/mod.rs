//! Templates: letters and pages, each with a typed context.
//!
//! A theme is a folder `themes/<theme>/` with `mail/<language>/<letter>/{subject.txt,body.txt,body.html}`,
//! `pages/`, `parts/` and `static/`. The one that ships is compiled in; a folder may replace single
//! files of it. A name that a template uses and the context lacks is an error, never an empty
//! place, and a template that runs away is stopped by its fuel. Nothing here panics.

mod assets;
mod files;
mod functions;
mod html;
mod letter;
pub mod page;
mod rehearsal;
pub(crate) mod samples;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use thiserror::Error;

pub use assets::Asset;
pub use functions::{age_text, octets_text};
pub use html::Html;
pub use letter::{
    AccountLetter, ClosedLetter, CommentLetter, ConfirmationLetter, Letter, NoticeLetter, NoticeWays,
    ParticipantAddedLetter, Rendered,
};
pub use page::{Frame, Page};

use assets::Assets;

/// What one template may cost. A ticket of 200 entries takes about 60,000 steps.
const FUEL: u64 = 2_000_000;

/// Why a theme cannot be used, or a template of it not be rendered.
#[derive(Debug, Error)]
pub enum ThemeError {
    #[error("the theme's file {} cannot be read: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("the template {name} is not well formed: {}", trouble(source))]
    Syntax { name: String, source: minijinja::Error },
    #[error("the template {name} cannot be rendered: {}", trouble(source))]
    Render { name: String, source: minijinja::Error },
}

/// What minijinja says, with the place, on one line.
fn trouble(error: &minijinja::Error) -> String {
    let place = match (error.name(), error.line()) {
        (Some(name), Some(line)) => format!(" ({name}, line {line})"),
        _ => String::new(),
    };
    match error.detail() {
        Some(detail) => format!("{}: {detail}{place}", error.kind()),
        None => format!("{}{place}", error.kind()),
    }
}

/// A loaded theme. Cheap to clone.
#[derive(Clone)]
pub struct Theme(Arc<Inner>);

struct Inner {
    environment: Environment<'static>,
    assets: Assets,
}

impl Theme {
    /// Loads the theme that is compiled in, with the files of `folder` in place of its own where
    /// there are any. Times are shown in `zone`.
    ///
    /// # Errors
    /// A file that cannot be read, or a template that is not well formed.
    pub fn load(folder: Option<&Path>, zone: TimeZone) -> Result<Self, ThemeError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        environment.set_formatter(html::format);
        let mut assets = Assets::default();
        for (name, content) in files::all(folder)? {
            if let Some(name) = name.strip_prefix("static/") {
                assets.add(name, content);
            } else {
                let source = String::from_utf8_lossy(&content).into_owned();
                let result = environment.add_template_owned(name.clone(), source);
                result.map_err(|source| ThemeError::Syntax { name, source })?;
            }
        }
        functions::add(&mut environment, &assets, zone);
        Ok(Self(Arc::new(Inner { environment, assets })))
    }

    /// Renders one letter in a language; English where the theme has no such language.
    ///
    /// # Errors
    /// A template of it that fails.
    pub fn letter(&self, language: &str, letter: &Letter) -> Result<Rendered, ThemeError> {
        let value = letter.context();
        let has = |language: &str| {
            let name = format!("mail/{language}/{}/body.txt", letter.name());
            self.0.environment.get_template(&name).is_ok()
        };
        let language = if has(language) { language } else { "en" };
        let render =
            |file: &str| self.render(&format!("mail/{language}/{}/{file}", letter.name()), value.clone());
        // A subject is one line (RFC 5322 §2.2.3), whatever the template's file ends with.
        let subject = render("subject.txt")?.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut text = render("body.txt")?;
        text.truncate(text.trim_end().len());
        text.push('\n');
        Ok(Rendered { subject, text, html: render("body.html")? })
    }

    /// Renders one page within its frame.
    ///
    /// # Errors
    /// A template of it that fails.
    pub fn page<P: Page>(&self, frame: &Frame, page: &P) -> Result<String, ThemeError> {
        self.render(
            &format!("pages/{}.html", P::NAME),
            context! { frame => Serde(frame), page => Serde(page), now => Serde(frame.now) },
        )
    }

    /// A static file by the name that carries its hash, as [`Theme::asset_href`] made it.
    #[must_use]
    pub fn asset(&self, hashed: &str) -> Option<&Asset> {
        self.0.assets.get(hashed)
    }

    /// Where a page finds a static file; `None` where the theme has no such file.
    #[must_use]
    pub fn asset_href(&self, name: &str) -> Option<&str> {
        self.0.assets.href(name)
    }

    /// The names of all templates, for `check` and the tests.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.0.environment.templates().map(|(name, _)| name)
    }

    fn render(&self, name: &str, context: minijinja::Value) -> Result<String, ThemeError> {
        self.0
            .environment
            .get_template(name)
            .and_then(|template| template.render(context))
            .map_err(|source| ThemeError::Render { name: name.to_owned(), source })
    }
}
