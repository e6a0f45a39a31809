//! The session document (RFC 8620 §2), and who may have one.

use data_encoding::BASE64;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::dispatch::{CORE, MAIL, QUOTA, SUBMISSION, session_state};
use super::options::Options;
use super::world::World;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    User(String),
    /// No credentials at all.
    Nobody,
    /// Credentials that are not right.
    Wrong,
}

/// Reads basic (RFC 7617) and bearer (RFC 6750) credentials.
pub fn who(options: &Options, headers: &HeaderMap) -> Who {
    let Some(value) = headers.get(AUTHORIZATION) else { return Who::Nobody };
    let Some((scheme, rest)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else {
        return Who::Wrong;
    };
    let found = if scheme.eq_ignore_ascii_case("bearer") {
        options.users.iter().find(|user| user.token.as_deref() == Some(rest.trim()))
    } else if scheme.eq_ignore_ascii_case("basic") {
        let pair =
            BASE64.decode(rest.trim().as_bytes()).ok().and_then(|octets| String::from_utf8(octets).ok());
        pair.and_then(|pair| {
            let (login, password) = pair.split_once(':')?;
            options.users.iter().find(|user| user.login == login && user.password == password)
        })
    } else {
        None
    };
    found.map_or(Who::Wrong, |user| Who::User(user.login.clone()))
}

/// The document for one user, or for nobody.
pub fn document(world: &World, options: &Options, base: &str, login: Option<&str>) -> Value {
    let base = if options.habits.relative_urls { "" } else { base };
    let limits = options.limits;
    let core = json!({
        "maxSizeUpload": limits.max_size_upload, "maxConcurrentUpload": limits.max_concurrent_upload,
        "maxSizeRequest": limits.max_size_request, "maxConcurrentRequests": limits.max_concurrent_requests,
        "maxCallsInRequest": limits.max_calls_in_request, "maxObjectsInGet": limits.max_objects_in_get,
        "maxObjectsInSet": limits.max_objects_in_set, "collationAlgorithms": ["i;ascii-casemap"],
    });
    let mail = json!({
        "maxMailboxesPerEmail": null, "maxMailboxDepth": null, "maxSizeMailboxName": 255,
        "maxSizeAttachmentsPerEmail": limits.max_size_upload,
        "emailQuerySortOptions": ["receivedAt", "sentAt", "size"], "mayCreateTopLevelMailbox": true,
    });
    let submission = json!({ "maxDelayedSend": 0, "submissionExtensions": {} });
    let account = login.and_then(|login| world.account(login));
    let (mut accounts, mut primary) = (json!({}), json!({}));
    let mut capabilities = json!({ CORE: core, MAIL: {}, SUBMISSION: {}, QUOTA: {} });
    if let Some(account) = account {
        accounts = json!({ account.id.clone(): {
            "name": account.user.login, "isPersonal": true, "isReadOnly": options.habits.read_only,
            "accountCapabilities": { CORE: {}, MAIL: mail, SUBMISSION: submission, QUOTA: {} },
        }});
        primary = json!({ CORE: account.id, MAIL: account.id, SUBMISSION: account.id, QUOTA: account.id });
        let mut hide = |name: &str| {
            let of_account = accounts.pointer_mut(&format!("/{}/accountCapabilities", account.id));
            for map in [of_account, Some(&mut primary)].into_iter().flatten().filter_map(Value::as_object_mut)
            {
                map.remove(name);
            }
        };
        if options.habits.no_mail {
            hide(MAIL);
        }
        if options.habits.no_submission {
            hide(SUBMISSION);
            capabilities.as_object_mut().map(|map| map.remove(SUBMISSION));
        }
        if options.habits.no_quota {
            hide(QUOTA);
            capabilities.as_object_mut().map(|map| map.remove(QUOTA));
        }
    }
    json!({
        "capabilities": capabilities,
        "accounts": accounts, "primaryAccounts": primary,
        "username": login.unwrap_or_default(),
        "apiUrl": format!("{base}/jmap/api/"),
        "downloadUrl": format!("{base}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}"),
        "uploadUrl": format!("{base}/jmap/upload/{{accountId}}/"),
        "eventSourceUrl":
            format!("{base}/jmap/eventsource/?types={{types}}&closeafter={{closeafter}}&ping={{ping}}"),
        "state": session_state(world),
    })
}
