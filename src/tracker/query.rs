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

/// Whose tickets a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssigneeFilter {
    Me,
    Nobody,
    Handle(Handle),
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
        let understood = match token.split_once(':') {
            Some(("is", "open")) => {
                self.state = StateFilter::Open;
                true
            }
            Some(("is", "hold")) => {
                self.state = StateFilter::OnHold;
                true
            }
            Some(("is", "closed")) => {
                self.state = StateFilter::Closed;
                true
            }
            Some(("is", "all")) => {
                self.state = StateFilter::All;
                true
            }
            Some(("project", path)) => ProjectPath::parse(path).map(|path| self.project = Some(path)).is_ok(),
            Some(("assignee", "me")) => {
                self.assignee = Some(AssigneeFilter::Me);
                true
            }
            Some(("assignee", "nobody")) => {
                self.assignee = Some(AssigneeFilter::Nobody);
                true
            }
            Some(("assignee", handle)) => {
                Handle::parse(handle).map(|h| self.assignee = Some(AssigneeFilter::Handle(h))).is_some()
            }
            Some(("is", _)) => false,
            _ => {
                self.word(token);
                true
            }
        };
        if !understood {
            self.unknown.push(token.to_owned());
        }
    }

    /// `acme/web#12` is a project and a number, `#12` a number, anything else a word.
    fn word(&mut self, token: &str) {
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
        self.words.push(token.to_lowercase());
    }
}

impl fmt::Display for Query {
    /// Writes the query so that [`Query::parse`] reads the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tokens = Vec::new();
        match (self.state, self.number) {
            (StateFilter::Open, _) => tokens.push("is:open".to_owned()),
            (StateFilter::OnHold, _) => tokens.push("is:hold".to_owned()),
            (StateFilter::Closed, _) => tokens.push("is:closed".to_owned()),
            (StateFilter::All, None) => tokens.push("is:all".to_owned()),
            (StateFilter::All, Some(_)) => {}
        }
        match (&self.project, self.number) {
            (Some(path), Some(number)) => tokens.push(format!("{path}#{number}")),
            (Some(path), None) => tokens.push(format!("project:{path}")),
            (None, Some(number)) => tokens.push(format!("#{number}")),
            (None, None) => {}
        }
        match &self.assignee {
            Some(AssigneeFilter::Me) => tokens.push("assignee:me".to_owned()),
            Some(AssigneeFilter::Nobody) => tokens.push("assignee:nobody".to_owned()),
            Some(AssigneeFilter::Handle(handle)) => tokens.push(format!("assignee:{handle}")),
            None => {}
        }
        tokens.extend(self.words.iter().cloned());
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
