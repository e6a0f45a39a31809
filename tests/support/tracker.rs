//! The tracker as a browser without a screen or a script sees it: pages as text, forms with their
//! hidden fields, cookies. Quick; for what a real browser shows, see `browser`.

use std::sync::Mutex;

use super::http::{self, Answer};

/// Someone who is signed in.
pub struct Tracker {
    base: String,
    /// What a browser would send as `Origin`: the public address.
    origin: String,
    cookies: Mutex<Vec<(String, String)>>,
}

impl Tracker {
    /// Signs in.
    pub async fn sign_in(base: &str, origin: &str, address: &str, password: &str) -> Self {
        let tracker = Self { base: base.to_owned(), origin: origin.to_owned(), cookies: Mutex::default() };
        let answer =
            tracker.submit("/sign-in", "/sign-in", &[("mail", address), ("password", password)]).await;
        assert_eq!(answer.status, 303, "signing in: {}", answer.text());
        tracker
    }

    fn cookie(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn ask(&self, method: &str, path: &str, body: String) -> Answer {
        let url = format!("{}{path}", self.base);
        let host = self.origin.split_once("://").map_or("", |(_, host)| host);
        let cookie = self.cookie();
        let headers = [
            ("host", host),
            ("origin", self.origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie.as_str()),
        ];
        let answer = http::ask(method, &url, &headers, body).await.unwrap_or_else(|error| panic!("{error}"));
        for set in answer.headers.get_all("set-cookie") {
            let text = set.to_str().unwrap();
            let (name, value) =
                text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            let mut cookies = self.cookies.lock().unwrap();
            cookies.retain(|(known, _)| known != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    /// A page that has to be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.ask("GET", path, String::new()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// A page, if it is there.
    pub async fn try_page(&self, path: &str) -> Option<String> {
        let answer = self.ask("GET", path, String::new()).await;
        (answer.status == 200).then(|| answer.text())
    }

    /// Sends the form of a page whose action ends so, with its hidden fields and these.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let html = self.page(page).await;
        let (target, mut all) =
            form(&html, action).unwrap_or_else(|| panic!("no form {action} on {page}:\n{html}"));
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(all);
        self.ask("POST", &target, body.finish()).await
    }

    /// The same, for a form that must be taken.
    pub async fn must_submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) {
        let answer = self.submit(page, action, fields).await;
        assert_eq!(answer.status, 303, "{action} on {page}: {}", answer.text());
    }

    /// Answers a ticket.
    pub async fn reply(&self, ticket: &str, text: &str) {
        self.must_submit(ticket, "/write", &[("mode", "reply"), ("text", text)]).await;
    }

    /// Writes a note on a ticket.
    pub async fn note(&self, ticket: &str, text: &str) {
        self.must_submit(ticket, "/write", &[("mode", "note"), ("text", text)]).await;
    }
}

/// The target and hidden fields of the first form whose action ends so.
fn form(html: &str, action: &str) -> Option<(String, Vec<(String, String)>)> {
    html.split("<form").skip(1).find_map(|rest| {
        let (open, after) = rest.split_once('>')?;
        let target = attribute(open, "action")?;
        if !target.ends_with(action) {
            return None;
        }
        let inside = after.split("</form>").next()?;
        let inputs = inside.split("<input").skip(1).filter_map(|input| input.split('>').next());
        let hidden = inputs.filter(|input| attribute(input, "type").as_deref() == Some("hidden"));
        let fields = hidden.filter_map(|input| {
            Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default()))
        });
        Some((target, fields.collect()))
    })
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    let value = after.split('"').next()?;
    Some(
        value
            .replace("&#x2f;", "/")
            .replace("&#x27;", "'")
            .replace("&quot;", "\"")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&amp;", "&"),
    )
}
