//! A progress bar at standard error, only where somebody looks on.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar; nothing where standard error is no terminal. It goes away when it is dropped.
pub(in crate::cli) struct Bar(Option<ProgressBar>);

impl Bar {
    /// A bar of octets.
    pub(in crate::cli) fn new(what: &'static str) -> Self {
        Self::of(what, "{prefix} {bar:30} {bytes}/{total_bytes} {eta}")
    }

    /// A count of which nobody knows the end.
    pub(in crate::cli) fn spinner(what: &'static str) -> Self {
        Self::of(what, "{prefix} {spinner} {human_pos}")
    }

    fn of(what: &'static str, template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        Self(Some(ProgressBar::no_length().with_style(style).with_prefix(what)))
    }

    pub(in crate::cli) fn set(&self, done: u64, total: Option<u64>) {
        let Some(bar) = &self.0 else { return };
        if let Some(total) = total {
            bar.set_length(total);
        }
        bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
