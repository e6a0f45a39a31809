//! Files in memory, for simulations: they can fail, and they can lose power.

use std::collections::BTreeMap;
use std::io::{Cursor, Error, ErrorKind, Read, Result};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::files::{Files, Opened};

/// A file system in memory. Clones are the same one. It is stricter than a real one: an entry of a
/// folder may be lost until that folder was synced, and contents until the file was.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(Arc<Mutex<Tree>>);

#[derive(Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    /// Folders and files, by path.
    entries: BTreeMap<PathBuf, usize>,
    /// What is certain to outlive a loss of power.
    synced: BTreeMap<PathBuf, usize>,
    /// Entries that came (`Some`) or went since their folder was last synced, in order.
    unsynced: Vec<(PathBuf, Option<usize>)>,
    trouble: Option<ErrorKind>,
    /// How many operations are still to succeed before `trouble` begins.
    spared: u64,
}

#[derive(Clone, Debug)]
struct Node {
    is_folder: bool,
    octets: Vec<u8>,
    synced: bool,
    modified: SystemTime,
}

impl MemoryFiles {
    /// An empty file system with this folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        let mut tree = Tree::default();
        let id = tree.add(Node::folder());
        tree.entries.insert(root.to_owned(), id);
        tree.synced.insert(root.to_owned(), id);
        Self(Arc::new(Mutex::new(tree)))
    }

    /// From now on every change fails like this; `None` heals the disk.
    pub fn set_trouble(&self, trouble: Option<ErrorKind>) {
        let mut tree = self.tree();
        tree.trouble = trouble;
        tree.spared = 0;
    }

    /// As [`MemoryFiles::set_trouble`], after so many operations more.
    pub fn set_trouble_after(&self, operations: u64, trouble: ErrorKind) {
        let mut tree = self.tree();
        tree.trouble = Some(trouble);
        tree.spared = operations;
    }

    /// The files as a loss of power could leave them: what was synced; of the entries since then
    /// those that `kept` picks by their place; and a file that was not synced, cut short.
    #[must_use]
    pub fn after_power_loss(&self, kept: impl Fn(usize) -> bool) -> Self {
        let tree = self.tree();
        let mut entries = tree.synced.clone();
        for (_, (path, node)) in tree.unsynced.iter().enumerate().filter(|(place, _)| kept(*place)) {
            match node {
                Some(node) => entries.insert(path.clone(), *node),
                None => entries.remove(path),
            };
        }
        // What lies in a folder that is gone is gone as well.
        let folders = entries.clone();
        entries.retain(|path, _| {
            let parent = path.parent().unwrap_or(path);
            tree.roots().any(|root| root == path) || folders.contains_key(parent)
        });
        let mut nodes = tree.nodes.clone();
        for (at, node) in nodes.iter_mut().enumerate().filter(|(_, node)| !node.synced) {
            let left = if kept(at) { node.octets.len() / 2 } else { 0 };
            node.octets.truncate(left);
            node.synced = true;
        }
        let left = Tree { nodes, synced: entries.clone(), entries, ..Tree::default() };
        Self(Arc::new(Mutex::new(left)))
    }

    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Node {
    fn folder() -> Self {
        Self { is_folder: true, octets: Vec::new(), synced: true, modified: SystemTime::UNIX_EPOCH }
    }
}

impl Tree {
    fn add(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The folder that the file system was made with.
    fn roots(&self) -> impl Iterator<Item = &PathBuf> {
        self.synced.keys().take(1)
    }

    fn check(&mut self) -> Result<()> {
        match (self.trouble, self.spared.checked_sub(1)) {
            (None, _) => Ok(()),
            (Some(_), Some(spared)) => {
                self.spared = spared;
                Ok(())
            }
            (Some(kind), None) => Err(Error::from(kind)),
        }
    }

    fn find(&self, path: &Path) -> Result<usize> {
        self.entries.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn node(&mut self, path: &Path) -> Result<&mut Node> {
        let id = self.find(path)?;
        self.nodes.get_mut(id).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// A new entry, in a folder that is there.
    fn enter(&mut self, path: &Path, node: Node) -> Result<usize> {
        self.find(path.parent().unwrap_or(path))?;
        if self.entries.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let id = self.add(node);
        self.entries.insert(path.to_owned(), id);
        self.unsynced.push((path.to_owned(), Some(id)));
        Ok(id)
    }

    fn leave(&mut self, path: &Path) -> Result<usize> {
        let id = self.find(path)?;
        self.entries.remove(path);
        self.unsynced.push((path.to_owned(), None));
        Ok(id)
    }
}

struct MemoryFile {
    files: MemoryFiles,
    node: usize,
}

impl Opened for MemoryFile {
    fn sync(&self) -> Result<()> {
        let mut tree = self.files.tree();
        tree.check()?;
        if let Some(node) = tree.nodes.get_mut(self.node) {
            node.synced = true;
        }
        Ok(())
    }
}

impl Files for MemoryFiles {
    fn make_folder(&self, folder: &Path) -> Result<()> {
        let mut tree = self.tree();
        if tree.entries.contains_key(folder) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        tree.check()?;
        tree.enter(folder, Node::folder()).map(drop)
    }

    fn sync_folder(&self, folder: &Path) -> Result<()> {
        let mut tree = self.tree();
        tree.check()?;
        let (now, later) = std::mem::take(&mut tree.unsynced)
            .into_iter()
            .partition(|(path, _)| path.parent() == Some(folder));
        tree.unsynced = later;
        let now: Vec<(PathBuf, Option<usize>)> = now;
        for (path, node) in now {
            match node {
                Some(node) => tree.synced.insert(path, node),
                None => tree.synced.remove(&path),
            };
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        let tree = self.tree();
        tree.find(folder)?;
        Ok(tree.entries.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn create(&self, path: &Path, octets: &[u8], modified: SystemTime) -> Result<Box<dyn Opened>> {
        let mut tree = self.tree();
        tree.check()?;
        let node = Node { is_folder: false, octets: octets.to_vec(), synced: false, modified };
        let node = tree.enter(path, node)?;
        Ok(Box::new(MemoryFile { files: self.clone(), node }))
    }

    fn renew(&self, path: &Path, modified: SystemTime) -> Result<Box<dyn Opened>> {
        let mut tree = self.tree();
        let id = tree.find(path)?;
        tree.check()?;
        tree.node(path)?.modified = modified;
        Ok(Box::new(MemoryFile { files: self.clone(), node: id }))
    }

    fn read(&self, path: &Path) -> Result<Box<dyn Read>> {
        Ok(Box::new(Cursor::new(self.tree().node(path)?.octets.clone())))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        let mut tree = self.tree();
        tree.check()?;
        tree.find(to.parent().unwrap_or(to))?;
        let id = tree.leave(from)?;
        tree.entries.insert(to.to_owned(), id);
        tree.unsynced.push((to.to_owned(), Some(id)));
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        let mut tree = self.tree();
        tree.find(path)?;
        tree.check()?;
        tree.leave(path).map(drop)
    }

    fn modified(&self, path: &Path) -> Result<SystemTime> {
        Ok(self.tree().node(path)?.modified)
    }

    fn size(&self, path: &Path) -> Result<u64> {
        Ok(self.tree().node(path)?.octets.len() as u64)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.tree().node(path).is_ok_and(|node| !node.is_folder)
    }
}
