//! The stage over time: what was due, what came back, what was in flight.

use trilemma_domain::LoadTick;

use super::point::Point;

/// Most steps of a timeline.
const MOST_TICKS: f64 = 80.0;
/// Lengths that a step may have, in seconds.
const LENGTHS_S: [f64; 15] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 300.0, 1800.0, 7200.0,
];

/// Cuts a stage into at most 80 steps of a round length.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "at most some thousand steps"
)]
pub(crate) fn timeline(points: &[Point]) -> Vec<LoadTick> {
    let end = points.iter().map(|point| point.ended_s).fold(0.0, f64::max);
    let fits = |length: &&f64| end / **length <= MOST_TICKS;
    let length = LENGTHS_S
        .iter()
        .find(fits)
        .copied()
        .unwrap_or(end / MOST_TICKS);
    if points.is_empty() || end <= 0.0 {
        return Vec::new();
    }
    let n = (end / length).floor() as usize + 1;
    let step = |at_s: f64| ((at_s / length) as usize).min(n - 1);
    let mut ticks: Vec<LoadTick> = (0..n)
        .map(|idx| LoadTick {
            at_s: idx as f64 * length,
            due: 0,
            answered: 0,
            failed: 0,
            in_flight: 0,
            e2e_p50_ms: None,
            e2e_max_ms: None,
        })
        .collect();
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); n];
    for point in points {
        let begun = step(point.intended_s);
        if let Some(tick) = ticks.get_mut(begun) {
            tick.due += 1;
        }
        if let (Some(own), Some(ms)) = (times.get_mut(begun), point.e2e_scheduled.known()) {
            own.push(ms);
        }
        if let Some(tick) = ticks.get_mut(step(point.ended_s)) {
            tick.answered += u64::from(point.is_answered);
            tick.failed += u64::from(!point.is_answered);
        }
        for tick in ticks.iter_mut().skip(step(point.begun_s)) {
            let middle = tick.at_s + length / 2.0;
            if middle >= point.ended_s {
                break;
            }
            tick.in_flight += u64::from(middle >= point.begun_s);
        }
    }
    for (tick, own) in ticks.iter_mut().zip(&mut times) {
        own.sort_unstable_by(f64::total_cmp);
        tick.e2e_p50_ms = own.get(own.len() / 2).copied();
        tick.e2e_max_ms = own.last().copied();
    }
    ticks
}
