use proptest::prelude::*;

use super::*;

fn check(text: &str, reply: &str, quoted: Option<&str>) {
    let have = cut(text);
    assert_eq!((have.reply.as_str(), have.quoted.as_deref()), (reply, quoted), "{text}");
}

#[test]
fn a_quote_at_the_end_is_folded_with_its_introduction() {
    check(
        "Thanks!\n\nOn Mon, 3 Jun 2024 at 10:00, Jane <jane@example.com> wrote:\n> Hello\n>\n> Bye\n",
        "Thanks!",
        Some("On Mon, 3 Jun 2024 at 10:00, Jane <jane@example.com> wrote:\n> Hello\n>\n> Bye"),
    );
    check(
        "Danke\n\nAm Mo., 3. Juni 2024 um 10:00 Uhr schrieb Jane\n<jane@example.com>:\n\n> Hallo",
        "Danke",
        Some("Am Mo., 3. Juni 2024 um 10:00 Uhr schrieb Jane\n<jane@example.com>:\n\n> Hallo"),
    );
    check("Yes.\n> Is it?\n", "Yes.", Some("> Is it?"));
}

#[test]
fn an_answer_below_the_quote_is_the_reply() {
    check(
        "On 3 June 2024 Jane wrote:\n> Hello\n> there\n\nMy answer\n-- \nAnna",
        "My answer\n-- \nAnna",
        Some("On 3 June 2024 Jane wrote:\n> Hello\n> there"),
    );
}

#[test]
fn a_text_that_says_nothing_but_its_quote_is_known() {
    for nothing in [
        "",
        " \n\n",
        "> Hello\n",
        "\nOn 3 June 2024 Jane wrote:\n> Hello\n>\n\n> Bye\n",
        "> Thanks\n\nOn 3 June 2024 Jane wrote:\n> Hello\n",
        "> Hello\n-- \nJane",
        "-----Original Message-----\nFrom: Jane\nSent: Monday\nTo: Lin\nSubject: Hello\n\nHello",
    ] {
        assert!(is_all_quoted(nothing), "{nothing}");
    }
    for something in [
        "Yes",
        "👍",
        "Yes\n> Hello",
        "On 3 June 2024 Jane wrote:\n> Hello\n?",
        "-- \nJane\n\nOn 3 June 2024 Jane wrote:\n> Hi?\n\nYes.",
    ] {
        assert!(!is_all_quoted(something), "{something}");
    }
}

#[test]
fn ones_own_words_are_found_between_quoted_lines() {
    for (text, words) in [
        (
            "Hello\n\nOn 3 June 2024 Jane\nwrote:\n\n> One?\n> Two?\nYes.\n\n> Three?\nNo.\n",
            "Hello\n\nYes.\n\nNo.",
        ),
        ("> Thanks\n\nOn 3 June 2024 Jane wrote:\n> Hello", ""),
        (
            "Yes.\n> Two?\nNo.\n\nFrom: Jane\nSent: Monday\nTo: Lin\nSubject: Hello\n\nHello\n> older",
            "Yes.\nNo.",
        ),
        (
            "Yes.\n\nFrom: Jane\nSent: Monday\nTo: Lin\nSubject: Hello\n\nHello\n-----Original Message-----\nolder",
            "Yes.",
        ),
        // Programs that quote without marks.
        (
            "Yes.\n\nOn 3 June 2024 Jane <j@x> wrote:\n\n--- Write your answer above this line ---\n\nOld",
            "Yes.",
        ),
        (
            "Like this:\nFrom: a@x\nTo: b@x\nSubject: c\nand send it.\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\
             From: Jane\nSent: Monday\nTo: Lin\n\n--- Write your answer above this line ---\nOld",
            "Like this:\nFrom: a@x\nTo: b@x\nSubject: c\nand send it.",
        ),
        (
            "It had this head:\nFrom: a@x\nTo: b@x\nSubject: c\nPlease change it.\n\nOn 3 June 2024 Jane wrote:\n\
             > --- Write your answer above this line ---\n> Old\nAnd thank you.",
            "It had this head:\nFrom: a@x\nTo: b@x\nSubject: c\nPlease change it.\n\nAnd thank you.",
        ),
        // What is more than an introduction stays.
        (
            "I restarted server 3 after you wrote to us.\nAs to your second question:\n> Why?\nBecause.",
            "I restarted server 3 after you wrote to us.\nAs to your second question:\nBecause.",
        ),
        ("> I wrote you on 3 June\nYes. And to the next one:\n> Why?", "Yes. And to the next one:"),
        // The links of HTML stand at the end.
        (
            "See [here][2].\n> old [x][1]\n\n[1]: https://old\n[2]: https://new",
            "See [here][2].\n\n[2]: https://new",
        ),
        ("> old [x][1]\n\n[1]: https://old", ""),
        ("  indented\n> a\n", "  indented"),
        ("a > b\n\nc", "a > b\n\nc"),
        ("", ""),
    ] {
        assert_eq!(own(text), words, "{text}");
    }
}

#[test]
fn what_stands_on_both_sides_of_a_quote_stays() {
    let text = "-\nOn 1 May Jane wrote:\n> quoted\ntext";
    check(text, text, None);
}

#[test]
fn answers_between_quoted_lines_stay() {
    let text = "On 3 June 2024 Jane wrote:\n> One?\nYes\n> Two?\nNo";
    check(text, text, None);
    let text = "Hello\n> One?\nYes\n> Two?";
    check(text, text, None);
}

#[test]
fn outlook_blocks_are_folded() {
    let block =
        "From: Jane <jane@example.com>\nSent: Monday, 3 June 2024 10:00\nTo: Anna\nSubject: Bill\n\nHello";
    check(&format!("Thanks\n\n{block}"), "Thanks", Some(block));
    let ruled = format!("________________________________\n{block}");
    check(&format!("Thanks\n\n{ruled}"), "Thanks", Some(&ruled));
    let marked = format!("-----Original Message-----\n{block}");
    check(&format!("Thanks\n\n{marked}"), "Thanks", Some(&marked));
    let german = "Von: Jane\nGesendet: Montag\nAn: Anna\nBetreff: Rechnung\n\nHallo";
    check(&format!("Danke\n\n{german}"), "Danke", Some(german));
}

#[test]
fn what_is_the_matter_itself_is_not_folded() {
    for text in [
        "> only a quote",
        "From: Jane\nSent: Monday\nTo: Anna\nSubject: Bill\n\nHello",
        "See below\n\n---------- Forwarded message ---------\nFrom: Jane <j@example.com>\nDate: Mon\nSubject: x\nTo: y\n\nHi",
        "Begin forwarded message:\n\n> From: x\n> text",
        "First\n-\nSecond\n*\nThird",
        "He wrote:\nthat it works",
        "A line\n________________\nanother line",
        "We need:\nto: be\nor: not",
        "a > b\nand c > d",
        "",
    ] {
        check(text, text, None);
    }
}

proptest! {
    /// Whatever the text, all of its words are in one of the two halves, in order.
    #[test]
    fn nothing_is_dropped(lines in prop::collection::vec(
        prop_oneof![
            Just(String::new()), Just("> quoted".to_owned()), Just("text".to_owned()),
            Just("On 1 May Jane wrote:".to_owned()), Just("-----Original Message-----".to_owned()),
            Just("From: a".to_owned()), Just("To: b".to_owned()), Just("Subject: c".to_owned()), "[ >a-z:-]{0,12}",
        ], 0..20)) {
        let text = lines.join("\n");
        let have = cut(&text);
        let words = |text: &str| { let mut all: Vec<String> = text.split_whitespace().map(str::to_owned).collect(); all.sort(); all };
        let both = format!("{}\n{}", have.reply, have.quoted.unwrap_or_default());
        prop_assert_eq!(words(&both), words(&text));
        prop_assert!(!have.reply.trim().is_empty() || text.trim().is_empty());
    }
}
