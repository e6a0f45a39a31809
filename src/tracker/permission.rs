//! Who may do what. Asked by the desk and nowhere else.

use super::{AccountId, Project, Ticket};

/// What an account is in a project. Each role may all that the one before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads tickets.
    Viewer,
    /// Answers them.
    Agent,
    /// Configures the project.
    Manager,
}

impl Role {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Manager => "manager",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Viewer, Self::Agent, Self::Manager].into_iter().find(|role| role.as_str() == text)
    }
}

/// Who is looking: an account that is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub account: AccountId,
    pub admin: bool,
}

/// What someone wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read tickets, their mails and participants.
    Read,
    /// Comment, note, close, reopen, assign, decide on held mail of the project.
    Work,
    /// Change the project itself.
    Configure,
}

impl Viewer {
    /// Whether the viewer may do this in the project. An admin is manager of every project.
    #[must_use]
    pub fn may(&self, action: Action, project: &Project) -> bool {
        let role = if self.admin { Some(Role::Manager) } else { project.role_of(self.account) };
        let least = match action {
            Action::Read => Role::Viewer,
            Action::Work => Role::Agent,
            Action::Configure => Role::Manager,
        };
        role.is_some_and(|role| role >= least)
    }

    /// Whether the viewer may read this ticket: as a member of its project or of another project
    /// that its opening mail addressed.
    #[must_use]
    pub fn may_read(&self, ticket: &Ticket, projects: &[Project]) -> bool {
        projects
            .iter()
            .filter(|p| p.id == ticket.project || ticket.also_for.contains(&p.id))
            .any(|p| self.may(Action::Read, p))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::tracker::{FromName, ProjectId, ProjectPath};

    fn project(id: u32, members: &[(u32, Role)]) -> Project {
        Project {
            id: ProjectId(id),
            path: ProjectPath::parse("acme/web").unwrap(),
            former_paths: Vec::new(),
            name: "Web".to_owned(),
            on: true,
            aliases: Vec::new(),
            suffix: None,
            members: members.iter().map(|(account, role)| (AccountId(*account), *role)).collect(),
            from_name: FromName::Agent,
            confirm: true,
            reopen: true,
            tell_closed: false,
            joining: crate::tracker::Joining::default(),
            keep_closed_days: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn each_role_may_what_the_one_before_may_and_strangers_nothing() {
        let project = project(7, &[(1, Role::Viewer), (2, Role::Agent), (3, Role::Manager)]);
        let actions = [Action::Read, Action::Work, Action::Configure];
        for (account, admin, may) in [
            (1, false, [true, false, false]),
            (2, false, [true, true, false]),
            (3, false, [true, true, true]),
            (4, false, [false, false, false]),
            (4, true, [true, true, true]),
        ] {
            let viewer = Viewer { account: AccountId(account), admin };
            assert_eq!(actions.map(|action| viewer.may(action, &project)), may, "{viewer:?}");
        }
    }
}
