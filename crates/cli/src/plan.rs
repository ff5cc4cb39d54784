//! What a run would take and could decide, from the project and the sizes of its requests.

use std::fmt::Write as _;

use anyhow::anyhow;
use trilemma_decide::preflight::{
    Chances, PlannedCaller, Preflight, PreflightInput, RateLimits, Role, TimeLimit, TokenGuess,
    VerdictChance, preflight,
};
use trilemma_domain::{Candidate, Input, Item, Margin};
use trilemma_golden::{GoldenSet, size_guide};
use trilemma_grade::JudgeTally;
use trilemma_score::Mode;

use crate::context::{Context, InputError};
use crate::inspection::RequestSize;
use crate::lineup::pricer;

/// Bytes of a request per token, on average and at the low end.
const BYTES_PER_TOKEN: u64 = 4;
const LEAST_BYTES_PER_TOKEN: u64 = 3;
/// Output tokens of a call where nothing limits it: a short answer, and a long one.
const OUTPUT_TOKENS: u64 = 300;
const LONG_OUTPUT_TOKENS: u64 = 1_000;
/// Tokens that a judge's prompt adds to input and answer.
const JUDGE_FRAME_TOKENS: u64 = 400;

/// Plans a run of the project.
pub(crate) fn plan(
    context: &Context,
    golden: &GoldenSet,
    requests: &[RequestSize],
) -> anyhow::Result<Preflight> {
    let project = &context.project;
    let margin = project
        .requirements
        .not_worse_than
        .as_ref()
        .and_then(|gate| match gate.margin {
            Margin::Absolute(margin) => Some(margin),
            Margin::Ratio(_) => None,
        });
    let size = size_guide(golden.items(), margin).map_err(|error| {
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
    Ok(preflight(&PreflightInput {
        size,
        repeats: project.bench.repeats,
        callers,
        requirements: project.requirements.clone(),
        concurrency: project.bench.concurrency,
    }))
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
        },
        seconds_per_call: None,
    })
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
    let mut text = String::from("Before the first call\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  calls       {} ({} items, {} caller(s), {} repeat(s)); retries come on top",
        plan.n_calls,
        plan.n_items,
        plan.callers.len(),
        plan.repeats
    );
    match &plan.cost {
        Some(cost) => {
            let _ = writeln!(
                text,
                "  cost        about ${:.2}, hardly more than ${:.2} (estimated from request sizes)",
                cost.expected_usd.to_f64(),
                cost.upper_usd.to_f64()
            );
        }
        None => text.push_str("  cost        unknown: no price is known\n"),
    }
    if !plan.unpriced.is_empty() {
        let _ = writeln!(
            text,
            "              without {}: price unknown",
            plan.unpriced.join(", ")
        );
    }
    text.push_str(&time_text(plan));
    let points = |share: f64| share * 100.0;
    let _ = writeln!(
        text,
        "  resolution  differences of {} points are seen with a chance of 80 % (n = {})",
        range_text(
            points(plan.detectable_difference.low),
            points(plan.detectable_difference.high)
        ),
        plan.n_effective
    );
    if let Some(margin) = plan.proposed_margin {
        let _ = writeln!(
            text,
            "              a margin of {:.0} points is one that this golden set can decide",
            points(margin)
        );
    }
    text.push_str(&chances_text(&plan.chances));
    text
}

/// One table per requirement: a column for each true difference.
fn chances_text(chances: &[VerdictChance]) -> String {
    let mut text = String::new();
    let mut rest = chances;
    while let Some(first) = rest.first() {
        let n_same = rest
            .iter()
            .take_while(|chance| chance.gate == first.gate)
            .count();
        let (group, later) = rest.split_at(n_same);
        rest = later;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  verdicts    chance in % to meet / fail / leave undecided \"{}\", by true difference",
            first.gate.label()
        );
        let mut row = |label: &str, cell: &dyn Fn(&VerdictChance) -> String| {
            let cells: String = group
                .iter()
                .map(|chance| format!("{:>12}", cell(chance)))
                .collect();
            let _ = writeln!(text, "    {label:<22}{cells}");
        };
        row("true difference", &|chance| {
            format!("{:+.0} points", chance.true_difference * 100.0)
        });
        let often = group.iter().any(|chance| chance.low != chance.high);
        row(if often { "who rarely disagree" } else { "" }, &|chance| {
            triple(chance.low)
        });
        if often {
            row("who often disagree", &|chance| triple(chance.high));
        }
    }
    text
}

fn triple(chances: Chances) -> String {
    let percent = |share: f64| (share * 100.0).round();
    format!(
        "{}/{}/{}",
        percent(chances.meets),
        percent(chances.fails),
        percent(chances.undecided)
    )
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
    let limit = match &plan.time.limited_by {
        Some(TimeLimit::RequestsPerMinute(group)) => format!("requests per minute of {group}"),
        Some(TimeLimit::TokensPerMinute(group)) => format!("tokens per minute of {group}"),
        Some(TimeLimit::Concurrency) => "calls in flight".to_owned(),
        None => return "  time        unknown: no rate limits are stated (`rpm`, `tpm` under `[providers.NAME]`)\n".to_owned(),
    };
    match plan.time.seconds {
        Some(seconds) => format!("  time        at least {seconds:.0} s, limited by {limit}\n"),
        None => format!("  time        limited by {limit}\n"),
    }
}
