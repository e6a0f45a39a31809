//! A real Chromium without a screen, driven over WebDriver (chromedriver) by fantoccini.

use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::folder;
use super::http;
use super::keeper::Kept;
use super::wait::{LONG, until};

/// Without the background flags Chromium looks up its maker's hosts at every start.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en",
];

/// A browser; it ends with the value, and its profile goes.
pub struct Browser {
    pub page: Client,
    // Dropped in this order: first the processes end, then the profile goes.
    _driver: Kept,
    _folder: TempDir,
}

impl Browser {
    /// Starts a browser with a window of this size and an empty profile. It accepts a generated
    /// certificate, since that is what a desk under trial has.
    pub async fn start(width: u32, height: u32) -> Self {
        let folder = folder::temporary("browser");
        let port = folder::free_port();
        let option = format!("--port={port}");
        let driver = Kept::start("chromedriver", &["/usr/bin/chromedriver", &option], folder.path(), true);
        let driver = driver.expect("chromedriver starts");
        let url = format!("http://127.0.0.1:{port}");
        until("chromedriver to answer", LONG, async || {
            let answer = http::get(&format!("{url}/status")).await.ok()?;
            answer.json().pointer("/value/ready")?.as_bool()?.then_some(())
        })
        .await;
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", folder.path().join("profile").display()));
        flags.push(format!("--window-size={width},{height}"));
        let Value::Object(capabilities) = json!({
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": flags },
        }) else {
            unreachable!("it is an object")
        };
        let page = ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&url).await;
        let page =
            page.unwrap_or_else(|error| panic!("Chromium does not start: {error}\n{}", driver.printed()));
        Self { page, _driver: driver, _folder: folder }
    }

    pub async fn open(&self, url: &str) {
        self.page.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Waits for an element (a CSS selector) and returns it.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.page.wait().at_most(Duration::from_secs(20)).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no {css}: {error}\n{}", self.describe().await),
        }
    }

    /// Waits for an element whose whole text, trimmed, is this: a link, a button, or a field's label.
    pub async fn labelled(&self, label: &str) -> Element {
        let path = format!(
            "//*[self::a or self::button or self::summary or self::label][normalize-space(.)='{label}']"
        );
        let found =
            self.page.wait().at_most(Duration::from_secs(20)).for_element(Locator::XPath(&path)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("nothing is labelled {label:?}: {error}\n{}", self.describe().await),
        }
    }

    /// Clicks what is labelled so.
    pub async fn press(&self, label: &str) {
        let element = self.labelled(label).await;
        element.click().await.unwrap_or_else(|error| panic!("{label:?} cannot be pressed: {error}"));
    }

    /// Empties a field (a CSS selector) and types into it.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap_or_else(|error| panic!("{css}: {error}"));
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    }

    /// The text that the page shows.
    pub async fn text(&self) -> String {
        let body = self.find("body").await;
        body.text().await.unwrap_or_default()
    }

    /// Waits until the page shows this text.
    pub async fn shows(&self, text: &str) {
        let end = std::time::Instant::now() + LONG;
        while !self.text().await.contains(text) {
            if std::time::Instant::now() > end {
                panic!("the page does not show {text:?}\n{}", self.describe().await);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A picture of the page (PNG), for a test that checks or keeps one.
    pub async fn picture(&self) -> Vec<u8> {
        self.page.screenshot().await.expect("a picture")
    }

    /// What a person would say about the page that a test failed on.
    async fn describe(&self) -> String {
        let url = self.page.current_url().await.map(|url| url.to_string()).unwrap_or_default();
        format!("on {url}:\n{}", self.page.source().await.unwrap_or_default())
    }
}
