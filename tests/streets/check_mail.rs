//! Test mails of `check --send`: ignored, by a cause of their own, and no mails from before.

use postdesk::intake::Swept;
use postdesk::mail::{CHECK_HEADER, MessageId};
use postdesk::store::Look;
use postdesk::tracker::StoreId;
use postdesk::triage::{IgnoreCause, VerdictKind, check_mark};

use crate::bench::{Bench, DESK};
use crate::post::{Post, post};

const IGNORED: VerdictKind = VerdictKind::Ignore(IgnoreCause::Check);

/// A test mail with the mark of the desk with this store.
fn test_mail(no: u32, store: &StoreId) -> Post {
    let mail = post(&format!("check-{no}")).from(DESK).to("incoming+check7@desk.example");
    let id = MessageId::parse(&mail.id).unwrap();
    mail.header(CHECK_HEADER, check_mark(store, &id))
}

#[tokio::test]
async fn adoption_does_not_count_them_and_intake_ignores_them() {
    let bench = Bench::start().await;
    let store = bench.store.read().unwrap().store_id().unwrap();
    bench.deliver(&test_mail(1, &store));
    bench.deliver(&test_mail(2, &store));
    assert_eq!(bench.sweep().await, Swept::Done { taken: 2 });
    assert_eq!(bench.verdicts(), [IGNORED; 2]);
    bench.drain().await;
    assert!(bench.server.submissions().is_empty());
}

#[tokio::test]
async fn those_of_another_desk_are_mails_like_any_other() {
    let bench = Bench::start().await;
    let store = bench.store.read().unwrap().store_id().unwrap();
    bench.deliver(&test_mail(1, &store));
    bench.deliver(&test_mail(2, &StoreId([9; 16])));
    assert_eq!(bench.sweep().await, Swept::NotAdopted { waiting: 1 });
    assert!(bench.rows().is_empty());
}

#[tokio::test]
async fn a_mark_on_another_mail_makes_nobody_ignored() {
    let bench = Bench::start().await;
    bench.adopt_empty().await;
    let store = bench.store.read().unwrap().store_id().unwrap();
    let of_other = check_mark(&store, &MessageId::parse("check-1@customer.example").unwrap());
    let row = bench.receive(&post("check-2").header(CHECK_HEADER, of_other)).await;
    assert_eq!(row.verdict, VerdictKind::Open);
}
