//! What one sender may cause, as the site decides.

/// How much one sender may cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// Confirmations to one authenticated sender.
    pub confirmations_per_hour: u32,
    pub confirmations_per_day: u32,
    /// Confirmations to a sender of whom nothing is known: enough to answer a person, too few to
    /// flood someone whose address was made use of.
    pub confirmations_per_day_unknown: u32,
    /// Confirmations to a sender since a person last acted on one of that sender's tickets: two
    /// machines that answer each other are left alone after so many.
    pub confirmations_per_day_unattended: u32,
    /// New mails of one sender; what comes beyond is held.
    pub mails_per_hour: u32,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            confirmations_per_hour: 5,
            confirmations_per_day: 20,
            confirmations_per_day_unknown: 1,
            confirmations_per_day_unattended: 3,
            mails_per_hour: 50,
        }
    }
}
