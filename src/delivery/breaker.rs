//! Breakers: a lane that sends too many letters within a minute, to one address or in all, stops
//! by itself and goes on by itself. The other lanes do not notice.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;
use crate::mail::Address;
use crate::tracker::Lane;

const MINUTE: Duration = Duration::from_secs(60);

/// How many letters a lane may send within a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub in_all: u32,
    pub to_one: u32,
}

/// Why a lane stands still, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stopped {
    pub(super) until: Timestamp,
    /// Where it is about one address, which.
    pub(super) address: Option<Address>,
    /// How many letters had left within the minute.
    pub(super) count: u32,
}

/// What the lanes sent within the last minute. A restart forgets it.
#[derive(Debug)]
pub(super) struct Breakers {
    rates: Rates,
    sent: [VecDeque<(Timestamp, Address)>; 3],
    stopped: [Option<Timestamp>; 3],
}

fn place(lane: Lane) -> usize {
    match lane {
        Lane::People => 0,
        Lane::Notices => 1,
        Lane::Automatic => 2,
    }
}

impl Breakers {
    pub(super) fn new(rates: Rates) -> Self {
        Self { rates, sent: Default::default(), stopped: Default::default() }
    }

    /// Until when the lane stands still, if it does.
    pub(super) fn stopped(&self, lane: Lane, now: Timestamp) -> Option<Timestamp> {
        self.stopped.get(place(lane)).copied().flatten().filter(|until| *until > now)
    }

    /// Counts a letter that is about to leave, or stops the lane.
    ///
    /// # Errors
    /// [`Stopped`]: the letter has to wait as long as that, and so do those behind it.
    pub(super) fn pass(&mut self, lane: Lane, to: &Address, now: Timestamp) -> Result<(), Stopped> {
        let Some(sent) = self.sent.get_mut(place(lane)) else { return Ok(()) };
        while sent.front().is_some_and(|(at, _)| after(*at, MINUTE) <= now) {
            sent.pop_front();
        }
        let all = count(sent.len());
        let same: Vec<Timestamp> = sent.iter().filter(|(_, who)| who == to).map(|(at, _)| *at).collect();
        let one = count(same.len());
        let (oldest, address, count) = if one >= self.rates.to_one {
            (same.first().copied(), Some(to.clone()), one)
        } else if all >= self.rates.in_all {
            (sent.front().map(|(at, _)| *at), None, all)
        } else {
            sent.push_back((now, to.clone()));
            return Ok(());
        };
        let until = after(oldest.unwrap_or(now), MINUTE);
        if let Some(stopped) = self.stopped.get_mut(place(lane)) {
            *stopped = Some(until);
        }
        Err(Stopped { until, address, count })
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn who(name: &str) -> Address {
        Address::parse(&format!("{name}@customer.example")).unwrap()
    }

    #[test]
    fn too_many_to_one_address_stop_the_lane_until_the_minute_has_moved_on() {
        let mut breakers = Breakers::new(Rates { in_all: 10, to_one: 2 });
        for second in [0, 10] {
            assert_eq!(breakers.pass(Lane::People, &who("a"), at(second)), Ok(()));
        }
        let stopped = breakers.pass(Lane::People, &who("a"), at(20)).unwrap_err();
        assert_eq!(stopped, Stopped { until: at(60), address: Some(who("a")), count: 2 });
        assert_eq!(breakers.stopped(Lane::People, at(59)), Some(at(60)));
        assert_eq!(breakers.stopped(Lane::Automatic, at(59)), None, "the others go on");
        assert_eq!(breakers.pass(Lane::Automatic, &who("a"), at(20)), Ok(()));
        assert_eq!(breakers.stopped(Lane::People, at(60)), None);
        assert_eq!(breakers.pass(Lane::People, &who("a"), at(60)), Ok(()));
        assert!(breakers.pass(Lane::People, &who("a"), at(61)).is_err(), "at 10 and at 60 it was two");
    }

    #[test]
    fn too_many_in_all_stop_the_lane() {
        let mut breakers = Breakers::new(Rates { in_all: 3, to_one: 2 });
        for name in ["a", "b", "c"] {
            assert_eq!(breakers.pass(Lane::Notices, &who(name), at(0)), Ok(()));
        }
        let stopped = breakers.pass(Lane::Notices, &who("d"), at(1)).unwrap_err();
        assert_eq!((stopped.until, stopped.address), (at(60), None));
        assert_eq!(breakers.pass(Lane::Notices, &who("d"), at(60)), Ok(()));
    }
}
