use proptest::prelude::*;

use super::*;
use crate::tracker::TicketId;

#[track_caller]
fn check(text: &str, written: &str) {
    let query = Query::parse(text);
    assert_eq!(query.to_string(), written, "{text}");
    assert_eq!(Query::parse(written), query, "{text}");
}

#[test]
fn a_query_is_written_as_it_reads() {
    check("", "is:open");
    check("invoice  Broken", "is:open invoice broken");
    check("is:all", "is:all");
    check("IS:Closed project:ACME/Web", "is:closed project:acme/web");
    check("assignee:me is:hold", "is:hold assignee:me");
    check("assignee:@jane", "is:open assignee:@jane");
    check("assignee:jane", "is:open assignee:@jane");
    check("#12", "#12");
    check("#12 is:open", "#12 is:open");
    check("acme/web#12 late", "acme/web#12 late");
    check("is:open acme/web#12", "acme/web#12");
    check("mailto:someone", "is:open mailto:someone");
    check("c#", "is:open c#");
}

#[test]
fn what_is_not_understood_is_named_and_stays_in_the_text() {
    let query = Query::parse("is:Sleepy project:a//b assignee: late");
    assert_eq!(query.unknown, ["is:Sleepy", "project:a//b", "assignee:"]);
    check("late is:Sleepy", "is:open late is:Sleepy");
}

#[test]
fn a_colleague_may_be_called_me() {
    let handle = Handle::parse("me").unwrap();
    let query = Query { assignee: Some(AssigneeFilter::Handle(handle)), ..Query::default() };
    assert_eq!(Query::parse(&query.to_string()), query);
    assert_eq!(Query::parse("assignee:me").assignee, Some(AssigneeFilter::Me));
}

fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        "(is|IS|project|assignee|foo):[a-zA-Z@/0-9-]{0,8}",
        "(is):(open|hold|closed|all|Open)",
        "(assignee):@?(me|nobody|jane|Me)",
        "(project):[a-z]{1,3}(/[a-z0-9]{1,3})?",
        "[a-z]{0,3}(/[a-z]{1,3})?#[0-9+]{1,11}",
        "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn every_text_reads_the_same_once_written(tokens in proptest::collection::vec(token(), 0..7)) {
        let query = Query::parse(&tokens.join(" "));
        prop_assert_eq!(Query::parse(&query.to_string()), query);
    }

    #[test]
    fn cursors_read_the_same_once_written(key: i64, ticket: u64) {
        let cursor = Cursor { key, ticket: TicketId(ticket) };
        prop_assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
    }
}

#[test]
fn sorts_are_read_by_name_and_anything_else_is_activity() {
    for sort in [Sort::Activity, Sort::Opened, Sort::Waiting] {
        assert_eq!(Sort::parse(sort.as_str()), sort);
    }
    assert_eq!(Sort::parse("priority"), Sort::Activity);
}
