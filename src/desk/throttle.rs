//! Slows down who guesses passwords, and who asks for links for a new one.
//!
//! Counted are failures by address and network together, by network, and by address, so that one
//! guesser cannot try many passwords, and a stranger who fails on purpose does not easily lock
//! somebody out. The counts do not depend on whether the address has an account.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::mail::Address;

/// How long failures count.
pub(super) const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// The most that is remembered; beyond it the older half is forgotten.
const MOST: usize = 20_000;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Both(String, IpAddr),
    Network(IpAddr),
    Address(String),
}

/// How many tries there may be within the window.
struct Limits {
    both: u32,
    network: u32,
    address: u32,
}

impl Limits {
    fn of(&self, key: &Key) -> u32 {
        match key {
            Key::Both(..) => self.both,
            Key::Network(_) => self.network,
            Key::Address(_) => self.address,
        }
    }
}

pub(super) struct Throttle {
    limits: Limits,
    seen: Mutex<HashMap<Key, (u32, Timestamp)>>,
}

/// For sign-ins.
impl Default for Throttle {
    fn default() -> Self {
        Self { limits: Limits { both: 8, network: 40, address: 60 }, seen: Mutex::default() }
    }
}

impl Throttle {
    /// For requests that mail something to an address: each of them counts, none succeeds.
    pub(super) fn of_requests() -> Self {
        Self { limits: Limits { both: 3, network: 20, address: 6 }, seen: Mutex::default() }
    }

    /// Counts a try, and says whether it may be made. Counting comes first, so that many tries at
    /// once do not slip through.
    pub(super) fn admit(&self, now: Timestamp, address: &str, peer: IpAddr) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            forget(&mut seen, now);
        }
        let mut admitted = true;
        for key in keys(address, peer) {
            let limit = self.limits.of(&key);
            let (tries, since) = seen.entry(key).or_insert((0, now));
            // One that begins in the future is from before the clock was set back.
            if now < *since || now.duration_since(*since) >= WINDOW {
                (*tries, *since) = (0, now);
            }
            *tries = tries.saturating_add(1);
            admitted &= *tries <= limit;
        }
        admitted
    }

    /// A sign-in that succeeded takes its own try back, and clears what this person failed before
    /// from this network.
    pub(super) fn succeeded(&self, address: &str, peer: IpAddr) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys(address, peer) {
            match key {
                Key::Both(..) => drop(seen.remove(&key)),
                key => {
                    if let Some((tries, _)) = seen.get_mut(&key) {
                        *tries = tries.saturating_sub(1);
                    }
                }
            }
        }
    }
}

/// Makes room: what has expired goes, and where that is not half of it, the older half.
fn forget(seen: &mut HashMap<Key, (u32, Timestamp)>, now: Timestamp) {
    seen.retain(|_, (_, since)| *since <= now && now.duration_since(*since) < WINDOW);
    if seen.len() > MOST / 2 {
        let mut times: Vec<Timestamp> = seen.values().map(|(_, since)| *since).collect();
        let (_, median, _) = times.select_nth_unstable(seen.len() / 2);
        let median = *median;
        seen.retain(|_, (_, since)| *since > median);
    }
}

fn keys(address: &str, peer: IpAddr) -> [Key; 3] {
    // However it is written, it is one address, and has one share of tries.
    let address = Address::parse(address).map_or_else(|_| address.to_owned(), |a| a.folded().to_owned());
    let address: String = address.trim().to_lowercase().chars().take(254).collect();
    let network = network(peer);
    [Key::Both(address.clone(), network), Key::Network(network), Key::Address(address)]
}

/// What counts as one peer: a household has a /64 of IPv6, so its last half says nothing.
#[must_use]
pub fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn eight_failures_close_one_pair_for_the_window_and_no_other() {
        let throttle = Throttle::default();
        assert!((0..8).all(|_| throttle.admit(NOW, "jane@acme.example", peer(1))));
        assert!(!throttle.admit(NOW, " Jane@acme.example", peer(1)));
        assert!(throttle.admit(NOW, "jane@acme.example", peer(2)));
        assert!(throttle.admit(NOW, "lin@acme.example", peer(1)));
        assert!(throttle.admit(NOW + WINDOW, "jane@acme.example", peer(1)));
    }

    #[test]
    fn an_address_has_one_share_of_tries_however_it_is_written() {
        let throttle = Throttle::default();
        let forms = [
            "jane@m\u{fc}ller.example",
            "\"jane\"@M\u{dc}LLER.example",
            "<Jane@xn--mller-kva.example>",
            " \"JANE\"@xn--mller-kva.example",
        ];
        let admitted =
            forms.iter().cycle().take(40).filter(|form| throttle.admit(NOW, form, peer(1))).count();
        assert_eq!(admitted, 8);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer() {
        let throttle = Throttle::default();
        let later = NOW + SignedDuration::from_hours(3);
        assert!(!(0..20).all(|_| throttle.admit(later, "jane@acme.example", peer(1))));
        assert!(throttle.admit(NOW, "jane@acme.example", peer(1)));
    }

    #[test]
    fn many_addresses_from_one_network_are_one_guesser() {
        let throttle = Throttle::default();
        let admitted =
            (0..100).filter(|n| throttle.admit(NOW, &format!("a{n}@acme.example"), peer(1))).count();
        assert_eq!(admitted, 40);
        let six = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let admitted =
            (0..100u16).filter(|n| throttle.admit(NOW, &format!("b{n}@acme.example"), six(*n))).count();
        assert_eq!(admitted, 40);
    }

    #[test]
    fn who_succeeds_starts_anew_and_the_network_does_not() {
        let throttle = Throttle::default();
        let tries = |address: &str| (0..100).take_while(|_| throttle.admit(NOW, address, peer(1))).count();
        assert!((0..7).all(|_| throttle.admit(NOW, "jane@acme.example", peer(1))));
        throttle.succeeded("jane@acme.example", peer(1));
        assert_eq!(tries("jane@acme.example"), 8);
        let others: usize = (0..10).map(|n| tries(&format!("a{n}@acme.example"))).sum();
        assert!(others < 40, "{others} more from a network that failed before");
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..30_000u32 {
            let at = Timestamp::from_millisecond(i64::from(n)).unwrap();
            throttle.admit(at, &format!("a{n}@acme.example"), IpAddr::from(n.to_be_bytes()));
        }
        assert!(throttle.seen.lock().unwrap().len() <= MOST + 3);
    }
}
