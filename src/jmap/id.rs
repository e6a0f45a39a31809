//! JMAP ids (RFC 8620 §1.2): one type for each kind of thing, because ids are short and repeat
//! across types, and mean nothing without the account and the type.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A folder.
    MailboxId
);
id!(
    /// One mail in the account. It may change while the mail stays the same.
    EmailId
);
id!(
    /// The octets of a mail or an upload.
    BlobId
);
id!(
    /// A sending identity.
    IdentityId
);
id!(
    /// One submission (RFC 8621 §7).
    SubmissionId
);
