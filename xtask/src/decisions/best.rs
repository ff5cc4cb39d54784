//! `xtask best DATA [SEEDS]`: races for the cheapest model that is not worse than the best, on recorded outcomes.
//!
//! Each seed draws a golden set without replacement. Beside each race stands the decision on all answers to the same
//! items (`family`). A choice is false where the model misses the margin to the best on the full set.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};

use super::adaptive::{Raced, race_best, shares_text};
use super::draw::each_set;
use super::family;
use super::recorded::{Recorded, read};
use super::table::Truth;

/// Seeds per figure without an argument.
const N_SEEDS: usize = 500;

/// Races on both tasks.
pub(crate) fn print(data: &Path, n_seeds: Option<&str>) -> anyhow::Result<String> {
    let n_seeds = match n_seeds {
        Some(text) => text.parse().context("the number of seeds is no number")?,
        None => N_SEEDS,
    };
    let mut text = format!(
        "{n_seeds} seeds\n\n| task | margin | items | full: false / nothing, % | raced: false (95 % interval) / nothing, % | \
         as the full run, % | calls, % (p90) | money, % (p90) |\n|---|---|---|---|---|---|---|---|\n"
    );
    for task in ["gsm", "crux"] {
        let recorded = read(data, task)?;
        for margin in [0.03, 0.05] {
            for n_items in [100, 300, 500] {
                row(&recorded, (margin, n_items), n_seeds, &mut text)?;
            }
        }
    }
    Ok(text)
}

fn row(
    recorded: &Recorded,
    (margin, n_items): (f64, usize),
    n_seeds: usize,
    text: &mut String,
) -> anyhow::Result<()> {
    let truth = Truth::of(recorded, None, margin);
    let led = each_set(recorded.n_items, n_items, n_seeds, |items| {
        let raced = race_best(recorded, items, margin)?;
        anyhow::Ok((family::ours(recorded, items, None, margin), raced))
    });
    let led: Vec<(Option<usize>, Raced)> = led.into_iter().collect::<anyhow::Result<_>>()?;
    let percent = |n: usize| 100.0 * n as f64 / n_seeds.max(1) as f64;
    let is_false =
        |one: Option<usize>| one.is_some_and(|idx| truth.admissible.get(idx) != Some(&true));
    let of_full =
        |holds: &dyn Fn(Option<usize>) -> bool| led.iter().filter(|one| holds(one.0)).count();
    let of_raced = |holds: &dyn Fn(Option<usize>) -> bool| {
        led.iter().filter(|one| holds(one.1.recommended)).count()
    };
    let n_false = of_raced(&is_false);
    let interval = wilson(Count::new(n_false, n_seeds)?, Confidence::P95);
    let same = led.iter().filter(|one| one.0 == one.1.recommended).count();
    let shares = |share: fn(&Raced) -> f64| shares_text(led.iter().map(|one| share(&one.1)));
    writeln!(
        text,
        "| {} | {:.0} | {n_items} | {:.1} / {:.1} | {:.1} ({:.1}–{:.1}) / {:.1} | {:.1} | {} | {} |",
        recorded.task,
        100.0 * margin,
        percent(of_full(&is_false)),
        percent(of_full(&|one| one.is_none())),
        percent(n_false),
        100.0 * interval.low,
        100.0 * interval.high,
        percent(of_raced(&|one| one.is_none())),
        percent(same),
        shares(|raced| raced.calls),
        shares(|raced| raced.money)
    )?;
    Ok(())
}
