//! What a run would take and could decide, from the project and the sizes of its requests.

mod words;

use std::fmt::Write as _;

use anyhow::anyhow;
use trilemma_decide::preflight::{
    PlannedCaller, Preflight, PreflightInput, RateLimits, Role, TierLimits, TokenGuess, preflight,
};
use trilemma_domain::{Candidate, Input, Item};
use trilemma_golden::{GoldenSet, size_guide};
use trilemma_grade::JudgeTally;
use trilemma_score::Mode;

use crate::context::{Context, InputError};
use crate::inspection::RequestSize;
use crate::lineup::pricer;
use crate::linting::MarginQuestion;

pub(crate) use words::{races_text, text};

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
    let givers = project.routing.gives_labels();
    let mut labels = Vec::new();
    let mut answerers = Vec::new();
    for (candidate, request) in project.candidates.iter().zip(requests) {
        let input_tokens = TokenGuess {
            mean: request.mean_bytes / BYTES_PER_TOKEN,
            upper: request.mean_bytes / LEAST_BYTES_PER_TOKEN,
        };
        largest = TokenGuess {
            mean: largest.mean.max(input_tokens.mean),
            upper: largest.upper.max(input_tokens.upper),
        };
        if givers.contains(&candidate.id) {
            labels.push(caller(context, candidate, Role::Labels, input_tokens)?);
        } else {
            answerers.push(&candidate.id);
            callers.push(caller(context, candidate, Role::Candidate, input_tokens)?);
        }
    }
    callers.extend(labels);
    callers.extend(judges(context, largest)?);
    let incumbent = project.incumbent.as_ref();
    Ok(PreflightInput {
        size,
        weights: golden.items().iter().map(|item| item.weight).collect(),
        repeats: project.bench.repeats,
        callers,
        requirements: project.requirements.clone(),
        preference: project.preference,
        incumbent: incumbent.and_then(|id| answerers.iter().position(|one| *one == id)),
        concurrency: project.bench.concurrency,
    })
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

/// What a plan costs in dollars, on average and hardly more than; `None` = a price is unknown.
pub(crate) fn money(plan: &Preflight) -> Option<(f64, f64)> {
    let cost = plan.cost.as_ref().filter(|_| plan.unpriced.is_empty())?;
    Some((cost.expected_usd.to_f64(), cost.upper_usd.to_f64()))
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
