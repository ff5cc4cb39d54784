//! `[[scorers]]`: how answers are scored; `score` knows the kinds.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use trilemma_domain::ScorerSpec;

use crate::problem::Note;
use crate::section::Section;

/// A scorer with its table, for problems that are found later.
pub(crate) struct ScorerDraft<'a> {
    pub(crate) spec: ScorerSpec,
    pub(crate) section: Section<'a>,
}

/// Reads `[[scorers]]` and lets `score` check each; `read_file` gives a file's text.
pub(crate) fn scorers<'a>(
    sections: Vec<Section<'a>>,
    read_file: &dyn Fn(&Path) -> Result<String, String>,
) -> Vec<ScorerDraft<'a>> {
    let mut labels = BTreeSet::new();
    let mut drafts = Vec::with_capacity(sections.len());
    for section in sections {
        if let Some(spec) = scorer(&section, &mut labels, read_file) {
            drafts.push(ScorerDraft { spec, section });
        }
    }
    drafts
}

fn scorer(
    section: &Section<'_>,
    labels: &mut BTreeSet<String>,
    read_file: &dyn Fn(&Path) -> Result<String, String>,
) -> Option<ScorerSpec> {
    let kind = section.required_string("type", "`trilemma scorers` lists them");
    let label = section.string("label");
    let weight = section.number("weight", 0.0..=1e6).unwrap_or(1.0);
    let kind = kind?.value;
    let label = label.map_or_else(|| free_label(&kind, labels), |found| found.value);
    if !labels.insert(label.clone()) {
        section.report("label", Note::error(format!("`{label}` is used twice")));
    }
    let mut spec = ScorerSpec {
        kind,
        label,
        weight,
        options: section.rest(),
    };
    read_texts(section, &mut spec, read_file);
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

/// Replaces the names of files by what they hold, for options that take either.
fn read_texts(
    section: &Section<'_>,
    spec: &mut ScorerSpec,
    read_file: &dyn Fn(&Path) -> Result<String, String>,
) {
    for file in trilemma_score::file_options(spec) {
        let value = read_file(Path::new(&file.path)).and_then(|text| {
            if file.json {
                serde_json::from_str(&text).map_err(|error| error.to_string())
            } else {
                Ok(Value::String(text))
            }
        });
        match value {
            Ok(value) => {
                spec.options.insert(file.option.to_owned(), value);
            }
            Err(why) => {
                let note = Note::error(format!("failed to read `{}`: {why}", file.path))
                    .hint("paths are relative to the project file");
                section.report(file.option, note);
            }
        }
    }
}
