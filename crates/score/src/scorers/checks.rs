//! Scorer `checks`: every item has checks of its own, and its answer passes or does not.
//!
//! In: for each item, by its id, a list of checks: pure scorers with their options, each with the score
//! from which it passes. Out: 1 when all of them pass, else 0 with those that do not. A check that could
//! not be made leaves the score missing, unless another has failed. Items without checks are not
//! scored. Checks live beside the golden set: changing one is no change of what was asked, so recorded
//! answers can be scored again.
//!
//! A check is `{ type = "contains_any", values = ["x"] }`, with `at_least` (1 by default), `not`
//! (it passes when it otherwise would not), `weight` (1 by default; 0 = it never fails) and
//! `expected` (in place of the item's). A group is `{ of = [...], at_least = 0.5 }`: it passes when the
//! weighted mean of its scores reaches `at_least`, or without it when all of its checks pass.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value};
use trilemma_domain::{Expected, Input, Item, ScoredOutcome, ScorerSpec};

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, failed, not_applicable, plain};
use crate::scorer::{Mode, Scorer, build as build_scorer};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "checks",
    doc: "1 when the answer passes all checks of its item, each item having its own.",
    needs: Needs::ANSWER,
    options: &[OptionDoc::bare(
        "checks",
        OptionType::JsonOrFile,
        "The checks by item id: scorers with `at_least`, `not`, `weight` and `expected`; required.",
    )],
    extraction: None,
    example: r#"[[scorers]]
type = "checks"
checks = { item-1 = [{ type = "contains_any", values = ["refund"] }] }   # or the path of a JSON file
"#,
    build,
};

/// Groups within groups, at most.
const MAX_DEPTH: usize = 8;
/// Problems told of one file.
const MAX_PROBLEMS: usize = 20;
/// Failed checks that an explanation names.
const MAX_SHOWN: usize = 3;
/// Sums of binary fractions that should be equal differ by less.
const SAME: f64 = 1e-9;

#[derive(Debug)]
struct Checks {
    by_item: HashMap<String, Vec<Check>>,
}

#[derive(Debug)]
struct Check {
    test: Test,
    /// From this score on it passes; `None` = a group all of whose checks must pass.
    at_least: Option<f64>,
    negated: bool,
    weight: f64,
    expected: Option<Expected>,
}

#[derive(Debug)]
enum Test {
    Scorer(Box<Scorer>),
    Group(Vec<Check>),
}

/// What came of one check.
enum Finding {
    Made {
        passes: bool,
        score: f64,
        why: Cow<'static, str>,
    },
    Missing(String),
}

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let Some(value) = options.value("checks") else {
        options.problem(
            "checks",
            "`checks` is missing",
            "name a JSON file such as { \"item-1\": [ { \"type\": \"exact\" } ] }",
        );
        return None;
    };
    let Some(items) = value.as_object() else {
        options.wrong_type("checks", value, "an object of lists of checks, by item id");
        return None;
    };
    let mut by_item = HashMap::with_capacity(items.len());
    let mut problems = Vec::new();
    for (id, list) in items {
        match read_list(list, 0) {
            Ok(checks) => {
                by_item.insert(id.clone(), checks);
            }
            Err(problem) => problems.push(format!("item `{id}`: {problem}")),
        }
    }
    let n_more = problems.len().saturating_sub(MAX_PROBLEMS);
    problems.truncate(MAX_PROBLEMS);
    if n_more > 0 {
        problems.push(format!("and {n_more} more"));
    }
    let is_whole = problems.is_empty();
    for problem in problems {
        options.problem(
            "checks",
            problem,
            "`trilemma scorers` lists types and options",
        );
    }
    is_whole.then(|| Engine::Pure(Box::new(Checks { by_item })))
}

fn read_list(value: &Value, depth: usize) -> Result<Vec<Check>, String> {
    let list = value.as_array().ok_or("its checks are no list")?;
    if list.is_empty() {
        return Err("its list of checks is empty".to_owned());
    }
    list.iter()
        .enumerate()
        .map(|(idx, check)| {
            read_check(check, depth).map_err(|problem| format!("check {}: {problem}", idx + 1))
        })
        .collect()
}

fn read_check(value: &Value, depth: usize) -> Result<Check, String> {
    let mut fields = value.as_object().ok_or("it is no object")?.clone();
    let number = |fields: &mut Map<String, Value>, name: &str, most: f64| match fields.remove(name)
    {
        None => Ok(None),
        Some(value) => value
            .as_f64()
            .filter(|number| (0.0..=most).contains(number))
            .map(Some)
            .ok_or(format!("`{name}` is no number from 0 to {most}")),
    };
    let at_least = number(&mut fields, "at_least", 1.0)?;
    let weight = number(&mut fields, "weight", 1e6)?.unwrap_or(1.0);
    let negated = match fields.remove("not") {
        None => false,
        Some(Value::Bool(negated)) => negated,
        Some(_) => return Err("`not` is neither true nor false".to_owned()),
    };
    let expected = fields.remove("expected").map(expected).transpose()?;
    if let Some(group) = fields.remove("of") {
        if depth >= MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} groups within each other"));
        }
        if let Some(name) = fields.keys().next() {
            return Err(format!("a group has no `{name}`"));
        }
        return Ok(Check {
            test: Test::Group(read_list(&group, depth + 1)?),
            at_least,
            negated,
            weight,
            expected,
        });
    }
    let scorer = read_scorer(fields)?;
    Ok(Check {
        test: Test::Scorer(Box::new(scorer)),
        at_least: Some(at_least.unwrap_or(1.0)),
        negated,
        weight,
        expected,
    })
}

fn read_scorer(mut fields: Map<String, Value>) -> Result<Scorer, String> {
    let kind = match fields.remove("type") {
        Some(Value::String(kind)) => kind,
        Some(_) | None => return Err("it has no `type`".to_owned()),
    };
    if kind == KIND.name {
        return Err("checks hold no `checks`; write a group, `of`".to_owned());
    }
    let spec = ScorerSpec {
        label: kind.clone(),
        kind,
        weight: 1.0,
        options: fields,
    };
    let scorer = build_scorer(&spec).map_err(|problems| {
        let texts: Vec<String> = problems
            .into_iter()
            .map(|problem| format!("{} ({})", problem.message, problem.hint))
            .collect();
        texts.join("; ")
    })?;
    match scorer.mode() {
        Mode::Pure => Ok(scorer),
        Mode::Judge(_) | Mode::Command(_) => Err(format!(
            "`{}` is no check of text; give it a `[[scorers]]` entry of its own",
            spec.kind
        )),
    }
}

fn expected(value: Value) -> Result<Expected, String> {
    Ok(match value {
        Value::String(text) => Expected::Text(text),
        Value::Array(list) if list.iter().all(Value::is_string) => Expected::List(
            list.into_iter()
                .filter_map(|text| text.as_str().map(str::to_owned))
                .collect(),
        ),
        Value::Null => return Err("`expected` is null".to_owned()),
        other => Expected::Json(other),
    })
}

impl Rule for Checks {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let Some(checks) = self.by_item.get(case.item.id.as_str()) else {
            return Err(not_applicable("the item has no checks"));
        };
        match all(checks, case) {
            Finding::Missing(reason) => Err(failed(reason)),
            Finding::Made { passes: true, .. } => Ok(plain(1.0)),
            Finding::Made { why, .. } => Ok(because(0.0, why)),
        }
    }
}

/// All must pass; the score is the weighted mean.
fn all(checks: &[Check], case: &Case<'_>) -> Finding {
    let (mut missing, mut failing) = (None, Vec::new());
    let (mut sum, mut total) = (0.0, 0.0);
    for (idx, check) in checks.iter().enumerate() {
        match check.find(case) {
            Finding::Missing(reason) => {
                missing.get_or_insert(format!("check {} ({}): {reason}", idx + 1, check.name()));
            }
            Finding::Made { passes, score, why } => {
                sum += check.weight * score;
                total += check.weight;
                if !passes && check.weight > 0.0 {
                    failing.push(format!("check {} ({}): {why}", idx + 1, check.name()));
                }
            }
        }
    }
    let score = if total > 0.0 { sum / total } else { 1.0 };
    let n_failing = failing.len();
    match missing {
        Some(reason) if n_failing == 0 => Finding::Missing(reason),
        // What failed has failed, whatever the missing ones would say; the mean is not known.
        Some(_) | None => {
            failing.truncate(MAX_SHOWN);
            let mut why = failing.join("; ");
            if n_failing > MAX_SHOWN {
                why.push_str(&format!("; and {} more", n_failing - MAX_SHOWN));
            }
            Finding::Made {
                passes: n_failing == 0,
                score,
                why: Cow::Owned(why),
            }
        }
    }
}

impl Check {
    fn name(&self) -> String {
        let name = match &self.test {
            Test::Scorer(scorer) => scorer.label(),
            Test::Group(_) => "group",
        };
        if self.negated {
            format!("not {name}")
        } else {
            name.to_owned()
        }
    }

    fn find(&self, case: &Case<'_>) -> Finding {
        let own;
        let item = match &self.expected {
            Some(expected) => {
                own = Item {
                    expected: Some(expected.clone()),
                    extras: case.item.extras.clone(),
                    ..Item::new(case.item.id.clone(), Input::Text(String::new()))
                };
                &own
            }
            None => case.item,
        };
        let found = match &self.test {
            Test::Scorer(scorer) => match scorer.score(item, case.answer) {
                ScoredOutcome::Scored { score, explanation } => Finding::Made {
                    passes: true,
                    score: score.value(),
                    why: explanation.map_or(Cow::Borrowed(""), Cow::Owned),
                },
                ScoredOutcome::NotApplicable { reason } | ScoredOutcome::Failed { reason } => {
                    Finding::Missing(reason)
                }
            },
            Test::Group(checks) => self.of_group(checks, &Case { item, ..*case }),
        };
        let Finding::Made { passes, score, why } = found else {
            return found;
        };
        let reaches = self.at_least.is_none_or(|least| score + SAME >= least);
        let passes = (passes && reaches) != self.negated;
        let why = match (passes, self.negated, self.at_least) {
            (false, true, _) => Cow::Borrowed("it should not, and does"),
            (false, false, Some(least)) if why.is_empty() || least < 1.0 => {
                Cow::Owned(format!("{score:.2} is below {least:.2}"))
            }
            _ => why,
        };
        Finding::Made {
            passes,
            score: if self.negated { 1.0 - score } else { score },
            why,
        }
    }

    /// A group with a mean to reach needs every score; one without fails with its first failure.
    fn of_group(&self, checks: &[Check], case: &Case<'_>) -> Finding {
        if self.at_least.is_none() {
            return all(checks, case);
        }
        let mut missing = checks.iter().filter_map(|check| match check.find(case) {
            Finding::Missing(reason) => Some(reason),
            Finding::Made { .. } => None,
        });
        if let Some(reason) = missing.next() {
            return Finding::Missing(reason);
        }
        match all(checks, case) {
            Finding::Made { score, .. } => Finding::Made {
                passes: true,
                score,
                why: Cow::Borrowed(""),
            },
            missing @ Finding::Missing(_) => missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;
    use serde_json::json;

    fn scorer(checks: Value) -> Result<Scorer, String> {
        let spec = ScorerSpec {
            kind: "checks".to_owned(),
            label: "c".to_owned(),
            weight: 1.0,
            options: Map::from_iter([("checks".to_owned(), json!({ "a": checks }))]),
        };
        build_scorer(&spec).map_err(|problems| {
            let texts: Vec<String> = problems.into_iter().map(|one| one.message).collect();
            texts.join("\n")
        })
    }

    fn outcome(checks: Value, text: &str) -> Result<(f64, String), String> {
        let item = Item::new("a", Input::Text("q".to_owned()));
        match scorer(checks).unwrap().score(&item, &Answer::text(text)) {
            ScoredOutcome::Scored { score, explanation } => {
                Ok((score.value(), explanation.unwrap_or_default()))
            }
            ScoredOutcome::NotApplicable { reason } | ScoredOutcome::Failed { reason } => {
                Err(reason)
            }
        }
    }

    #[test]
    fn all_checks_must_pass_each_by_its_own_bar() {
        let check = |checks: Value, score: f64| {
            let (found, why) = outcome(checks.clone(), "the refund takes 14 days").unwrap();
            assert!((found - score).abs() < 1e-12, "{checks}: {found} {why}");
        };
        let has = |text: &str| json!({"type": "contains_any", "values": [text]});
        check(json!([has("refund"), has("14 days")]), 1.0);
        check(json!([has("refund"), has("30 days")]), 0.0);
        check(
            json!([{"type": "contains_any", "values": ["30 days"], "not": true}]),
            1.0,
        );
        check(
            json!([{"type": "contains_any", "values": ["14"], "not": true}]),
            0.0,
        );
        let half = json!({"type": "contains_all", "values": ["refund", "30 days"]});
        check(json!([half]), 0.0);
        let mut eased = half.clone();
        eased["at_least"] = json!(0.5);
        check(json!([eased]), 1.0);
        // Not all of them are there, which is what the negation asks for.
        let mut not_all = half;
        not_all["not"] = json!(true);
        check(json!([not_all]), 1.0);
        check(
            json!([{"type": "exact", "expected": "the refund takes 14 days"}]),
            1.0,
        );
        check(
            json!([{"type": "exact", "expected": ["x", "the refund takes 14 days"]}]),
            1.0,
        );
        check(
            json!([has("refund"), {"type": "exact", "expected": "x", "weight": 0}]),
            1.0,
        );
    }

    #[test]
    fn groups_pass_by_their_mean_or_as_a_whole() {
        let yes = json!({"type": "contains_any", "values": ["a"]});
        let no = json!({"type": "contains_any", "values": ["z"], "weight": 3});
        let group = |least: f64| json!([{"of": [yes, no], "at_least": least}]);
        assert!(outcome(group(0.25), "a").unwrap().0 > 0.5);
        assert!(outcome(group(0.26), "a").unwrap().0 < 0.5);
        let (score, why) = outcome(json!([yes, {"of": [yes, no]}]), "a").unwrap();
        assert!(score < 0.5 && why.contains("check 2 (group)"), "{why}");
    }

    #[test]
    fn a_check_that_cannot_be_made_leaves_the_score_missing() {
        let slow = json!({"type": "latency", "max_ms": 10});
        let no = json!({"type": "contains_any", "values": ["z"]});
        assert!(
            outcome(json!([slow]), "a")
                .unwrap_err()
                .contains("check 1 (latency)")
        );
        // What has failed has failed.
        assert!(outcome(json!([slow, no]), "a").unwrap().0 < 0.5);
        assert!(outcome(json!([{"of": [slow, no], "at_least": 0.1}]), "a").is_err());
        assert!(outcome(json!([{"type": "exact"}]), "a").is_err());
    }

    #[test]
    fn what_is_wrong_is_told_for_every_item() {
        let check = |checks: Value, part: &str| {
            let told = scorer(checks).unwrap_err();
            assert!(told.contains("item `a`") && told.contains(part), "{told}");
        };
        check(json!([]), "empty");
        check(json!("x"), "no list");
        check(json!([1]), "check 1: it is no object");
        check(json!([{"type": "contains_eny"}]), "there is no scorer");
        check(
            json!([{"type": "contains_any", "value": "x"}]),
            "not an option",
        );
        check(
            json!([{"type": "judge", "model": "a/b", "rubric": "x"}]),
            "no check of text",
        );
        check(json!([{"type": "checks", "checks": {}}]), "write a group");
        check(
            json!([{"of": [{"type": "exact"}], "values": 1}]),
            "a group has no `values`",
        );
        check(
            json!([{"type": "exact", "at_least": 2}]),
            "`at_least` is no number",
        );
        let mut deep = json!([{"type": "exact"}]);
        for _ in 0..MAX_DEPTH + 2 {
            deep = json!([{"of": deep}]);
        }
        check(deep, "groups within each other");
    }
}
