//! How many connections one peer may hold, so that nobody holds them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::desk::network;

/// The connections that are open, by whose they are: one network is one peer.
#[derive(Clone)]
pub(super) struct Peers {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// One connection that is open. Its place is free when this is dropped.
pub(super) struct Guest {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    pub(super) fn new(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One connection more of this peer's, unless it has as many as it may.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Guest> {
        let peer = network(address);
        let mut open = self.open();
        let held = open.entry(peer).or_default();
        if *held >= self.most {
            return None;
        }
        *held += 1;
        Some(Guest { peers: self.clone(), peer })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut open = self.peers.open();
        if let Some(held) = open.get_mut(&self.peer) {
            *held -= 1;
            if *held == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_connection_ends() {
        let peers = Peers::new(2);
        let of = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let first = peers.enter(of(1)).unwrap();
        let _second = peers.enter(of(2)).unwrap();
        assert!(peers.enter(of(3)).is_none(), "one network is one peer");
        assert!(peers.enter(IpAddr::from([192, 0, 2, 1])).is_some());
        drop(first);
        let third = peers.enter(of(3));
        assert!(third.is_some());
        drop((third, _second));
        assert!(peers.open().is_empty(), "nothing is remembered of those that left");
    }
}
