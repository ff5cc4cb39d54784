//! `cargo run --release -p xtask -- drift [HISTORIES [DATA]]`: what drift checks find, and how often they cry wolf.
//!
//! In: a number of histories, and for swapped models the folder of recorded answers. Out: false alarms without change, days, calls and dollars until a change is
//! found, and next to it a daily McNemar test against one stored run. `docs/methods.md` carries the figures.

mod canary;
mod swap;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use trilemma_stats::Confidence;
use trilemma_stats::change::FalseAlarms;
use trilemma_stats::proportion::{Count, wilson};

use canary::{Canary, Change, Watched};

/// Histories without an argument.
const HISTORIES: usize = 2_000;
/// Histories of swapped models, at most.
const MOST_SWAPS: usize = 500;
/// Days of a history.
pub(crate) const DAYS: u32 = 90;
/// Runs of the baseline.
pub(crate) const BASELINE_RUNS: u32 = 5;
/// Items of the canary.
pub(crate) const ITEMS: usize = 100;
/// How often an alarm may be false.
pub(crate) const ALARMS: FalseAlarms = FalseAlarms::DEFAULT;
/// A drop has to be found within so many days.
const FOUND_WITHIN: u32 = 30;

/// Runs everything and returns the tables.
pub(crate) fn run(histories: Option<&str>, data: Option<&str>) -> anyhow::Result<String> {
    let n = match histories {
        Some(text) => text.parse()?,
        None => HISTORIES,
    };
    let mut table = format!(
        "{n} histories, {ITEMS} items, one answer each a day, {BASELINE_RUNS} baseline runs\n\n"
    );
    let no_change = canary::histories(
        n,
        Canary {
            change: Change::None,
            from_day: 0,
        },
    );
    table.push_str("Without change: histories of 90 days with a false alarm\n");
    line(
        &mut table,
        "drift, both quality channels (their share: 2.5 %)",
        &no_change,
        |one| one.found_on.is_some(),
    )?;
    line(
        &mut table,
        "McNemar daily, one stored run, 5 %",
        &no_change,
        |one| one.mcnemar_on.is_some(),
    )?;
    table.push_str("\nA drop of 5 points: histories in which it is found within 30 days\n");
    for (name, change) in [
        ("everywhere alike", Change::Everywhere),
        ("some items break", Change::SomeItems),
        ("creeping in over 30 days", Change::Creeping),
    ] {
        for from_day in [0, 30] {
            let found = canary::histories(n, Canary { change, from_day });
            let label = format!("{name}, from day {}", from_day + 1);
            let in_time = |day: Option<u32>| {
                day.is_some_and(|day| day >= from_day && day < from_day + FOUND_WITHIN)
            };
            line(&mut table, &label, &found, |one| in_time(one.found_on))?;
            let days = median(
                found
                    .iter()
                    .filter_map(|one| Some(one.found_on?.checked_sub(from_day)? + 1)),
            );
            let _ = writeln!(
                table,
                "    median {days} days, {} calls after the change (baseline: {} before)",
                days as usize * ITEMS,
                BASELINE_RUNS as usize * ITEMS
            );
        }
    }
    match data {
        None => {
            table.push_str("\nswapped models: skipped, no folder of recorded answers is named\n")
        }
        Some(data) => table.push_str(&swap::table(std::path::Path::new(data), n.min(MOST_SWAPS))?),
    }
    Ok(table)
}

fn line(
    table: &mut String,
    name: &str,
    histories: &[Watched],
    has: impl Fn(&Watched) -> bool,
) -> anyhow::Result<()> {
    let count = Count::new(
        histories.iter().filter(|one| has(one)).count(),
        histories.len(),
    )?;
    let share = wilson(count, Confidence::P95);
    writeln!(
        table,
        "  {name:<50} {:5.1} % ({:.1}-{:.1})",
        share.point * 100.0,
        share.low * 100.0,
        share.high * 100.0
    )?;
    Ok(())
}

/// The middle value; 0 without values.
pub(crate) fn median(values: impl Iterator<Item = u32>) -> u32 {
    let mut values: Vec<u32> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
