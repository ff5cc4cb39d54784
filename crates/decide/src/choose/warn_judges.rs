//! What to be careful about where scores rest on judges.

use super::warn_each::warning;
use crate::evidence::Case;
use crate::figure::Figure;
use crate::judges::{Checked, JudgeResult};
use crate::result::{Warning, WarningCode};

/// Lists warnings about the judges that count.
pub(crate) fn about_judges(case: &Case<'_>) -> Vec<Warning> {
    let counting = case.input.judges.iter().filter(|judge| judge.counts);
    let mut list = Vec::new();
    for judge in counting {
        list.extend(unchecked(judge));
        list.extend(leaning(judge));
    }
    list
}

fn unchecked(judge: &JudgeResult) -> Option<Warning> {
    let known = match judge.checked {
        Checked::Unchecked => "that nobody has checked",
        Checked::TooFew => "that people have checked on fewer than ten answers",
        Checked::Measured => return None,
    };
    let text = format!(
        "Scores of `{}` rest on the judge `{}`, {known}: how far it agrees with people is not known. \
         Have people label a sample of the answers.",
        judge.scorer, judge.model
    );
    Some(warning(WarningCode::UncheckedJudge, None, text))
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
