//! Foreign text that tries to act: in ids, model names, sentences, tags and outputs.

use proptest::prelude::*;
use trilemma_decide::{Decision, Slice};
use trilemma_report::{
    Colour, Content, ContentAnswer, ContentBuilder, ContentItem, FORMATS, Report,
};

use crate::support::{elements, export, with_outlook};

const ATTACKS: [&str; 14] = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}",
    "<!-- --><![CDATA[ ]]>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31mred",
    "\u{9b}31m\u{90}\u{9d}",
    "\u{202e}txt.exe\u{2066}",
    "a\0b\r\nc\u{2028}d\u{feff}",
    "=HYPERLINK(\"http://evil\",\"x\")",
    "`x` | **b** [l](http://e) @team #1",
    "𝕌𝕟𝕚 模型 👩‍👩‍👧 é",
];

/// The same in the money part.
fn poison_outlook(decision: &mut Decision, text: &str) {
    let Some(outlook) = &mut decision.outlook else {
        return;
    };
    for one in &mut outlook.candidates {
        if let Some(bill) = &mut one.bill {
            bill.price_source = text.to_owned();
        }
        for due in one.owning.iter_mut().flat_map(|owning| &mut owning.due) {
            due.reason = text.to_owned();
        }
        for swing in one.owning.iter_mut().flat_map(|owning| &mut owning.swings) {
            swing.input = text.to_owned();
        }
        one.rates.tier = Some(text.to_owned());
        one.rates.advice = text.to_owned();
    }
    for servers in &mut outlook.servers {
        servers.weights = text.to_owned();
        servers.set_up = Some(text.to_owned());
        servers.rent = text.to_owned();
        servers.speed_source = text.to_owned();
    }
    for figure in &mut outlook.assumptions {
        figure.name = text.to_owned();
        figure.origin = text.to_owned();
    }
}

/// Puts a text wherever a decision carries foreign text.
fn poisoned(text: &str) -> Decision {
    let mut decision = with_outlook();
    poison_outlook(&mut decision, text);
    decision.task.name = text.to_owned();
    decision.reasons = vec![text.to_owned()];
    decision.provenance.version = text.to_owned();
    decision.provenance.run = Some(text.into());
    for warning in &mut decision.warnings {
        warning.text = text.to_owned();
    }
    for overturn in &mut decision.overturns {
        overturn.text = text.to_owned();
    }
    decision.slices.push(Slice {
        tag: text.to_owned(),
        n_items: 3,
        versus: None,
        pass_rates: vec![None; decision.candidates.len()],
    });
    for candidate in &mut decision.candidates {
        candidate.id = text.into();
        candidate.model = text.to_owned();
        for served in &mut candidate.served {
            served.name = text.to_owned();
        }
        for price in &mut candidate.prices {
            price.source = text.to_owned();
            price.input_usd_per_mtok = Some(text.to_owned());
        }
        for gate in &mut candidate.gates {
            gate.reason = text.to_owned();
            if let Some(settle) = &mut gate.settle {
                settle.action = text.to_owned();
            }
        }
        let comparisons = [&mut candidate.versus_best, &mut candidate.versus_incumbent];
        for comparison in comparisons.into_iter().flatten() {
            comparison.with_id = text.into();
        }
    }
    decision
}

fn content(text: &str) -> Content {
    let mut builder = ContentBuilder::new(1_000_000);
    let item = ContentItem {
        id: text.to_owned(),
        tags: vec![text.to_owned()],
        input: text.to_owned(),
        expected: Some(text.to_owned()),
        criteria: vec![text.to_owned()],
        answers: vec![ContentAnswer {
            output: Some(text.to_owned()),
            note: Some(text.to_owned()),
            explanation: Some(text.to_owned()),
            ..ContentAnswer::default()
        }],
    };
    builder.push(&item, 5);
    builder.finish()
}

fn check(text: &str) {
    let decision = poisoned(text);
    let content = content(text);
    let mut report = Report::new(&decision);
    report.content = Some(&content);
    let page = export("html", &report);
    let names = elements(&page);
    let count = |name: &str| names.iter().filter(|element| *element == name).count();
    // Two of ours that act; names, index and one block that do not.
    assert_eq!(count("script"), 2 + 3, "{text:?}");
    assert_eq!((count("style"), count("img")), (1, 0), "{text:?}");
    assert!(!page.contains('\0') && !page.contains('\u{1b}') && !page.contains('\u{202e}'));
    elements(&export("junit", &report));

    let terminal = export("terminal", &report);
    assert!(
        !terminal.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
    report.settings.colour = Colour::Ansi;
    let painted = export("terminal", &report);
    for code in painted.split('\u{1b}').skip(1) {
        let ours = ["[0m", "[1m", "[2m", "[31m", "[32m", "[33m", "[30;43m"];
        assert!(ours.iter().any(|own| code.starts_with(own)), "{text:?}");
    }

    let csv = export("csv", &report);
    for line in csv.lines() {
        let first = line.trim_start_matches('"').trim_start();
        assert!(!first.starts_with(['=', '+', '-', '@']), "{line}");
    }
    let markdown = export("markdown", &report);
    assert!(
        !markdown.contains("<script") && !markdown.contains("<img"),
        "{text:?}"
    );
    for row in markdown.lines().filter(|line| line.starts_with("| ")) {
        assert!(row.ends_with(" |"), "{row}");
    }
}

#[test]
fn attacks_stay_text() {
    for attack in ATTACKS {
        check(attack);
    }
    check(&ATTACKS.concat());
}

#[test]
fn huge_names_and_sentences_are_cut() {
    let decision = poisoned(&"very long ".repeat(1_000_000));
    for exporter in FORMATS.iter().filter(|one| one.name() != "json") {
        let bytes = exporter.export(&Report::new(&decision)).unwrap();
        assert!(
            bytes.len() < 3_000_000,
            "{}: {}",
            exporter.name(),
            bytes.len()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_text_acts(before in any::<String>(), attack in 0usize..14, after in any::<String>()) {
        check(&format!("{before}{}{after}", ATTACKS[attack]));
    }
}
