//! `[routing]`: what policies read, how answers are compared, rules that come first.

use serde_json::Value;
use trilemma_domain::{Candidate, CandidateId};
use trilemma_route::{
    Between, Compare, Member, Modality, Plan, Policy, PolicyError, PolicyProblem, Reads, Router,
    Rule, Target, When,
};
use trilemma_score::Extraction;

use super::classifier;
use crate::labels::label_faults;
use crate::problem::{Note, Severity, nearest};
use crate::routing::RoutingSettings;
use crate::section::Section;
use crate::serve::EmbeddingModel;

const COMPARE: [(&str, Compare); 2] = [("loose", Compare::Loose), ("exact", Compare::Exact)];
const MODALITIES: [(&str, Modality); 3] = [
    ("image", Modality::Image),
    ("file", Modality::File),
    ("tools", Modality::Tools),
];
/// Most that a range can ask for.
const MOST: u64 = 1_000_000_000;

/// Reads `[routing]`; `candidates` are the project's, empty = the shortlist will propose some; `embedders` its
/// models for embeddings.
pub(crate) fn routing(
    section: &Section<'_>,
    candidates: &[Candidate],
    embedders: &[EmbeddingModel],
) -> RoutingSettings {
    let known: Vec<CandidateId> = candidates.iter().map(|one| one.id.clone()).collect();
    let rules = rules(section, (&known, candidates));
    let default = RoutingSettings::default();
    let reads = section.string("read_field");
    let task = section.string("task_field");
    RoutingSettings {
        propose: section.boolean("propose").unwrap_or(default.propose),
        target: target(section).unwrap_or(default.target),
        reads: reads.map_or(default.reads, |found| Reads::Field(found.value)),
        task_field: task.map_or(default.task_field, |found| found.value),
        extract: extract(section),
        compare: section.word("compare", &COMPARE).unwrap_or(default.compare),
        classifier: classifier::classifier(section, candidates, &rules),
        fallback: fallback(section, &known),
        rules,
        embedding: embedding(section, embedders),
    }
}

fn embedding(section: &Section<'_>, embedders: &[EmbeddingModel]) -> Option<String> {
    let found = section.string("embedding")?;
    let names = embedders.iter().map(|one| one.id.as_str());
    if names.clone().any(|name| name == found.value) {
        return Some(found.value);
    }
    let hint = match nearest(&found.value, names) {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`[[serve.embeddings]]` names them".to_owned(),
    };
    let note = Note::error(format!("`{}` is no model for embeddings", found.value)).hint(hint);
    section.report("embedding", note);
    None
}

fn target(section: &Section<'_>) -> Option<Target> {
    let typed = section.string("target")?;
    let target = Target::parse(&typed.value);
    if target.is_none() {
        let note = Note::error("is no target")
            .hint("write \"parity\", or points below the best single candidate such as \"-1\"");
        section.report("target", note);
    }
    target
}

pub(super) fn extract(section: &Section<'_>) -> Option<Value> {
    let steps = section.json("extract")?;
    match Extraction::build(&steps) {
        Ok(_) => Some(steps),
        Err(problems) => {
            for problem in problems {
                section.report("extract", Note::error(problem.message).hint(problem.hint));
            }
            None
        }
    }
}

fn fallback(section: &Section<'_>, known: &[CandidateId]) -> Vec<CandidateId> {
    let mut chain = Vec::new();
    for found in section.strings("fallback").unwrap_or_default() {
        let id = CandidateId::from(found.value);
        if known.is_empty() || known.contains(&id) {
            chain.push(id);
            continue;
        }
        let names = known.iter().map(CandidateId::as_str);
        let hint = match nearest(id.as_str(), names.clone()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("one of {}", names.collect::<Vec<_>>().join(", ")),
        };
        let note = Note::error(format!("`{id}` is no candidate")).hint(hint);
        let sink = section.sink;
        sink.report(section.key("fallback"), Some(found.span), note);
    }
    chain
}

fn rules(section: &Section<'_>, (known, candidates): (&[CandidateId], &[Candidate])) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for one in section.sections("rules") {
        let found = rule(&one);
        if let Some(found) = found {
            check(&one, &found, (known, candidates));
            if rules.iter().any(|earlier| earlier.name == found.name) {
                one.report("name", Note::error("names another rule already"));
            }
            rules.push(found);
        }
        one.finish();
    }
    rules
}

fn rule(section: &Section<'_>) -> Option<Rule> {
    let name = section.required_string("name", "a few words: explanations call the rule by it");
    let condition = section.section("when").map(|inner| {
        let condition = when(&inner);
        inner.finish();
        condition
    });
    if condition.is_none() && !section.has("when") {
        section.missing(
            "when",
            "`when = { words = { min = 100 } }`; `when = {}` always holds",
        );
    }
    let then = then(section);
    Some(Rule {
        name: name?.value,
        when: condition?,
        then: then?,
    })
}

/// Who answers: a candidate, or a plan as policy files have it.
fn then(section: &Section<'_>) -> Option<Plan> {
    if !section.has("then") {
        section.missing("then", "the `id` of the candidate that answers");
        return None;
    }
    match section.json("then")? {
        Value::String(id) => Some(Plan::Single(CandidateId::from(id))),
        plan @ Value::Object(_) => match serde_json::from_value(plan) {
            Ok(plan) => Some(plan),
            Err(error) => {
                let note = Note::error(format!("is no plan: {error}"))
                    .hint("the `id` of a candidate, or a plan as `trilemma schema policy` has it");
                section.report("then", note);
                None
            }
        },
        _ => {
            let note =
                Note::error("is neither a candidate nor a plan").hint("write `then = \"ID\"`");
            section.report("then", note);
            None
        }
    }
}

fn when(section: &Section<'_>) -> When {
    let text = |key| section.string(key).map(|found| found.value);
    let texts = |key| -> Vec<String> {
        let found = section.strings(key).unwrap_or_default();
        found.into_iter().map(|found| found.value).collect()
    };
    When {
        chars: between(section, "chars"),
        words: between(section, "words"),
        context_tokens: between(section, "context_tokens"),
        matches: text("matches"),
        contains: texts("contains"),
        tags: texts("tags"),
        user_tier: texts("user_tier"),
        task: texts("task"),
        route: texts("route"),
        carries: carries(section),
        hours: text("hours"),
        days: texts("days"),
        any: conditions(section, "any"),
        none: conditions(section, "none"),
    }
}

fn conditions(section: &Section<'_>, key: &'static str) -> Vec<When> {
    let read = |inner: Section<'_>| {
        let condition = when(&inner);
        inner.finish();
        condition
    };
    section.sections(key).into_iter().map(read).collect()
}

fn between(section: &Section<'_>, key: &'static str) -> Option<Between> {
    let inner = section.section(key)?;
    let range = Between {
        min: inner.integer("min", 0..=MOST),
        max: inner.integer("max", 0..=MOST),
    };
    inner.finish();
    Some(range)
}

fn carries(section: &Section<'_>) -> Vec<Modality> {
    let mut found = Vec::new();
    for word in section.strings("carries").unwrap_or_default() {
        match MODALITIES.iter().find(|(name, _)| *name == word.value) {
            Some((_, modality)) => found.push(*modality),
            None => {
                section.unknown_word("carries", &word.value, MODALITIES.iter().map(|one| one.0));
            }
        }
    }
    found
}

/// Asks the one who will run the rule what is wrong with it.
fn check(section: &Section<'_>, rule: &Rule, (known, candidates): (&[CandidateId], &[Candidate])) {
    let nobody = CandidateId::new("");
    let mut members: Vec<Member> = known.iter().cloned().map(Member::named).collect();
    members.push(Member::named(nobody.clone()));
    let plan = Plan::Rules {
        rules: vec![rule.clone()],
        otherwise: Box::new(Plan::Single(nobody)),
    };
    let policy = Policy::new("", members, plan);
    for (severity, problem) in label_faults(&policy, candidates) {
        tell(section, severity, problem);
    }
    let Err(PolicyError::Problems(problems)) = Router::new(policy) else {
        return;
    };
    for problem in problems {
        // Without candidates of its own, the project takes what the shortlist proposes.
        if !(known.is_empty() && problem.message.ends_with("which is no candidate")) {
            tell(section, Severity::Error, problem);
        }
    }
}

fn tell(section: &Section<'_>, severity: Severity, problem: PolicyProblem) {
    let place = problem.at.strip_prefix("plan.rules.rules[0].");
    let place = place.unwrap_or_default();
    let place = if place.starts_with("then") {
        "then"
    } else {
        place
    };
    let keys: Vec<&str> = (place.split('.'))
        .take_while(|key| !key.is_empty() && !key.contains('['))
        .collect();
    let span = section.span_of(&keys).unwrap_or_else(|| section.span());
    let key = match place {
        "" => section.path().to_owned(),
        place => section.key(place),
    };
    // The name of the candidate that stands for the rest is of no use to anybody.
    let hint = problem.hint.trim_end_matches(", ").to_owned();
    let note = match severity {
        Severity::Error => Note::error(problem.message),
        Severity::Warning => Note::warning(problem.message),
    };
    let note = note.hint(hint);
    section.sink.report(key, Some(span), note);
}
