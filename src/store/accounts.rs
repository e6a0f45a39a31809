//! Accounts, and the names that lead to them.

use super::key::{Key, Order, Span};
use super::reach::{Reach, number32, record, records};
use super::schema::{Table, meta};
use super::{StoreError, Write};
use crate::mail::Address;
use crate::tracker::{Account, AccountId, Handle, Subject};

fn key(id: AccountId) -> Key {
    Key::new().u32(id.0)
}

pub(super) fn get<L: Reach + ?Sized>(look: &L, id: AccountId) -> Result<Option<Account>, StoreError> {
    record(look, Table::Accounts, &key(id))
}

pub(super) fn all<L: Reach + ?Sized>(look: &L) -> Result<Vec<Account>, StoreError> {
    records(look, Table::Accounts, &Span::all(), Order::Up, usize::MAX)
}

fn named<L: Reach + ?Sized>(look: &L, table: Table, name: &str) -> Result<Option<Account>, StoreError> {
    match number32(look, table, name.as_bytes())? {
        Some(id) => get(look, AccountId(id)),
        None => Ok(None),
    }
}

pub(super) fn by_address<L: Reach + ?Sized>(
    look: &L,
    address: &Address,
) -> Result<Option<Account>, StoreError> {
    match named(look, Table::AccountAddresses, address.folded())? {
        // An account from before domains were kept in A-labels is listed as it was written.
        None => named(look, Table::AccountAddresses, &address.readable()),
        account => Ok(account),
    }
}

pub(super) fn by_handle<L: Reach + ?Sized>(look: &L, handle: &Handle) -> Result<Option<Account>, StoreError> {
    named(look, Table::AccountHandles, handle.as_str())
}

pub(super) fn names(account: &Account) -> [(Table, String); 2] {
    [
        (Table::AccountAddresses, account.address.folded().to_owned()),
        (Table::AccountHandles, account.handle.as_str().to_owned()),
    ]
}

impl Write<'_> {
    /// Adds an account under an id of its own; the one in `account` is not looked at.
    ///
    /// # Errors
    /// [`StoreError::Taken`] where another account has its address or handle; likewise in
    /// `put_account`.
    pub fn add_account(&mut self, account: &Account) -> Result<AccountId, StoreError> {
        self.refuse_taken_names(&names(account), None)?;
        let id = AccountId(u32::try_from(self.next_number(meta::LAST_ACCOUNT)?).unwrap_or(u32::MAX));
        let account = Account { id, ..account.clone() };
        self.save_account(None, &account)?;
        Ok(id)
    }

    /// Replaces an account's record.
    pub fn put_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let old = get(self, account.id)?.ok_or_else(|| StoreError::Missing {
            table: Table::Accounts.name(),
            key: account.id.to_string().into(),
        })?;
        self.refuse_taken_names(&names(account), Some(account.id.0))?;
        self.save_account(Some(&old), account)
    }

    fn save_account(&mut self, old: Option<&Account>, new: &Account) -> Result<(), StoreError> {
        for (table, name) in old.map(names).into_iter().flatten() {
            self.unset(table, &Key::new().octets(name.as_bytes()))?;
        }
        for (table, name) in names(new) {
            self.set(table, &Key::new().octets(name.as_bytes()), &new.id.0.to_be_bytes())?;
        }
        self.set_record(Table::Accounts, &key(new.id), new)?;
        self.journal_now(Subject::Account(new.id)).map(drop)
    }
}
