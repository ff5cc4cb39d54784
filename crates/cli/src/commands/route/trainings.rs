//! Draws how many trainings are done and how long the rest may take, where somebody looks on.
//!
//! In: a printer and the number of trainings. Out: a line on the terminal that disappears. Silent where standard error is no
//! terminal, and with `--quiet` or `--json`.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trilemma_route::Watch;

use crate::printer::Printer;
use crate::progress::duration_text;

/// Trainings that are under way.
pub(super) struct Trainings {
    bar: ProgressBar,
}

impl Trainings {
    pub(super) fn begin(printer: Printer, n: usize) -> Self {
        let target = if printer.draws() && !printer.json() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(n as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} trainings  {msg}") {
            bar.set_style(style);
        }
        bar.tick();
        Self { bar }
    }
}

impl Watch for Trainings {
    fn trained(&self) {
        self.bar.inc(1);
        let n = self.bar.length().unwrap_or(0);
        self.bar
            .set_message(left(self.bar.position(), n, self.bar.elapsed()));
    }
}

impl Drop for Trainings {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is left at the pace so far; trainings take about as long as each other.
fn left(n_done: u64, n: u64, elapsed: Duration) -> String {
    let n_left = n.saturating_sub(n_done);
    if n_left == 0 {
        return "drawing intervals".to_owned();
    }
    let seconds = elapsed.as_secs_f64() / n_done.max(1) as f64 * n_left as f64;
    format!("about {} left", duration_text(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_by_the_pace() {
        let of = |n_done, n, seconds| left(n_done, n, Duration::from_secs(seconds));
        assert_eq!(of(1, 32, 4), "about 2 min 4 s left");
        assert_eq!(of(31, 32, 62), "about 2 s left");
        assert_eq!(of(32, 32, 64), "drawing intervals");
    }

    #[test]
    fn nobody_is_drawn_for_who_asks_for_json() {
        let printer = Printer::new(true, false, true);
        let trainings = Trainings::begin(printer, 3);
        trainings.trained();
        assert!(trainings.bar.is_hidden());
        assert_eq!(trainings.bar.position(), 1);
    }
}
