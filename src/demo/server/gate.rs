//! How many requests of one user may run at once (RFC 8620 §2 `maxConcurrentRequests`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub struct Gate {
    most: usize,
    inside: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// Held while a request runs.
pub struct Permit {
    login: String,
    inside: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Gate {
    pub fn new(most: usize) -> Self {
        Self { most, inside: Arc::default() }
    }

    /// Lets a request in, or not.
    pub fn enter(&self, login: &str) -> Option<Permit> {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let count = inside.entry(login.to_owned()).or_default();
        if *count >= self.most {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Permit { login: login.to_owned(), inside: self.inside.clone() })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = inside.get_mut(&self.login) {
            *count = count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_lets_in_so_many_of_each_user() {
        let gate = Gate::new(2);
        let first = gate.enter("a");
        let second = gate.enter("a");
        assert!(
            first.is_some() && second.is_some() && gate.enter("a").is_none() && gate.enter("b").is_some()
        );
        drop(first);
        assert!(gate.enter("a").is_some());
    }
}
