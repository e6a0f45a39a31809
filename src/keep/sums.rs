//! The last entry of a backup: the BLAKE3 of every other, as `b3sum --check` reads it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};

/// Its name in the archive.
pub(super) const NAME: &str = "B3SUMS";

/// The names in a backup and their sums, in order.
#[derive(Debug, Default)]
pub(super) struct Sums(Vec<(String, blake3::Hash)>);

impl Sums {
    pub(super) fn add(&mut self, name: String, sum: blake3::Hash) {
        self.0.push((name, sum));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::with_capacity(self.0.len() * 150);
        for (name, sum) in &self.0 {
            // Names are ours or plain file names; one with a line break is not taken along.
            let _ = writeln!(text, "{sum}  {name}");
        }
        text
    }

    /// What differs between what a backup lists and what it has, in words.
    pub(super) fn differs(&self, listed: &str) -> Option<String> {
        let mut had: HashMap<&str, &blake3::Hash> =
            self.0.iter().map(|(name, sum)| (name.as_str(), sum)).collect();
        for line in listed.lines() {
            let Some((sum, name)) = line.split_once("  ") else {
                return Some(format!("its list of sums has the line \"{line}\""));
            };
            match had.remove(name) {
                None => return Some(format!("{name} is missing in it")),
                Some(found) if found.to_hex().as_str() != sum => {
                    return Some(format!("{name} is not what was put into it"));
                }
                Some(_) => {}
            }
        }
        had.keys().next().map(|name| format!("{name} is not on its list of sums"))
    }
}

/// Hashes and counts what is read through it, and writes it on where that is wanted.
pub(super) struct Tee<'a, R> {
    from: R,
    to: Option<&'a mut dyn Write>,
    hasher: blake3::Hasher,
    pub(super) octets: u64,
}

impl<'a, R: Read> Tee<'a, R> {
    pub(super) fn new(from: R, to: Option<&'a mut dyn Write>) -> Self {
        Self { from, to, hasher: blake3::Hasher::new(), octets: 0 }
    }

    pub(super) fn sum(&self) -> blake3::Hash {
        self.hasher.finalize()
    }
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        let octets = buffer.get(..read).unwrap_or_default();
        self.hasher.update(octets);
        self.octets += read as u64;
        if let Some(to) = &mut self.to {
            to.write_all(octets)?;
        }
        Ok(read)
    }
}
