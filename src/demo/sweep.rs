//! The folders of demos that were killed and could not remove them: the next demo does.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::store::StorePath;

/// What the name of a demo's folder begins with.
pub(super) const PREFIX: &str = "postdesk-demo-";
/// The data folder in it.
pub(super) const DATA: &str = "data";

/// Removes what dead demos of this user left beside a demo's folder. What cannot be removed stays: it
/// is in nobody's way.
pub(super) fn sweep(own: &Path) -> io::Result<()> {
    let user = std::fs::metadata(own)?.uid();
    for entry in own.parent().unwrap_or(own).read_dir()?.flatten() {
        let (path, named) = (entry.path(), entry.file_name().to_string_lossy().starts_with(PREFIX));
        // Others may make folders of this name, too.
        let is_ours = || entry.metadata().is_ok_and(|about| about.is_dir() && about.uid() == user);
        if named && is_ours() {
            // A demo that runs, or is just starting, keeps its own.
            if let Some(_locked) = StorePath::new(path.join(DATA)).abandoned() {
                let _ = std::fs::remove_dir_all(path);
            }
        }
    }
    Ok(())
}
