//! Backups there and back.
