//! Push: the events, their silences and their ends.

use std::sync::Mutex;

use tokio::sync::mpsc;

use super::*;

/// A listener under way, with the bells that it rang.
struct Listening {
    bells: mpsc::UnboundedReceiver<Bell>,
    mode: watch::Receiver<Mode>,
    clock: Clock,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(server: &Server) -> Listening {
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    let jmap = connect_with(config(server.url("")), &clock).await.unwrap();
    let (sender, bells) = mpsc::unbounded_channel();
    let mode = jmap.mode();
    let task = tokio::spawn(async move {
        jmap.listen(move |bell| sender.send(bell).unwrap_or(())).await;
    });
    Listening { bells, mode, clock, task }
}

impl Listening {
    async fn next(&mut self) -> Bell {
        self.bells.recv().await.unwrap()
    }

    /// Lets time pass in small steps until so many requests came.
    async fn until(&self, server: &Server, requests: usize) {
        let mut waiting = std::pin::pin!(server.wait(requests));
        loop {
            tokio::select! {
                biased;
                () = &mut waiting => return,
                () = tokio::task::yield_now() => self.clock.advance(Duration::from_millis(100)),
            }
        }
    }
}

/// A server whose event sources are given one after the other; then it has none.
async fn pushing(replies: Vec<Reply>) -> Server {
    let replies = Mutex::new(std::collections::VecDeque::from(replies));
    server(move |seen| {
        if seen.method == "POST" {
            Reply::status(503)
        } else {
            replies.lock().unwrap().pop_front().unwrap_or_else(|| Reply::status(503))
        }
    })
    .await
}

#[tokio::test]
async fn events_ring_and_pings_and_comments_do_not() {
    let (reply, events) = Reply::events();
    let server = pushing(vec![reply]).await;
    let mut listening = listen(&server).await;
    assert_eq!(listening.next().await, Bell::Connected);
    assert_eq!(*listening.mode.borrow(), Mode::Push);
    for text in [
        ": hi\r\n\r\n",
        "event: ping\r\ndata: {\"interval\":30000}\r\n\r\n",
        "retry: 1\r\n",
        "event: state\r\nda",
    ] {
        events.send(text.as_bytes().to_vec()).unwrap();
    }
    events.send(b"ta: {\"changed\":{\"u1\":{\"Email\":\"9\",\"Odd\":\"1\"}}}\r\n\r\n".to_vec()).unwrap();
    assert_eq!(listening.next().await, Bell::Changed);
    // Nothing else rang.
    assert!(listening.bells.try_recv().is_err());
    let asked = server.seen().pop().unwrap();
    assert_eq!(asked.path, "/jmap/eventsource/?types=Email&closeafter=no&ping=30");
    assert_eq!(asked.header("accept"), Some("text/event-stream"));
}

#[tokio::test]
async fn silence_of_two_pings_connects_again_and_that_rings() {
    let (first, _silent) = Reply::events();
    let (second, _also_silent) = Reply::events();
    let server = pushing(vec![first, second]).await;
    let mut listening = listen(&server).await;
    assert_eq!(listening.next().await, Bell::Connected);
    let before = listening.clock.now();
    listening.until(&server, 5).await;
    let waited = listening.clock.now().duration_since(before).as_secs();
    assert!((60..90).contains(&waited), "{waited}");
    let mut bells = Vec::new();
    while !bells.contains(&Bell::Connected) {
        bells.push(listening.next().await);
    }
    // A server that let us wait without a ping is asked for fewer pings.
    assert!(server.seen().pop().unwrap().path.ends_with("ping=60"));
}

#[tokio::test]
async fn an_ended_stream_is_followed_by_a_look_and_a_new_connection() {
    let (first, events) = Reply::events();
    let (second, _open) = Reply::events();
    let server = pushing(vec![first, second]).await;
    let mut listening = listen(&server).await;
    assert_eq!(listening.next().await, Bell::Connected);
    drop(events);
    // Falling back to polling begins with a look.
    assert_eq!(listening.next().await, Bell::Tick);
    listening.until(&server, 5).await;
    let mut bells = Vec::new();
    while !bells.contains(&Bell::Connected) {
        bells.push(listening.next().await);
    }
}

#[tokio::test]
async fn without_push_it_polls() {
    for status in [204, 404] {
        let server = server(move |_| Reply::new(status, "text/plain", "", "")).await;
        let mut listening = listen(&server).await;
        let mut mode = listening.mode.clone();
        mode.wait_for(|mode| matches!(mode, Mode::Poll { .. })).await.unwrap();
        let why = format!("{:?}", *mode.borrow());
        assert!(why.contains(&status.to_string()), "{why}");
        // One look at once, and then from time to time.
        assert_eq!(listening.next().await, Bell::Tick);
        for _ in 0..3 {
            tokio::task::yield_now().await;
            listening.clock.advance(Duration::from_secs(15));
            assert_eq!(listening.next().await, Bell::Tick);
        }
        // It is not asked again and again.
        let asked = server.seen().iter().filter(|seen| seen.path.contains("eventsource")).count();
        assert_eq!(asked, 1);
    }
}

#[tokio::test]
async fn a_broken_push_is_tried_again_ever_more_rarely() {
    let server = server(|_| Reply::status(503)).await;
    let listening = listen(&server).await;
    let mut gaps = Vec::new();
    for requests in 4..13 {
        let before = listening.clock.now();
        listening.until(&server, requests).await;
        gaps.push(listening.clock.now().duration_since(before).as_millis());
    }
    let (early, late) = (gaps[2], gaps[8]);
    assert!((500..20_000).contains(&early), "{gaps:?}");
    assert!((100_000..400_000).contains(&late), "{gaps:?}");
}
