//! The schema's version, and the way from an older one to this one.
use std::path::{Path, PathBuf};

use redb::{Database, ReadableDatabase, WriteTransaction};

use super::copy::{SPARE, room_for};
use super::open::{Source, durable};
use super::schema::{Table, VERSION, meta};
use super::{CopyError, OpenError, StoreError};
use crate::secret::Random;

/// One step on the way: from the version before `to`. It runs in the transaction that also raises
/// the version, so it happens wholly or not at all.
pub(super) struct Step {
    pub to: u32,
    pub run: fn(&WriteTransaction) -> Result<(), StoreError>,
}

/// Which way a database goes from its version to another.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub steps: &'static [Step],
    /// The version that it leads to.
    pub known: u32,
    /// What has to stay free on the disk beside the copy and what the steps write, in octets.
    pub spare: u64,
}

/// Every step since version 1.
const WAY: Way = Way { steps: &[], known: VERSION, spare: SPARE };

/// Opens the database, new or old, and brings it to this version.
pub(super) fn open(source: &Source, random: &Random) -> Result<Database, OpenError> {
    open_with(source, random, WAY)
}

/// [`open`] by a way of the caller's own.
pub(super) fn open_with(source: &Source, random: &Random, way: Way) -> Result<Database, OpenError> {
    let Way { steps, known, spare } = way;
    let database = source.open()?;
    match version(&database)? {
        None => {
            create(&database, random, known)?;
            Ok(database)
        }
        Some(found) if found == known => Ok(database),
        Some(found) if found > known => Err(OpenError::Newer { found, known }),
        Some(found) => {
            if !(found + 1..=known).all(|to| steps.iter().any(|step| step.to == to)) {
                return Err(OpenError::NoWay { found, known });
            }
            let database = copy(source, database, found, spare)?;
            for step in steps.iter().filter(|step| step.to > found && step.to <= known) {
                tracing::info!(to = step.to, "migrating the database");
                take(&database, step).map_err(|source| OpenError::Migration { to: step.to, source })?;
            }
            Ok(database)
        }
    }
}

/// The version that the file was written with; `None` where it is new.
pub(super) fn version(database: &impl ReadableDatabase) -> Result<Option<u32>, StoreError> {
    let read = database.begin_read()?;
    let table = match read.open_table(Table::Meta.definition()) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(octets) = table.get(meta::VERSION)? else { return Ok(None) };
    super::key::as_u32(octets.value())
        .map(Some)
        .ok_or_else(|| super::records::malformed(Table::Meta, "the version is no number"))
}

/// Makes every table and gives the store its id.
fn create(database: &Database, random: &Random, known: u32) -> Result<(), StoreError> {
    let transaction = durable(database)?;
    for table in Table::ALL {
        transaction.open_table(table.definition())?;
    }
    set_version(&transaction, known)?;
    transaction
        .open_table(Table::Meta.definition())?
        .insert(meta::STORE_ID, random.store_id().0.as_slice())?;
    transaction.commit()?;
    Ok(())
}

fn set_version(transaction: &WriteTransaction, version: u32) -> Result<(), StoreError> {
    let mut table = transaction.open_table(Table::Meta.definition())?;
    table.insert(meta::VERSION, version.to_be_bytes().as_slice())?;
    Ok(())
}

fn take(database: &Database, step: &Step) -> Result<(), StoreError> {
    let transaction = durable(database)?;
    (step.run)(&transaction)?;
    set_version(&transaction, step.to)?;
    transaction.commit()?;
    Ok(())
}

/// Copies the file beside itself. The database is closed meanwhile: a copy of an open one is not
/// to be trusted. Beside the copy there has to be room for what the steps write.
fn copy(source: &Source, database: Database, found: u32, spare: u64) -> Result<Database, OpenError> {
    let Source::File(path) = source else { return Ok(database) };
    drop(database);
    let target = copy_path(path, found);
    let failed = |source| OpenError::Copy { path: target.clone(), source };
    let size = path.metadata().map_err(|source| failed(CopyError::Io { path: path.clone(), source }))?.len();
    room_for(size.saturating_mul(2).saturating_add(spare), path).map_err(failed)?;
    super::copy::copy(path, &target).map_err(failed)?;
    tracing::info!(path = %target.display(), "copied the database before its migration");
    Ok(source.open()?)
}

fn copy_path(path: &Path, found: u32) -> PathBuf {
    path.with_extension(format!("redb.version-{found}"))
}
