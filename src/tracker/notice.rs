//! Notices: what people with an account are mailed about.

use super::{Actor, Event, EventKind};

/// What an account wants to be mailed about, as its owner chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Notices {
    Nothing,
    /// Tickets that are assigned to the account.
    #[default]
    Assigned,
    /// Every ticket of the projects that the account may read.
    All,
}

impl Notices {
    pub const ALL: [Self; 3] = [Self::Assigned, Self::All, Self::Nothing];

    /// The word in forms.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Assigned => "assigned",
            Self::All => "all",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }

    /// Whether an account that chose this is told about an occasion on a ticket. `mine` is a ticket
    /// that is assigned to it, from then on where that is the occasion.
    #[must_use]
    pub fn wants(self, occasion: Occasion, mine: bool) -> bool {
        match (self, occasion) {
            (Self::Nothing, _) | (Self::Assigned, Occasion::NewTicket) => false,
            (Self::Assigned, _) | (Self::All, Occasion::Assigned) => mine,
            (Self::All, _) => true,
        }
    }
}

/// What a notice tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    NewTicket,
    /// A customer wrote on a ticket.
    Comment,
    /// A mail stands on a ticket, and somebody has to decide what it is.
    Unverified,
    /// The ticket was given to the account.
    Assigned,
}

impl Occasion {
    /// The occasion that an event is; none for what nobody is mailed about, such as automatic mails
    /// and what colleagues write.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        match (&event.kind, event.actor) {
            (EventKind::Opened { .. }, _) => Some(Self::NewTicket),
            (EventKind::Comment { .. }, Actor::Account(_)) => None,
            (EventKind::Comment { automatic: false, .. }, _) => Some(Self::Comment),
            (EventKind::Unverified { automatic: false, .. }, _) => Some(Self::Unverified),
            (EventKind::Assigned { to: Some(_), .. }, _) => Some(Self::Assigned),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_about_what() {
        use Occasion::{Assigned, Comment, NewTicket, Unverified};
        let told = |choice: Notices, mine| {
            [NewTicket, Comment, Unverified, Assigned].map(|occasion| choice.wants(occasion, mine))
        };
        assert_eq!(told(Notices::Nothing, true), [false; 4]);
        assert_eq!(told(Notices::Nothing, false), [false; 4]);
        assert_eq!(told(Notices::Assigned, true), [false, true, true, true]);
        assert_eq!(told(Notices::Assigned, false), [false; 4]);
        assert_eq!(told(Notices::All, true), [true; 4]);
        // Somebody else's assignment is nobody's business but theirs.
        assert_eq!(told(Notices::All, false), [true, true, true, false]);
    }

    #[test]
    fn the_words_of_forms_come_back() {
        for choice in Notices::ALL {
            assert_eq!(Notices::parse(choice.as_str()), Some(choice));
        }
        assert_eq!(Notices::parse("everything"), None);
    }
}
