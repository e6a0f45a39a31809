//! A small house: two projects, five accounts, mail that has arrived.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tower::ServiceExt;

use crate::clock::Clock;
use crate::desk::{Arrived, Desk, Links, NewAccount, NewProject, ProjectEdit};
use crate::mail::{self, Address};
use crate::secret::{Passwords, Random};
use crate::store::{Look, MemoryDisk, Store};
use crate::theme::Theme;
use crate::tracker::{Account, Handle, ProjectPath, Role, Viewer};
use crate::triage::{Budgets, EmailRef, MailRow, Site, Wildcard};
use crate::web::{Settings, Web};

pub(super) const PASSWORD: &str = "a good password";

pub(super) struct House {
    pub(super) desk: Desk,
    pub(super) clock: Clock,
    pub(super) router: Router,
    pub(super) origin: String,
    mails: std::sync::atomic::AtomicU32,
    _folder: tempfile::TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(super) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |place| place.to_str().unwrap())
    }

    /// A hidden field's value in the form that posts to `action`.
    pub(super) fn field(&self, action: &str, name: &str) -> String {
        let text = self.text();
        let form = text.split("<form").find(|form| form.contains(&format!("action=\"{action}\"")));
        let form = form.unwrap_or_else(|| panic!("no form to {action} in {text}"));
        let value = form.split(&format!("name=\"{name}\" value=\"")).nth(1);
        value.unwrap_or_else(|| panic!("no {name} in {form}")).split('"').next().unwrap().to_owned()
    }
}

/// A browser with its cookies.
#[derive(Clone, Default)]
pub(super) struct Browser {
    pub(super) cookies: BTreeMap<String, String>,
}

impl House {
    pub(super) async fn new() -> Self {
        Self::at("https://desk.example.com/").await
    }

    pub(super) async fn at(public_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual("2026-11-19T13:31:00Z".parse().unwrap());
        let random = Random::seeded(7);
        let disk = MemoryDisk::default();
        let store = Store::open_on(move || disk.clone(), folder.path(), &random, &clock).unwrap();
        let site = Site {
            wildcard: Wildcard::parse("incoming+{key}@desk.example.com").unwrap(),
            suffix_wildcard: None,
            former: vec![],
            account: Address::parse("incoming@desk.example.com").unwrap(),
            host: "desk.example.com".into(),
            authserv_id: Some("mx.example.com".into()),
            budgets: Budgets::default(),
        };
        let desk = Desk::new(store, clock.clone(), random.clone(), site, Links::new(public_url))
            .with_passwords(Passwords::cheap(random.clone()));
        let theme = Theme::load(None, TimeZone::UTC).unwrap();
        let url: url::Url = public_url.parse().unwrap();
        let origin = url.origin().ascii_serialization();
        let settings = Settings { public_url: url, trusted_proxies: vec![], version: "0.1.0", demo: None };
        let router = Web::new(desk.clone(), theme, random, settings).router();
        let house = Self {
            desk,
            clock,
            router,
            origin,
            mails: std::sync::atomic::AtomicU32::new(0),
            _folder: folder,
        };
        house.furnish().await;
        house
    }

    async fn furnish(&self) {
        for (path, name, alias, default) in [
            ("acme/web", "Acme Support", "support@acme.example", true),
            ("intern/it", "Acme IT", "it@acme.example", false),
        ] {
            let new = NewProject {
                path: ProjectPath::parse(path).unwrap(),
                name: Some(name.into()),
                aliases: vec![Address::parse(alias).unwrap()],
                suffix: None,
                default,
            };
            self.desk.add_project(new).await.unwrap();
        }
        for (handle, name, role) in [
            ("vera", "Vera Viewer", Some(Role::Viewer)),
            ("jane", "Jane Okafor", Some(Role::Agent)),
            ("maya", "Maya Manager", Some(Role::Manager)),
            ("ada", "Ada Admin", None),
            ("noah", "Noah Nobody", None),
        ] {
            let handle = Handle::parse(handle).unwrap();
            let new = NewAccount {
                handle: handle.clone(),
                name: Some(name.into()),
                address: Address::parse(&format!("{handle}@acme.example")).unwrap(),
                admin: handle.as_str() == "ada",
                projects: vec![],
            };
            let (_, link) = self.desk.add_account(new).await.unwrap();
            self.desk.set_password(&link, PASSWORD).await.unwrap();
            if let Some(role) = role {
                let edit = ProjectEdit { members: vec![(handle, role)], ..ProjectEdit::default() };
                self.desk.edit_project(ProjectPath::parse("acme/web").unwrap(), edit).await.unwrap();
            }
        }
    }

    pub(super) fn account(&self, handle: &str) -> Account {
        let look = self.desk.store.read().unwrap();
        look.account_by_handle(&Handle::parse(handle).unwrap()).unwrap().unwrap()
    }

    pub(super) fn viewer(&self, handle: &str) -> Viewer {
        let account = self.account(handle);
        Viewer { account: account.id, admin: account.admin }
    }

    /// A mail arrives, as intake hands it over.
    pub(super) async fn mail(&self, raw: &str) -> MailRow {
        let raw = raw.replace('\n', "\r\n");
        let no = self.mails.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let hash = self.desk.store.raw().put(raw.as_bytes()).unwrap();
        let source = EmailRef {
            account: "a".into(),
            email: format!("e{no}"),
            blob: format!("b{no}"),
            size: raw.len() as u64,
            received_at: self.clock.now(),
        };
        let inbound = Arc::new(mail::parse(raw.as_bytes(), Some("mx.example.com")));
        self.desk.receive(Arrived { source, raw: hash, inbound, quiet: false }).await.unwrap()
    }

    /// A plain mail to a project.
    pub(super) async fn write(&self, from: &str, to: &str, subject: &str, text: &str) -> MailRow {
        let no = self.mails.load(std::sync::atomic::Ordering::Relaxed);
        self.mail(&format!(
            "From: {from}\nTo: {to}\nSubject: {subject}\nDate: Thu, 19 Nov 2026 13:00:00 +0000\n\
             Message-ID: <m{no}@weber.example>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        ))
        .await
    }

    pub(super) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) async fn call(&self, browser: &mut Browser, mut request: Request<Body>) -> Answer {
        let cookies: Vec<String> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                browser.cookies.remove(name);
            } else {
                browser.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub(super) async fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        self.call(browser, Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form as a browser does.
    pub(super) async fn post(&self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, &self.origin)
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .unwrap();
        self.call(browser, request).await
    }

    /// Fills a form of a page and sends it.
    pub(super) async fn submit(
        &self,
        browser: &mut Browser,
        page: &str,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let shown = self.get(browser, page).await;
        let (csrf, form) = (shown.field(action, "csrf"), shown.field(action, "form"));
        let mut all = vec![("csrf", csrf.as_str()), ("form", form.as_str())];
        all.extend_from_slice(fields);
        self.post(browser, action, &all).await
    }

    pub(super) async fn sign_in(&self, handle: &str) -> Browser {
        let mut browser = Browser::default();
        let mail = format!("{handle}@acme.example");
        let fields = [("mail", mail.as_str()), ("password", PASSWORD), ("back", "/")];
        let answer = self.submit(&mut browser, "/sign-in", "/sign-in", &fields).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        browser
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
