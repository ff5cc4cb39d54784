//! What to be careful about where scores rest on judges.

use std::collections::BTreeMap;

use super::warn_each::warning;
use crate::evidence::Case;
use crate::figure::Figure;
use crate::judges::{Checked, JudgeResult};
use crate::result::{Warning, WarningCode};

/// Lists warnings about the judges that count.
pub(crate) fn about_judges(case: &Case<'_>) -> Vec<Warning> {
    let counting: Vec<&JudgeResult> = case.input.judges.iter().filter(|one| one.counts).collect();
    let mut list = unchecked(&counting);
    list.extend(counting.iter().filter_map(|judge| leaning(judge)));
    list
}

/// One warning per scorer, however many judges it asks.
fn unchecked(judges: &[&JudgeResult]) -> Vec<Warning> {
    let mut by_scorer: BTreeMap<&str, (Vec<String>, bool)> = BTreeMap::new();
    for judge in judges {
        let has_labels = match judge.checked {
            Checked::Unchecked => false,
            Checked::TooFew => true,
            Checked::Measured => continue,
        };
        let (names, some) = by_scorer.entry(&judge.scorer).or_default();
        names.push(format!("`{}`", judge.model));
        *some |= has_labels;
    }
    by_scorer
        .into_iter()
        .map(|(scorer, (names, has_labels))| {
            let known = if has_labels {
                "which people have checked on fewer than ten answers"
            } else {
                "which nobody has checked"
            };
            let (noun, verb) = match names.len() {
                1 => ("judge", "agrees"),
                _ => ("judges", "agree"),
            };
            let pronoun = if names.len() == 1 { "it" } else { "they" };
            let text = format!(
                "Scores of `{scorer}` rest on the {noun} {}, {known}: how far {pronoun} {verb} with \
                 people is not known. Have people label a sample of the answers.",
                names.join(", ")
            );
            warning(WarningCode::UncheckedJudge, None, text)
        })
        .collect()
}

fn leaning(judge: &JudgeResult) -> Option<Warning> {
    let shown =
        |figure: &Option<Figure>| figure.is_some_and(|f| f.low.is_some_and(|low| low > 0.0));
    let net =
        |lean: &Option<crate::judges::Lean>| lean.as_ref().and_then(|lean| lean.beside_others);
    let mut ways = Vec::new();
    if shown(&net(&judge.own_family)) {
        ways.push("its own family's answers");
    }
    if shown(&net(&judge.length)) {
        ways.push("longer answers");
    }
    let place = judge.order.as_ref().and_then(|order| order.first_rate);
    let place = place.and_then(|rate| Some((rate.low?, rate.high?)));
    match place {
        Some((low, _)) if low > 0.5 => ways.push("the answer that it sees first"),
        Some((_, high)) if high < 0.5 => ways.push("the answer that it sees last"),
        _ => {}
    }
    if ways.is_empty() {
        return None;
    }
    let text = format!(
        "The judge `{}` of `{}` favours {}: see the table of judges.",
        judge.model,
        judge.scorer,
        ways.join(" and ")
    );
    Some(warning(WarningCode::LeaningJudge, None, text))
}
