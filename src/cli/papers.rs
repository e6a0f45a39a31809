//! What a package carries beside the program: manual pages, and completions for shells. Both follow
//! from the arguments as clap knows them.
#![allow(clippy::disallowed_methods, reason = "the pages are written where the command says")]

use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Args;

/// Writes a page for the program and one for each of its commands, such as `postdesk-run.1`.
pub(super) fn man(folder: &Path) -> Result<(), String> {
    let written = |error| format!("{} cannot be written: {error}", folder.display());
    std::fs::create_dir_all(folder).map_err(written)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(written)
}

/// Prints what this shell needs.
pub(super) fn completions(shell: Shell) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "postdesk", &mut text);
    std::io::stdout().write_all(&text).map_err(|error| format!("standard output fails: {error}"))
}
