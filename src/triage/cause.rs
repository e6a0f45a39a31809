//! The register of causes: why a mail is held for a person, or ignored.
//!
//! A number is never reused. Each cause has one sentence, for the person who decides.

macro_rules! causes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $number:literal, $sentence:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $(#[doc = $sentence] $variant,)+ }

        impl $name {
            /// Every cause, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The number that people see and records keep.
            #[must_use]
            pub fn number(self) -> &'static str {
                match self { $(Self::$variant => $number,)+ }
            }

            /// What happened, for a person.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)+ }
            }

            /// The cause with this number.
            #[must_use]
            pub fn from_number(number: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|cause| cause.number() == number)
            }
        }
    };
}

causes! {
    /// Why a mail waits for a person to decide.
    HoldCause {
        NoProject = "H01", "It was sent to an address that leads to no project, and the site has no default project.";
        UnknownKey = "H02", "The address has a key that is not on record: mistyped, expired with a restore, or made up.";
        ForeignSlug = "H03", "The address names a project's number with another project's path.";
        ProjectOff = "H04", "The project takes no new tickets at present.";
        Unverified = "H05", "It answers a ticket, but its sender does not take part in it, or could not be authenticated.";
        Bounce = "H06", "It reports that a mail could not be delivered.";
        AgentKey = "H07", "It uses an agent's key, but the sender is not that agent or could not be authenticated.";
        Flood = "H08", "This sender has written too many mails in the last hour.";
        Unparsable = "H09", "It could not be read as a mail.";
        Crash = "H10", "Reading it ended the daemon twice, so it was set aside unread.";
        ApplyFailed = "H11", "Taking it in failed for a reason of our own; the log has the details.";
        TooLarge = "H12", "It is larger than this site takes.";
        OwnAddress = "H13", "It says that it comes from one of this desk's own addresses, but the desk did not send it.";
        NoContent = "H14", "The mail server shows that it is there, but did not give its content, however often it was asked.";
        AgentMayNot = "H15", "An agent answered a notice by mail, but that account may not answer here any more.";
        AgentEmpty = "H16", "An agent answered a notice by mail without a word of their own, so there is nothing to send.";
    }
}

impl HoldCause {
    /// Whether nobody has looked into the mail: what is known of it is the mail server's word.
    #[must_use]
    pub fn is_unread(self) -> bool {
        matches!(self, Self::Unparsable | Self::Crash | Self::TooLarge | Self::NoContent)
    }
}

causes! {
    /// Why a mail is filed away without becoming anything.
    IgnoreCause {
        OurOwn = "I01", "It is one of our own mails, come back.";
        Check = "I02", "It is a test mail of this desk's own.";
        Imported = "I03", "It was in the mailbox before the desk was, and was left as it is.";
        Dismissed = "I04", "A person decided that it is not needed.";
        Erased = "I05", "What it said was erased.";
        AgentAutomatic = "I06", "A program answered a notice to an agent, such as an out-of-office reply.";
    }
}
