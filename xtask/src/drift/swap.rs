//! A model that is silently swapped for another: recorded answers, reworded at random in 30 % of calls.
//!
//! In: the recorded answers of four real models. Out: how often the answers and length channels of the
//! product find the swap within two days, and how often they cry wolf without one. Rewording puts, drops
//! or changes one word at a random place, both before and after, so that comparing exactly is useless.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::{Date, date};
use trilemma_catalog::{Catalog, Service};
use trilemma_domain::{DriftChannel, ModelName};
use trilemma_stats::change::{Detector, SwapItem, Tail, scores_of_sums, similarity, swap_p_value};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::{ALARMS, BASELINE_RUNS, DAYS, ITEMS, line, median, share, simulated};

/// Symbols of an answer that are compared, as in the product.
const MAX_SYMBOLS: usize = 500;
/// Draws of the permutation test, as in the product.
const DRAWS: usize = 9_999;
/// Calls that are reworded.
const REWORDED: f64 = 0.3;
/// Days before the swap.
const DAYS_BEFORE: i32 = 3;
/// A swap has to be found within so many days.
const FOUND_WITHIN: i32 = 2;
/// Bytes of a text per token.
const BYTES_PER_TOKEN: f64 = 4.0;

/// From, to, and whose price the calls have.
const SWAPS: [(&str, &str, &str); 2] = [
    (
        "gpt-4o-2024-08-06",
        "gpt-4o-mini-2024-07-18",
        "openai/gpt-4o-2024-08-06",
    ),
    ("Meta-Llama-3.1-70B", "Meta-Llama-3.1-8B", ""),
];

/// Simulates each swap, and a quarter without it.
pub(crate) fn table(data: &Path, n: usize) -> anyhow::Result<String> {
    let folder = data.join("zeroeval-gsm8k");
    let mut table = format!(
        "\nA swapped model, {:.0} % of calls reworded: found within {FOUND_WITHIN} days\n",
        REWORDED * 100.0
    );
    for (from, to, priced_as) in SWAPS {
        let (from, to) = (recorded(&folder, from)?, recorded(&folder, to)?);
        let found = simulated(n, |seed| watch(seed, &from, Some(&to)));
        let label = format!("{} -> {}", from.name, to.name);
        line(&mut table, &label, &found, |day| {
            day.is_some_and(|day| (0..FOUND_WITHIN).contains(&day))
        })?;
        let days = found
            .iter()
            .flatten()
            .filter_map(|day| u32::try_from(day + 1).ok());
        let days = median(days);
        let calls = days as usize * ITEMS;
        let dollars = match ModelName::parse(priced_as) {
            None => ", price: that of one's own servers".to_owned(),
            Some(name) => {
                let usd = call_usd(&folder, &from, &name)?;
                format!(
                    ", about ${:.2} (baseline: ${:.2}; {BYTES_PER_TOKEN} bytes a token, prices of {})",
                    usd * calls as f64,
                    usd * (BASELINE_RUNS as usize * ITEMS) as f64,
                    priced_on()
                )
            }
        };
        writeln!(table, "      median {days} day(s), {calls} calls{dollars}")?;
        let quiet = simulated(n, |seed| watch(seed, &from, None));
        let both = share(DriftChannel::Answers) + share(DriftChannel::Length);
        let label = format!(
            "  never swapped: {DAYS} days with a false alarm (share: {:.2} %)",
            ALARMS.chance * both * 100.0
        );
        line(&mut table, &label, &quiet, Option::is_some)?;
    }
    Ok(table)
}

/// What one call costs, and of whom.
pub(crate) struct Price {
    pub(crate) usd: f64,
    pub(crate) of: String,
}

/// What a call of the first model costs.
pub(crate) fn price_of_a_call(data: &Path) -> anyhow::Result<Price> {
    let folder = data.join("zeroeval-gsm8k");
    let (from, _, priced_as) = SWAPS[0];
    let name = ModelName::parse(priced_as).context("read a model's name")?;
    Ok(Price {
        usd: call_usd(&folder, &recorded(&folder, from)?, &name)?,
        of: format!("at {from}'s price of {}", priced_on()),
    })
}

/// A model with its recorded answers by item.
struct Recorded {
    name: String,
    answers: BTreeMap<String, String>,
}

fn recorded(folder: &Path, name: &str) -> anyhow::Result<Recorded> {
    let responses = folder.join("responses");
    let path = fs_err::read_dir(&responses)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name()
                .is_some_and(|file| file.to_string_lossy().starts_with(name))
        })
        .with_context(|| format!("find the answers of {name}"))?;
    let mut answers = BTreeMap::new();
    for line in fs_err::read_to_string(&path)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| {
            row.get(key)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        if let (Some(id), Some(output)) = (text("id"), text("output")) {
            answers.insert(id, output);
        }
    }
    Ok(Recorded {
        name: path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default(),
        answers,
    })
}

/// The day on which there was an alarm, 0 = that of the swap; `None` = in no day looked at. Without a swap
/// a quarter is looked at.
fn watch(seed: u64, from: &Recorded, to: Option<&Recorded>) -> Option<i32> {
    let mut stream = ChaChaStream::new(seed);
    let is_shared = |id: &&String| to.is_none_or(|to| to.answers.contains_key(*id));
    let mut ids: Vec<&String> = from.answers.keys().filter(is_shared).collect();
    for place in 0..ITEMS.min(ids.len()) {
        let other = place + stream.next_index(ids.len() - place);
        ids.swap(place, other);
    }
    ids.truncate(ITEMS);
    let mut items: Vec<Item> = ids.iter().map(|_| Item::default()).collect();
    let mut ask = |model: &Recorded, items: &mut Vec<Item>| {
        for (id, item) in ids.iter().zip(items) {
            let text = model.answers.get(*id).map_or("", String::as_str);
            item.add(&reworded(text, &mut stream));
        }
    };
    for _ in 0..BASELINE_RUNS {
        ask(from, &mut items);
    }
    let days = match to {
        Some(_) => DAYS_BEFORE + FOUND_WITHIN,
        None => i32::try_from(DAYS).unwrap_or(i32::MAX),
    };
    let (mut answers, mut length) = (Detector::new(), Detector::new());
    for day in 0..days {
        let swapped = to.filter(|_| day >= DAYS_BEFORE);
        ask(swapped.unwrap_or(from), &mut items);
        let draws = (
            DRAWS,
            seed.wrapping_mul(1_000)
                .wrapping_add(day.unsigned_abs().into()),
        );
        let unlike: Vec<SwapItem> = items.iter().map(Item::unlike).collect();
        let long: Vec<SwapItem> = items.iter().map(Item::long).collect();
        let p_answers = swap_p_value(&unlike, Tail::Upper, draws).unwrap_or(1.0);
        let p_length = swap_p_value(&long, Tail::Both, draws).unwrap_or(1.0);
        let of_answers = ALARMS.log_threshold(share(DriftChannel::Answers));
        let of_length = ALARMS.log_threshold(share(DriftChannel::Length));
        let is_found = answers.observe(p_answers) >= of_answers;
        let is_long = length.observe(p_length) >= of_length;
        if is_found || is_long {
            return Some(day - DAYS_BEFORE);
        }
    }
    None
}

/// The answers to one item, how like all others each is, and how long.
#[derive(Default)]
struct Item {
    answers: Vec<Vec<u32>>,
    sums: Vec<f64>,
    lengths: Vec<f64>,
}

impl Item {
    fn add(&mut self, text: &str) {
        let answer: Vec<u32> = text.chars().take(MAX_SYMBOLS).map(u32::from).collect();
        let mut own = 0.0;
        for (other, sum) in self.answers.iter().zip(&mut self.sums) {
            let alike = similarity(other, &answer);
            *sum += alike;
            own += alike;
        }
        self.lengths.push((text.chars().count() as f64).ln_1p());
        self.answers.push(answer);
        self.sums.push(own);
    }

    fn unlike(&self) -> SwapItem {
        SwapItem {
            scores: scores_of_sums(&self.sums),
            n_new: 1,
        }
    }

    fn long(&self) -> SwapItem {
        SwapItem {
            scores: self.lengths.clone(),
            n_new: 1,
        }
    }
}

/// The text; in 30 % of calls with one word more, less or another.
fn reworded(text: &str, stream: &mut ChaChaStream) -> String {
    let is_reworded = (stream.next_index(1_000) as f64) < REWORDED * 1_000.0;
    let mut words: Vec<&str> = text.split(' ').collect();
    if is_reworded && !words.is_empty() {
        let place = stream.next_index(words.len());
        let spare = ["so", "then", "thus", "now", "overall"];
        let word = spare
            .get(stream.next_index(spare.len()))
            .copied()
            .unwrap_or("so");
        match stream.next_index(3) {
            0 => words.insert(place, word),
            1 => {
                words.remove(place);
            }
            _ => {
                if let Some(old) = words.get_mut(place) {
                    *old = word;
                }
            }
        }
    }
    words.join(" ")
}

/// The day whose prices count.
fn priced_on() -> Date {
    date(2026, 11, 23)
}

/// What one call costs, by the mean length of prompts and answers.
fn call_usd(folder: &Path, model: &Recorded, name: &ModelName) -> anyhow::Result<f64> {
    let catalog = Catalog::builtin();
    let found = catalog.get(name)?.with_context(|| format!("find {name}"))?;
    let rates = found
        .model
        .price_at(priced_on(), Service::Standard, 1)
        .map(|row| row.rates)
        .with_context(|| format!("find the price of {name}"))?;
    let rate = |rate: Option<trilemma_domain::UsdPerMtok>| {
        rate.and_then(|rate| rate.decimal().to_string().parse::<f64>().ok())
            .with_context(|| format!("find the price of {name}"))
    };
    let mean = |total: usize, n: usize| total as f64 / n.max(1) as f64 / BYTES_PER_TOKEN;
    let golden = fs_err::read_to_string(folder.join("golden.jsonl"))?;
    let prompts = golden.lines().filter_map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(row.get("input")?.as_str()?.len())
    });
    let lengths: Vec<usize> = prompts.collect();
    let asked = mean(lengths.iter().sum(), lengths.len());
    let told = mean(
        model.answers.values().map(String::len).sum(),
        model.answers.len(),
    );
    Ok((asked * rate(rates.input)? + told * rate(rates.output)?) / 1e6)
}
