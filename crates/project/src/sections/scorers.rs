//! `[[scorers]]`: how answers are scored; `score` knows the kinds.

use std::collections::BTreeSet;

use trilemma_domain::ScorerSpec;

use crate::problem::Note;
use crate::section::Section;

/// Reads `[[scorers]]` and lets `score` check each.
pub(crate) fn scorers(sections: Vec<Section<'_>>) -> Vec<ScorerSpec> {
    let mut labels = BTreeSet::new();
    let mut specs = Vec::with_capacity(sections.len());
    for section in sections {
        let Some(spec) = scorer(&section, &mut labels) else {
            continue;
        };
        specs.push(spec);
    }
    specs
}

fn scorer(section: &Section<'_>, labels: &mut BTreeSet<String>) -> Option<ScorerSpec> {
    let kind = section.required_string("type", "`trilemma scorers` lists them");
    let label = section.string("label");
    let weight = section.number("weight", 0.0..=1e6).unwrap_or(1.0);
    let kind = kind?.value;
    let label = label.map_or_else(|| free_label(&kind, labels), |found| found.value);
    if !labels.insert(label.clone()) {
        section.report("label", Note::error(format!("`{label}` is used twice")));
    }
    let spec = ScorerSpec {
        kind,
        label,
        weight,
        options: section.rest(),
    };
    if let Err(problems) = trilemma_score::build(&spec) {
        for problem in problems {
            let key = problem.option.as_deref().unwrap_or("type");
            section.report(key, Note::error(problem.message).hint(problem.hint));
        }
    }
    Some(spec)
}

fn free_label(kind: &str, labels: &BTreeSet<String>) -> String {
    let mut label = kind.to_owned();
    let mut n = 2;
    while labels.contains(&label) {
        label = format!("{kind}-{n}");
        n += 1;
    }
    label
}
