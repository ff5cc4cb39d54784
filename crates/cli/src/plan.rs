//! What a run would take and could decide, from the project and the sizes of its requests.

use std::fmt::Write as _;

use anyhow::anyhow;
use trilemma_decide::preflight::{
    Chances, PlannedCaller, Preflight, PreflightInput, RacePlan, RateLimits, Role, TierLimits,
    TierTime, TimeLimit, TokenGuess, VerdictChance, held, preflight,
};
use trilemma_domain::{Candidate, Input, Item, Margin};
use trilemma_golden::{GoldenSet, size_guide};
use trilemma_grade::JudgeTally;
use trilemma_project::Project;
use trilemma_score::Mode;
use trilemma_stats::Confidence;

use crate::context::{Context, InputError};
use crate::inspection::RequestSize;
use crate::layout::{self, Side, Table, counted, parted, terminal_width};
use crate::lineup::pricer;

/// Bytes of a request per token, on average and at the low end.
const BYTES_PER_TOKEN: u64 = 4;
const LEAST_BYTES_PER_TOKEN: u64 = 3;
/// Output tokens of a call where nothing limits it: a short answer, and a long one.
const OUTPUT_TOKENS: u64 = 300;
const LONG_OUTPUT_TOKENS: u64 = 1_000;
/// Tokens that a judge's prompt adds to input and answer.
const JUDGE_FRAME_TOKENS: u64 = 400;

/// What a project asks about "not worse".
pub(crate) struct MarginQuestion {
    /// By how much; `None` = nothing is asked.
    pub(crate) margin: Option<f64>,
    /// How surely, over all candidates that a run will have.
    pub(crate) held: Confidence,
}

impl MarginQuestion {
    pub(crate) fn of(project: &Project) -> Self {
        let gate = project.requirements.not_worse_than.as_ref();
        let confidence = gate.map_or(Confidence::P95.level(), |gate| gate.confidence);
        Self {
            margin: gate.map(|gate| match gate.margin {
                Margin::Absolute(margin) => margin,
                // A ratio of a pass rate that is not known yet: at most this many points.
                Margin::Ratio(ratio) => 1.0 - ratio,
            }),
            held: held(confidence, project.candidates.len()).unwrap_or(Confidence::P95),
        }
    }
}

/// Plans a run of the project.
pub(crate) fn plan(
    context: &Context,
    golden: &GoldenSet,
    requests: &[RequestSize],
) -> anyhow::Result<Preflight> {
    Ok(preflight(&input(context, golden, requests)?))
}

/// What a plan is made from.
pub(crate) fn input(
    context: &Context,
    golden: &GoldenSet,
    requests: &[RequestSize],
) -> anyhow::Result<PreflightInput> {
    let project = &context.project;
    let question = MarginQuestion::of(project);
    let size = size_guide(golden.items(), question.margin, question.held).map_err(|error| {
        anyhow!(InputError(format!(
            "failed to size the golden set: {error}"
        )))
    })?;
    let mut callers = Vec::new();
    let mut largest = TokenGuess { mean: 0, upper: 0 };
    for (candidate, request) in project.candidates.iter().zip(requests) {
        let input_tokens = TokenGuess {
            mean: request.mean_bytes / BYTES_PER_TOKEN,
            upper: request.mean_bytes / LEAST_BYTES_PER_TOKEN,
        };
        largest = TokenGuess {
            mean: largest.mean.max(input_tokens.mean),
            upper: largest.upper.max(input_tokens.upper),
        };
        callers.push(caller(context, candidate, Role::Candidate, input_tokens)?);
    }
    callers.extend(judges(context, largest)?);
    let incumbent = project.incumbent.as_ref();
    Ok(PreflightInput {
        size,
        repeats: project.bench.repeats,
        callers,
        requirements: project.requirements.clone(),
        incumbent: incumbent.and_then(|id| project.candidates.iter().position(|one| one.id == *id)),
        concurrency: project.bench.concurrency,
    })
}

/// What each adaptive run would take, in words; empty where there is none.
pub(crate) fn races_text(races: &[RacePlan], plan: &Preflight) -> String {
    let width = terminal_width();
    let mut text = String::new();
    if races.is_empty() {
        return text;
    }
    let title = "Adaptive runs (`bench|select --adaptive=MODE`), from candidates far apart to candidates hardly to \
                 be told apart (simulated)";
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", layout::wrap(title, 2, width.unwrap_or(100)));
    let mut table = Table::new(&[
        ("mode", Side::Left),
        ("calls", Side::Right),
        ("of all", Side::Right),
        ("cost", Side::Right),
    ]);
    for race in races {
        let share = |n: u64| 100.0 * n as f64 / plan.n_calls.max(1) as f64;
        let calls = race.n_calls;
        table.push([
            race.mode.to_owned(),
            format!("{} to {}", parted(calls.low), parted(calls.high)),
            format!("{:.0} to {:.0} %", share(calls.low), share(calls.high)),
            race.cost_usd.map_or_else(
                || "unknown".to_owned(),
                |cost| format!("${} to ${}", cost.low.brief(), cost.high.brief()),
            ),
        ]);
    }
    text.push_str(&table.draw(4, width));
    text
}

/// The judges of all scorers, once per scorer and model.
fn judges(context: &Context, request: TokenGuess) -> anyhow::Result<Vec<PlannedCaller>> {
    let project = &context.project;
    let mut callers = Vec::new();
    for spec in &project.scorers {
        let Ok(scorer) = trilemma_score::build(spec) else {
            continue;
        };
        let (Mode::Judge(judge), Some(panel)) = (scorer.mode(), project.judges.get(&spec.label))
        else {
            continue;
        };
        // Of a pair, both answers are shown.
        let n_answers = judge.task.orders().len() as u64;
        let input_tokens = TokenGuess {
            mean: request.mean + n_answers * OUTPUT_TOKENS + JUDGE_FRAME_TOKENS,
            upper: request.upper + n_answers * LONG_OUTPUT_TOKENS + JUDGE_FRAME_TOKENS,
        };
        for endpoint in panel {
            callers.push(PlannedCaller {
                calls_per_trial: judge.calls_per_answer(),
                ..caller(context, endpoint, Role::Judge, input_tokens)?
            });
        }
    }
    Ok(callers)
}

fn caller(
    context: &Context,
    candidate: &Candidate,
    role: Role,
    input_tokens: TokenGuess,
) -> anyhow::Result<PlannedCaller> {
    let target = &candidate.target;
    let provider = context.project.providers.get(&target.provider);
    let most = candidate.params.max_output_tokens.map(u64::from);
    let limited = |guess: u64| most.map_or(guess, |most| guess.min(most));
    Ok(PlannedCaller {
        name: candidate.id.to_string(),
        role,
        calls_per_trial: 1.0,
        input_tokens,
        output_tokens: TokenGuess {
            mean: limited(OUTPUT_TOKENS),
            upper: limited(LONG_OUTPUT_TOKENS),
        },
        pricer: pricer(context, candidate)?,
        limits: RateLimits {
            group: format!("{}/{}", target.provider, target.model),
            rpm: provider.and_then(|provider| provider.rpm),
            tpm: provider.and_then(|provider| provider.tpm),
            tiers: tiers(context, candidate)?,
        },
        seconds_per_call: None,
    })
}

/// What the vendor publishes of its tiers, where calls go to the vendor that the catalog means.
fn tiers(context: &Context, candidate: &Candidate) -> anyhow::Result<Vec<TierLimits>> {
    let Some(identity) = candidate
        .identity
        .as_ref()
        .filter(|identity| identity.provider == candidate.target.provider)
    else {
        return Ok(Vec::new());
    };
    let rows = context
        .catalog
        .rate_tiers_of(identity)
        .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
    Ok(rows
        .into_iter()
        .map(|row| TierLimits {
            provider: row.provider.clone(),
            tier: row.tier.clone(),
            rpm: row.rpm,
            tpm: row.tpm,
            itpm: row.itpm,
            otpm: row.otpm,
            rpd: row.rpd,
        })
        .collect())
}

/// What judging some recorded answers would take at most, in words; empty without judges.
pub(crate) fn rescoring(
    context: &Context,
    items: &[Item],
    n_answers: usize,
) -> anyhow::Result<String> {
    let n_bytes: usize = items.iter().map(|item| input_bytes(&item.input)).sum();
    let mean = (n_bytes / items.len().max(1)) as u64;
    let request = TokenGuess {
        mean: mean / BYTES_PER_TOKEN,
        upper: mean / LEAST_BYTES_PER_TOKEN,
    };
    let judges = judges(context, request)?;
    if judges.is_empty() || n_answers == 0 {
        return Ok(String::new());
    }
    let mut text = String::from("Before the first call of a judge\n");
    for judge in &judges {
        let n_calls = (n_answers as f64 * judge.calls_per_trial).round() as u64;
        let cost = |tokens: fn(&TokenGuess) -> u64| {
            let (input, output) = (tokens(&judge.input_tokens), tokens(&judge.output_tokens));
            let each = judge.pricer.as_ref()?.production(input, output, None)?;
            Some(each.to_f64() * n_calls as f64)
        };
        let cost = match (cost(|guess| guess.mean), cost(|guess| guess.upper)) {
            (Some(mean), Some(upper)) => format!("about ${mean:.2}, hardly more than ${upper:.2}"),
            _ => "cost unknown: no price is known".to_owned(),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {}  at most {n_calls} calls ({n_answers} answers), {cost}",
            judge.name
        );
    }
    text.push_str("  replies on record are used again and cost nothing\n");
    Ok(text)
}

fn input_bytes(input: &Input) -> usize {
    match input {
        Input::Text(text) => text.len(),
        Input::Messages(messages) => messages
            .iter()
            .map(|message| message.joined_text().len())
            .sum(),
    }
}

/// What judges did in one session, in words.
pub(crate) fn tally_text(tally: &JudgeTally) -> String {
    let mut parts = vec![format!(
        "judges: {} calls, ${:.4}, apart from the candidates",
        tally.n_calls,
        tally.spent.to_f64_usd()
    )];
    for (n, what) in [
        (tally.n_reused, "replies were on record"),
        (
            tally.n_repeated,
            "asked though an interrupted session may have asked too",
        ),
        (tally.n_failed, "brought no reply"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {what}"));
        }
    }
    parts.join("; ")
}

/// The plan in words.
pub(crate) fn text(plan: &Preflight) -> String {
    let width = terminal_width();
    let rows = rows(plan);
    let rows = rows.iter().map(|(name, value)| (*name, value.as_str()));
    let mut text = String::from("Before the first call\n");
    text.push_str(&layout::pairs(rows, 2, width));
    text.push_str(&chances_text(&plan.chances, width));
    text
}

fn rows(plan: &Preflight) -> Vec<(&'static str, String)> {
    let mut rows = vec![(
        "calls",
        format!(
            "{} ({} × {} × {}); retries come on top",
            parted(plan.n_calls),
            counted(plan.n_items as u64, "item"),
            counted(plan.callers.len() as u64, "caller"),
            counted(u64::from(plan.repeats), "repeat")
        ),
    )];
    let mut cost = plan.cost.as_ref().map_or_else(
        || "unknown: no price is known".to_owned(),
        |cost| {
            format!(
                "about ${}, hardly more than ${} (estimated from request sizes)",
                cost.expected_usd.brief(),
                cost.upper_usd.brief()
            )
        },
    );
    if !plan.unpriced.is_empty() {
        cost.push_str(&format!(
            "; without {}, whose price is unknown",
            plan.unpriced.join(", ")
        ));
    }
    rows.push(("cost", cost));
    rows.push(("time", time_text(plan)));
    let points = |share: f64| share * 100.0;
    let mut resolution = format!(
        "differences of {} points are seen with a chance of 80 % (n = {})",
        range_text(
            points(plan.detectable_difference.low),
            points(plan.detectable_difference.high)
        ),
        parted(plan.n_effective as u64)
    );
    if let Some(margin) = plan.proposed_margin {
        resolution.push_str(&format!(
            "; a margin of {} points is one that this golden set can decide",
            brief(points(margin))
        ));
    }
    rows.push(("resolution", resolution));
    rows
}

/// One table per requirement: a row for each true difference.
fn chances_text(chances: &[VerdictChance], width: Option<usize>) -> String {
    let mut text = String::new();
    let mut rest = chances;
    while let Some(first) = rest.first() {
        let n_same = rest
            .iter()
            .take_while(|chance| chance.gate == first.gate)
            .count();
        let (group, later) = rest.split_at(n_same);
        rest = later;
        let is_range = group.iter().any(|chance| chance.low != chance.high);
        let ends = if is_range {
            "; from candidates that rarely disagree to such that often do"
        } else {
            ""
        };
        let title = format!(
            "Chance in % of each verdict on \"{}\"{ends}",
            first.gate.label()
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", layout::wrap(&title, 2, width.unwrap_or(100)));
        let mut table = Table::new(&[
            ("true difference", Side::Right),
            ("meets", Side::Right),
            ("fails", Side::Right),
            ("undecided", Side::Right),
        ]);
        for chance in group {
            let cell =
                |share: fn(&Chances) -> f64| share_text(share(&chance.low), share(&chance.high));
            table.push([
                format!("{:+.0} points", chance.true_difference * 100.0),
                cell(|chances| chances.meets),
                cell(|chances| chances.fails),
                cell(|chances| chances.undecided),
            ]);
        }
        text.push_str(&table.draw(4, width));
    }
    text
}

/// One share in percent, or two.
fn share_text(rarely: f64, often: f64) -> String {
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    let (rarely, often) = (percent(rarely), percent(often));
    if rarely == often {
        rarely
    } else {
        format!("{rarely} to {often}")
    }
}

fn range_text(low: f64, high: f64) -> String {
    let (low, high) = (format!("{low:.1}"), format!("{high:.1}"));
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

fn time_text(plan: &Preflight) -> String {
    let time = &plan.time;
    let mut parts = Vec::new();
    if let Some(limit) = &time.limited_by {
        let limit = limit_text(limit);
        parts.push(match time.seconds {
            Some(seconds) => format!("at least {}, limited by {limit}", duration(seconds)),
            None => format!("limited by {limit}"),
        });
    }
    let mut rest = time.by_tier.as_slice();
    while let Some(first) = rest.first() {
        let n_same = rest
            .iter()
            .take_while(|row| row.provider == first.provider)
            .count();
        let (rows, later) = rest.split_at(n_same);
        rest = later;
        parts.push(tiers_text(&first.provider, rows));
    }
    if parts.is_empty() {
        return "unknown: no rate limits are stated (`rpm`, `tpm` under `[providers.NAME]`) or published"
            .to_owned();
    }
    parts.join("; ")
}

/// One provider's tiers: which one an account is in, only its owner knows.
fn tiers_text(provider: &str, rows: &[TierTime]) -> String {
    let times: Vec<String> = rows
        .iter()
        .map(|row| format!("{} in {}", duration(row.seconds), row.tier))
        .collect();
    format!(
        "by the limits that {provider} publishes at least {}; yours: `rpm`, `tpm` under `[providers.{provider}]`",
        times.join(", ")
    )
}

fn limit_text(limit: &TimeLimit) -> String {
    match limit {
        TimeLimit::RequestsPerMinute(group) => format!("requests per minute of {group}"),
        TimeLimit::TokensPerMinute(group) => format!("tokens per minute of {group}"),
        TimeLimit::InputTokensPerMinute(group) => format!("input tokens per minute of {group}"),
        TimeLimit::OutputTokensPerMinute(group) => format!("output tokens per minute of {group}"),
        TimeLimit::RequestsPerDay(group) => format!("requests per day of {group}"),
        TimeLimit::Concurrency => "calls in flight".to_owned(),
    }
}

/// A time to plan with, in the unit that one thinks in.
fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 120.0 => format!("{} s", brief(seconds.max(0.1))),
        _ if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

/// One decimal, unless it is none.
fn brief(figure: f64) -> String {
    let text = format!("{figure:.1}");
    text.trim_end_matches(".0").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_one_thinks_in() {
        for (seconds, text) in [
            (0.0, "0.1 s"),
            (45.04, "45 s"),
            (119.0, "119 s"),
            (600.0, "10 min"),
            (9_000.0, "2.5 h"),
            (259_200.0, "3.0 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
