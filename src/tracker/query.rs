//! The query language of the ticket list: `is:open project:acme/web assignee:me #12 invoice`.
//!
//! The state of a list lives in its address alone (`?q=&sort=&after=`), so a query is a text that
//! people can read, type and send to each other.

use std::fmt;

use super::{AccountId, Handle, ProjectId, ProjectPath};

/// Which states a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum StateFilter {
    #[default]
    Open,
    OnHold,
    Closed,
    All,
}

impl StateFilter {
    /// The word after `is:`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::OnHold => "hold",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::OnHold, Self::Closed, Self::All].into_iter().find(|state| state.as_str() == text)
    }
}

/// Whose tickets a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssigneeFilter {
    Me,
    Nobody,
    Handle(Handle),
}

impl AssigneeFilter {
    /// What stands after `assignee:`. A colleague whose handle is a word of its own is `@me`.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "me" => Some(Self::Me),
            "nobody" => Some(Self::Nobody),
            handle => Handle::parse(handle).map(Self::Handle),
        }
    }
}

impl fmt::Display for AssigneeFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Nobody => f.write_str("nobody"),
            Self::Handle(handle) => write!(f, "@{handle}"),
        }
    }
}

/// In which order a list shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub enum Sort {
    /// What changed last comes first.
    #[default]
    Activity,
    /// What was opened last comes first.
    Opened,
    /// Who has waited longest comes first.
    Waiting,
}

impl Sort {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Opened => "opened",
            Self::Waiting => "waiting",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Self {
        [Self::Activity, Self::Opened, Self::Waiting]
            .into_iter()
            .find(|sort| sort.as_str() == text)
            .unwrap_or_default()
    }
}

/// A query as someone typed it, understood.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Query {
    pub state: StateFilter,
    pub project: Option<ProjectPath>,
    pub assignee: Option<AssigneeFilter>,
    /// Only tickets with mails that wait for an agent who verifies them: `is:unverified`.
    pub unverified: bool,
    /// `#12`, which with a project names one ticket.
    pub number: Option<u32>,
    /// Everything else, lower-cased: words that the title or a participant must contain.
    pub words: Vec<String>,
    /// Tokens that look like a filter and are none, shown to the person who typed them.
    pub unknown: Vec<String>,
}

impl Query {
    /// Reads a query. There is no wrong query: what is not understood is named in `unknown`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for token in text.split_whitespace() {
            query.take(token);
        }
        query
    }

    fn take(&mut self, token: &str) {
        let folded = token.to_lowercase();
        let understood = match folded.split_once(':') {
            // In whatever state they are.
            Some(("is", "unverified")) => {
                (self.unverified, self.state) = (true, StateFilter::All);
                true
            }
            Some(("is", state)) => StateFilter::parse(state).map(|state| self.state = state).is_some(),
            Some(("project", path)) => ProjectPath::parse(path).map(|path| self.project = Some(path)).is_ok(),
            Some(("assignee", who)) => {
                AssigneeFilter::parse(who).map(|who| self.assignee = Some(who)).is_some()
            }
            _ => {
                self.word(folded);
                true
            }
        };
        if !understood {
            self.unknown.push(token.to_owned());
        }
    }

    /// `acme/web#12` is a project and a number, `#12` a number, anything else a word.
    fn word(&mut self, token: String) {
        if let Some((path, number)) = token.split_once('#')
            && let Ok(number) = number.parse()
        {
            if path.is_empty() {
                self.number = Some(number);
                self.state = StateFilter::All;
                return;
            }
            if let Ok(path) = ProjectPath::parse(path) {
                self.project = Some(path);
                self.number = Some(number);
                self.state = StateFilter::All;
                return;
            }
        }
        self.words.push(token);
    }
}

impl fmt::Display for Query {
    /// Writes the query so that [`Query::parse`] reads the same. A number means any state, so it
    /// stands before the state that may narrow it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = format!("is:{}", self.state.as_str());
        let mut tokens = Vec::new();
        tokens.extend(self.unverified.then(|| "is:unverified".to_owned()));
        if let Some(number) = self.number {
            tokens.push(format!("{}#{number}", self.project.as_ref().map_or("", ProjectPath::as_str)));
            tokens.extend((self.state != StateFilter::All).then_some(state));
        } else {
            tokens.extend((!self.unverified || self.state != StateFilter::All).then_some(state));
            tokens.extend(self.project.iter().map(|path| format!("project:{path}")));
        }
        tokens.extend(self.assignee.iter().map(|who| format!("assignee:{who}")));
        tokens.extend(self.words.iter().chain(&self.unknown).cloned());
        f.write_str(&tokens.join(" "))
    }
}

/// What the store is asked for: a query whose names have become ids, within what the viewer may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    /// The projects to look in; never empty for a viewer who may read something.
    pub projects: Vec<ProjectId>,
    pub state: StateFilter,
    pub assignee: Option<Option<AccountId>>,
    pub unverified: bool,
    pub number: Option<u32>,
    pub words: Vec<String>,
    pub sort: Sort,
    /// The last row of the page before.
    pub after: Option<Cursor>,
    pub limit: usize,
}

/// A place in a list: the sort key in milliseconds and the ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub key: i64,
    pub ticket: super::TicketId,
}

impl Cursor {
    /// Reads what [`fmt::Display`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (key, ticket) = text.rsplit_once('.')?;
        Some(Self { key: key.parse().ok()?, ticket: super::TicketId(ticket.parse().ok()?) })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.ticket)
    }
}

#[cfg(test)]
mod tests;
