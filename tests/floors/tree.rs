//! The tree of modules, read as the compiler reads it: from `lib.rs` through every `mod`.

use std::fs;
use std::path::{Path, PathBuf};

use syn::{File, Item};

use crate::paths::is_for_tests;

/// One file that is compiled into the library.
pub struct Source {
    pub path: PathBuf,
    /// `["mail", "body"]` for `src/mail/body.rs`.
    pub module: Vec<String>,
    pub code: File,
}

/// The library, without what is compiled for tests only.
#[derive(Default)]
pub struct Tree {
    /// The modules of `lib.rs`, in its order.
    pub floors: Vec<String>,
    pub files: Vec<Source>,
    /// Files that are compiled for tests only.
    pub tests: Vec<PathBuf>,
}

impl Tree {
    pub fn read(src: &Path) -> Self {
        let mut tree = Self::default();
        let root = parse(&src.join("lib.rs"));
        tree.floors = root
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Mod(item) if !is_for_tests(&item.attrs) => Some(item.ident.to_string()),
                _ => None,
            })
            .collect();
        tree.take_children(src, &[], &root.items, false);
        tree
    }

    fn take_children(&mut self, dir: &Path, module: &[String], items: &[Item], for_tests: bool) {
        for item in items {
            let Item::Mod(item) = item else { continue };
            assert!(
                !item.attrs.iter().any(|a| a.path().is_ident("path")),
                "{module:?} hides a file by #[path]"
            );
            let for_tests = for_tests || is_for_tests(&item.attrs);
            let name = item.ident.to_string();
            let child = [module, std::slice::from_ref(&name)].concat();
            match &item.content {
                Some((_, items)) => self.take_children(&dir.join(name), &child, items, for_tests),
                None => self.take_file(&dir.join(name), &child, for_tests),
            }
        }
    }

    fn take_file(&mut self, dir: &Path, module: &[String], for_tests: bool) {
        let flat = dir.with_extension("rs");
        let path = if flat.exists() { flat } else { dir.join("mod.rs") };
        let code = parse(&path);
        self.take_children(dir, module, &code.items, for_tests);
        if for_tests {
            self.tests.push(path);
        } else {
            self.files.push(Source { path, module: module.to_vec(), code });
        }
    }
}

/// Every Rust file in a folder and below it.
pub fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

fn parse(path: &Path) -> File {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
