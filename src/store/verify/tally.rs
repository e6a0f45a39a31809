//! Expected entries against those that are there.

use std::collections::HashMap;
use std::fmt::Display;

use crate::store::key::{Key, Order, Span};
use crate::store::reach::{Pair, Reach};
use crate::store::records::{self, Record};
use crate::store::schema::Table;
use crate::store::{Read, StoreError};

use super::Report;

/// How many entries are read at once.
const CHUNK: usize = 1000;
/// How many findings are told of one table.
const TOLD: u64 = 5;

pub(super) struct Tally<'a> {
    pub(super) read: &'a Read,
    pub(super) report: Report,
    tick: &'a mut dyn FnMut(u64),
    /// By table: entries that follow from records and are there.
    met: HashMap<usize, u64>,
    /// By table: findings so far.
    told: HashMap<usize, u64>,
}

impl<'a> Tally<'a> {
    pub(super) fn new(read: &'a Read, tick: &'a mut dyn FnMut(u64)) -> Self {
        Self { read, report: Report::default(), tick, met: HashMap::new(), told: HashMap::new() }
    }

    pub(super) fn find(&mut self, table: Table, what: impl Display) {
        self.report.found += 1;
        let told = self.told.entry(table.index()).or_default();
        *told += 1;
        if *told <= TOLD {
            self.report.findings.push(format!("`{}`: {what}", table.name()));
        }
    }

    /// Every entry of a table, a chunk at a time.
    pub(super) fn each(
        &mut self,
        table: Table,
        mut visit: impl FnMut(&mut Self, Pair) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut rest = Some(Span::all());
        while let Some(span) = rest.take() {
            let pairs = self.read.scan(table, &span, Order::Up, CHUNK)?;
            if pairs.len() == CHUNK {
                rest = pairs.last().map(|(key, _)| span.resume(Order::Up, key.clone()));
            }
            self.report.records += pairs.len() as u64;
            for pair in pairs {
                visit(self, pair)?;
            }
            (self.tick)(self.report.records);
        }
        Ok(())
    }

    /// Every record of a table with its key; one that cannot be read is a finding.
    pub(super) fn records<R: Record>(
        &mut self,
        table: Table,
        mut visit: impl FnMut(&mut Self, R, &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.each(table, |tally, (key, value)| match records::decode::<R>(table, &value) {
            Ok(record) => visit(tally, record, &key),
            Err(error) => {
                tally.find(table, error);
                Ok(())
            }
        })
    }

    /// An entry that follows from a record; `value` where the entry has one.
    pub(super) fn expect(
        &mut self,
        table: Table,
        key: &Key,
        value: Option<&[u8]>,
        of: &dyn Display,
    ) -> Result<(), StoreError> {
        match self.read.get(table, key.as_slice())? {
            None => self.find(table, format!("the entry of {of} is missing")),
            Some(found) => {
                *self.met.entry(table.index()).or_default() += 1;
                if found != value.unwrap_or_default() {
                    self.find(table, format!("the entry of {of} leads elsewhere"));
                }
            }
        }
        Ok(())
    }

    /// An entry, without a value, that a record may have.
    pub(super) fn allow(&mut self, table: Table, key: &Key) -> Result<(), StoreError> {
        let there = self.read.get(table, key.as_slice())?.is_some();
        *self.met.entry(table.index()).or_default() += u64::from(there);
        Ok(())
    }

    /// Whether a table has entries that follow from nothing; to be asked when everything that it
    /// should have was expected.
    pub(super) fn nothing_more(&mut self, table: Table) -> Result<(), StoreError> {
        let mut there = 0_u64;
        self.each(table, |_, _| {
            there += 1;
            Ok(())
        })?;
        let met = self.met.get(&table.index()).copied().unwrap_or_default();
        if there > met {
            self.find(table, format!("{} entries belong to nothing on record", there - met));
        }
        Ok(())
    }
}
