//! Pages as someone who is signed in sees them.

use http::StatusCode;

use super::kit::{Browser, House};
use crate::desk::{IntakeStanding, Listening};
use crate::tracker::{EventNo, FormId};

const HANNA: &str = "Hanna Weber <hanna.weber@weber-moebel.example>";

/// Mails, answers and everything else that a timeline can have.
pub(super) async fn furnish(house: &House) {
    house.desk.standing().update(|standing| {
        standing.intake = IntakeStanding::Running;
        standing.listening = Some(Listening::Push);
        standing.last_sweep = Some(house.now());
    });
    house
        .mail(&format!(
            "From: {HANNA}\nTo: support@acme.example\nCc: timo.weber@weber-moebel.example\n\
             Subject: Rechnung R-2026-1187: falscher Betrag, bitte um korrigierte Rechnung bis Freitag\n\
             Date: Thu, 19 Nov 2026 08:12:00 +0000\nMessage-ID: <first@weber-moebel.example>\n\
             MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
             --b\nContent-Type: text/html; charset=utf-8\n\n\
             <p>Guten Tag,</p><p>unsere Rechnung R-2026-1187 vom 13. November weist 24 Lizenzen zu je 49,58 &euro; aus, zusammen 1.190,00 &euro; netto.</p>\
             <table><tr><th>Standort</th><th>Lizenzen</th></tr><tr><td>Kassel</td><td>14</td></tr></table>\
             <p><img src=\"https://weber-moebel.example/logo.png\" alt=\"Weber Logo\"></p><script>alert(1)</script>\
             <p onclick=\"alert(2)\">Hanna Weber</p>\n\
             --b\nContent-Type: application/pdf; name=\"Rechnung R-2026-1187.pdf\"\n\
             Content-Disposition: attachment; filename=\"Rechnung R-2026-1187.pdf\"\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n\
             --b\nContent-Type: text/html; name=\"evil.html\"\nContent-Disposition: attachment; filename=\"evil.html\"\n\n<script>alert(3)</script>\n--b--\n"
        ))
        .await;
    house.advance(3600);
    let jane = house.viewer("jane");
    let id = house.desk.find_ticket(jane, &"acme/web".parse_path(), 1).unwrap();
    let form = |text: &str| FormId::parse(text).unwrap();
    house.desk.assign(jane, id, form("f1"), Some(jane.account)).await.unwrap();
    let text = "Guten Tag Frau Weber,\n\nvielen Dank für den Hinweis. **Sie haben recht**: Es gilt das Angebot.\n\n- Kassel\n- Göttingen";
    house.desk.comment(jane, id, form("f2"), EventNo(9), text.into(), false).await.unwrap();
    house.desk.note(jane, id, form("f3"), "The price list still has the old price.".into()).await.unwrap();
    house.advance(3600);
    house
        .mail(&format!(
            "From: {HANNA}\nTo: support@acme.example\nSubject: Re: Rechnung\nIn-Reply-To: <first@weber-moebel.example>\n\
             Message-ID: <second@weber-moebel.example>\nContent-Type: text/plain; charset=utf-8\n\n\
             die Nummer ist DE 811 907 980.\n\nAm 16.11.2026 um 10:05 schrieb Jane Okafor:\n> Guten Tag Frau Weber\n> vielen Dank\n"
        ))
        .await;
    house
        .mail(&format!(
            "From: {HANNA}\nTo: support@acme.example\nSubject: Abwesend\nIn-Reply-To: <first@weber-moebel.example>\n\
             Auto-Submitted: auto-replied\nMessage-ID: <third@weber-moebel.example>\n\nIch bin nicht im Büro.\n"
        ))
        .await;
    house
        .write(
            "田中 裕子 <tanaka@tanaka.example>",
            "support@acme.example",
            "請求書のPDFがダウンロードできません",
            "こんにちは。",
        )
        .await;
    house
        .write(
            "Priya Raman <priya@raman.example>",
            "support@acme.example",
            "App signs me out every time I switch to the camera",
            "Hello",
        )
        .await;
    house
        .write(
            "l.hoffmann@moebelspedition.example",
            "incoming+aaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example.com",
            "Fotos vom Transportschaden",
            "Hallo,\n\nanbei die Fotos.",
        )
        .await;
    house.advance(5 * 3600);
}

pub(super) trait ParsePath {
    fn parse_path(&self) -> crate::tracker::ProjectPath;
}

impl ParsePath for str {
    fn parse_path(&self) -> crate::tracker::ProjectPath {
        crate::tracker::ProjectPath::parse(self).unwrap()
    }
}

async fn furnished() -> (House, Browser) {
    let house = House::new().await;
    furnish(&house).await;
    let browser = house.sign_in("jane").await;
    (house, browser)
}

#[tokio::test]
async fn the_list_shows_what_waits_longest_first() {
    let (house, mut jane) = furnished().await;
    let page = house.get(&mut jane, "/").await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    let first = text.find("Rechnung R-2026-1187").expect("the first ticket");
    let last = text.find("App signs me out").expect("the last ticket");
    assert!(last != first && text.contains("href=\"/p/acme/web/1\""), "{text}");
    assert!(text.contains("<span class=\"turn\">Waiting 5 h</span>"), "{text}");
    assert!(text.contains("Open <span class=\"count\">3</span>"), "{text}");
    assert!(text.contains("Mail: listening by push"), "{text}");
    assert!(!text.contains("intern/it"), "a project of others");
}

#[tokio::test]
async fn the_list_finds_by_word_number_and_assignee() {
    let (house, mut jane) = furnished().await;
    for (query, hits) in [
        ("camera", 1),
        ("is:closed", 0),
        ("assignee:me", 1),
        ("assignee:nobody", 2),
        ("assignee:ghost", 0),
        ("%232", 1),
        ("acme/web%231", 1),
        ("project:intern/it", 0),
        ("tanaka", 1),
    ] {
        let text = house.get(&mut jane, &format!("/?q={query}")).await.text();
        assert_eq!(text.matches("<li class=\"row").count(), hits, "{query}: {text}");
    }
    let text = house.get(&mut jane, "/?q=is:blue").await.text();
    assert!(text.contains("Not understood") && text.contains("<code>is:blue</code>"), "{text}");
}

#[tokio::test]
async fn a_ticket_shows_its_timeline_safely() {
    let (house, mut jane) = furnished().await;
    let page = house.get(&mut jane, "/p/acme/web/1").await;
    let text = page.text();
    assert_eq!(page.status, StatusCode::OK);
    for part in [
        "unsere Rechnung R-2026-1187",
        "Internal note",
        "Automatic mail from",
        "took the ticket",
        "<strong>Sie haben recht</strong>",
        "1 remote image is not loaded",
        "Rechnung R-2026-1187.pdf",
        "Quoted text",
        "Confirmation",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for bad in ["alert(", "<script", "onclick", "src=\"https:", "style="] {
        assert!(!text.contains(bad), "{bad} in {text}");
    }
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src 'self' data:;"), "{policy}");
}

#[tokio::test]
async fn remote_images_load_on_the_page_on_which_they_were_asked_for() {
    let (house, mut jane) = furnished().await;
    let page = house.get(&mut jane, "/p/acme/web/1?images=1").await;
    assert!(page.text().contains("https://weber-moebel.example/logo.png"), "{}", page.text());
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("img-src 'self' data: https:;"), "{policy}");
    let other = house.get(&mut jane, "/p/acme/web/1?images=99").await;
    assert!(!other.text().contains("src=\"https:"));
}

#[tokio::test]
async fn attachments_are_downloads_that_nothing_runs() {
    let (house, mut jane) = furnished().await;
    let text = house.get(&mut jane, "/p/acme/web/1").await.text();
    let hrefs: Vec<&str> =
        text.split("class=\"file\" href=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
    assert_eq!(hrefs.len(), 2, "{hrefs:?}");
    let pdf = house.get(&mut jane, hrefs[0]).await;
    assert_eq!(pdf.bytes, b"%PDF-1.4\n");
    assert_eq!(pdf.headers["content-type"], "application/pdf");
    let html = house.get(&mut jane, hrefs[1]).await;
    assert_eq!(html.headers["content-type"], "application/octet-stream");
    for answer in [pdf, html] {
        assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment; "));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["content-security-policy"], "sandbox; default-src 'none'");
    }
    assert_eq!(house.get(&mut jane, "/p/acme/web/1/file/1/99").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.get(&mut jane, "/p/acme/web/1/file/99/1").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn held_mails_are_taken_in_with_one_click() {
    let (house, mut jane) = furnished().await;
    let page = house.get(&mut jane, "/held").await.text();
    assert!(page.contains("H02") && page.contains("Fotos vom Transportschaden"), "{page}");
    let row = page.split("action=\"/held/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let action = format!("/held/{row}/take-in");
    let project = house.desk.projects().unwrap().iter().find(|p| p.path.as_str() == "acme/web").unwrap().id.0;
    let done = house.submit(&mut jane, "/held", &action, &[("project", &project.to_string())]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert!(done.location().starts_with("/p/acme/web/"), "{}", done.location());
    assert!(house.get(&mut jane, done.location()).await.text().contains("Fotos vom Transportschaden"));
    assert!(house.get(&mut jane, "/held").await.text().contains("No mail waits for a decision"));
}

#[tokio::test]
async fn a_mailbox_that_is_not_adopted_is_said_on_every_page() {
    let (house, mut jane) = furnished().await;
    house.desk.standing().update(|standing| standing.intake = IntakeStanding::NotAdopted { waiting: 1812 });
    for page in ["/", "/held", "/p/acme/web/1"] {
        let text = house.get(&mut jane, page).await.text();
        assert!(text.contains("1812 mails") && text.contains("postdesk adopt leave"), "{page}: {text}");
    }
}

#[tokio::test]
async fn a_desk_without_tickets_says_where_to_write() {
    let house = House::new().await;
    let mut jane = house.sign_in("jane").await;
    let text = house.get(&mut jane, "/").await.text();
    assert!(text.contains("No tickets yet") && text.contains("support@acme.example"), "{text}");
    let mut noah = house.sign_in("noah").await;
    let text = house.get(&mut noah, "/").await.text();
    assert!(text.contains("not a member of any project"), "{text}");
}

#[tokio::test]
async fn former_paths_lead_to_the_present_one() {
    let (house, mut jane) = furnished().await;
    let edit = crate::desk::ProjectEdit { path: Some("acme/shop/eu".parse_path()), ..Default::default() };
    house.desk.edit_project("acme/web".parse_path(), edit).await.unwrap();
    let answer = house.get(&mut jane, "/p/acme/web/1").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/p/acme/shop/eu/1"));
    assert_eq!(house.get(&mut jane, "/p/acme/shop/eu/1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_link_of_every_page_leads_somewhere() {
    let (house, mut ada) = furnished().await;
    ada = {
        let _ = ada;
        house.sign_in("ada").await
    };
    let mut todo = vec!["/".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(path) = todo.pop() {
        if !seen.insert(path.clone()) || seen.len() > 150 {
            continue;
        }
        let page = house.get(&mut ada, &path).await;
        assert!(
            page.status == StatusCode::OK || page.status == StatusCode::SEE_OTHER,
            "{path}: {}",
            page.status
        );
        let text = page.text();
        for href in text.split(" href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let href = href.replace("&amp;", "&");
            assert!(!href.is_empty() && href != "#", "{path} has a link to nowhere");
            let href = href.split('#').next().unwrap();
            if href.starts_with('/') {
                todo.push(href.to_owned());
            }
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}

#[tokio::test]
async fn addresses_that_cannot_be_lead_nowhere() {
    let (house, mut jane) = furnished().await;
    for path in [
        "/p/acme/web/99999999999",
        "/p/acme/web/0",
        "/p/acme/web/1/file/x/y",
        "/p/ac me/1",
        "/p/acme%2f..%2fweb/1",
        "/p/%ff/1",
        "/p/acme/web/1/none",
        "/p//1",
        "/none",
    ] {
        let path = path.replace(' ', "%20");
        let answer = house.get(&mut jane, &path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text());
        assert!(answer.text().contains("There is nothing here"), "{path}");
    }
    assert_eq!(house.get(&mut jane, "/p/ACME/Web/1").await.status, StatusCode::OK);
    assert_eq!(house.get(&mut jane, "/?q=%ff%00&sort=x&after=y&after=z").await.status, StatusCode::OK);
}
