//! The template engine with one way out: every printed value is cleaned and escaped.

use base64::Engine as _;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, UndefinedBehavior, Value};
use trilemma_domain::Fingerprint;

use crate::text::{escape, html_prose};

/// The page.
pub(super) const PAGE: &str = include_str!("../../assets/report.html");
/// The page of a load test.
pub(super) const LATENCY: &str = include_str!("../../assets/latency.html");
/// What all pages begin with.
const HEAD: &str = include_str!("../../assets/head.html");
/// Tables, charts and lists that pages share.
const PARTS: &str = include_str!("../../assets/parts.html");
/// Its style sheet.
pub(crate) const STYLE: &str = include_str!("../../assets/report.css");
/// Sorts tables; opens folded parts for printing.
pub(crate) const SCRIPT: &str = include_str!("../../assets/tables.js");
/// Browses items; only in reports with content.
pub(super) const BROWSER: &str = include_str!("../../assets/items.js");

/// Fills in the page of a decision.
pub(super) fn render(model: Value) -> Result<String, Error> {
    fill("report.html", PAGE, model)
}

/// Fills in the page of a load test.
pub(crate) fn render_load(model: Value) -> Result<String, Error> {
    fill("latency.html", LATENCY, model)
}

fn fill(name: &str, page: &str, model: Value) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build()?;
    environment.set_syntax(syntax);
    environment.set_formatter(|out, _, value| {
        let text = match (value.is_safe(), value.as_str()) {
            // Only our own markup and what the filter below made is ever marked safe.
            (true, Some(markup)) => markup.to_owned(),
            (false, Some(text)) => escape(text),
            (_, None) => escape(&value.to_string()),
        };
        out.write_str(&text).map_err(Error::from)
    });
    environment.add_filter("prose", |text: &str| {
        Value::from_safe_string(html_prose(text))
    });
    let shared = [("head.html", HEAD), ("parts.html", PARTS)];
    for (name, text) in shared.into_iter().chain([(name, page)]) {
        environment.add_template(name, text)?;
    }
    environment.get_template(name)?.render(model)
}

/// The policy that allows this page's own style and scripts, and nothing else.
pub(crate) fn policy(with_content: bool) -> String {
    let mut scripts = source(SCRIPT);
    if with_content {
        scripts.push(' ');
        scripts.push_str(&source(BROWSER));
    }
    format!(
        "default-src 'none'; style-src {}; script-src {scripts}; base-uri 'none'; form-action 'none'",
        source(STYLE)
    )
}

/// A hash source as CSP level 3 §2.3.1 defines it.
fn source(text: &str) -> String {
    let digest = Fingerprint::of(text.as_bytes());
    let digest = base64::engine::general_purpose::STANDARD.encode(digest.as_bytes());
    format!("'sha256-{digest}'")
}
