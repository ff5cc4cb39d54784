//! Where throughput stops growing.
//!
//! In: the stages of a sweep in rising order of load. Out: the lowest stage whose throughput is within 5 % of the
//! highest, and whether the sweep has gone past it: two further levels without 5 % more count as saturation,
//! as does a tenth of failed requests, or an open loop that answers 10 % less than arrives.

use trilemma_domain::{LoadSaturation, LoadStage, LoadStageFigures};

/// Growth below this is none.
pub(crate) const GROWTH: f64 = 1.05;
/// Levels without growth that end a sweep.
pub(crate) const FLAT_LEVELS: usize = 2;
const FAILED_SHARE: f64 = 0.1;
const SHORTFALL: f64 = 0.9;

/// Finds saturation among stages in rising order of load; `None` = no throughput was measured.
#[must_use]
pub fn saturation(stages: &[(u32, &LoadStage, &LoadStageFigures)]) -> Option<LoadSaturation> {
    let rates: Vec<f64> = stages
        .iter()
        .map(|(_, _, figures)| figures.requests_per_s.map_or(0.0, |rate| rate.per_s))
        .collect();
    let best = rates.iter().copied().fold(0.0, f64::max);
    let knee = rates.iter().position(|rate| *rate * GROWTH >= best)?;
    let (stage_idx, _, figures) = stages.get(knee)?;
    let rate = figures.requests_per_s?;
    let why = why(stages, knee);
    Some(LoadSaturation {
        reached: why.is_some(),
        stage_idx: *stage_idx,
        requests_per_s: rate.per_s,
        output_tokens_per_s: figures.output_tokens_per_s.map(|tokens| tokens.per_s),
        in_flight_mean: figures.in_flight_mean,
        why: why.unwrap_or_else(|| "throughput was still growing at the highest level".to_owned()),
    })
}

fn why(stages: &[(u32, &LoadStage, &LoadStageFigures)], knee: usize) -> Option<String> {
    let n_flat = stages.len() - knee - 1;
    if n_flat >= FLAT_LEVELS {
        return Some(format!("{n_flat} higher levels brought less than 5 % more"));
    }
    let (_, stage, figures) = stages.last()?;
    is_overloaded(stage, figures)
}

/// Why a level is beyond what the endpoint carries; `None` = it is not, as far as seen.
pub(crate) fn is_overloaded(stage: &LoadStage, figures: &LoadStageFigures) -> Option<String> {
    let failed = share(figures.n_failed, figures.n_sent);
    if failed >= FAILED_SHARE {
        return Some(format!(
            "{:.0} % of requests failed at {}",
            failed * 100.0,
            stage.arrivals
        ));
    }
    let (arriving, answered) = (stage.arrivals.per_s()?, figures.requests_per_s?.per_s);
    (answered < arriving * SHORTFALL).then(|| {
        format!(
            "{answered:.3} answers a second at {} arriving",
            stage.arrivals
        )
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
