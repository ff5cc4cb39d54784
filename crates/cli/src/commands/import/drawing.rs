//! A bar of one step of an import: bytes checked, bytes read, items and results kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::printer::{Printer, printable};

/// Time between two drawings.
const TICK: Duration = Duration::from_millis(200);

/// How far a step is.
#[derive(Clone, Copy)]
pub(super) enum Unit {
    /// Bytes of a file.
    Bytes,
    /// Items, results.
    Count,
}

/// A bar that is drawn by a thread of its own until it is dropped; without a terminal, nothing.
pub(super) struct Drawing {
    done: Arc<AtomicU64>,
    drawn: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Drawing {
    /// Starts at 0 of `total`.
    pub(super) fn start(printer: Printer, what: &str, total: u64, unit: Unit) -> Self {
        let done: Arc<AtomicU64> = Arc::default();
        let drawn = printer.draws().then(|| {
            let (stop, stopped) = channel();
            let seen = Arc::clone(&done);
            let what = printable(what);
            let thread = std::thread::spawn(move || {
                let bar = bar(what, total, unit);
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    bar.set_position(seen.load(Ordering::Relaxed).min(total));
                }
                bar.finish_and_clear();
            });
            (stop, thread)
        });
        Self { done, drawn }
    }

    /// The counter that the bar shows; whoever does the work counts it up.
    pub(super) fn counter(&self) -> &Arc<AtomicU64> {
        &self.done
    }

    /// One more is done.
    pub(super) fn tick(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

fn bar(what: String, total: u64, unit: Unit) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = match unit {
        Unit::Bytes => "{bar:30} {bytes}/{total_bytes}  {wide_msg}",
        Unit::Count => "{bar:30} {human_pos}/{human_len}  {wide_msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    bar
}

impl Drop for Drawing {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawn.take() {
            drop(stop);
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}
