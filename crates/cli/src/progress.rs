//! Draws the progress of a benchmark: items, cost against the budget, time left, errors.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{Instant, interval};
use trilemma_bench::{Progress, Snapshot};
use trilemma_domain::{CandidateId, NanoUsd};

use crate::printer::{Printer, printable};

/// Time between two drawings.
const TICK: Duration = Duration::from_millis(200);
/// A wait that is worth a line of a log.
const LONG_WAIT: Duration = Duration::from_secs(10);
/// A wait that is drawn.
const SHOWN_WAIT: Duration = Duration::from_secs(2);

/// What is drawn beside the counters.
pub(crate) struct Scene {
    pub(crate) names: Vec<CandidateId>,
    pub(crate) budget: Option<NanoUsd>,
    pub(crate) spent_before: NanoUsd,
}

/// Draws until it is dropped; without a terminal it only tells of long waits.
pub(crate) async fn draw(printer: Printer, progress: Arc<Progress>, scene: Scene) {
    if !printer.draws() {
        tell_waits(printer, &progress, &scene).await;
    }
    let bar = Bar(ProgressBar::with_draw_target(
        None,
        ProgressDrawTarget::stderr(),
    ));
    let bar = &bar.0;
    let template = "{bar:30} {pos}/{len} trials  {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let mut ticks = interval(TICK);
    let start = Instant::now();
    let first = progress.snapshot().n_settled();
    loop {
        ticks.tick().await;
        let snapshot = progress.snapshot();
        bar.set_length(snapshot.n_trials);
        bar.set_position(snapshot.n_settled());
        bar.set_message(message(&snapshot, &scene, (first, start.elapsed())));
    }
}

/// Says once per wait that an endpoint asks for a long one: a run in a log would seem to hang.
async fn tell_waits(printer: Printer, progress: &Progress, scene: &Scene) {
    let mut ticks = interval(TICK);
    let mut is_told = vec![false; scene.names.len()];
    loop {
        ticks.tick().await;
        let candidates = progress.snapshot().candidates;
        for ((name, one), is_told) in scene.names.iter().zip(candidates).zip(&mut is_told) {
            match one.paused_for {
                Some(wait) if wait >= LONG_WAIT && !*is_told => {
                    printer.say(&wait_text(name, wait));
                    *is_told = true;
                }
                Some(_) => {}
                None => *is_told = false,
            }
        }
    }
}

fn wait_text(name: &CandidateId, wait: Duration) -> String {
    let wait = duration_text(wait.as_secs_f64());
    format!(
        "{}: its endpoint asks to wait {wait}",
        printable(name.as_str())
    )
}

/// Leaves a clean line behind when drawing is broken off.
struct Bar(ProgressBar);

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn message(snapshot: &Snapshot, scene: &Scene, (first, elapsed): (u64, Duration)) -> String {
    let cost = scene.spent_before.saturating_add(snapshot.cost());
    let mut parts = vec![match scene.budget {
        Some(budget) => format!("${:.4} of ${:.2}", cost.to_f64_usd(), budget.to_f64_usd()),
        None => format!("${:.4} so far", cost.to_f64_usd()),
    }];
    let n_done = snapshot.n_settled();
    let n_left = snapshot.n_trials.saturating_sub(n_done);
    if let Some(seconds) = seconds_left(n_done.saturating_sub(first), n_left, elapsed) {
        parts.push(format!("{} left", duration_text(seconds)));
    }
    let failing: Vec<String> = scene
        .names
        .iter()
        .zip(&snapshot.candidates)
        .filter(|(_, one)| one.n_failed > 0)
        .map(|(name, one)| {
            let n = one.n_failed + one.n_answered;
            format!("{} {}/{n} failed", printable(name.as_str()), one.n_failed)
        })
        .collect();
    parts.extend(failing);
    let candidates = scene.names.iter().zip(&snapshot.candidates);
    parts.extend(candidates.filter_map(|(name, one)| {
        let wait = one.paused_for.filter(|wait| *wait >= SHOWN_WAIT)?;
        Some(wait_text(name, wait))
    }));
    parts.join("  ")
}

/// Time left at the pace so far; `None` = too early to tell.
#[expect(clippy::cast_precision_loss, reason = "a time to show, far below 2^52")]
fn seconds_left(n_done: u64, n_left: u64, elapsed: Duration) -> Option<f64> {
    (n_done >= 5).then(|| elapsed.as_secs_f64() / n_done as f64 * n_left as f64)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time to show; a float that does not fit saturates"
)]
pub(crate) fn duration_text(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}
