//! Identifiers: ids of different things are different types, so that none can stand for another.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A project, for the whole site and for ever; it stands in the project's mail address.
    ProjectId(u32)
);
number!(
    /// A ticket, for the whole site and for ever; people see its project and number instead.
    TicketId(u64)
);
number!(
    /// Someone who signs in.
    AccountId(u32)
);
number!(
    /// A label of the site.
    LabelId(u32)
);
number!(
    /// One line of a ticket's timeline, counted from 1 within its ticket.
    EventNo(u32)
);
number!(
    /// One customer's address on a ticket, counted from 1 within its ticket. It outlives the
    /// address itself, which may be erased.
    ParticipantNo(u16)
);
number!(
    /// A journal number: the order of everything that happened on this site.
    Seq(u64)
);
number!(
    /// The record of one Email taken from the intake mailbox.
    MailRowId(u64)
);
number!(
    /// One letter that is or was due.
    OutboxId(u64)
);

macro_rules! bytes {
    ($(#[$doc:meta])* $name:ident[$len:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Reads the lower-case hexadecimal form that [`fmt::Display`] writes.
            #[must_use]
            pub fn from_hex(text: &str) -> Option<Self> {
                let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
                Some(Self(bytes.try_into().ok()?))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

bytes!(
    /// The BLAKE3 hash of a raw mail or an upload: its name in the raw store.
    RawHash[32]
);
bytes!(
    /// One store, drawn when it is created.
    StoreId[16]
);
bytes!(
    /// One run of the daemon, drawn at each start.
    RunId[16]
);
