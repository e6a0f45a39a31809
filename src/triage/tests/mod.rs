//! Tests of triage as data: a mail in a line, and what becomes of it in another.
//!
//! Each line goes the whole way, questions to facts to verdict, so that a fact which nobody asked
//! for is missing here as it would be in the store.

mod addresses;
mod forms;
mod guards;
mod joining;
mod world;

use world::World;

/// Decides the mail that a line describes (see [`world::Letter::parse`]) and compares the verdict.
#[track_caller]
fn check(mail: &str, verdict: &str) {
    check_in(&World::new(), mail, verdict);
}

#[track_caller]
fn check_in(world: &World, mail: &str, verdict: &str) {
    assert_eq!(world.decide(mail), verdict, "{mail}");
}
