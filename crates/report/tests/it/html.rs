//! The page's structure, its walls, and that nothing leaves it.

use std::collections::BTreeSet;

use base64::Engine as _;
use trilemma_domain::Fingerprint;
use trilemma_report::Report;

use crate::support::{decided, elements, export, undecided, with_outlook};

fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open)
        .skip(1)
        .map(|rest| rest.split(close).next().unwrap())
        .collect()
}

#[test]
fn tags_are_balanced_and_headings_in_order() {
    for decision in [decided(), undecided(), with_outlook()] {
        let page = export("html", &Report::new(&decision));
        let elements = elements(&page);
        let count = |name: &str| elements.iter().filter(|element| *element == name).count();
        assert_eq!(
            (count("h1"), count("main"), count("title")),
            (1, 1, 1 + n_tooltips(&page))
        );
        // Each chart is drawn twice, for wide and narrow screens; four marks explain themselves.
        assert_eq!(count("svg"), 2 * count("figure") + 4);
        assert_eq!(count("script"), 1);
        assert!(count("table") >= 7);
    }
}

fn n_tooltips(page: &str) -> usize {
    page.matches("<g><title>").count()
}

#[test]
fn the_policy_names_exactly_the_style_and_script_that_are_there() {
    let page = export("html", &Report::new(&decided()));
    let policy = between(
        &page,
        "http-equiv=\"Content-Security-Policy\" content=\"",
        "\"",
    )[0];
    let policy = policy.replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    for (open, close) in [("<style>", "</style>"), ("<script>", "</script>")] {
        for text in between(&page, open, close) {
            let digest = Fingerprint::of(text.as_bytes());
            let digest = base64::engine::general_purpose::STANDARD.encode(digest.as_bytes());
            assert!(policy.contains(&format!("'sha256-{digest}'")), "{open}");
        }
    }
}

#[test]
fn nothing_is_fetched_and_nothing_acts_inline() {
    let page = export("html", &Report::new(&decided()));
    assert!(!page.contains(" src="));
    assert!(!page.contains("url("));
    assert!(!page.contains("@import"));
    assert!(!page.contains(" style="));
    assert!(
        !page.contains(" onclick") && !page.contains(" onload") && !page.contains("javascript:")
    );
    for target in between(&page, "href=\"", "\"") {
        assert!(target.starts_with('#'), "{target}");
    }
}

#[test]
fn ids_are_unique_and_references_lead_somewhere() {
    let page = export("html", &Report::new(&with_outlook()));
    let ids = between(&page, " id=\"", "\"");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{ids:?}");
    let mut references = between(&page, "aria-labelledby=\"", "\"");
    references.extend(between(&page, "href=\"#", "\""));
    for reference in references {
        assert!(unique.contains(reference), "{reference}");
    }
}

#[test]
fn verdicts_are_words_beside_their_signs() {
    let page = export("html", &Report::new(&decided()));
    for word in ["✓ meets", "✗ fails", "? undecided"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(page.contains("<h1>Use <code>gpt-4o-mini</code>"));
    assert!(page.contains("Simulated."));
    let mut real = decided();
    real.simulated = false;
    assert!(!export("html", &Report::new(&real)).contains("Simulated."));
}

#[test]
fn dark_narrow_and_printed_pages_are_provided_for() {
    let page = export("html", &Report::new(&decided()));
    assert!(page.contains("prefers-color-scheme: dark"));
    assert!(page.contains("@media print"));
    assert!(page.contains("name=\"viewport\""));
}

#[test]
fn every_candidate_stands_in_every_table() {
    let decision = decided();
    let page = export("html", &Report::new(&decision));
    for candidate in &decision.candidates {
        let heading = format!("<th scope=\"row\" class=\"name\">{}", candidate.id);
        assert!(page.matches(&heading).count() >= 7, "{}", candidate.id);
    }
}

#[test]
fn twelve_candidates_keep_their_labels_apart() {
    let mut decision = decided();
    let pattern = decision.candidates.clone();
    while decision.candidates.len() < 12 {
        let number = decision.candidates.len();
        let mut next = pattern[number % 3].clone();
        next.id = format!("another-candidate-number-{number}").into();
        decision.candidates.push(next);
    }
    let page = export("html", &Report::new(&decision));
    let chart = between(&page, "<figure id=\"frontier\">", "</figure>")[0];
    let wide = chart.split("</svg>").next().unwrap();
    let boxes: Vec<(f64, f64, f64)> = wide
        .lines()
        .filter(|line| line.starts_with("<text") && !line.contains("class=\"tick\""))
        .filter(|line| !line.contains("class=\"axis\"") && !line.contains("class=\"limit\""))
        .map(|line| {
            let number = |name: &str| -> f64 {
                between(line, &format!(" {name}=\""), "\"")[0]
                    .parse()
                    .unwrap()
            };
            let n_chars = between(line, ">", "<")[0].chars().count() as f64;
            (number("x"), number("y"), n_chars * 6.0)
        })
        .collect();
    assert!(boxes.len() >= 10, "{}", boxes.len());
    for (idx, (x, y, width)) in boxes.iter().enumerate() {
        for (other_x, other_y, other_width) in &boxes[idx + 1..] {
            let apart =
                (y - other_y).abs() >= 12.0 || x + width <= *other_x || other_x + other_width <= *x;
            assert!(apart, "{x} {y} over {other_x} {other_y}");
        }
    }
}
