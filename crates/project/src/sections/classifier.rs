//! `[routing.classifier]`: the candidate whose labels may decide.

use trilemma_domain::{Candidate, CandidateId};
use trilemma_route::{Labels, Rule, normal};

use super::routing::extract;
use crate::labels::{unbounded, unnamed};
use crate::problem::{Note, nearest};
use crate::section::{Found, Section};

/// Reads it.
pub(super) fn classifier(
    section: &Section<'_>,
    candidates: &[Candidate],
    rules: &[Rule],
) -> Option<Labels> {
    let inner = section.section("classifier")?;
    let by = inner.required_string("by", "the `id` of a candidate with a prompt of its own");
    let labels = inner.strings("labels");
    if labels.is_none() && !inner.has("labels") {
        inner.missing(
            "labels",
            "what its prompt asks for, such as `[\"easy\", \"hard\"]`",
        );
    }
    let extract = extract(&inner);
    let labels = labels.map(|labels| distinct(&inner, labels));
    if let (Some(by), Some(labels)) = (&by, &labels) {
        check(&inner, by, labels, candidates);
        check_rules(&inner, by, labels, rules);
    }
    inner.finish();
    Some(Labels {
        by: CandidateId::from(by?.value),
        extract,
        labels: labels?,
    })
}

/// At least two, none of them empty or there twice.
fn distinct(section: &Section<'_>, labels: Vec<Found<String>>) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for label in &labels {
        let own = normal(&label.value);
        let fault = if own.is_empty() {
            "is an empty label"
        } else if known.contains(&own) {
            "differs from another label only in case or white space"
        } else {
            known.push(own);
            continue;
        };
        let note = Note::error(fault).hint("name each label once");
        let span = Some(label.span.clone());
        section.sink.report(section.key("labels"), span, note);
    }
    if known.len() < 2 {
        let note =
            Note::error("fewer than two labels tell nothing apart").hint("name at least two");
        section.report("labels", note);
    }
    labels.into_iter().map(|label| label.value).collect()
}

/// Whether the candidate can give these labels.
fn check(section: &Section<'_>, by: &Found<String>, labels: &[String], candidates: &[Candidate]) {
    // Without candidates of its own, the project takes what the shortlist proposes.
    if candidates.is_empty() {
        return;
    }
    let Some(candidate) = candidates.iter().find(|one| one.id.as_str() == by.value) else {
        let names = candidates.iter().map(|one| one.id.as_str());
        let hint = match nearest(&by.value, names.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("one of {}", names.collect::<Vec<_>>().join(", ")),
        };
        let note = Note::error(format!("`{}` is no candidate", by.value)).hint(hint);
        return section.report("by", note);
    };
    let Some(prompt) = &candidate.prompt else {
        let note = Note::error(format!("`{}` has no prompt of its own", by.value)).hint(format!(
            "write a template that asks for one of {} and nothing else, name it under `[prompts]`, and write `prompt = \
             \"NAME\"` in the candidate's entry",
            labels.join(", ")
        ));
        return section.report("by", note);
    };
    let mut others = candidates.iter().filter(|one| one.id != candidate.id);
    if let Some(other) = others.find(|one| one.prompt.as_ref() == Some(prompt)) {
        let note = Note::error(format!(
            "`{}` has the prompt (`{}`) by which `{}` answers",
            by.value, prompt.name, other.id
        ));
        let hint = format!(
            "write a template of its own for it that asks for one of {}",
            labels.join(", ")
        );
        section.report("by", note.hint(hint));
    }
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    for (message, hint) in unnamed(prompt, &names) {
        section.report("labels", Note::warning(message).hint(hint));
    }
    if let Some((message, hint)) = unbounded(candidate) {
        section.report("by", Note::warning(message).hint(hint));
    }
}

/// Whether rules map the labels that are asked for, and no others.
fn check_rules(section: &Section<'_>, by: &Found<String>, labels: &[String], rules: &[Rule]) {
    for rule in rules {
        for place in rule.then.labelled() {
            if place.by.as_str() != by.value {
                continue;
            }
            let is_mapped =
                |label: &String| place.labels.iter().any(|own| normal(own) == normal(label));
            let is_known = |own: &&str| labels.iter().any(|label| normal(label) == normal(own));
            for label in labels.iter().filter(|label| !is_mapped(label)) {
                let note =
                    Note::warning(format!("rule `{}` does not map label `{label}`", rule.name));
                let hint = "name it under `labels` in the rule, or it goes the way of `otherwise`";
                section.report("labels", note.hint(hint));
            }
            for own in place.labels.iter().copied().filter(|own| !is_known(own)) {
                let note = Note::error(format!(
                    "rule `{}` maps label `{own}`, which `{}` is not asked for",
                    rule.name, by.value
                ));
                let hint = match nearest(own, labels.iter().map(String::as_str)) {
                    Some(label) => format!("did you mean `{label}`?"),
                    None => "add it to `labels`, and to the prompt".to_owned(),
                };
                section.report("labels", note.hint(hint));
            }
        }
    }
}
