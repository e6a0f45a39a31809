//! The seal at the very end of a backup: a frame that zstd passes over (RFC 8878 §3.1.2), with the
//! BLAKE3 of every octet before it. Packed data has octets that change nothing of what is unpacked;
//! with the seal a change of any of them is found.

use std::io::{self, Read, Write};

/// A skippable frame's magic number, little-endian, and the length of what follows.
const MAGIC: [u8; 4] = 0x184D_2A50_u32.to_le_bytes();
const NAME: &[u8; 16] = b"postdesk backup1";
const SUM: usize = blake3::OUT_LEN;
const LEN: usize = MAGIC.len() + 4 + NAME.len() + SUM;

/// Hashes what is written through it.
pub(super) struct Sealing<W> {
    to: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Sealing<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, hasher: blake3::Hasher::new() }
    }

    /// Writes the seal and gives the writer back.
    pub(super) fn seal(mut self) -> io::Result<W> {
        self.to.write_all(&seal(&self.hasher.finalize()))?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let written = self.to.write(octets)?;
        self.hasher.update(octets.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn seal(sum: &blake3::Hash) -> Vec<u8> {
    let length = u32::try_from(LEN - 8).unwrap_or_default().to_le_bytes();
    [MAGIC.as_slice(), &length, NAME, sum.as_bytes()].concat()
}

/// Hashes what is read through it, and keeps the seal back.
pub(super) struct Sealed<R> {
    from: R,
    hasher: blake3::Hasher,
    /// Read and not yet given; the seal at the end of everything.
    ahead: Vec<u8>,
    ended: bool,
}

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

impl<R: Read> Sealed<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, hasher: blake3::Hasher::new(), ahead: Vec::new(), ended: false }
    }

    /// Whether everything was read and is what was sealed.
    pub(super) fn is_whole(&self) -> bool {
        self.ended && self.ahead == seal(&self.hasher.finalize())
    }
}

impl<R: Read> Read for Sealed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.ended && self.ahead.len() < LEN + CHUNK {
            let before = self.ahead.len();
            self.ended = (&mut self.from).take(CHUNK as u64).read_to_end(&mut self.ahead)? == 0;
            debug_assert!(self.ended || self.ahead.len() > before);
        }
        let ready = self.ahead.len().saturating_sub(LEN).min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..ready), self.ahead.get(..ready)) {
            to.copy_from_slice(from);
            self.hasher.update(from);
        }
        self.ahead.drain(..ready);
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> (Vec<u8>, bool) {
        let mut sealed = Sealed::new(octets);
        let mut read = Vec::new();
        sealed.read_to_end(&mut read).unwrap();
        let whole = sealed.is_whole();
        (read, whole)
    }

    #[test]
    fn what_was_sealed_is_read_back_and_every_change_is_found() {
        for length in [0, 1, LEN, CHUNK, CHUNK + LEN + 7] {
            let octets: Vec<u8> = (0..=255).cycle().take(length).collect();
            let mut writer = Sealing::new(Vec::new());
            writer.write_all(&octets).unwrap();
            let sealed = writer.seal().unwrap();
            assert_eq!(read(&sealed), (octets, true), "{length}");
            let step = (sealed.len() / 50).max(1);
            for at in (0..sealed.len()).step_by(step) {
                let mut changed = sealed.clone();
                changed[at] ^= 1;
                assert!(!read(&changed).1, "{length} {at}");
                assert!(!read(&sealed[..at]).1, "{length} cut at {at}");
            }
        }
    }
}
