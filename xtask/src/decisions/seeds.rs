//! How often a part of a recorded run leads to the decision of the whole.

use std::fmt::Write as _;

use trilemma_domain::Reference;

use super::draw::each_set;
use super::family;
use super::recorded::Recorded;
use super::rules::Ours;
use super::table::Truth;

/// Seeds per figure.
const N_SEEDS: usize = 1_000;
/// Of these, decided as a whole, to check the short form.
const N_WHOLE: usize = 40;

/// Compares parts of the run with the whole, the incumbent being gpt-4o.
pub(crate) fn print(recorded: &Recorded, text: &mut String) -> anyhow::Result<()> {
    writeln!(
        text,
        "\n### {}: not worse than gpt-4o, {N_SEEDS} seeds\n\n| margin | items | the same decision as \
         the full run, % | recommends another that is admissible, % | unsafe, % | undecided, % |\n\
         |---|---|---|---|---|---|",
        recorded.task
    )?;
    for margin in [0.03, 0.05] {
        let truth = Truth::of(recorded, Some(0), margin);
        let ours = Ours::new(recorded, Reference::Incumbent, margin)?;
        let all: Vec<usize> = (0..recorded.n_items).collect();
        let full = ours.choose(recorded, &all)?.shown;
        for n_items in [100, 300, 500] {
            let (mut same, mut other, mut wrong, mut open) = (0, 0, 0, 0);
            let short = each_set(recorded.n_items, n_items, N_SEEDS, |items| {
                family::ours(recorded, items, Some(0), margin)
            });
            let whole = each_set(recorded.n_items, n_items, N_WHOLE, |items| {
                ours.choose(recorded, items)
            });
            for (whole, short) in whole.into_iter().zip(&short) {
                let shown = whole?.shown;
                anyhow::ensure!(shown == *short, "{shown:?} is not {short:?}");
            }
            for shown in short {
                match shown {
                    None => open += 1,
                    Some(idx) if truth.admissible.get(idx) != Some(&true) => wrong += 1,
                    shown if shown == full => same += 1,
                    Some(_) => other += 1,
                }
            }
            let percent = |count: i32| 100.0 * f64::from(count) / N_SEEDS as f64;
            writeln!(
                text,
                "| {:.0} points | {n_items} | {:.1} | {:.1} | {:.1} | {:.1} |",
                100.0 * margin,
                percent(same),
                percent(other),
                percent(wrong),
                percent(open)
            )?;
        }
        let name = full.and_then(|idx| recorded.models.get(idx));
        writeln!(
            text,
            "| | full run | {} | | | |",
            name.map_or("undecided", |model| &model.name)
        )?;
    }
    Ok(())
}
