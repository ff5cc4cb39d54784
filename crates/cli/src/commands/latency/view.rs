//! What is going on while it goes on: rate, percentiles, errors, saturation.
//!
//! A terminal gets a block that is redrawn; a file or pipe gets a line each ten seconds.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::{MissedTickBehavior, interval};
use trilemma_load::{Live, LiveCandidate, LiveView};

use super::words::{rate_text, time_text};
use crate::printer::{Printer, printable};

const TICK: Duration = Duration::from_millis(250);
const PLAIN_TICK: Duration = Duration::from_secs(10);

/// Draws until it is dropped.
pub(super) async fn draw(printer: Printer, live: Arc<Live>, names: Vec<String>) {
    let bar = Bar(if printer.draws() {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Some(bar)
    } else {
        None
    });
    let mut ticks = interval(if bar.0.is_some() { TICK } else { PLAIN_TICK });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    // The first tick comes at once, when there is nothing to see.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let Some(view) = live.view() else { continue };
        let text = text(&view, &names);
        match &bar.0 {
            Some(bar) => {
                bar.set_message(text);
                bar.tick();
            }
            None => printer.say(&text),
        }
    }
}

/// Leaves a clean line behind when drawing is broken off.
struct Bar(Option<ProgressBar>);

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn text(view: &LiveView, names: &[String]) -> String {
    let elapsed = view.elapsed.as_secs_f64();
    let end = match (view.stage.duration, view.stage.requests) {
        (Some(duration), _) => format!(" of {:.0} s", duration.as_secs_f64()),
        (None, Some(requests)) => format!(" s, {requests} requests each"),
        (None, None) => " s".to_owned(),
    };
    let mut lines = vec![format!(
        "stage {} · {} · {elapsed:.0}{end}",
        view.stage_idx + 1,
        view.stage.arrivals
    )];
    for idx in &view.stage.candidates {
        let idx = *idx as usize;
        if let (Some(name), Some(one)) = (names.get(idx), view.candidates.get(idx)) {
            lines.push(line(name, one));
        }
    }
    lines.join("\n")
}

/// Two lines of less than 80 columns.
#[expect(clippy::cast_precision_loss, reason = "counts of requests")]
fn line(name: &str, one: &LiveCandidate) -> String {
    let name: String = printable(name).chars().take(24).collect();
    let rate = one.n_answered as f64 / one.elapsed.as_secs_f64().max(1e-9);
    let mut text = format!(
        "  {name:<24} {:>7} answered {:>6}/s {:>5} in flight",
        one.n_answered,
        rate_text(rate),
        one.n_in_flight
    );
    if one.n_failed > 0 {
        let (kind, n) = one.worst.unwrap_or_default();
        text.push_str(&format!("  {} failed ({kind} {n})", one.n_failed));
    }
    let times: Vec<String> = [("TTFT", one.ttft_ms), ("E2E", one.e2e_ms)]
        .into_iter()
        .filter_map(|(label, found)| {
            let (p50, p95) = found?;
            Some(format!(
                "{label} p50 {} p95 {}",
                time_text(p50),
                time_text(p95)
            ))
        })
        .collect();
    if !times.is_empty() {
        text.push_str(&format!(
            "\n    from schedule, latest: {}",
            times.join("   ")
        ));
    }
    text
}
