//! Decisions to report, and a checker of tags.
//!
//! The fixtures are what `--json` printed of two simulated runs; a change of the decision's format
//! means printing them anew.

use trilemma_decide::Decision;
use trilemma_report::{Report, format};

pub(crate) fn decided() -> Decision {
    serde_json::from_str(include_str!("../data/decided.json")).unwrap()
}

/// The decided one, with what the months ahead come to.
pub(crate) fn with_outlook() -> Decision {
    let mut decision = decided();
    let outlook = serde_json::from_str(include_str!("../data/outlook.json")).unwrap();
    decision.outlook = Some(outlook);
    decision
}

pub(crate) fn undecided() -> Decision {
    serde_json::from_str(include_str!("../data/undecided.json")).unwrap()
}

pub(crate) fn export(name: &str, report: &Report<'_>) -> String {
    let bytes = format(name).unwrap().export(report).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Elements that HTML never closes.
const VOID: [&str; 4] = ["meta", "input", "br", "link"];

/// Checks that every tag is closed in order; gives the names of all elements.
pub(crate) fn elements(markup: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut all = Vec::new();
    let mut rest = markup;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = rest.find('>').expect("a tag without end");
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.starts_with(['!', '?']) {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed out of order");
            continue;
        }
        let name = tag.split([' ', '/']).next().unwrap().to_owned();
        assert!(!name.is_empty(), "a stray `<`");
        if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name.clone());
            // The text of these two is not markup.
            if name == "script" || name == "style" {
                let close = rest.find(&format!("</{name}")).expect("an open script");
                rest = &rest[close..];
            }
        }
        all.push(name);
    }
    assert!(open.is_empty(), "left open: {open:?}");
    all
}
