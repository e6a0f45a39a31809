//! The test mails of `check --send`: the desk writes to itself, and must not take it for a customer.
//!
//! Such a mail carries a mark that follows from its Message-ID and the store's id, which stands in
//! no mail. So nobody else can have a mail ignored, and of another desk's test mails none is.

use crate::mail::MessageId;
use crate::tracker::StoreId;

/// What the ids of test mails begin with.
pub const CHECK_ID: &str = "check-";

/// The mark of a test mail with this id, by the desk with this store.
#[must_use]
pub fn check_mark(store: &StoreId, id: &MessageId) -> String {
    let key = blake3::derive_key("postdesk 2026 mark of a test mail to itself", &store.0);
    blake3::keyed_hash(&key, id.as_str().as_bytes()).to_hex().to_string()
}

/// Whether a mark is that of a test mail by the desk with this store.
#[must_use]
pub fn is_check_mail(store: &StoreId, id: &MessageId, mark: &str) -> bool {
    let same = || {
        blake3::Hash::from_hex(mark).is_ok_and(|mark| {
            // Compared in constant time.
            blake3::Hash::from_hex(check_mark(store, id)).is_ok_and(|ours| ours == mark)
        })
    };
    id.as_str().starts_with(CHECK_ID) && same()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_good_for_one_mail_of_one_desk() {
        let (store, other) = (StoreId([1; 16]), StoreId([2; 16]));
        let id = |text: &str| MessageId::parse(text).unwrap();
        let mark = check_mark(&store, &id("check-1@h"));
        assert!(is_check_mail(&store, &id("check-1@h"), &mark));
        assert!(!is_check_mail(&other, &id("check-1@h"), &mark));
        assert!(!is_check_mail(&store, &id("check-2@h"), &mark));
        assert!(!is_check_mail(&store, &id("check-1@h"), ""));
        assert!(!is_check_mail(&store, &id("1@h"), &check_mark(&store, &id("1@h"))));
    }
}
