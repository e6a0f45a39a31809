use proptest::prelude::*;

use super::*;

const REL: &str = " rel=\"noopener noreferrer nofollow\" target=\"_blank\"";

fn check(markdown: &str, html: &str, text: &str) {
    assert_eq!(to_html(markdown).replace(REL, "").trim_end(), html, "{markdown}");
    assert_eq!(to_text(markdown), text, "{markdown}");
}

#[test]
fn what_agents_write() {
    check("Hello\nthere\n\nBye", "<p>Hello<br />\nthere</p>\n<p>Bye</p>", "Hello\nthere\n\nBye");
    check("*a* **b** ~~c~~", "<p><em>a</em> <strong>b</strong> <del>c</del></p>", "a b c");
    check(
        "see https://example.com/x.",
        "<p>see <a href=\"https://example.com/x\">https://example.com/x</a>.</p>",
        "see https://example.com/x.",
    );
    check(
        "[here](https://example.com)",
        "<p><a href=\"https://example.com\">here</a></p>",
        "here (https://example.com)",
    );
    check(
        "<jane@example.com>",
        "<p><a href=\"mailto:jane@example.com\">jane@example.com</a></p>",
        "jane@example.com",
    );
    check("> a\n> b\n\nc", "<blockquote>\n<p>a<br />\nb</p>\n</blockquote>\n<p>c</p>", "> a\n> b\n\nc");
    check(
        "- a\n- b\n  - c",
        "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>",
        "- a\n- b\n  - c",
    );
    check("2. a\n3. b", "<ol start=\"2\">\n<li>a</li>\n<li>b</li>\n</ol>", "2. a\n3. b");
    check("# Title\ntext", "<p><strong>Title</strong></p>\n<p>text</p>", "Title\n\ntext");
    check(
        "`a<b`\n\n```sh\nx <y>\n```",
        "<p><code>a&lt;b</code></p>\n<pre><code>x &lt;y&gt;\n</code></pre>",
        "a<b\n\nx <y>",
    );
    check("", "", "");
}

#[test]
fn nothing_dangerous_passes() {
    check("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>", "<script>x</script>");
    check(
        "|a|b|\n|:-|-:|\n|1|2|",
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>\n<tr><td>1</td><td>2</td></tr>\n</tbody></table>",
        "a | b\n1 | 2",
    );
    check("a <b onclick=x>b</b>", "<p>a &lt;b onclick=x&gt;b&lt;/b&gt;</p>", "a <b onclick=x>b</b>");
    check("[a](javascript:alert(1))", "<p>a</p>", "a (javascript:alert(1))");
    check("[a](data:text/html,x)", "<p>a</p>", "a (data:text/html,x)");
    check(
        "![cat](https://example.com/c.png)",
        "<p><a href=\"https://example.com/c.png\">cat</a></p>",
        "cat (https://example.com/c.png)",
    );
}

proptest! {
    /// Whatever is typed, the sanitiser would leave it as it is: no element or attribute is there
    /// that it does not know.
    #[test]
    fn html_is_safe(markdown in "([a-z <>&\"'`*_#\\[\\]()!:/.@=|~-]|https://|javascript:|\n|\n\\|a\\|b\\|\n\\|-:\\|:-\\|\n\\|c\\|d|<script>|<img src=x onerror=y>){0,60}") {
        let html = to_html(&markdown);
        prop_assert!(crate::mail::testing::harm(&html).is_none(), "{}", html);
        let _ = to_text(&markdown);
    }
}
