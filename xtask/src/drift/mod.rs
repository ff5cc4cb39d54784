//! `cargo run --release -p xtask -- drift [HISTORIES [DATA]]`: what drift checks find, and how often they cry wolf.
//! `drift quality [HISTORIES]`: the channels of quality alone; `drift choose [HISTORIES]`: the same on other seeds, to
//! choose by and not to report.
//!
//! In: a number of histories, and for swapped models the folder of recorded answers. Out: false alarms without change,
//! days, calls and dollars until a change is found, and next to it a daily McNemar test against one stored run.
//! `docs/methods.md` carries the figures.

mod canary;
mod logprobs;
mod swap;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::Path;

use trilemma_domain::DriftChannel;
use trilemma_stats::Confidence;
use trilemma_stats::change::FalseAlarms;
use trilemma_stats::proportion::{Count, wilson};

use canary::{Canary, Change, Watched};

/// Histories without an argument.
const HISTORIES: usize = 2_000;
/// Threads.
const THREADS: usize = 2;
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

/// First seed of what is reported, and of what is chosen by.
const REPORTED: u64 = 0;
const CHOSEN_BY: u64 = 1 << 40;

/// Runs everything and returns the tables.
pub(crate) fn run(histories: Option<&str>, data: Option<&str>) -> anyhow::Result<String> {
    let number = |text: Option<&str>| text.map_or(Ok(HISTORIES), str::parse);
    let alone = match histories {
        Some("quality") => Some(REPORTED),
        Some("choose") => Some(CHOSEN_BY),
        _ => None,
    };
    if let Some(first) = alone {
        let n = number(data)?;
        let mut table = format!("{n} histories from seed {first}; intervals 95 %\n\n");
        quiet(&mut table, (first, n))?;
        dropped(&mut table, (first, n), None)?;
        return Ok(table);
    }
    let n = number(histories)?;
    let data = data.map(Path::new);
    let price = data.map(swap::price_of_a_call).transpose()?;
    let mut table = format!(
        "{n} histories, {ITEMS} items, one answer each a day, {BASELINE_RUNS} baseline runs; intervals 95 %\n\n"
    );
    quiet(&mut table, (REPORTED, n))?;
    dropped(&mut table, (REPORTED, n), price.as_ref())?;
    table.push_str(&logprobs::table(n)?);
    match data {
        None => {
            table.push_str("\nswapped models: skipped, no folder of recorded answers is named\n")
        }
        Some(data) => table.push_str(&swap::table(data, n)?),
    }
    Ok(table)
}

fn quiet(table: &mut String, histories: (u64, usize)) -> anyhow::Result<()> {
    let canary = Canary {
        change: Change::None,
        from_day: 0,
    };
    let found = canary::histories(histories, canary);
    table.push_str("Without change: histories of 90 days with a false alarm\n");
    let both = share(DriftChannel::Quality) + share(DriftChannel::Pooled);
    let of_drift = format!(
        "both quality channels (their share: {:.2} %)",
        ALARMS.chance * both * 100.0
    );
    line(table, &of_drift, &found, |one: &Watched| {
        one.found_on.is_some()
    })?;
    line(table, "McNemar daily, one stored run, 5 %", &found, |one| {
        one.mcnemar_on.is_some()
    })
}

fn dropped(
    table: &mut String,
    histories: (u64, usize),
    price: Option<&swap::Price>,
) -> anyhow::Result<()> {
    table.push_str("\nA drop of 5 points: histories in which it is found within 30 days\n");
    for (name, change) in [
        ("everywhere alike", Change::Everywhere),
        ("some items break", Change::SomeItems),
        ("creeping in over 30 days", Change::Creeping),
    ] {
        for from_day in [0, 30] {
            let found = canary::histories(histories, Canary { change, from_day });
            let in_time = |day: Option<u32>| {
                day.is_some_and(|day| (from_day..from_day + FOUND_WITHIN).contains(&day))
            };
            let label = format!("{name}, from day {}", from_day + 1);
            line(table, &label, &found, |one| in_time(one.found_on))?;
            line(table, "  McNemar daily", &found, |one| {
                in_time(one.mcnemar_on)
            })?;
            let days = found
                .iter()
                .filter_map(|one| Some(one.found_on?.checked_sub(from_day)? + 1));
            let days = median(days);
            let calls = days as usize * ITEMS;
            let dollars = price.map_or_else(String::new, |price| {
                format!(", about ${:.2} {}", price.usd * calls as f64, price.of)
            });
            writeln!(
                table,
                "      median {days} days, {calls} calls after the change{dollars} (baseline: {} calls)",
                BASELINE_RUNS as usize * ITEMS
            )?;
        }
    }
    Ok(())
}

/// The share of a channel where the vendor gives no log-probabilities.
pub(crate) fn share(channel: DriftChannel) -> f64 {
    let all = DriftChannel::ALL;
    let without: Vec<DriftChannel> = all
        .into_iter()
        .filter(|one| *one != DriftChannel::Logprobs)
        .collect();
    channel.share(&without)
}

/// What came of `n` histories, by seed from 0, worked out on two threads.
pub(crate) fn simulated<T: Send>(n: usize, watch: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let watch = &watch;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|worker| {
                scope.spawn(move || {
                    let seeds = (worker..n).step_by(THREADS);
                    seeds.map(|seed| watch(seed as u64)).collect::<Vec<T>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    })
}

/// Writes the share of histories of which something holds.
pub(crate) fn line<T>(
    table: &mut String,
    name: &str,
    histories: &[T],
    has: impl Fn(&T) -> bool,
) -> anyhow::Result<()> {
    let n_with = histories.iter().filter(|one| has(one)).count();
    let share = wilson(Count::new(n_with, histories.len())?, Confidence::P95);
    writeln!(
        table,
        "  {name:<58} {:5.1} % ({:.1}-{:.1}), n = {}",
        share.point * 100.0,
        share.low * 100.0,
        share.high * 100.0,
        histories.len()
    )?;
    Ok(())
}

/// The middle value; 0 without values.
pub(crate) fn median(values: impl Iterator<Item = u32>) -> u32 {
    let mut values: Vec<u32> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}
