//! What to be careful about, over all candidates.

use trilemma_domain::{Estimand, Verdict};

use super::rank::Ranking;
use super::warn_each::{about, warning};
use super::warn_judges::about_judges;
use crate::evidence::Case;
use crate::input::{ItemFacts, STARTER_TAG};
use crate::result::{Conclusion, Counts, Slice, SliceComparison, Standings, Warning, WarningCode};
use crate::wording;

/// Below this many items a verdict is rarely possible: the guidance is 100 to 500.
const FEW_ITEMS: usize = 100;
/// Failure rates that differ by more than this are worth a word.
const UNEQUAL_ERRORS: f64 = 0.02;
/// A pass rate this much below the best is "far worse".
const FAR_WORSE: f64 = 0.02;
/// Most tags that are named.
const MOST_SLICES: usize = 3;

/// What has been concluded, for warnings that depend on it.
pub(crate) struct Shown<'a> {
    pub(crate) ranking: &'a Ranking,
    pub(crate) conclusion: &'a Conclusion,
    pub(crate) ratio_pick: Option<usize>,
    pub(crate) best: Option<usize>,
    /// Whether each would meet everything had it been tried alone.
    pub(crate) alone: &'a [bool],
    pub(crate) standings: Option<&'a Standings>,
    pub(crate) slices: &'a [Slice],
}

/// Items that nobody has replaced by real ones.
fn starter_items(case: &Case<'_>) -> Option<Warning> {
    let items = &case.input.items;
    let is_starter = |item: &&ItemFacts| item.tags.iter().any(|tag| tag == STARTER_TAG);
    let n_starters = items.iter().filter(is_starter).count();
    (n_starters > 0).then(|| {
        let text = format!(
            "{n_starters} of {} are made up (tag `{STARTER_TAG}`): a verdict on them says nothing of \
             your task.",
            wording::count(items.len(), "item")
        );
        warning(WarningCode::StarterItems, None, text)
    })
}

/// Token counts that nobody reported.
fn estimated_usage(case: &Case<'_>) -> Option<Warning> {
    let (estimated, answered) =
        case.candidates
            .iter()
            .fold((0, 0), |(estimated, answered), candidate| {
                (
                    estimated + candidate.counts.n_usage_estimated,
                    answered + candidate.counts.n_answered,
                )
            });
    (estimated > 0).then(|| {
        let text = format!(
            "{} of {} token counts are estimates, and so are their costs.",
            wording::whole(estimated),
            wording::whole(answered)
        );
        warning(WarningCode::EstimatedUsage, None, text)
    })
}

/// Lists warnings, those about everything first.
pub(crate) fn warnings(case: &Case<'_>, shown: &Shown<'_>) -> Vec<Warning> {
    let mut list = general(case);
    list.extend(estimated_usage(case));
    list.extend(about_judges(case));
    list.extend(ratio_misleads(case, shown));
    list.extend(multiplicity(case, shown));
    list.extend(worse_slices(case, shown));
    list.extend(winners_curse(case, shown));
    list.extend(unequal_errors(case));
    list.extend(unequal_refusals(case));
    list.extend(ties(case, shown));
    for (idx, candidate) in case.candidates.iter().enumerate() {
        list.extend(about(case, idx, candidate));
    }
    list
}

fn general(case: &Case<'_>) -> Vec<Warning> {
    let mut list = Vec::new();
    if case.input.simulated {
        let text = "Answers, times and costs come from simulated endpoints: they say nothing of \
                    real models.";
        list.push(warning(WarningCode::Simulated, None, text.to_owned()));
    }
    let wanted = &case.input.requirements;
    if wanted.pass_rate.is_none() && wanted.not_worse_than.is_none() {
        let text = format!(
            "No requirement on quality is set, so the choice is by {} alone.",
            case.input.preference.label()
        );
        list.push(warning(WarningCode::NoQualityGate, None, text));
    }
    list.extend(starter_items(case));
    let n_items = case.design.n_items();
    if n_items < FEW_ITEMS {
        let text = format!(
            "{} {} few: only large differences can be shown. 100 to 500 are usual.",
            wording::count(n_items, "item"),
            if n_items == 1 { "is" } else { "are" }
        );
        list.push(warning(WarningCode::FewItems, None, text));
    }
    if case.design.repeats == 1 {
        let text = "Each item was answered once, so how much a candidate's answers vary from call \
                    to call is not known; intervals cover items only.";
        list.push(warning(WarningCode::SingleRepeat, None, text.to_owned()));
    }
    // Nobody runs a mix: what it leaves out is told where it is shown.
    let called = case.candidates.iter();
    let called = called.filter(|candidate| candidate.facts.routed.is_none());
    let (not_run, planned) = called.fold((0, 0), |(not_run, planned), candidate| {
        (
            not_run + candidate.counts.n_not_run,
            planned + candidate.counts.n_planned,
        )
    });
    if not_run > 0 {
        let text = format!(
            "{not_run} of {planned} trials have not run; figures rest on the rest, whose order is \
             random."
        );
        list.push(warning(WarningCode::NotRun, None, text));
    }
    list
}

fn rate(case: &Case<'_>, idx: usize) -> Option<f64> {
    Some(case.candidates.get(idx)?.pass_rate?.value)
}

fn ratio_misleads(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let (pick, best) = (shown.ratio_pick?, shown.best?);
    let lost = rate(case, best)? - rate(case, pick)?;
    if lost <= FAR_WORSE {
        return None;
    }
    let text = format!(
        "The quality/cost ratio would pick `{}`, whose pass rate is {:.1} points below that of `{}`: \
         prices differ so much more than quality that it nearly always picks the cheapest. It is \
         shown, it decides nothing.",
        case.name(pick),
        lost * 100.0,
        case.name(best)
    );
    Some(warning(WarningCode::RatioMisleads, Some(pick), text))
}

/// Candidates that would be taken had they been tried alone.
fn multiplicity(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let chosen = match shown.conclusion {
        Conclusion::Decided { recommended, .. } => Some(*recommended),
        Conclusion::Undecided { .. } | Conclusion::NoCandidate { .. } => None,
    };
    let alone = |idx: usize| shown.alone.get(idx).copied().unwrap_or(false);
    let first = shown.ranking.having(Verdict::Undecided).find(|idx| {
        alone(*idx) && chosen.is_none_or(|chosen| shown.ranking.before(*idx, chosen))
    })?;
    let text = format!(
        "Tried alone, `{}` would be shown to meet every requirement; as one of {} it is not, because \
         among many candidates one slips through more often. A run of it and its reference on new \
         items would settle it.",
        case.name(first),
        wording::count(case.candidates.len(), "candidate")
    );
    Some(warning(WarningCode::Multiplicity, Some(first), text))
}

fn winners_curse(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let Conclusion::Decided { recommended, .. } = shown.conclusion else {
        return None;
    };
    let measured = case
        .candidates
        .iter()
        .filter(|candidate| candidate.pass_rate.is_some())
        .count();
    if shown.best != Some(*recommended)
        || measured < 3
        || case.input.requirements.estimand == Estimand::GoldenSet
    {
        return None;
    }
    let fair = shown
        .standings
        .and_then(|standings| standings.pass_rate(*recommended))
        .map_or_else(String::new, |figure| {
            format!(
                " Allowing for that, {} pass, an interval that holds for all {measured} at once.",
                wording::rate(&figure)
            )
        });
    let text = format!(
        "`{}` has the highest pass rate of {measured} candidates on these items; the best of several \
         looks better than it is.{fair}",
        case.name(*recommended)
    );
    Some(warning(WarningCode::WinnersCurse, Some(*recommended), text))
}

/// Tags on which the chosen candidate is shown to be worse.
fn worse_slices(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let chosen = match shown.conclusion {
        Conclusion::Decided { recommended, .. } => *recommended,
        Conclusion::Undecided { provisional, .. } => (*provisional)?,
        Conclusion::NoCandidate { .. } => return None,
    };
    let compared = shown.slices.iter().filter_map(|slice| {
        let versus = slice.versus.as_ref()?;
        Some((slice, versus))
    });
    let n_tags = compared.clone().count();
    let mut worse: Vec<(&Slice, &SliceComparison)> =
        compared.filter(|(_, versus)| versus.worse).collect();
    worse.sort_by(|a, b| a.1.difference.value.total_cmp(&b.1.difference.value));
    let other = &worse.first()?.1.with_id;
    let parts: Vec<String> = worse
        .iter()
        .take(MOST_SLICES)
        .map(|(slice, versus)| {
            format!(
                "\"{}\": {}",
                slice.tag,
                wording::difference(&versus.difference)
            )
        })
        .collect();
    let left = worse.len().saturating_sub(MOST_SLICES);
    let more = if left > 0 {
        format!(", and on {}", wording::count(left, "more tag"))
    } else {
        String::new()
    };
    let text = format!(
        "`{}` is worse than `{other}` on {}{more} (error 5 % over {} together). If these requests matter \
         more than their share, keep `{other}` for them.",
        case.name(chosen),
        parts.join(", "),
        wording::count(n_tags, "tag")
    );
    Some(warning(WarningCode::WorseSlice, Some(chosen), text))
}

/// Where results of candidates differ in a share: how many of how many, at the least and the most.
struct Extremes {
    least: Share,
    most: Share,
}

#[derive(Clone, Copy)]
struct Share {
    candidate: usize,
    n: usize,
    of: usize,
}

impl Share {
    fn rate(self) -> f64 {
        self.n as f64 / self.of as f64
    }

    /// "12 of 183 answers (7 %)".
    fn words(self, noun: &str) -> String {
        format!(
            "{} of {} {noun} ({})",
            wording::whole(self.n),
            wording::whole(self.of),
            wording::percent(self.rate())
        )
    }
}

impl Extremes {
    /// The candidates with the smallest and the largest share, if far enough apart.
    fn of(case: &Case<'_>, share: impl Fn(&Counts) -> (usize, usize)) -> Option<Self> {
        let mut shares: Vec<Share> = case
            .candidates
            .iter()
            .enumerate()
            .map(|(candidate, own)| {
                let (n, of) = share(&own.counts);
                Share { candidate, n, of }
            })
            .filter(|share| share.of > 0)
            .collect();
        shares.sort_by(|a, b| {
            let order = a.rate().total_cmp(&b.rate());
            order.then(a.candidate.cmp(&b.candidate))
        });
        let (least, most) = (*shares.first()?, *shares.last()?);
        (most.rate() - least.rate() > UNEQUAL_ERRORS).then_some(Self { least, most })
    }
}

fn unequal_errors(case: &Case<'_>) -> Option<Warning> {
    let Extremes { least, most } = Extremes::of(case, |counts| {
        let ran = counts.n_planned - counts.n_not_run;
        (counts.n_failed + counts.n_unscored, ran)
    })?;
    let text = format!(
        "Results are missing unequally: {} of `{}` against {} of `{}`. If harder items fail more \
         often, the first looks better than it is.",
        most.words("trials"),
        case.name(most.candidate),
        least.words("trials"),
        case.name(least.candidate)
    );
    Some(warning(
        WarningCode::UnequalErrors,
        Some(most.candidate),
        text,
    ))
}

/// Refusals are answers and count as they were scored; where candidates differ in them, somebody has to
/// look whether the scores are right.
fn unequal_refusals(case: &Case<'_>) -> Option<Warning> {
    let Extremes { least, most } =
        Extremes::of(case, |counts| (counts.n_refused, counts.n_answered))?;
    let text = format!(
        "`{}` refused {}, `{}` {}. A refusal counts as it was scored: see whether the scorers judge \
         refusals as you would.",
        case.name(most.candidate),
        most.words("answers"),
        case.name(least.candidate),
        least.words("answers")
    );
    Some(warning(
        WarningCode::UnequalRefusals,
        Some(most.candidate),
        text,
    ))
}

fn ties(case: &Case<'_>, shown: &Shown<'_>) -> Option<Warning> {
    let Conclusion::Decided {
        recommended, ties, ..
    } = shown.conclusion
    else {
        return None;
    };
    let ids: Vec<trilemma_domain::CandidateId> =
        ties.iter().map(|idx| case.name(*idx).into()).collect();
    if ids.is_empty() {
        return None;
    }
    let known = shown.ranking.key(*recommended).is_some();
    let text = format!(
        "{} {} `{}` in rank; it was taken for its pass rate, then for its place in the list.",
        wording::list(&ids),
        if known { "equals" } else { "stands beside" },
        case.name(*recommended)
    );
    Some(warning(WarningCode::Tie, Some(*recommended), text))
}
