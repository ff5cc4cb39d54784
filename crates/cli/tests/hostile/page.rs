//! What a browser makes of a page: the tokenizer of the HTML standard (§13.2.5), with the states that
//! `script`, `style`, `title` and their like switch to.

use std::collections::BTreeSet;

use html5gum::{DefaultEmitter, Token, Tokenizer};
use serde_json::Value;

/// A page taken apart.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// Names of all elements.
    pub(crate) elements: BTreeSet<String>,
    /// Names of all attributes.
    pub(crate) attributes: BTreeSet<String>,
    /// Values of attributes that name something to load or to go to.
    pub(crate) addresses: BTreeSet<String>,
    /// Texts of scripts that run.
    pub(crate) scripts: Vec<String>,
    /// Data blocks.
    pub(crate) data: Vec<Value>,
    /// Style sheets.
    pub(crate) styles: Vec<String>,
    /// The content security policy.
    pub(crate) policy: Option<String>,
    /// Everything a reader sees.
    pub(crate) text: String,
}

/// Attributes that make a browser load or follow something.
const ADDRESSES: [&str; 10] = [
    "action",
    "background",
    "data",
    "formaction",
    "href",
    "ping",
    "poster",
    "src",
    "srcset",
    "xlink:href",
];

/// Takes a page apart.
pub(crate) fn parse(html: &str) -> Page {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    let mut inside: Option<(String, bool)> = None;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        match token.unwrap() {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                let attributes: Vec<(String, String)> = tag
                    .attributes
                    .iter()
                    .map(|(name, value)| {
                        (
                            String::from_utf8_lossy(name).into_owned(),
                            String::from_utf8_lossy(value).into_owned(),
                        )
                    })
                    .collect();
                let value = |wanted: &str| {
                    attributes
                        .iter()
                        .find(|(name, _)| name == wanted)
                        .map(|(_, value)| value.clone())
                };
                if value("http-equiv").as_deref() == Some("Content-Security-Policy") {
                    page.policy = value("content");
                }
                if name == "script" || name == "style" {
                    let is_data = value("type").as_deref() == Some("application/json");
                    inside = Some((name.clone(), is_data));
                }
                for (name, value) in attributes {
                    if ADDRESSES.contains(&name.as_str()) {
                        page.addresses.insert(value);
                    }
                    page.attributes.insert(name);
                }
                page.elements.insert(name);
            }
            Token::EndTag(_) => inside = None,
            Token::String(text) => {
                let text = String::from_utf8_lossy(&text).into_owned();
                match &inside {
                    Some((name, _)) if name == "style" => page.styles.push(text),
                    Some((_, true)) => page.data.push(serde_json::from_str(&text).unwrap()),
                    Some(_) => page.scripts.push(text),
                    None => page.text.push_str(&text),
                }
            }
            Token::Comment(comment) => panic!("a comment: {comment:?}"),
            Token::Doctype(_) => {}
            Token::Error(error) => panic!("not well-formed: {error:?}"),
        }
    }
    page
}

/// Asserts that a page holds no element, attribute, script or address that its harmless twin has not.
pub(crate) fn assert_harmless(page: &Page, twin: &Page) {
    let new = |ours: &BTreeSet<String>, theirs: &BTreeSet<String>| -> Vec<String> {
        ours.difference(theirs).cloned().collect()
    };
    assert_eq!(new(&page.elements, &twin.elements), Vec::<String>::new());
    assert_eq!(
        new(&page.attributes, &twin.attributes),
        Vec::<String>::new()
    );
    assert!(
        page.attributes.iter().all(|name| !name.starts_with("on")),
        "{:?}",
        page.attributes
    );
    assert!(
        page.addresses
            .iter()
            .all(|address| address.starts_with('#')),
        "{:?}",
        page.addresses
    );
    assert_eq!(page.scripts, twin.scripts);
    assert_eq!(page.styles, twin.styles);
    assert_eq!(page.policy, twin.policy);
    let policy = page.policy.as_deref().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
}

#[test]
fn it_sees_what_a_browser_would_run() {
    let page = parse(
        "<title>a</title><script>1</script></title><a HREF=javascript:x><img src=x onerror=y><svg onload=z>\
         <script type=\"application/json\">[\"<img onclick=1>\"]</script><script>2</script>&lt;b&gt;",
    );
    assert_eq!(page.scripts, ["1", "2"]);
    assert_eq!(page.data, [serde_json::json!(["<img onclick=1>"])]);
    assert!(page.attributes.contains("onerror") && page.attributes.contains("onload"));
    assert!(!page.attributes.contains("onclick") && !page.elements.contains("b"));
    assert!(page.addresses.contains("javascript:x"));
    assert_eq!(page.text, "a<b>");
}
