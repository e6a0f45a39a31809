//! A mailbox that changes while it is read. The server gives three Emails at once.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::answers::jmap;
use super::*;
use crate::mail::MessageId;

/// A mailbox with the Emails `e0`, `e1`, … from the newest on, a second apart, which `change` may alter
/// after each query, of which it gets the number.
async fn mailbox(
    count: usize,
    change: impl Fn(usize, &mut Vec<String>) + Send + Sync + 'static,
) -> (Server, Jmap) {
    let lying: Vec<String> = (0..count).map(|n| format!("e{n}")).collect();
    let state = Arc::new(Mutex::new((0, lying.clone(), lying)));
    jmap(move |name, arguments, id| {
        let mut state = state.lock().unwrap();
        let (queries, lying, asked) = &mut *state;
        if name == "Email/query" {
            let position = usize::try_from(arguments["position"].as_u64().unwrap()).unwrap();
            *asked = lying.iter().skip(position).take(3).cloned().collect();
            let answer = json!([name, { "ids": asked, "total": lying.len() }, id]);
            *queries += 1;
            change(*queries, lying);
            return vec![answer];
        }
        let list: Vec<Value> = asked.iter().filter(|id| lying.contains(id)).map(|id| email(id)).collect();
        vec![json!([name, { "list": list }, id])]
    })
    .await
}

/// The number of an Email says how old it is; what follows it is another id of the same.
fn email(id: &str) -> Value {
    let number: String = id.chars().filter(char::is_ascii_digit).collect();
    let at = Timestamp::from_second(1000 - number.parse::<i64>().unwrap()).unwrap();
    json!({ "id": id, "blobId": "b", "messageId": [format!("m{number}@x")], "receivedAt": at.to_string() })
}

async fn all(jmap: &Jmap, since: i64) -> Result<Vec<String>, JmapError> {
    let since = Timestamp::from_second(since).unwrap();
    let emails = jmap.all_since(&MailboxId::from("sent"), since).await?;
    Ok(emails.into_iter().map(|email| email.id.as_str().to_owned()).collect())
}

fn numbered(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|n| format!("e{n}")).collect()
}

#[tokio::test]
async fn a_mailbox_is_read_back_to_a_time_and_no_further() {
    let (server, jmap) = mailbox(30, |_, _| ()).await;
    assert_eq!(all(&jmap, 1000 - 10).await.unwrap(), numbered(0..11));
    assert_eq!(calls(&server).len(), 6, "each page begins with the last one of the page before");
    let query = &calls(&server)[0]["methodCalls"][0][1];
    assert_eq!(query["sort"], json!([{ "isAscending": false, "property": "receivedAt" }]));
    for count in 0..8 {
        let (server, jmap) = mailbox(count, |_, _| ()).await;
        assert_eq!(all(&jmap, 0).await.unwrap(), numbered(0..count));
        assert_eq!(calls(&server).len(), count.saturating_sub(1).div_ceil(2).max(1));
    }
}

#[tokio::test]
async fn none_is_passed_over_where_others_go_away_or_come() {
    let (_server, jmap) = mailbox(8, |queries, lying| {
        if queries == 1 {
            lying.drain(0..2);
        }
    })
    .await;
    assert_eq!(all(&jmap, 0).await.unwrap(), numbered(2..8));
    let (_server, jmap) = mailbox(8, |queries, lying| {
        if queries == 1 {
            lying.splice(0..0, ["f0".to_owned(), "g0".to_owned()]);
        }
    })
    .await;
    assert_eq!(all(&jmap, 0).await.unwrap(), numbered(0..8), "what came later is of another time");
}

#[tokio::test]
async fn one_that_gets_another_id_while_it_is_read_is_not_missing() {
    let (_server, jmap) = mailbox(3, |queries, lying| {
        if queries == 1 {
            lying[1] = "other1".to_owned();
        }
    })
    .await;
    assert_eq!(all(&jmap, 0).await.unwrap(), ["e0", "other1", "e2"]);
}

#[tokio::test]
async fn a_mailbox_that_changes_each_time_is_not_read_for_now() {
    let (server, jmap) = mailbox(3, |queries, lying| lying[1] = format!("{queries}x1")).await;
    let error = all(&jmap, 0).await.unwrap_err();
    assert_eq!(error.failure(), Failure::Temporary { retry_after: None });
    assert_eq!(calls(&server).len(), 5);
}

#[tokio::test]
async fn one_that_is_listed_and_never_given_is_left_out() {
    let (_server, jmap) = jmap(|name, _, id| match name {
        "Email/query" => vec![json!([name, { "ids": ["e0", "e1"], "total": 2 }, id])],
        _ => vec![json!([name, { "list": [email("e1")], "notFound": ["e0"] }, id])],
    })
    .await;
    assert_eq!(all(&jmap, 0).await.unwrap(), ["e1"]);
}

#[tokio::test]
async fn a_server_that_gives_the_same_page_for_ever_is_not_asked_for_ever() {
    let (_server, jmap) = jmap(|name, _, id| match name {
        "Email/query" => vec![json!([name, { "ids": ["e0", "e1"] }, id])],
        _ => vec![json!([name, { "list": [email("e0"), email("e1")] }, id])],
    })
    .await;
    assert_eq!(all(&jmap, 0).await.unwrap_err().failure(), Failure::Temporary { retry_after: None });
}

/// It may be of any time, and says nothing of those behind it.
#[tokio::test]
async fn one_without_a_date_is_not_passed_over() {
    let (_server, jmap) = jmap(|name, arguments, id| match (name, arguments["position"].as_u64()) {
        ("Email/query", Some(0)) => vec![json!([name, { "ids": ["e0", "e1"], "total": 3 }, id])],
        ("Email/query", _) => vec![json!([name, { "ids": ["e1", "e2"], "total": 3 }, id])],
        _ => {
            let undated = json!({ "id": "e1", "blobId": "b", "messageId": ["m1@x"], "receivedAt": null });
            vec![json!([name, { "list": [email("e0"), undated, email("e2")] }, id])]
        }
    })
    .await;
    assert_eq!(all(&jmap, 990).await.unwrap(), ["e0", "e1", "e2"]);
}

/// Servers answer a search for a header with nothing.
#[tokio::test]
async fn sent_mails_are_found_by_enumerating_the_newest() {
    let (_server, jmap) = mailbox(30, |_, _| ()).await;
    let ids: HashSet<_> = ["m1@x", "m7@x", "m20@x"].iter().map(|id| MessageId::parse(id).unwrap()).collect();
    let since = Timestamp::from_second(1000 - 10).unwrap();
    let found = jmap.find_by_message_id(&MailboxId::from("sent"), &ids, since).await.unwrap();
    let found: Vec<&str> = found.iter().map(|(_, email)| email.as_str()).collect();
    assert_eq!(found, ["e1", "e7"]);
}
