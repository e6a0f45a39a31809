//! Where a theme's files come from: compiled in, and a folder over them.
#![allow(clippy::disallowed_methods, reason = "a theme's folder is read here, once, at the start")]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rust_embed::RustEmbed;

use super::ThemeError;

#[derive(RustEmbed)]
#[folder = "themes/postdesk/"]
struct Embedded;

/// Larger files are no part of a theme.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Every file by its name within the theme, those of `folder` in place of the compiled in.
pub(super) fn all(folder: Option<&Path>) -> Result<BTreeMap<String, Cow<'static, [u8]>>, ThemeError> {
    let mut files: BTreeMap<String, Cow<'static, [u8]>> = Embedded::iter()
        .filter_map(|name| Embedded::get(&name).map(|file| (name.into_owned(), file.data)))
        .collect();
    if let Some(folder) = folder {
        walk(folder, "", &mut files)?;
    }
    Ok(files)
}

fn walk(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, Cow<'static, [u8]>>,
) -> Result<(), ThemeError> {
    let read = |source| ThemeError::Read { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        let within = format!("{prefix}{name}");
        let about = fs::metadata(&path).map_err(|source| ThemeError::Read { path: path.clone(), source })?;
        if about.is_dir() {
            walk(&path, &format!("{within}/"), files)?;
        } else if about.len() <= MAX_FILE {
            let content = fs::read(&path).map_err(|source| ThemeError::Read { path, source })?;
            files.insert(within, Cow::Owned(content));
        }
    }
    Ok(())
}
