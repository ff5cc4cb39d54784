//! What a load test will send and may cost, told before it begins.

use trilemma_domain::{LoadPlan, LoadPrompts, LoadStage, NanoUsd};
use trilemma_load::{Levels, Line, Program};

use crate::layout::{counted, one_line};

/// Requests whose highest cost is worked out; the others are taken to cost the same.
const COSTED: u64 = 200;

/// What will be sent, and the most that it may cost.
pub(super) fn plan_text(plan: &LoadPlan, program: &Program, lines: &[Line]) -> String {
    let (stage, what) = match program {
        Program::Single(stage) => (stage, stage.arrivals.to_string()),
        Program::Sweep(spec) => {
            let levels = match &spec.levels {
                Levels::Doubling { most } => {
                    format!("1, 2, 4, … at most {most} at once, until saturation")
                }
                Levels::Given(levels) => {
                    let levels: Vec<String> = levels.iter().map(ToString::to_string).collect();
                    levels.join("; ")
                }
            };
            (&spec.stage, format!("a sweep: {levels}"))
        }
        Program::Goodput(spec) => {
            let slos: Vec<String> = spec.slos.iter().map(ToString::to_string).collect();
            let what = format!("the highest rate with {}", slos.join(" and "));
            (&spec.stage, what)
        }
    };
    let names: Vec<&str> = plan.candidates.iter().map(|one| one.id.as_str()).collect();
    let mut text = vec![format!(
        "{}: {what}",
        counted(names.len() as u64, "candidate")
    )];
    text.push(format!("  {}", one_line(&names.join(", "))));
    text.push(format!("  prompts: {}", prompts_text(&plan.prompts)));
    text.push(format!("  {}", ends_text(stage, program)));
    text.push(format!("  {}", cost_text(stage, program, lines)));
    text.join("\n")
}

fn prompts_text(prompts: &LoadPrompts) -> String {
    match prompts {
        LoadPrompts::Golden { n } => format!("the golden set's, {}", counted(*n, "item")),
        LoadPrompts::Synthetic {
            n,
            input_min,
            input_max,
            output,
            shared_prefix,
        } => {
            let length = if input_min == input_max {
                input_min.to_string()
            } else {
                format!("{input_min} to {input_max}")
            };
            let answers =
                output.map_or(String::new(), |most| format!(", answers of at most {most}"));
            let shared = match shared_prefix {
                0 => String::new(),
                n => format!(", the first {n} shared"),
            };
            format!("{n} made up, of {length} tokens{shared}{answers}")
        }
    }
}

fn ends_text(stage: &LoadStage, program: &Program) -> String {
    if let Program::Goodput(spec) = program {
        return format!(
            "up to {} rates, each 40 to 1,920 requests and at least {:.0} s",
            spec.most_rates,
            spec.least.as_secs_f64()
        );
    }
    let warmup = if stage.warmup.is_zero() {
        counted(stage.warmup_requests, "request")
    } else {
        format!("{:.0} s", stage.warmup.as_secs_f64())
    };
    let mut ends = Vec::new();
    if let Some(requests) = stage.requests {
        ends.push(counted(
            requests - stage.warmup_requests.min(requests),
            "request",
        ));
    }
    if let Some(duration) = stage.duration {
        ends.push(format!(
            "{:.0} s",
            duration.saturating_sub(stage.warmup).as_secs_f64()
        ));
    }
    let each = match program {
        Program::Single(_) => "each",
        Program::Sweep(_) | Program::Goodput(_) => "each at every level",
    };
    let end = if ends.is_empty() {
        "the whole recording".to_owned()
    } else {
        ends.join(" or ")
    };
    format!("{end} {each}, after {warmup} of warm-up")
}

fn cost_text(stage: &LoadStage, program: &Program, lines: &[Line]) -> String {
    let unpriced = lines.iter().filter(|line| !line.is_priced()).count();
    let requests = stage.requests.or_else(|| {
        let (per_s, duration) = (stage.arrivals.per_s()?, stage.duration?);
        Some(whole(per_s * duration.as_secs_f64()))
    });
    let single = matches!(program, Program::Single(_));
    let known: Option<NanoUsd> = requests.filter(|_| single).map(|requests| {
        let of = |line: &Line| {
            let costed = requests.clamp(1, COSTED);
            let sum: i64 = (0..costed).map(|number| line.most_cost(number).0).sum();
            NanoUsd(
                i64::try_from(i128::from(sum) * i128::from(requests) / i128::from(costed))
                    .unwrap_or(i64::MAX),
            )
        };
        lines.iter().map(of).sum()
    });
    let bound = match known {
        Some(most) if unpriced < lines.len() => {
            format!("at most about ${}", most.to_usd().brief())
        }
        Some(_) => "cost unknown: no price is known".to_owned(),
        None => {
            let each: NanoUsd = lines
                .iter()
                .map(|line| line.most_cost(0))
                .max()
                .unwrap_or_default();
            format!(
                "at most about ${} a request; --budget stops it",
                each.to_usd().brief()
            )
        }
    };
    match unpriced {
        0 => bound,
        n if n == lines.len() => bound,
        n => format!(
            "{bound}, and {} without a price",
            counted(n as u64, "candidate")
        ),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of requests; a float that does not fit saturates"
)]
fn whole(number: f64) -> u64 {
    number as u64
}
