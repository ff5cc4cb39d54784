//! Response times against their budgets.
//!
//! "p95 at most 800 ms" says that at least 95 % of answers come within 800 ms, so the test is the exact
//! one of a share: it equals the one between order statistics, and also takes repeats and clusters, and
//! failed trials as slow or as fast. Error of "fails" 5 % per candidate, of "meets" 5 % over all of them
//! (`family`). Replays do not count.

use std::time::Duration;

use trilemma_domain::LatencyRequirement;
use trilemma_stats::Confidence;

use super::family::{Level, Part};
use super::settle::{advice, items_for_share, more_items};
use super::tested::Tested;
use super::verdict::{Finding, Measured, open};
use crate::evidence::{AT_LEAST, Case, Evidence, LESS_THAN};
use crate::figure::{Figure, Method};
use crate::measure::{Failed, Timed};
use crate::rate::Share;
use crate::result::{Amount, Cause, GateEstimate, GateKind, GateResult};
use crate::wording;

/// One budget.
struct Budget {
    gate: GateKind,
    p: f64,
    limit: Duration,
}

/// Gathers what every budget is tested on; the class stands for a p95 of the whole answer.
pub(crate) fn latency<'a>(
    case: &'a Case<'_>,
    candidate: usize,
    wanted: &LatencyRequirement,
) -> Vec<Part<'a>> {
    let class = wanted.class.map(trilemma_domain::LatencyClass::budget);
    let budget = |gate, p, limit: Option<Duration>| limit.map(|limit| Budget { gate, p, limit });
    [
        budget(GateKind::TtftP50, 0.5, wanted.ttft_p50),
        budget(GateKind::TtftP95, 0.95, wanted.ttft_p95),
        budget(GateKind::E2eP50, 0.5, wanted.e2e_p50),
        budget(GateKind::E2eP95, 0.95, wanted.e2e_p95.or(class)),
    ]
    .into_iter()
    .flatten()
    .filter_map(|budget| {
        let own = case.candidates.get(candidate)?;
        let timed = match budget.gate {
            GateKind::TtftP50 | GateKind::TtftP95 => &own.ttft,
            _ => &own.e2e,
        };
        Some(one(candidate, (own, timed), budget))
    })
    .collect()
}

fn one<'a>(candidate: usize, (own, timed): (&Evidence<'_>, &'a Timed), budget: Budget) -> Part<'a> {
    let limit_us = budget.limit.as_secs_f64() * 1e6;
    let share = |failed| timed.share_within(limit_us, failed);
    let scenarios = (
        share(Failed::Ignored),
        share(Failed::Slow),
        share(Failed::Fast),
    );
    match scenarios {
        (Some(observed), Some(worst), Some(best)) => Part::Tested(Box::new(Times {
            candidate,
            budget,
            timed,
            observed,
            worst,
            best,
        })),
        _ => Part::Stated(Box::new(unmeasured(own, timed, &budget))),
    }
}

/// Shares of answers within one budget, failed calls counted each way.
struct Times<'a> {
    candidate: usize,
    budget: Budget,
    timed: &'a Timed,
    observed: Share,
    worst: Share,
    best: Share,
}

impl Times<'_> {
    fn shows(&self, share: &Share, confidence: Confidence) -> bool {
        share.bound(confidence, AT_LEAST) >= self.budget.p
    }

    fn misses(&self, share: &Share, confidence: Confidence) -> bool {
        share.bound(confidence, LESS_THAN) < self.budget.p
    }
}

impl Tested for Times<'_> {
    fn confidence(&self) -> Confidence {
        Confidence::P95
    }

    fn meets_at(&self, confidence: Confidence) -> bool {
        self.shows(&self.worst, confidence)
    }

    fn fails_at(&self, confidence: Confidence) -> bool {
        self.misses(&self.best, confidence)
    }

    fn result(&self, case: &Case<'_>, level: Level) -> GateResult {
        let (budget, observed) = (&self.budget, &self.observed);
        let plain = self.confidence();
        let confidence = level.of(plain);
        let n_failed = self.timed.n_failed();
        let observed_decides = self.shows(observed, confidence) || self.misses(observed, plain);
        let finding = Finding::of(
            self.meets_at(confidence),
            self.fails_at(plain),
            n_failed > 0 && observed_decides,
        );
        let figure = self.timed.quantile_ms(budget.p, plain);
        let (side, at) = match finding {
            Finding::Fails => (AT_LEAST, plain),
            Finding::Meets | Finding::Open { .. } => (LESS_THAN, confidence),
        };
        let bound = self.timed.bound_ms(budget.p, at, side);
        let needed = items_for_share(observed.rate, budget.p, confidence);
        let more = more_items(needed, observed.n, observed.n_effective);
        Measured {
            gate: budget.gate,
            finding,
            n: observed.n,
            reason: reason(budget, finding, figure.as_ref(), observed, n_failed),
            estimate: figure.map(GateEstimate::Ms),
            bound: bound.map(Amount::Ms),
            threshold: Amount::Ms(budget.limit.as_secs_f64() * 1e3),
            confidence: at,
            method: Method::OrderStatistics,
            settle: advice(case, finding.cause(), n_failed, more, &[self.candidate]),
        }
        .result()
    }
}

fn unmeasured(own: &Evidence<'_>, timed: &Timed, budget: &Budget) -> GateResult {
    let first_token = matches!(budget.gate, GateKind::TtftP50 | GateKind::TtftP95);
    let (cause, reason, action) = if first_token && !own.facts.streamed {
        (
            Cause::NotMeasured,
            "answers were not streamed, so there is no first token",
            "set `stream = true`",
        )
    } else if own.counts.n_answered > 0 && own.counts.n_replayed == own.counts.n_answered {
        (
            Cause::NotMeasured,
            "all answers are replays of earlier calls, whose times do not count",
            "run again without cache",
        )
    } else if timed.n_failed() > 0 && own.counts.n_answered == 0 {
        (
            Cause::MissingResults,
            "no call was answered",
            "repeat the failed calls",
        )
    } else {
        (
            Cause::NotMeasured,
            "no time was recorded",
            "measure it with calls of one's own",
        )
    };
    let mut result = open(budget.gate, cause, reason.to_owned(), action);
    result.threshold = Some(Amount::Ms(budget.limit.as_secs_f64() * 1e3));
    result
}

fn reason(
    budget: &Budget,
    finding: Finding,
    figure: Option<&Figure>,
    share: &Share,
    n_failed: usize,
) -> String {
    let name = if budget.p > 0.5 { "p95" } else { "median" };
    let limit = wording::ms(budget.limit.as_secs_f64() * 1e3);
    let seen = figure.map_or_else(String::new, |figure| {
        let ends = match (figure.low, figure.high) {
            (Some(low), Some(high)) => {
                format!("{} to {}, ", wording::ms(low), wording::ms(high))
            }
            _ => String::new(),
        };
        format!(
            "{name} {} ({ends}n = {})",
            wording::ms(figure.value),
            figure.n
        )
    });
    let within = format!("{} come within {limit}", wording::percent(share.rate));
    let needed = wording::percent(budget.p);
    match finding {
        Finding::Meets => format!("{seen}; {within}, surely at least {needed}"),
        Finding::Fails => format!("{seen}; {within}, surely less than {needed}"),
        Finding::Open { .. } if finding.cause() == Some(crate::result::Cause::MissingResults) => {
            format!(
                "{seen}; {within}, but {} could tip it",
                wording::count(n_failed, "failed call")
            )
        }
        Finding::Open { .. } => {
            format!("{seen}; {within}, too close to {needed} for so few answers")
        }
    }
}
