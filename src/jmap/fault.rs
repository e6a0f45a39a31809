//! What a server says when it refuses: error types that we know, and all others as text.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

macro_rules! types {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[serde(from = "String")]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)+
            /// A type that no RFC has, as the server wrote it.
            Other(String),
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other("an error without a type".to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Other(text),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                })
            }
        }
    };
}

types! {
    /// Why a method call failed (RFC 8620 §3.6.2, §5.5; RFC 8621).
    MethodErrorType {
        ServerUnavailable = "serverUnavailable";
        ServerFail = "serverFail";
        ServerPartialFail = "serverPartialFail";
        UnknownMethod = "unknownMethod";
        InvalidArguments = "invalidArguments";
        InvalidResultReference = "invalidResultReference";
        Forbidden = "forbidden";
        AccountNotFound = "accountNotFound";
        AccountNotSupportedByMethod = "accountNotSupportedByMethod";
        AccountReadOnly = "accountReadOnly";
        RequestTooLarge = "requestTooLarge";
        StateMismatch = "stateMismatch";
        AnchorNotFound = "anchorNotFound";
        UnsupportedSort = "unsupportedSort";
        UnsupportedFilter = "unsupportedFilter";
        CannotCalculateChanges = "cannotCalculateChanges";
        TooManyChanges = "tooManyChanges";
    }
}

types! {
    /// Why one object was not created, changed or destroyed (RFC 8620 §5.3; RFC 8621 §2.5, §4.6, §7.5).
    SetErrorType {
        Forbidden = "forbidden";
        OverQuota = "overQuota";
        TooLarge = "tooLarge";
        RateLimit = "rateLimit";
        NotFound = "notFound";
        InvalidPatch = "invalidPatch";
        WillDestroy = "willDestroy";
        InvalidProperties = "invalidProperties";
        Singleton = "singleton";
        AlreadyExists = "alreadyExists";
        MailboxHasChild = "mailboxHasChild";
        MailboxHasEmail = "mailboxHasEmail";
        BlobNotFound = "blobNotFound";
        TooManyKeywords = "tooManyKeywords";
        TooManyMailboxes = "tooManyMailboxes";
        InvalidEmail = "invalidEmail";
        TooManyRecipients = "tooManyRecipients";
        NoRecipients = "noRecipients";
        InvalidRecipients = "invalidRecipients";
        ForbiddenMailFrom = "forbiddenMailFrom";
        ForbiddenFrom = "forbiddenFrom";
        ForbiddenToSend = "forbiddenToSend";
        CannotUnsend = "cannotUnsend";
        ServerFail = "serverFail";
        ServerUnavailable = "serverUnavailable";
    }
}

/// A method call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Error)]
#[error("{method} failed: {kind}{}", said(description.as_deref()))]
pub struct MethodFault {
    #[serde(skip)]
    pub method: String,
    #[serde(rename = "type", default)]
    pub kind: MethodErrorType,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub description: Option<String>,
}

/// One object that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize, Error)]
#[error("{kind}{}", said(description.as_deref()))]
#[serde(rename_all = "camelCase")]
pub struct SetFault {
    #[serde(rename = "type", default)]
    pub kind: SetErrorType,
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub description: Option<String>,
    /// With `alreadyExists`: the object that exists.
    #[serde(default, deserialize_with = "super::lenient::text")]
    pub existing_id: Option<String>,
    /// With `invalidRecipients`: which.
    #[serde(default, deserialize_with = "super::lenient::texts")]
    pub invalid_recipients: Vec<String>,
}

/// The refusals of a response. One that cannot be read is still a refusal.
pub(super) fn refusals<'de, D: Deserializer<'de>>(from: D) -> Result<HashMap<String, SetFault>, D::Error> {
    let Value::Object(map) = Value::deserialize(from)? else { return Ok(HashMap::new()) };
    let read = |value: Value| {
        let text = value.to_string();
        serde_json::from_value(value)
            .unwrap_or_else(|_| SetFault { description: Some(text), ..SetFault::default() })
    };
    Ok(map.into_iter().map(|(id, value)| (id, read(value))).collect())
}

impl SetFault {
    /// Whether the object is gone, so that trying again is of no use.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind == SetErrorType::NotFound
    }
}

fn said(description: Option<&str>) -> String {
    description.map(|text| format!(" ({})", text.trim())).unwrap_or_default()
}
