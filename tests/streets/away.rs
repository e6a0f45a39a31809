//! The mail server is away for a day: nothing is lost, little is said, and what waited comes in order.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postdesk::demo::server::{At, Fault, Times};
use postdesk::desk::{Fitness, IntakeStanding};
use postdesk::tracker::OutboxState;
use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing_subscriber::filter::LevelFilter;

use crate::bench::{ANNA, Bench};
use crate::post::post;
use crate::running::{Running, pass, until, work};

/// What the streets of this thread say from `info` on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// A single dispatcher decides about a callsite by the thread that comes there first, which may be
    /// another test's; beside a second one all are asked.
    fn listen(&self) -> (DefaultGuard, Dispatch) {
        let log = self.clone();
        let writer = move || log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(writer).with_max_level(LevelFilter::INFO).with_ansi(false);
        let beside = Dispatch::new(NoSubscriber::default());
        (tracing::subscriber::set_default(subscriber.finish()), beside)
    }

    /// The lines so far, which it then forgets.
    fn take(&self) -> Vec<String> {
        let octets = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(octets).unwrap().lines().map(str::to_owned).collect()
    }
}

fn count(lines: &[String], text: &str) -> usize {
    lines.iter().filter(|line| line.contains(text)).count()
}

#[tokio::test]
async fn a_day_without_the_mail_server() {
    let log = Log::default();
    let _listening = log.listen();
    let (bench, ticket) = Bench::with_ticket().await;
    let streets = Running::start(&bench);
    until(&bench, "push", || bench.desk.standing().get().listening.is_some()).await;
    log.take();

    let away = bench.server.faults().add(Fault::CutBefore(At::Anything), Times::Always);
    bench.server.cut_connections();
    for no in 1..=3 {
        bench.deliver(&post(&format!("late{no}")).from(format!("p{no}@elsewhere.example")));
        bench.advance(Duration::from_secs(1));
    }
    for text in ["The first.", "The second."] {
        bench.comment(&ticket, text).await;
    }
    pass(&bench, Duration::from_hours(23)).await;
    assert!(away.hits() > 100, "it is tried again: {}", away.hits());
    assert!(matches!(bench.desk.standing().get().intake, IntakeStanding::Trouble { .. }));
    let health = bench.desk.health();
    assert_eq!((health.status, health.mail_in), (Fitness::Failing, "trouble"), "{health:?}");
    let said = log.take();
    assert_eq!(count(&said, "no mail is taken in for now"), 1, "{said:#?}");
    assert_eq!(count(&said, "letters do not leave for now"), 1, "{said:#?}");
    assert_eq!(said.len(), 2, "nothing else is said: {said:#?}");
    pass(&bench, Duration::from_hours(2)).await;
    let said = log.take();
    assert_eq!((said.len(), count(&said, "still")), (2, 2), "a day later: {said:#?}");

    bench.server.faults().clear();
    until(&bench, "the mails of the day", || bench.rows().len() == 4).await;
    let sent = || bench.all_letters().iter().all(|letter| letter.state == OutboxState::Sent);
    until(&bench, "the letters of the day", sent).await;
    let titles: Vec<_> = (2..=4).map(|number| bench.ticket(number).title).collect();
    assert_eq!(titles, ["Question late1", "Question late2", "Question late3"], "in order");
    let texts: Vec<_> = bench.left_to(ANNA).into_iter().map(|(_, mail)| mail.text).collect();
    let place = |text: &str| texts.iter().position(|letter| letter.contains(text)).unwrap();
    assert!(place("The first.") < place("The second."), "{texts:?}");
    assert!(bench.times_left().values().all(|times| *times == 1), "once each");
    until(&bench, "well again", || bench.desk.health().status == Fitness::Ok).await;
    let said = log.take();
    assert_eq!(count(&said, "mail is taken in again"), 1, "{said:#?}");
    assert_eq!(count(&said, "letters leave again"), 1, "{said:#?}");
    assert_eq!(count(&said, "mail taken in"), 3, "{said:#?}");
    assert_eq!(said.len(), 5, "{said:#?}");

    streets.stop().await;
}

/// Some servers count by the hour. A bell shortens no wait that the server asked for.
#[tokio::test]
async fn a_server_that_asks_for_an_hour_is_left_alone_for_it() {
    for at in [At::Download, At::Call("EmailSubmission/set")] {
        let (bench, ticket) = Bench::with_ticket().await;
        let busy = bench.server.faults().add(Fault::TooMany(at, Some(3600)), Times::Always);
        let streets = Running::start(&bench);
        until(&bench, "push", || bench.desk.standing().get().listening.is_some()).await;
        bench.comment(&ticket, "The first.").await;
        bench.deliver(&post("late"));
        until(&bench, "the answer 429", || busy.hits() == 1).await;
        work(&bench).await;
        bench.comment(&ticket, "The second.").await;
        bench.desk.outbox_bell().notify_one();
        bench.desk.intake_bell().notify_one();
        pass(&bench, Duration::from_mins(58)).await;
        assert_eq!(busy.hits(), 1, "{at:?}");
        pass(&bench, Duration::from_mins(4)).await;
        assert!(busy.hits() > 1, "{at:?}");
        busy.clear();
        until(&bench, "all letters", || bench.all_letters().iter().all(|l| l.state == OutboxState::Sent))
            .await;
        until(&bench, "the mail", || bench.rows().len() == 2).await;
        streets.stop().await;
    }
}
