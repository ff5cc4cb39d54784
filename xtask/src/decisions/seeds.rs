//! `xtask seeds DATA [SEEDS]`: how often a part of a recorded run, in full or raced, leads to the decision of the whole.
//!
//! Each seed draws a golden set without replacement and puts it in random order. The requirement is "not worse than
//! gpt-4o by the margin", the cheapest is wanted. gpt-4o itself meets it by definition, so a decision is always
//! there: where nothing cheaper is shown, gpt-4o stays. The whole set is the truth.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use trilemma_domain::Reference;
use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};

use super::adaptive::{REFERENCE, Raced, race, shares_text};
use super::draw::each_set;
use super::family;
use super::recorded::{Recorded, read};
use super::rules::Ours;
use super::table::Truth;

/// Seeds per figure without an argument.
const N_SEEDS: usize = 1_000;
/// Of these, decided as a whole, to check the short forms.
const N_WHOLE: usize = 20;

/// Compares parts of the run with the whole, on both tasks.
pub(crate) fn print(data: &Path, n_seeds: Option<&str>) -> anyhow::Result<String> {
    let n_seeds = match n_seeds {
        Some(text) => text.parse().context("the number of seeds is no number")?,
        None => N_SEEDS,
    };
    let mut text = String::new();
    for task in ["gsm", "crux"] {
        one_task(&read(data, task)?, n_seeds, &mut text)?;
    }
    Ok(text)
}

/// What one golden set led to.
struct Led {
    full: Option<usize>,
    raced: Raced,
}

fn one_task(recorded: &Recorded, n_seeds: usize, text: &mut String) -> anyhow::Result<()> {
    writeln!(
        text,
        "\n### {}: the cheapest that is not worse than gpt-4o, {n_seeds} seeds\n\n| margin | items | run | \
         decides as the whole set, % | unsafe, % (95 % interval) | gpt-4o stays, % | decides as a full run on \
         the same items, % | calls, % (p90) | money, % (p90) |\n|---|---|---|---|---|---|---|---|---|",
        recorded.task
    )?;
    for margin in [0.03, 0.05] {
        let truth = Truth::of(recorded, Some(REFERENCE), margin);
        let ours = Ours::new(recorded, Reference::Incumbent, margin)?;
        let all: Vec<usize> = (0..recorded.n_items).collect();
        let whole = ours.choose(recorded, &all)?.shown;
        for n_items in [100, 300, 500, recorded.n_items] {
            let led = each_set(recorded.n_items, n_items, n_seeds, |items| {
                let raced = race(recorded, items, margin)?;
                let full = family::ours(recorded, items, Some(REFERENCE), margin);
                anyhow::Ok(Led { full, raced })
            });
            let led: Vec<Led> = led.into_iter().collect::<anyhow::Result<_>>()?;
            check(recorded, &ours, n_items, &led)?;
            rows(&led, (&truth, whole), (margin, n_items), text)?;
        }
        let name = whole.and_then(|idx| recorded.models.get(idx));
        let name = name.map_or("undecided", |model| &model.name);
        writeln!(
            text,
            "| {:.0} | | | the whole set: {name} | | | | | |",
            100.0 * margin
        )?;
    }
    Ok(())
}

/// Compares the short forms with whole decisions.
fn check(recorded: &Recorded, ours: &Ours, n_items: usize, led: &[Led]) -> anyhow::Result<()> {
    let whole = each_set(recorded.n_items, n_items, N_WHOLE.min(led.len()), |items| {
        let full = ours.choose(recorded, items)?.shown;
        let raced = race(recorded, items, ours.margin)?;
        let raced = ours.among(&raced.complete).choose(recorded, items)?.shown;
        anyhow::Ok((full, raced))
    });
    for (whole, short) in whole.into_iter().zip(led) {
        let (full, raced) = whole?;
        anyhow::ensure!(full == short.full, "{full:?} is not {:?}", short.full);
        let short = short.raced.recommended;
        anyhow::ensure!(raced == short, "raced: {raced:?} is not {short:?}");
    }
    Ok(())
}

fn rows(
    led: &[Led],
    (truth, whole): (&Truth, Option<usize>),
    (margin, n_items): (f64, usize),
    text: &mut String,
) -> anyhow::Result<()> {
    let n = led.len();
    let percent = |n_true: usize| 100.0 * n_true as f64 / n as f64;
    let of = |pick: fn(&Led) -> Option<usize>| -> anyhow::Result<String> {
        let count = |holds: &dyn Fn(Option<usize>) -> bool| {
            led.iter().filter(|one| holds(pick(one))).count()
        };
        let is_unsafe =
            |one: Option<usize>| one.is_some_and(|idx| truth.admissible.get(idx) != Some(&true));
        let n_unsafe = count(&is_unsafe);
        let interval = wilson(Count::new(n_unsafe, n)?, Confidence::P95);
        Ok(format!(
            "{:.1} | {:.1} ({:.1}–{:.1}) | {:.1}",
            percent(count(&|one| one == whole)),
            percent(n_unsafe),
            100.0 * interval.low,
            100.0 * interval.high,
            percent(count(&|one| one == Some(REFERENCE)))
        ))
    };
    let head = format!("| {:.0} | {n_items} |", 100.0 * margin);
    writeln!(
        text,
        "{head} full | {} | – | 100 | 100 |",
        of(|one| one.full)?
    )?;
    let same = led
        .iter()
        .filter(|one| one.raced.recommended == one.full)
        .count();
    let shares = |share: fn(&Raced) -> f64| shares_text(led.iter().map(|one| share(&one.raced)));
    writeln!(
        text,
        "{head} raced | {} | {:.1} | {} | {} |",
        of(|one| one.raced.recommended)?,
        percent(same),
        shares(|raced| raced.calls),
        shares(|raced| raced.money)
    )?;
    Ok(())
}
