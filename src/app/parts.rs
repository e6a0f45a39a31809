//! The parts of a daemon, put together in one place.

use super::StartError;
use crate::clock::Clock;
use crate::config::{Config, ReplyTo};
use crate::delivery::{self, Delivery, DeliverySettings, Rates};
use crate::desk::{Desk, Links};
use crate::intake::{BoxNames, Intake, IntakeSettings, MarkerSettings, MarkerWatch};
use crate::jmap::{JmapConfig, Line};
use crate::secret::Random;
use crate::store::{Look, Store, StorePath};
use crate::theme::Theme;
use crate::tls;
use crate::tracker::RunId;
use crate::upkeep::Upkeep;
use crate::wire::Wire;

/// The desk and its streets, not running yet.
pub(super) struct Parts {
    pub(super) desk: Desk,
    pub(super) intake: Intake,
    pub(super) delivery: Delivery,
    pub(super) upkeep: Upkeep,
    pub(super) theme: Theme,
    run: RunId,
}

impl Parts {
    /// Opens the store and makes everything that works with it. Nothing is asked of the network.
    pub(super) fn build(config: &Config) -> Result<Self, StartError> {
        let (clock, random) = (Clock::system(), Random::system());
        let line = line(config, &clock, &random)?;
        let theme = Theme::load(config.theme.as_deref(), jiff::tz::TimeZone::system())?;
        let store = Store::open(&StorePath::new(&config.data), &random, &clock)?;
        let links = Links::new(config.public_url.as_str());
        let (run, after_clean_end) = (random.run_id(), store.read()?.ended_cleanly()?);
        let desk = Desk::new(store, clock, random, config.site(), links).with_undo(config.limits.undo());
        desk.pulse().sweeps_every(config.mail.poll());
        let marker = marker_settings(config, run, after_clean_end);
        let marker = MarkerWatch::new(desk.clone(), line.clone(), marker);
        let intake = Intake::new(desk.clone(), line.clone(), marker.clone(), intake_settings(config));
        let delivery = Delivery::new(desk.clone(), line, marker, theme.clone(), delivery_settings(config));
        let upkeep = Upkeep::new(desk.clone()).with_mail(intake.clone(), config.mailboxes.keep_days);
        Ok(Self { desk, intake, delivery, upkeep, theme, run })
    }

    /// Commits this run's id to the store's list before anything else happens.
    pub(super) async fn begin_run(&self) -> Result<(), StartError> {
        Ok(self.desk.begin_run(self.run).await?)
    }
}

fn line(config: &Config, clock: &Clock, random: &Random) -> Result<Line, StartError> {
    let wire = Wire::new(tls::for_mail(&config.mail)?, clock.clone());
    Ok(Line::new(JmapConfig::of(&config.mail)?, wire, clock.clone(), random.clone()))
}

fn marker_settings(config: &Config, run: RunId, after_clean_end: bool) -> MarkerSettings {
    MarkerSettings {
        mailbox: config.mailboxes.marker.clone(),
        account: config.mail.address.clone(),
        host: config.machine.clone(),
        run,
        poll: config.mail.poll(),
        after_clean_end,
    }
}

fn intake_settings(config: &Config) -> IntakeSettings {
    let names = &config.mailboxes;
    IntakeSettings {
        boxes: BoxNames {
            intake: names.intake.clone(),
            handled: names.handled.clone(),
            held: names.held.clone(),
            earlier: names.earlier.clone(),
        },
        largest_mail: config.limits.max_mail_bytes,
        sent: names.sent.clone(),
    }
}

fn delivery_settings(config: &Config) -> DeliverySettings {
    DeliverySettings {
        intake: config.mailboxes.intake.clone(),
        outgoing: config.mailboxes.drafts.clone(),
        sent: config.mailboxes.sent.clone(),
        account: config.mail.address.clone(),
        reply_to: match config.addresses.reply_to {
            ReplyTo::Plain => delivery::ReplyTo::Plain,
            _ => delivery::ReplyTo::Keyed,
        },
        rates: Rates {
            in_all: config.limits.letters_per_minute,
            to_one: config.limits.letters_per_minute_to_one,
        },
    }
}
