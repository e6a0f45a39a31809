//! Rests: a lane whose letters meet trouble of the server's, one after another, waits, longer each time.
//! After a rest one letter goes ahead of the others. The other lanes do not notice.

use std::time::Duration;

use crate::tracker::{Lane, OutboxId};

/// After so many letters in a row a lane rests. One that fails again and again is one.
const IN_A_ROW: usize = 3;
/// The first rest; each that follows is twice as long.
const FIRST: Duration = Duration::from_secs(5);
/// The longest rest.
const LONGEST: Duration = Duration::from_mins(2);
/// The same where nobody knows whether the letters left: each that goes ahead may be one more of those.
const LONGEST_IN_DOUBT: Duration = Duration::from_mins(10);

/// How one lane fares.
#[derive(Debug, Default)]
struct Course {
    /// Which letters met trouble since one fared well, up to as many as make a lane rest.
    met: Vec<OutboxId>,
    rests: u32,
    /// By the clock's run, which nobody can set.
    until: Duration,
}

/// How all lanes fare. A restart forgets it.
#[derive(Debug, Default)]
pub(super) struct Rests {
    people: Course,
    notices: Course,
    automatic: Course,
}

impl Rests {
    fn course(&mut self, lane: Lane) -> &mut Course {
        match lane {
            Lane::People => &mut self.people,
            Lane::Notices => &mut self.notices,
            Lane::Automatic => &mut self.automatic,
        }
    }

    /// For how long the lane still rests; nothing where it does not.
    pub(super) fn left(&mut self, lane: Lane, now: Duration) -> Option<Duration> {
        self.course(lane).until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Whether one letter alone may be under way, to see how it fares.
    pub(super) fn goes_ahead(&mut self, lane: Lane) -> bool {
        self.course(lane).rests > 0
    }

    /// The server answered for a letter.
    pub(super) fn well(&mut self, lane: Lane) {
        *self.course(lane) = Course::default();
    }

    /// Whether any lane rests, or has not fared well since.
    pub(super) fn any(&self) -> bool {
        [&self.people, &self.notices, &self.automatic].iter().any(|course| course.rests > 0)
    }

    /// A letter met trouble that may be the server's; says whether the lane rests now. `jitter` takes from a
    /// time.
    pub(super) fn trouble(
        &mut self,
        (lane, now): (Lane, Duration),
        id: OutboxId,
        in_doubt: bool,
        jitter: impl FnOnce(Duration) -> Duration,
    ) -> bool {
        let course = self.course(lane);
        if course.met.len() < IN_A_ROW && !course.met.contains(&id) {
            course.met.push(id);
        }
        if course.until > now {
            // It was under way already when the rest began.
            return true;
        }
        if course.rests == 0 && course.met.len() < IN_A_ROW {
            return false;
        }
        let longest = if in_doubt { LONGEST_IN_DOUBT } else { LONGEST };
        let whole = FIRST.saturating_mul(2_u32.saturating_pow(course.rests.min(10))).min(longest);
        course.until = now.saturating_add(jitter(whole));
        course.rests += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn meets(rests: &mut Rests, letter: u64, now: u64) -> bool {
        rests.trouble((Lane::People, at(now)), OutboxId(letter), false, |whole| whole)
    }

    #[test]
    fn three_in_a_row_make_a_lane_rest_and_an_answer_ends_that() {
        let mut rests = Rests::default();
        assert!(!meets(&mut rests, 1, 0) && !meets(&mut rests, 2, 0));
        rests.well(Lane::People);
        assert!(!meets(&mut rests, 1, 0) && !meets(&mut rests, 2, 0) && meets(&mut rests, 3, 0));
        assert_eq!(rests.left(Lane::People, at(1)), Some(at(4)));
        assert_eq!(rests.left(Lane::Automatic, at(1)), None);
        assert!(meets(&mut rests, 4, 2), "one that was under way makes it no longer");
        assert_eq!(rests.left(Lane::People, at(5)), None);
        assert!(rests.goes_ahead(Lane::People) && !rests.goes_ahead(Lane::Notices));
        assert!(meets(&mut rests, 1, 5), "the one that goes ahead is enough");
        assert_eq!((rests.left(Lane::People, at(5)), rests.any()), (Some(at(10)), true));
        rests.well(Lane::People);
        assert_eq!((rests.left(Lane::People, at(5)), rests.goes_ahead(Lane::People)), (None, false));
        assert!(!rests.any());
    }

    #[test]
    fn a_letter_that_fails_again_and_again_makes_no_lane_rest() {
        let mut rests = Rests::default();
        for now in 0..100 {
            assert!(!meets(&mut rests, now % 2, now));
        }
    }

    #[test]
    fn a_rest_becomes_longer_up_to_a_bound() {
        for (in_doubt, longest) in [(false, 120), (true, 600)] {
            let (mut rests, mut now) = (Rests::default(), at(0));
            for letter in 0..30 {
                rests.trouble((Lane::Automatic, now), OutboxId(letter), in_doubt, |whole| whole);
                now += rests.left(Lane::Automatic, now).unwrap_or_default();
            }
            rests.trouble((Lane::Automatic, now), OutboxId(30), in_doubt, |whole| whole);
            assert_eq!(rests.left(Lane::Automatic, now), Some(at(longest)));
        }
    }
}
