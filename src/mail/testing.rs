//! Shared by the tests of this module.
#![allow(clippy::disallowed_methods, reason = "tests measure what a hostile mail costs")]

use std::time::Instant;

/// How many seconds a call takes, by the wall clock: bounds on it are generous, because other tests
/// run beside it. What grows with the square of the size is beyond them by a factor of ten.
pub(super) fn cost_of<T>(call: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    let _ = std::hint::black_box(call());
    began.elapsed().as_secs_f64()
}

/// What is dangerous in a piece of HTML, if anything: an element, attribute or target that is not
/// on this list, which was written without looking at the sanitiser's.
pub(super) fn harm(html: &str) -> Option<String> {
    const ELEMENTS: &str = " a abbr b bdi bdo blockquote br caption code col colgroup dd del div dl dt em h3 h4 h5 h6 \
         hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup table tbody td tfoot th thead \
         tr u ul ";
    const ATTRIBUTES: &str =
        " href rel target src alt loading referrerpolicy class colspan rowspan start lang dir title ";
    for tag in super::tags::tags(html) {
        if !ELEMENTS.contains(&format!(" {} ", tag.name)) {
            return Some(format!("element {}", tag.name));
        }
        for (name, value) in tag.attributes() {
            let safe = match name {
                "href" => {
                    ["http://", "https://", "mailto:", "tel:"].iter().any(|start| value.starts_with(start))
                }
                "src" => {
                    tag.is("img") && ["http://", "https://"].iter().any(|start| value.starts_with(start))
                }
                "class" => value == "no-image",
                "/" => true,
                _ => ATTRIBUTES.contains(&format!(" {name} ")),
            };
            if !safe {
                return Some(format!("attribute {name}={value} of {}", tag.name));
            }
        }
    }
    None
}
