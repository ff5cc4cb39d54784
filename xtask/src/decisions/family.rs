//! Ways to hold the error over several candidates, side by side (docs/decisions/0009).
//!
//! Each works on the same Tango statistics "not worse by the margin" and "worse". Ours is written out
//! again here, which is some thousand times faster than a whole decision with its intervals; that both
//! agree is checked on the first sets of each table.

use std::fmt::Write as _;

use trilemma_stats::normal;
use trilemma_stats::paired::{Cells, noninferiority_exact, tango_z};

use super::draw::each_set;
use super::recorded::Recorded;
use super::table::{Tally, Truth};

const N_SETS: usize = 1_000;
pub(crate) const ALPHA: f64 = 0.05;
const NAMES: [&str; 5] = ["each alone", "Bonferroni", "Holm", "dearest first", "ours"];

/// Support for and against one candidate.
struct Support {
    /// Against each other candidate that it is compared with.
    cells: Vec<Cells>,
    margin: f64,
    meets: f64,
    fails: f64,
    cost: f64,
}

impl Support {
    /// Whether it is shown at a level, by exact sums where the score is near the limit.
    fn shown(&self, alpha: f64) -> bool {
        let limit = z(alpha);
        self.meets >= limit
            && self.cells.iter().all(|cells| {
                tango_z(*cells, -self.margin).is_ok_and(|z| z >= limit + 0.5)
                    || noninferiority_exact(*cells, self.margin)
                        .is_ok_and(|test| test.p_value <= alpha)
            })
    }
}

/// Prints what each way would recommend.
pub(crate) fn print(recorded: &Recorded, text: &mut String) -> anyhow::Result<()> {
    writeln!(
        text,
        "\n### {}: wrong / nothing / cheapest admissible, %\n\n| reference, margin, items | {} |\n|---{}|",
        recorded.task,
        NAMES.join(" | "),
        "|---".repeat(NAMES.len())
    )?;
    for (name, reference) in [("gpt-4o", Some(0)), ("the best", None)] {
        for margin in [0.03, 0.05] {
            let truth = Truth::of(recorded, reference, margin);
            for n_items in [100, 300, 500] {
                let sets = each_set(recorded.n_items, n_items, N_SETS, |items| {
                    choose(recorded, items, reference, margin)
                });
                let mut tallies: Vec<Tally> = NAMES.iter().map(|_| Tally::default()).collect();
                for set in sets {
                    for (tally, chosen) in tallies.iter_mut().zip(set) {
                        tally.add(&truth, chosen);
                    }
                }
                let cells: Vec<String> = tallies
                    .iter()
                    .map(|tally| {
                        format!(
                            "{:.1} / {:.1} / {:.1}",
                            tally.percent(tally.wrong),
                            tally.percent(tally.nothing),
                            tally.percent(tally.cheapest)
                        )
                    })
                    .collect();
                writeln!(
                    text,
                    "| {name}, {:.0}, {n_items} | {} |",
                    100.0 * margin,
                    cells.join(" | ")
                )?;
            }
        }
    }
    Ok(())
}

/// What the last way of `NAMES`, ours, recommends on one golden set.
pub(crate) fn ours(
    recorded: &Recorded,
    items: &[usize],
    reference: Option<usize>,
    margin: f64,
) -> Option<usize> {
    let [.., ours] = choose(recorded, items, reference, margin);
    ours
}

/// Whether the first model of a pair is shown to be not worse than the second by a margin, at a level.
pub(crate) fn shown(
    recorded: &Recorded,
    items: &[usize],
    (idx, reference): (usize, usize),
    (margin, alpha): (f64, f64),
) -> bool {
    support(recorded, items, (idx, Some(reference)), margin).shown(alpha)
}

/// Whether it is shown to be worse than that.
pub(crate) fn worse(
    recorded: &Recorded,
    items: &[usize],
    (idx, reference): (usize, usize),
    (margin, alpha): (f64, f64),
) -> bool {
    support(recorded, items, (idx, Some(reference)), margin).fails >= z(alpha)
}

fn choose(
    recorded: &Recorded,
    items: &[usize],
    reference: Option<usize>,
    margin: f64,
) -> [Option<usize>; 5] {
    let n_models = recorded.models.len();
    let family: Vec<usize> = (0..n_models)
        .filter(|idx| Some(*idx) != reference)
        .collect();
    let support: Vec<Support> = family
        .iter()
        .map(|idx| support(recorded, items, (*idx, reference), margin))
        .collect();
    let most = family.len() - usize::from(reference.is_none());
    let n_others = if reference.is_some() { 1 } else { most };
    ways(&support, most, n_others).map(|shown| {
        family
            .iter()
            .zip(shown)
            .filter_map(|(idx, shown)| shown.then_some(*idx))
            .chain(reference)
            .min_by(|a, b| {
                let cost = |idx: &usize| {
                    recorded
                        .models
                        .get(*idx)
                        .map_or(f64::INFINITY, super::recorded::Model::cost)
                };
                cost(a).total_cmp(&cost(b))
            })
    })
}

fn support(
    recorded: &Recorded,
    items: &[usize],
    (idx, reference): (usize, Option<usize>),
    margin: f64,
) -> Support {
    let own = recorded.models.get(idx);
    let right = |model: usize| -> Vec<bool> {
        let outcomes = recorded
            .models
            .get(model)
            .map_or(&[][..], |model| &model.right);
        items
            .iter()
            .map(|item| outcomes.get(*item).copied().unwrap_or(false))
            .collect()
    };
    let first = right(idx);
    let others = (0..recorded.models.len())
        .filter(|other| *other != idx && reference.is_none_or(|reference| reference == *other));
    let cells: Vec<Cells> = others
        .filter_map(|other| Cells::of(&first, &right(other)).ok())
        .collect();
    let (meets, fails) = cells
        .iter()
        .map(|cells| tango_z(*cells, -margin).unwrap_or(0.0))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), z| {
            (least.min(z), most.max(-z))
        });
    Support {
        cells,
        margin,
        meets,
        fails,
        cost: own.map_or(f64::NAN, super::recorded::Model::cost),
    }
}

fn z(alpha: f64) -> f64 {
    -normal::quantile(alpha)
}

/// Which candidates each way shows.
fn ways(support: &[Support], most: usize, n_others: usize) -> [Vec<bool>; 5] {
    let at = |level: f64| -> Vec<bool> { support.iter().map(|s| s.shown(level)).collect() };
    let mut dearest: Vec<usize> = (0..support.len()).collect();
    let cost = |idx: &usize| support.get(*idx).map_or(0.0, |s| s.cost);
    dearest.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    let mut ordered = vec![false; support.len()];
    for idx in dearest {
        let shown = support.get(idx).is_some_and(|s| s.shown(ALPHA));
        if !shown {
            break;
        }
        if let Some(slot) = ordered.get_mut(idx) {
            *slot = true;
        }
    }
    let everyone = vec![true; support.len()];
    // To be out is to be shown worse than one of the others.
    let screen = z(0.02 * ALPHA / (support.len() * n_others) as f64);
    let in_the_running: Vec<bool> = support.iter().map(|s| s.fails < screen).collect();
    [
        at(ALPHA),
        at(ALPHA / support.len() as f64),
        holm(support, &everyone, ALPHA, support.len()),
        ordered,
        holm(support, &in_the_running, 0.98 * ALPHA, most),
    ]
}

/// Holm's step-down over those that are in the running, of which at most `most` are inadmissible.
fn holm(support: &[Support], in_the_running: &[bool], alpha: f64, most: usize) -> Vec<bool> {
    let n_out = in_the_running.iter().filter(|own| !**own).count();
    let n = support.len() - n_out;
    let most = most.saturating_sub(n_out).max(1);
    let mut n_shown = 0;
    loop {
        let level = alpha / (n - n_shown).clamp(1, most) as f64;
        let shown: Vec<bool> = support
            .iter()
            .zip(in_the_running)
            .map(|(s, own)| *own && s.shown(level))
            .collect();
        let n_now = shown.iter().filter(|own| **own).count();
        if n_now <= n_shown || n_now == n {
            return shown;
        }
        n_shown = n_now;
    }
}
