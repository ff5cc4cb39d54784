//! Drift reports as one self-contained page: no script, no request leaves it, every text is escaped.

use std::fmt::Write as _;

use super::view::{Flip, Part, TITLES, View};
use crate::html::{STYLE, policy};
use crate::text::{escape, html_prose};

/// The page.
pub(super) fn page(view: &View) -> String {
    let mut body = String::new();
    let _ = write!(
        body,
        "<header class=\"top\"><p class=\"task\">Drift check</p></header>\n<main>\n\
         <section class=\"verdict {}\"><h1>{}</h1>\n",
        if view.drifted {
            "no-candidate"
        } else {
            "decided"
        },
        html_prose(&view.headline)
    );
    for note in &view.notes {
        let _ = writeln!(body, "<p>{}</p>", html_prose(note));
    }
    body.push_str("</section>\n");
    for part in &view.parts {
        section(&mut body, part);
    }
    body.push_str("<section><h2>Method</h2>\n");
    for method in &view.methods {
        let _ = writeln!(body, "<p>{}</p>", html_prose(method));
    }
    body.push_str("</section>\n</main>\n");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>Drift check</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escape(&policy(false))
    )
}

fn section(body: &mut String, part: &Part) {
    let _ = writeln!(
        body,
        "<section><h2>{}: {}</h2>",
        escape(&part.name),
        escape(&part.verdict)
    );
    if !part.changes.is_empty() {
        body.push_str("<ul>\n");
        for change in &part.changes {
            let _ = writeln!(body, "<li><strong>{}</strong></li>", html_prose(change));
        }
        body.push_str("</ul>\n");
    }
    table(body, &TITLES, part.rows.iter().map(|row| row.as_slice()));
    body.push_str("<ul>\n");
    for fact in part.facts.iter().chain([&part.flips_note]) {
        let _ = writeln!(body, "<li>{}</li>", html_prose(fact));
    }
    body.push_str("</ul>\n");
    if !part.flips.is_empty() {
        let rows: Vec<Vec<String>> = part.flips.iter().map(cells).collect();
        let has_texts = part.flips.iter().any(|flip| flip.texts.is_some());
        let titles: &[&str] = if has_texts {
            &["item", "outcome", "then", "now"]
        } else {
            &["item", "outcome"]
        };
        table(body, titles, rows.iter().map(Vec::as_slice));
    }
    body.push_str("</section>\n");
}

fn cells(flip: &Flip) -> Vec<String> {
    let mut cells = vec![flip.item.clone(), flip.words.clone()];
    if let Some((before, now)) = &flip.texts {
        cells.extend([before.clone(), now.clone()]);
    }
    cells
}

fn table<'a>(body: &mut String, titles: &[&str], rows: impl Iterator<Item = &'a [String]>) {
    body.push_str("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
    for title in titles {
        let _ = write!(body, "<th scope=\"col\">{}</th>", escape(title));
    }
    body.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        body.push_str("<tr>");
        for cell in row {
            let _ = write!(body, "<td>{}</td>", escape(cell));
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</tbody></table></div>\n");
}
