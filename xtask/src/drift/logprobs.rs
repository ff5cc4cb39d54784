//! Log-probabilities that vary from call to call, and move at once by a little.
//!
//! In: how far they move, in terms of how far they vary. Out: how often the channel of the product finds it, and
//! how often it cries wolf. Each item has forty log-probabilities of its own (eight places, five tokens each);
//! a call adds normal noise to each, a change moves each once by a normal amount.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use trilemma_domain::DriftChannel;
use trilemma_stats::change::{Detector, SwapItem, Tail, scores_of_sums, swap_p_value};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::{ALARMS, BASELINE_RUNS, DAYS, ITEMS, line, median, simulated};

/// Log-probabilities of an answer.
const FIGURES: usize = 40;
/// Draws of the permutation test, as in the product.
const DRAWS: usize = 9_999;
/// Days before a change.
const DAYS_BEFORE: u32 = 3;
/// Days after it, at most.
const DAYS_AFTER: u32 = 30;

/// Simulates them.
pub(crate) fn table(n: usize) -> anyhow::Result<String> {
    let mut table = format!(
        "\nLog-probabilities (share: {:.2} %)\n",
        ALARMS.chance * DriftChannel::Logprobs.share(&DriftChannel::ALL) * 100.0
    );
    let quiet = simulated(n, |seed| watch(seed, None));
    let label = "without change: 90 days with a false alarm";
    line(&mut table, label, &quiet, Option::is_some)?;
    for share in [0.3, 0.5, 1.0] {
        let found = simulated(n, |seed| watch(seed, Some(share)));
        let label = format!("moved by {share} of what they vary by: within 30 days");
        line(&mut table, &label, &found, Option::is_some)?;
        let days = median(found.iter().flatten().map(|day| day + 1));
        writeln!(
            table,
            "      median {days} days, {} calls",
            days as usize * ITEMS
        )?;
    }
    Ok(table)
}

/// The day of an alarm, from 0 at the change; `None` = there was none in time.
fn watch(seed: u64, moved_by: Option<f64>) -> Option<u32> {
    let mut stream = ChaChaStream::new(seed);
    let moved: Vec<Vec<f64>> = (0..ITEMS).map(|_| normals(&mut stream)).collect();
    let mut items: Vec<Item> = (0..ITEMS).map(|_| Item::default()).collect();
    for _ in 0..BASELINE_RUNS {
        for item in &mut items {
            item.add(normals(&mut stream));
        }
    }
    let mut detector = Detector::new();
    let threshold = ALARMS.log_threshold(DriftChannel::Logprobs.share(&DriftChannel::ALL));
    let (first, days) = match moved_by {
        None => (0, DAYS),
        Some(_) => (DAYS_BEFORE, DAYS_BEFORE + DAYS_AFTER),
    };
    for day in 0..days {
        let share = moved_by.filter(|_| day >= first).unwrap_or(0.0);
        for (item, moved) in items.iter_mut().zip(&moved) {
            let noise = normals(&mut stream);
            let figures = noise.iter().zip(moved).map(|(own, off)| own + share * off);
            item.add(figures.collect());
        }
        let swaps: Vec<SwapItem> = items.iter().map(Item::swap).collect();
        let draws = (DRAWS, stream.next_u64());
        let p_value = swap_p_value(&swaps, Tail::Upper, draws).unwrap_or(1.0);
        if detector.observe(p_value) >= threshold {
            return day.checked_sub(first);
        }
    }
    None
}

/// The answers to one item, and how far each is from all others.
#[derive(Default)]
struct Item {
    answers: Vec<Vec<f64>>,
    sums: Vec<f64>,
}

impl Item {
    fn add(&mut self, answer: Vec<f64>) {
        let mut own = 0.0;
        for (other, sum) in self.answers.iter().zip(&mut self.sums) {
            let apart: f64 = other.iter().zip(&answer).map(|(a, b)| (a - b).abs()).sum();
            let alike = -apart / FIGURES as f64;
            *sum += alike;
            own += alike;
        }
        self.answers.push(answer);
        self.sums.push(own);
    }

    fn swap(&self) -> SwapItem {
        SwapItem {
            scores: scores_of_sums(&self.sums),
            n_new: 1,
        }
    }
}

fn normals(stream: &mut ChaChaStream) -> Vec<f64> {
    let mut unit = || ((stream.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let mut all = Vec::with_capacity(FIGURES);
    while all.len() < FIGURES {
        let (radius, angle) = ((-2.0 * unit().ln()).sqrt(), TAU * unit());
        all.extend([radius * angle.cos(), radius * angle.sin()]);
    }
    all
}
