use super::*;

fn mail(head: &str, body: &str) -> Vec<u8> {
    format!(
        "From: Anna <anna@example.org>\r\nTo: x@desk.example.com\r\nSubject: Re: Hi\r\n{head}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn html(body: &str) -> RenderedBody {
    render(&mail("Content-Type: text/html; charset=utf-8", body), RemoteImages::Blocked)
}

#[test]
fn text_is_shown_in_paragraphs_with_its_quote_folded() {
    let shown = render(
        &mail(
            "Content-Type: text/plain; charset=utf-8",
            "Hello\nworld <b>\n\nBye\n\nOn 1 May 2024 Jane wrote:\n> old\n",
        ),
        RemoteImages::Blocked,
    );
    assert_eq!(shown.html, "<p>Hello<br>world &lt;b&gt;</p><p>Bye</p>");
    assert_eq!(
        shown.quoted.as_deref(),
        Some("<p>On 1 May 2024 Jane wrote:</p><blockquote><p>old</p></blockquote>")
    );
    assert_eq!(shown.text, "Hello\nworld <b>\n\nBye");
    assert_eq!(
        shown.headers,
        [
            ("From", "Anna <anna@example.org>".to_owned()),
            ("To", "x@desk.example.com".to_owned()),
            ("Subject", "Re: Hi".to_owned()),
        ]
    );
}

#[test]
fn a_gmail_answer() {
    let shown = html(
        "<div dir=\"ltr\">Works, thanks.<div><br></div></div><br><div class=\"gmail_quote gmail_quote_container\">\
         <div dir=\"ltr\" class=\"gmail_attr\">On Mon, 3 Jun 2024 at 10:00, Jane &lt;<a href=\"mailto:jane@example.com\">jane@example.com</a>&gt; wrote:<br></div>\
         <blockquote class=\"gmail_quote\" style=\"margin:0px\"><p>Does it work?</p><img src=\"https://t.example/1.gif\" width=1 height=1></blockquote></div>",
    );
    assert_eq!(shown.html, "<div dir=\"ltr\">Works, thanks.<div><br></div></div><br>");
    assert!(shown.quoted.unwrap().contains("Does it work?"));
    assert_eq!(shown.remote_images, 1);
}

#[test]
fn an_outlook_answer() {
    let shown = html(
        "<html xmlns:o=\"urn:schemas-microsoft-com:office:office\"><head><meta name=Generator content=\"Microsoft Word 15\">\
         <!--[if !mso]><style>v\\:* {behavior:url(#default#VML);}</style><![endif]--><style><!-- p.MsoNormal {margin:0cm;} --></style></head>\
         <body lang=EN-US><div class=WordSection1><p class=MsoNormal>Dear team,<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>\
         <p class=MsoNormal>it works.<o:p></o:p></p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>\
         <p class=MsoNormal><b>From:</b> Jane &lt;jane@example.com&gt;<br><b>Sent:</b> Monday<br><b>Subject:</b> Hi<o:p></o:p></p></div>\
         <p class=MsoNormal>Does it?<o:p></o:p></p></div></body></html>",
    );
    assert_eq!(shown.html, "<div><p>Dear team,</p><p>&nbsp;</p><p>it works.</p></div>");
    let quoted = shown.quoted.unwrap();
    assert!(quoted.contains("<b>From:</b> Jane") && quoted.contains("Does it?"), "{quoted}");
}

#[test]
fn a_forwarded_mail_is_not_folded() {
    let raw = b"Subject: Fwd: Bill\r\nContent-Type: text/html\r\n\r\n<p>See</p><div class=\"gmail_quote\">the bill</div>";
    let shown = render(raw, RemoteImages::Blocked);
    assert_eq!((shown.html.as_str(), shown.quoted), ("<p>See</p><div>the bill</div>", None));
    let raw =
        b"Subject: WG: Bill\r\n\r\nSee\r\n\r\nFrom: a\r\nTo: b\r\nSubject: c\r\nDate: d\r\n\r\nthe bill";
    let shown = render(raw, RemoteImages::Blocked);
    assert!(shown.html.contains("the bill") && shown.quoted.is_none());
    assert!(shown.text.contains("the bill"));
}

#[test]
fn html_that_cannot_be_shown_is_text() {
    let deep = format!("{}deep &amp; <b>safe</b>{}", "<div>".repeat(2_000), "</div>".repeat(2_000));
    assert_eq!(html(&deep).html, "<p>deep &amp; safe</p>");
    let raw = mail(
        "Content-Type: multipart/alternative; boundary=a",
        &format!("--a\r\n\r\nthe plain half\r\n--a\r\nContent-Type: text/html\r\n\r\n{deep}\r\n--a--\r\n"),
    );
    assert_eq!(render(&raw, RemoteImages::Blocked).html, "<p>the plain half</p>");
}

#[test]
fn html_that_shows_nothing_gives_way_to_the_text() {
    let raw = mail(
        "Content-Type: multipart/alternative; boundary=a",
        "--a\r\n\r\nthe plain half\r\n--a\r\nContent-Type: text/html\r\n\r\n<html><body></body></html>\r\n--a--\r\n",
    );
    assert_eq!(render(&raw, RemoteImages::Blocked).html, "<p>the plain half</p>");
}

#[test]
fn a_mail_that_is_only_a_file_shows_nothing_and_lists_it() {
    let shown =
        render(&mail("Content-Type: application/pkcs7-mime; name=smime.p7m", "MII"), RemoteImages::Blocked);
    assert_eq!((shown.html.as_str(), shown.attachments.len()), ("", 1));
    assert!(shown.defects.contains(&Defect::NoText));
}

#[test]
fn several_html_parts_stand_one_below_the_other() {
    let raw = mail(
        "Content-Type: multipart/mixed; boundary=a",
        "--a\r\nContent-Type: text/html\r\n\r\n<p>one</p>\r\n--a\r\nContent-Type: image/png\r\n\r\nx\r\n--a\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--a--\r\n",
    );
    let shown = render(&raw, RemoteImages::Blocked);
    assert_eq!(shown.html, "<p>one</p><p>two</p>");
    assert_eq!(shown.text, "one\ntwo");
    assert_eq!(shown.attachments.len(), 1);
}

#[test]
fn nothing_understood_is_shown_as_it_stands() {
    let shown = render(b"<script>alert(1)</script>", RemoteImages::Shown);
    assert_eq!(shown.html, "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
    assert_eq!(shown.defects, [Defect::Unparsable, Defect::NoSender]);
}
