//! Every page and letter with made-up contents, so that `check` and the tests find a template that
//! fails before a person does.

use super::page::{Empty, NoticePage, ProjectAddress};
use super::{Theme, ThemeError, samples};

impl Theme {
    /// Renders everything that the theme has; how many pages and letters there were.
    ///
    /// # Errors
    /// The first template that fails.
    pub fn rehearse(&self) -> Result<usize, ThemeError> {
        let pages = self.rehearse_pages();
        let letters = samples::letters();
        let count = pages.len() + letters.len();
        for (_, page) in pages {
            page?;
        }
        for letter in letters {
            self.letter("en", &letter)?;
        }
        Ok(count)
    }

    /// All pages with all their branches, each by a name for failures.
    pub(super) fn rehearse_pages(&self) -> Vec<(&'static str, Result<String, ThemeError>)> {
        let frame = samples::frame();
        let mut quiet = samples::frame();
        quiet.viewer = None;
        let mut stopped = samples::frame();
        stopped.mail.not_adopted = Some(1812);
        let mut other_desk = samples::frame();
        other_desk.mail.stopped = Some("The mailbox belongs to another desk, on the host alder.".into());
        let mut trouble = samples::frame();
        trouble.mail.trouble = Some("The mail server refuses the password.".into());
        trouble.held = None;
        let mut reader = samples::ticket();
        reader.may_work = false;
        reader.composer = None;
        reader.state = "closed";
        let mut bare = samples::list();
        bare.rows.clear();
        bare.older = None;
        bare.first = None;
        let place = ProjectAddress {
            path: "acme/web".into(),
            address: "incoming+acme-web-7-issue-@desk.example.com".into(),
        };
        let mut no_held = samples::held();
        no_held.rows.clear();
        no_held.balance.clear();
        let mut fresh = samples::sign_in();
        fresh.kept = None;
        fresh.trouble = None;
        fresh.address = String::new();
        let mut all = vec![
            ("list", self.page(&frame, &samples::list())),
            ("list without rows", self.page(&stopped, &bare)),
            ("empty", self.page(&frame, &Empty { addresses: vec![place], admin: false })),
            ("no project", self.page(&frame, &Empty { addresses: vec![], admin: true })),
            ("no membership", self.page(&frame, &Empty { addresses: vec![], admin: false })),
            ("ticket", self.page(&frame, &samples::ticket())),
            ("ticket for a reader", self.page(&trouble, &reader)),
            ("held", self.page(&frame, &samples::held())),
            ("account", self.page(&frame, &samples::own_account())),
            ("nothing held", self.page(&other_desk, &no_held)),
            ("sign in", self.page(&quiet, &samples::sign_in())),
            ("sign in, fresh", self.page(&quiet, &fresh)),
            ("welcome", self.page(&quiet, &samples::welcome())),
            ("error", self.page(&quiet, &samples::error())),
            (
                "notice",
                self.page(
                    &quiet,
                    &NoticePage { title: "Link".into(), text: "It has been used.".into(), sign_in: true },
                ),
            ),
        ];
        for state in ["ask", "done", "everything", "back"] {
            all.push((state, self.page(&quiet, &samples::unsubscribe(state))));
        }
        all
    }
}
