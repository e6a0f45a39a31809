//! A raw JMAP client: JSON in, JSON out, as the RFCs write it, so that a test sees the server itself.

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::http::{self, Answer};
use super::wait::{LONG, until};

/// One user at one server.
#[derive(Clone, Debug)]
pub struct Raw {
    base: String,
    user: String,
    authorization: String,
}

impl Raw {
    /// `base` is such as `http://127.0.0.1:8080`.
    pub fn new(base: &str, user: &str, password: &str) -> Self {
        let authorization = format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()));
        Self { base: base.trim_end_matches('/').to_owned(), user: user.to_owned(), authorization }
    }

    /// The account id; on Cyrus it is the login.
    pub fn account(&self) -> &str {
        &self.user
    }

    async fn ask(&self, method: &str, url: &str, media: &str, body: Vec<u8>) -> Result<Answer, String> {
        let headers = [("authorization", self.authorization.as_str()), ("content-type", media)];
        http::ask(method, url, &headers, body).await
    }

    /// The session document (RFC 8620 §2), after the redirect that both real servers send.
    pub async fn session(&self) -> Result<Value, String> {
        let mut url = format!("{}/.well-known/jmap", self.base);
        for _ in 0..3 {
            let answer = self.ask("GET", &url, "application/json", Vec::new()).await?;
            match (answer.status, answer.header("location")) {
                (200, _) => return Ok(answer.json()),
                (301 | 302 | 307 | 308, Some(to)) => url = self.absolute(to),
                _ => return Err(format!("{url} answered {}: {}", answer.status, answer.text())),
            }
        }
        Err("redirected too often".to_owned())
    }

    fn absolute(&self, to: &str) -> String {
        if to.starts_with('/') { format!("{}{to}", self.base) } else { to.to_owned() }
    }

    async fn endpoint(&self, name: &str) -> String {
        let session = self.session().await.expect("a JMAP session");
        self.absolute(session[name].as_str().unwrap_or_else(|| panic!("no {name} in {session}")))
    }

    /// Sends method calls; returns the method responses: `[[name, arguments, call id], …]`.
    pub async fn call(&self, calls: Value) -> Vec<Value> {
        let url = self.endpoint("apiUrl").await;
        let body = json!({
            "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"],
            "methodCalls": calls,
        });
        let answer = self.ask("POST", &url, "application/json", body.to_string().into_bytes()).await;
        let answer = answer.expect("an answer to a JMAP request");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["methodResponses"].as_array().expect("method responses").clone()
    }

    /// Sends one call and returns its arguments; fails on a method error.
    pub async fn one(&self, method: &str, mut arguments: Value) -> Value {
        arguments["accountId"] = json!(self.user);
        let responses = self.call(json!([[method, arguments, "0"]])).await;
        assert_eq!(responses[0][0], method, "{responses:?}");
        responses[0][1].clone()
    }

    /// Uploads bytes; returns the blob id.
    pub async fn upload(&self, bytes: &[u8]) -> String {
        let url = self.endpoint("uploadUrl").await.replace("{accountId}", &self.user);
        let answer = self.ask("POST", &url, "message/rfc822", bytes.to_vec()).await.expect("an upload");
        assert!(matches!(answer.status, 200 | 201), "{}: {}", answer.status, answer.text());
        answer.json()["blobId"].as_str().expect("a blob id").to_owned()
    }

    pub async fn download(&self, blob: &str) -> Vec<u8> {
        let url = self
            .endpoint("downloadUrl")
            .await
            .replace("{accountId}", &self.user)
            .replace("{blobId}", blob)
            .replace("{name}", "mail")
            .replace("{type}", "message%2Frfc822");
        let answer = self.ask("GET", &url, "application/json", Vec::new()).await.expect("a download");
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.body
    }

    pub async fn mailboxes(&self) -> Vec<Value> {
        self.one("Mailbox/get", json!({ "ids": null })).await["list"].as_array().cloned().unwrap_or_default()
    }

    /// The id of the mailbox with this role, or this name.
    pub async fn mailbox(&self, role_or_name: &str) -> Option<String> {
        let wanted = json!(role_or_name);
        let all = self.mailboxes().await;
        let found =
            all.iter().find(|m| m["role"] == wanted).or_else(|| all.iter().find(|m| m["name"] == wanted));
        Some(found?["id"].as_str()?.to_owned())
    }

    /// The mails of a mailbox, oldest first: id, blobId, messageId, subject, keywords, from, to.
    pub async fn mails(&self, role_or_name: &str) -> Vec<Value> {
        let Some(mailbox) = self.mailbox(role_or_name).await else { return Vec::new() };
        let query = json!({
            "accountId": self.user,
            "filter": { "inMailbox": mailbox },
            "sort": [{ "property": "receivedAt", "isAscending": true }],
        });
        let get = json!({
            "accountId": self.user,
            "#ids": { "resultOf": "q", "name": "Email/query", "path": "/ids" },
            "properties": ["id", "blobId", "messageId", "subject", "keywords", "mailboxIds", "from", "to", "size"],
        });
        let responses = self.call(json!([["Email/query", query, "q"], ["Email/get", get, "g"]])).await;
        assert_eq!(responses[1][0], "Email/get", "{responses:?}");
        responses[1][1]["list"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until the mailbox has that many mails, and returns them.
    pub async fn wait_for_mails(&self, role_or_name: &str, count: usize) -> Vec<Value> {
        until(&format!("{count} mails in {role_or_name} of {}", self.user), LONG, async || {
            let mails = self.mails(role_or_name).await;
            (mails.len() == count).then_some(mails)
        })
        .await
    }

    /// Imports bytes into a mailbox; returns the response's arguments, `created` or `notCreated` under `m`.
    pub async fn import(&self, raw: &[u8], role_or_name: &str) -> Value {
        let blob = self.upload(raw).await;
        let mailbox = self.mailbox(role_or_name).await.expect("the mailbox");
        let email =
            json!({ "blobId": blob, "mailboxIds": { mailbox: true }, "keywords": { "$draft": true } });
        self.one("Email/import", json!({ "emails": { "m": email } })).await
    }

    /// Submits an Email to one recipient, moving it from Drafts to Sent on success (RFC 8621 §7.5);
    /// returns all responses.
    pub async fn submit(&self, email: &str, to: &str) -> Vec<Value> {
        let identities = self.one("Identity/get", json!({ "ids": null })).await;
        let identity = identities["list"][0]["id"].clone();
        let (drafts, sent) = (self.mailbox("drafts").await, self.mailbox("sent").await);
        let (drafts, sent) = (drafts.expect("Drafts"), sent.expect("Sent"));
        let submission = json!({
            "emailId": email,
            "identityId": identity,
            "envelope": { "mailFrom": { "email": self.user }, "rcptTo": [{ "email": to }] },
        });
        let patch = json!({
            format!("mailboxIds/{drafts}"): null,
            format!("mailboxIds/{sent}"): true,
            "keywords/$draft": null,
        });
        self.call(json!([["EmailSubmission/set", {
            "accountId": self.user,
            "create": { "s": submission },
            "onSuccessUpdateEmail": { "#s": patch },
        }, "0"]]))
            .await
    }
}
