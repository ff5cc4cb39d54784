//! The tables.

use std::fmt::Write as _;
use std::path::Path;

use trilemma_domain::Reference;

use super::draw::each_set;
use super::family;
use super::recorded::{Model, Recorded, read};
use super::rules::{Chosen, NAIVE, Ours, naive};

/// Golden sets per figure.
const N_SETS: usize = 2_000;
/// The margin.
const MARGIN: f64 = 0.03;

/// Writes all tables.
///
/// # Errors
/// When recorded outcomes are missing.
pub(crate) fn print(data: &Path) -> anyhow::Result<String> {
    let tasks = [read(data, "gsm")?, read(data, "crux")?];
    let mut text = String::new();
    for recorded in &tasks {
        against_naive(recorded, &mut text)?;
    }
    for recorded in &tasks {
        family::print(recorded, &mut text)?;
    }
    Ok(text)
}

/// What is true of the full set.
pub(crate) struct Truth {
    /// Whether each model is within the margin.
    pub(crate) admissible: Vec<bool>,
    /// The cheapest that is.
    pub(crate) cheapest: usize,
    costs: Vec<f64>,
}

impl Truth {
    /// Looks at every item; `None` = the best model is the reference.
    pub(crate) fn of(recorded: &Recorded, reference: Option<usize>, margin: f64) -> Self {
        let rates: Vec<f64> = recorded.models.iter().map(Model::rate).collect();
        let best = rates.iter().copied().fold(0.0, f64::max);
        let target = reference
            .and_then(|idx| rates.get(idx).copied())
            .unwrap_or(best);
        let admissible: Vec<bool> = rates
            .iter()
            .map(|rate| *rate >= target - margin - 1e-12)
            .collect();
        let costs: Vec<f64> = recorded.models.iter().map(Model::cost).collect();
        let cost = |idx: usize| costs.get(idx).copied().unwrap_or(f64::INFINITY);
        let cheapest = (0..rates.len())
            .filter(|idx| admissible.get(*idx) == Some(&true))
            .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
            .unwrap_or(0);
        Self {
            admissible,
            cheapest,
            costs,
        }
    }

    fn is_admissible(&self, idx: usize) -> bool {
        self.admissible.get(idx) == Some(&true)
    }

    fn cost_ratio(&self, idx: usize) -> f64 {
        let cost = |idx: usize| self.costs.get(idx).copied().unwrap_or(f64::NAN);
        cost(idx) / cost(self.cheapest)
    }
}

/// How often a rule did what, in shares of golden sets.
#[derive(Default)]
pub(crate) struct Tally {
    n_sets: f64,
    pub(crate) wrong: f64,
    pub(crate) nothing: f64,
    pub(crate) cheapest: f64,
    cost_ratio: f64,
}

impl Tally {
    /// Counts one golden set.
    pub(crate) fn add(&mut self, truth: &Truth, chosen: Option<usize>) {
        self.n_sets += 1.0;
        match chosen {
            None => self.nothing += 1.0,
            Some(idx) => {
                self.wrong += f64::from(u8::from(!truth.is_admissible(idx)));
                self.cheapest += f64::from(u8::from(idx == truth.cheapest));
                self.cost_ratio += truth.cost_ratio(idx);
            }
        }
    }

    /// A share in percent.
    pub(crate) fn percent(&self, count: f64) -> f64 {
        100.0 * count / self.n_sets
    }

    fn row(&self) -> String {
        let chosen = self.n_sets - self.nothing;
        let cost = if chosen > 0.0 {
            format!("{:.1}", self.cost_ratio / chosen)
        } else {
            "–".to_owned()
        };
        format!(
            "{:.1} | {:.1} | {:.1} | {cost}",
            self.percent(self.wrong),
            self.percent(self.nothing),
            self.percent(self.cheapest)
        )
    }
}

/// Sets on which the short form of ours is checked against whole decisions, which also name what to take
/// if one must be taken now.
const N_WHOLE: usize = 200;

fn against_naive(recorded: &Recorded, text: &mut String) -> anyhow::Result<()> {
    let truth = Truth::of(recorded, None, MARGIN);
    writeln!(
        text,
        "\n### {}: within 3 points of the best\n",
        recorded.task
    )?;
    for model in &recorded.models {
        writeln!(
            text,
            "- {}: {:.1} %, {:.0} µUSD",
            model.name,
            100.0 * model.rate(),
            model.cost()
        )?;
    }
    writeln!(
        text,
        "\n| items | rule | ships an inadmissible model, % | chooses nothing, % | finds the cheapest \
         admissible, % | cost ÷ cheapest admissible |\n|---|---|---|---|---|---|"
    )?;
    for n_items in [100, 300, 500] {
        let sets = each_set(recorded.n_items, n_items, N_SETS, |items| {
            let ours = family::ours(recorded, items, None, MARGIN);
            (naive(recorded, items, MARGIN), ours)
        });
        let mut tallies: Vec<Tally> = (0..=NAIVE.len()).map(|_| Tally::default()).collect();
        for (naive, ours) in &sets {
            for (tally, chosen) in tallies.iter_mut().zip(naive.iter().chain([ours])) {
                tally.add(&truth, *chosen);
            }
        }
        for (name, tally) in NAIVE.into_iter().chain(["**trilemma**"]).zip(&tallies) {
            writeln!(text, "| {n_items} | {name} | {} |", tally.row())?;
        }
        let now = taken_now(recorded, &truth, n_items, &sets)?;
        let name = "trilemma, if one must be taken now";
        writeln!(
            text,
            "| {n_items} | {name} ({N_WHOLE} sets) | {} |",
            now.row()
        )?;
    }
    Ok(())
}

/// What whole decisions would take now, after a check that they recommend what the short form does.
fn taken_now(
    recorded: &Recorded,
    truth: &Truth,
    n_items: usize,
    sets: &[([Option<usize>; 4], Option<usize>)],
) -> anyhow::Result<Tally> {
    let whole = Ours::new(recorded, Reference::Best, MARGIN)?;
    let chosen = each_set(recorded.n_items, n_items, N_WHOLE, |items| {
        whole.choose(recorded, items)
    });
    let mut tally = Tally::default();
    for (chosen, (_, short)) in chosen.into_iter().zip(sets) {
        let Chosen { shown, now } = chosen?;
        anyhow::ensure!(shown == *short, "{shown:?} is not {short:?}");
        tally.add(truth, now);
    }
    Ok(tally)
}
