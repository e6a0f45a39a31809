//! A disk in memory, for tests and simulations: it can be full, it can fail, and it can lose power.

use std::collections::BTreeSet;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

use super::Reserve;

/// A disk whose octets live in memory. Clones are the same disk, so a database that is opened
/// anew on a clone finds what was written before.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<Platter>>);

#[derive(Default)]
struct Platter {
    /// What reading gives.
    octets: Vec<u8>,
    /// What is certain to outlive a loss of power.
    synced: Vec<u8>,
    /// What was written since the last sync, in order.
    unsynced: Vec<(usize, Vec<u8>)>,
    /// Blocks that were ever written: as in a sparse file, only these have room on a full disk.
    allocated: BTreeSet<usize>,
    trouble: Option<ErrorKind>,
    /// How many operations are still to succeed before `trouble` begins.
    spared: u64,
    /// New blocks that a full disk still has, because the reserve was given free.
    given: usize,
    /// Whether the reserve is held.
    held: bool,
    syncs: u64,
}

impl std::fmt::Debug for Platter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platter").field("octets", &self.octets.len()).finish_non_exhaustive()
    }
}

impl MemoryDisk {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on every write fails like this; `None` heals the disk. On a disk with
    /// `StorageFull` only what needs a new block fails, as on a real one.
    pub fn set_trouble(&self, trouble: Option<ErrorKind>) {
        let mut platter = self.platter();
        platter.trouble = trouble;
        platter.spared = 0;
    }

    /// As [`MemoryDisk::set_trouble`], after so many operations more.
    pub fn set_trouble_after(&self, operations: u64, trouble: ErrorKind) {
        let mut platter = self.platter();
        platter.trouble = Some(trouble);
        platter.spared = operations;
    }

    /// How often the disk was synced: at least once for every commit.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.platter().syncs
    }

    /// The disk as a loss of power could leave it: what was synced, and of the writes since then
    /// those that `kept` picks by their place.
    #[must_use]
    pub fn after_power_loss(&self, kept: impl Fn(usize) -> bool) -> Self {
        let platter = self.platter();
        let mut octets = platter.synced.clone();
        for (_, (offset, written)) in platter.unsynced.iter().enumerate().filter(|(place, _)| kept(*place)) {
            put(&mut octets, *offset, written);
        }
        let left = Platter { octets: octets.clone(), synced: octets, ..Platter::default() };
        Self(Arc::new(Mutex::new(left)))
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(octets: &mut Vec<u8>, offset: usize, written: &[u8]) {
    let end = offset.saturating_add(written.len());
    if octets.len() < end {
        resize(octets, end);
    }
    if let Some(place) = octets.get_mut(offset..end) {
        place.copy_from_slice(written);
    }
}

/// As `Vec::resize`, which without optimisation fills octet by octet.
fn resize(octets: &mut Vec<u8>, len: usize) {
    octets.truncate(len);
    let missing = len.saturating_sub(octets.len());
    octets.append(&mut vec![0; missing]);
}

fn place(offset: u64) -> Result<usize> {
    usize::try_from(offset).map_err(|_| Error::from(ErrorKind::InvalidInput))
}

/// The size of a block of the disk.
const BLOCK: usize = 4096;

fn blocks(offset: usize, len: usize) -> impl Iterator<Item = usize> {
    let end = offset.saturating_add(len).div_ceil(BLOCK);
    (offset / BLOCK)..end
}

impl Platter {
    /// Whether an operation on these octets is to succeed.
    fn check(&mut self, offset: usize, len: usize) -> Result<()> {
        let new = blocks(offset, len).filter(|block| !self.allocated.contains(block)).count();
        if self.trouble == Some(ErrorKind::StorageFull) && new <= self.given {
            self.given -= new;
            return Ok(());
        }
        match (self.trouble, self.spared.checked_sub(1)) {
            (None, _) => Ok(()),
            (Some(_), Some(spared)) => {
                self.spared = spared;
                Ok(())
            }
            (Some(kind), None) => Err(Error::from(kind)),
        }
    }
}

/// The blocks that the reserve of a disk in memory takes up: 8 MiB.
const RESERVED: usize = 2048;

impl Reserve for MemoryDisk {
    fn release(&self) -> bool {
        let mut platter = self.platter();
        let was_held = std::mem::take(&mut platter.held);
        if was_held {
            platter.given = RESERVED;
        }
        was_held
    }

    fn hold(&self) -> bool {
        let mut platter = self.platter();
        if platter.trouble == Some(ErrorKind::StorageFull) {
            return false;
        }
        platter.held = true;
        platter.given = 0;
        true
    }
}

impl StorageBackend for MemoryDisk {
    fn len(&self) -> Result<u64> {
        Ok(self.platter().octets.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let platter = self.platter();
        let from = place(offset)?;
        let found = platter.octets.get(from..from.saturating_add(out.len()));
        out.copy_from_slice(found.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<()> {
        let mut platter = self.platter();
        platter.check(0, 0)?;
        let len = place(len)?;
        resize(&mut platter.octets, len);
        // A file's length is taken for durable at once; redb syncs after it anyway.
        resize(&mut platter.synced, len);
        Ok(())
    }

    fn sync_data(&self) -> Result<()> {
        let mut platter = self.platter();
        platter.check(0, 0)?;
        platter.syncs += 1;
        for (offset, written) in std::mem::take(&mut platter.unsynced) {
            put(&mut platter.synced, offset, &written);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let mut platter = self.platter();
        let offset = place(offset)?;
        platter.check(offset, data.len())?;
        platter.allocated.extend(blocks(offset, data.len()));
        put(&mut platter.octets, offset, data);
        platter.unsynced.push((offset, data.to_vec()));
        Ok(())
    }
}
