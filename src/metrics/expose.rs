//! The text that a Prometheus reads: OpenMetrics 1.0.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::{Count, Figures, Kept, Measures, Stand};

/// The media type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, &'static str)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;

/// Writes everything that is counted and measured.
#[must_use]
pub fn expose(figures: &Figures, measures: &Measures) -> String {
    let mut page = Page(Registry::with_prefix("postdesk"));
    page.0.register("build", "The version that runs", Info::new(vec![("version", figures.version)]));
    page.of_the_stand(&figures.stand);
    if let Some(kept) = &figures.kept {
        page.of_the_store(kept);
    }
    page.of_the_sizes(&figures.stand);
    page.of_the_time(measures);
    let mut text = String::new();
    // Writing to a string cannot fail; a text without its end would be refused by whoever reads it.
    if encode(&mut text, &page.0).is_err() {
        text.clear();
    }
    text
}

struct Page(Registry);

impl Page {
    fn of_the_stand(&mut self, stand: &Stand) {
        let set = |states: &[&'static str], now: Option<&str>, label| {
            let gauges = Gauges::default();
            for state in states {
                gauges.get_or_create(&vec![(label, *state)]).set(flag(now == Some(state)));
            }
            gauges
        };
        let health = set(&["ok", "attention", "failing"], Some(stand.health), "status");
        self.family("health", "1 for how the desk is, as /healthz tells", health);
        let states = ["starting", "not-adopted", "running", "trouble", "stopped", "paused"];
        let mail_in = set(&states, Some(stand.mail_in), "state");
        self.family("mail_in", "1 for what the street of incoming mail does", mail_in);
        let mail_out = set(&["running", "trouble", "stopped", "paused"], Some(stand.mail_out), "state");
        self.family("mail_out", "1 for what the street of outgoing mail does", mail_out);
        let listening = set(&["push", "poll"], stand.listening, "mode");
        self.family("listening", "1 for how new mail is noticed", listening);
        let streets = Gauges::default();
        for street in ["mail in", "mail out", "upkeep"] {
            let still = stand.still.contains(&street);
            streets.get_or_create(&vec![("street", street)]).set(flag(still));
        }
        self.family("street_stuck", "1 where a street has been at one step for too long", streets);
        self.value("store_writable", "1 while the store takes writes", flag(stand.store_writable));
        self.value("disk_full", "1 while mail waits because the disk is full", flag(stand.disk_full));
        self.value("marker_foreign", "1 while another desk's marker stops mail", flag(stand.stopped));
        self.value("paused", "1 while a person has paused mail", flag(stand.paused));
        self.seconds(
            "sweep_age",
            "Since the intake mailbox was last swept to its end",
            stand.sweep_age_seconds,
        );
        self.seconds("uptime", "Since the daemon started", stand.uptime_seconds);
        let what = "Mails in the intake mailbox that could not be downloaded so far";
        self.value("not_downloaded", what, number(stand.not_downloaded));
        if let Some(junk) = stand.junk {
            self.value("junk", "Mails in the mail server's Junk mailbox", number(junk));
        }
        if let Some(days) = stand.certificate_days {
            self.value("certificate_days", "Days for which the tracker's certificate is still good", days);
        }
    }

    fn of_the_store(&mut self, kept: &Kept) {
        let mails = counts(&kept.mails, "verdict");
        self.family("mails", "Mails taken in, by what has become of them", mails);
        self.0.register("mails_taken", "Mails taken in, ever", ConstCounter::new(kept.taken));
        self.family("tickets", "Tickets by state", counts(&kept.tickets, "state"));
        self.family("letters", "Letters by state", counts(&kept.letters, "state"));
        self.value("outbox_depth", "Letters that are yet to leave", number(kept.outbox));
        let what = "How long the oldest of the letters that are yet to leave has waited";
        self.seconds("outbox_oldest", what, kept.outbox_oldest_seconds);
        self.value("held", "Mails that wait for a person", number(kept.held));
        let what = "Mails on tickets that wait for an agent who verifies them";
        self.value("unverified", what, number(kept.unverified));
    }

    fn of_the_sizes(&mut self, stand: &Stand) {
        for (name, what, octets) in [
            ("store", "What the database takes up", stand.store_bytes),
            ("raw", "What the raw mails take up", stand.raw_bytes),
            ("disk_free", "What is free on the database's disk", stand.disk_free_bytes),
            ("account", "What the mail account takes up at the mail server", stand.account_bytes),
            ("account_limit", "What the mail account may take up at the most", stand.account_limit_bytes),
        ] {
            if let Some(octets) = octets {
                self.0.register_with_unit(name, what, Unit::Bytes, ConstGauge::new(number(octets)));
            }
        }
    }

    fn of_the_time(&mut self, measures: &Measures) {
        let what = "From a mail's arrival at the mail server to its commit";
        self.0.register_with_unit("arrival_to_commit", what, Unit::Seconds, measures.arrival_to_commit());
        let what = "From the commit that made a letter due to its submission";
        let submission = measures.commit_to_submission();
        self.0.register_with_unit("commit_to_submission", what, Unit::Seconds, submission);
    }

    fn family(&mut self, name: &str, what: &str, gauges: Gauges) {
        self.0.register(name, what, gauges);
    }

    fn value(&mut self, name: &str, what: &str, value: f64) {
        self.0.register(name, what, ConstGauge::new(value));
    }

    fn seconds(&mut self, name: &str, what: &str, value: f64) {
        self.0.register_with_unit(name, what, Unit::Seconds, ConstGauge::new(value));
    }
}

fn counts(counts: &[Count], label: &'static str) -> Gauges {
    let gauges = Gauges::default();
    for Count { kind, cause, count } in counts {
        let mut labels = vec![(label, *kind)];
        if label == "verdict" {
            labels.push(("cause", *cause));
        }
        gauges.get_or_create(&labels).set(number(*count));
    }
    gauges
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// Exact up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "nobody has so many mails or octets")]
fn number(count: u64) -> f64 {
    count as f64
}
