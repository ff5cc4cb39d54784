//! A model that is silently swapped for another: recorded answers, reworded at random in 30 % of calls.
//!
//! In: the recorded answers of four real models. Out: how often the answers and length channels of the
//! product find the swap within two days, and how often they cry wolf without one. Rewording puts, drops
//! or changes one word at a random place, both before and after, so that comparing exactly is useless.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use jiff::civil::date;
use trilemma_catalog::{Catalog, Service};
use trilemma_domain::ModelName;
use trilemma_stats::Confidence;
use trilemma_stats::change::{Detector, SwapItem, Tail, similarity_scores, swap_p_value};
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::resample::{ChaChaStream, IndexStream};

use super::{ALARMS, BASELINE_RUNS, ITEMS, median};

/// Share of the false alarms of each channel, as in the product.
const ANSWERS_SHARE: f64 = 0.25;
const LENGTH_SHARE: f64 = 0.1;
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

/// Simulates each swap, and the same days without it.
pub(crate) fn table(data: &Path, n: usize) -> anyhow::Result<String> {
    let folder = data.join("zeroeval-gsm8k");
    let mut table = format!(
        "\nA swapped model, {:.0} % of calls reworded, {n} histories: found within {FOUND_WITHIN} days\n",
        REWORDED * 100.0
    );
    for (from, to, priced_as) in SWAPS {
        let (from, to) = (recorded(&folder, from)?, recorded(&folder, to)?);
        let found = histories(n, &from, &to);
        let in_time = found
            .iter()
            .filter(|day| day.is_some_and(|day| (0..FOUND_WITHIN).contains(&day)))
            .count();
        let share = wilson(Count::new(in_time, n)?, Confidence::P95);
        let days = median(
            found
                .iter()
                .flatten()
                .filter_map(|day| u32::try_from(day + 1).ok()),
        );
        let calls = days as usize * ITEMS;
        writeln!(
            table,
            "  {} -> {}: {:.1} % ({:.1}-{:.1}); median {days} day(s), {calls} calls{}",
            from.name,
            to.name,
            share.point * 100.0,
            share.low * 100.0,
            share.high * 100.0,
            dollars(&folder, &from, (priced_as, calls))?
        )?;
        let quiet = histories(n, &from, &from);
        let false_alarms = quiet.iter().flatten().count();
        writeln!(
            table,
            "    without a swap: {false_alarms} false alarms in {n} times {} days",
            DAYS_BEFORE + FOUND_WITHIN
        )?;
    }
    Ok(table)
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

/// The day on which there was an alarm, 0 = that of the swap; `None` = not within two days of it.
fn histories(n: usize, from: &Recorded, to: &Recorded) -> Vec<Option<i32>> {
    let half = n / 2;
    std::thread::scope(|scope| {
        let other = scope.spawn(|| (0..half).map(|seed| watch(seed as u64, from, to)).collect());
        let mut found: Vec<Option<i32>> =
            (half..n).map(|seed| watch(seed as u64, from, to)).collect();
        found.extend::<Vec<_>>(other.join().unwrap_or_default());
        found
    })
}

fn watch(seed: u64, from: &Recorded, to: &Recorded) -> Option<i32> {
    let mut stream = ChaChaStream::new(seed);
    let mut ids: Vec<&String> = from
        .answers
        .keys()
        .filter(|id| to.answers.contains_key(*id))
        .collect();
    for place in 0..ITEMS.min(ids.len()) {
        let other = place + stream.next_index(ids.len() - place);
        ids.swap(place, other);
    }
    ids.truncate(ITEMS);
    let mut pooled: Vec<Vec<Vec<u32>>> = vec![Vec::new(); ids.len()];
    let mut ask = |model: &Recorded, pooled: &mut Vec<Vec<Vec<u32>>>| {
        for (id, answers) in ids.iter().zip(pooled) {
            let text = model.answers.get(*id).map_or("", String::as_str);
            answers.push(reworded(text, &mut stream));
        }
    };
    for _ in 0..BASELINE_RUNS {
        ask(from, &mut pooled);
    }
    let (mut answers, mut length) = (Detector::new(), Detector::new());
    for day in 0..DAYS_BEFORE + FOUND_WITHIN {
        let model = if day < DAYS_BEFORE { from } else { to };
        ask(model, &mut pooled);
        let draws = (
            DRAWS,
            seed.wrapping_mul(1_000)
                .wrapping_add(day.unsigned_abs().into()),
        );
        let unlike = items(&pooled, similarity_scores);
        let long = items(&pooled, |texts| {
            texts
                .iter()
                .map(|text| (text.len() as f64).ln_1p())
                .collect()
        });
        let p_answers = swap_p_value(&unlike, Tail::Upper, draws).unwrap_or(1.0);
        let p_length = swap_p_value(&long, Tail::Both, draws).unwrap_or(1.0);
        let is_found = answers.observe(p_answers) >= ALARMS.log_threshold(ANSWERS_SHARE);
        let is_long = length.observe(p_length) >= ALARMS.log_threshold(LENGTH_SHARE);
        if is_found || is_long {
            return Some(day - DAYS_BEFORE);
        }
    }
    None
}

fn items(pooled: &[Vec<Vec<u32>>], scores: impl Fn(&[Vec<u32>]) -> Vec<f64>) -> Vec<SwapItem> {
    let each = pooled.iter().map(|texts| SwapItem {
        scores: scores(texts),
        n_new: 1,
    });
    each.collect()
}

/// The text's symbols; in 30 % of calls with one word more, less or another.
fn reworded(text: &str, stream: &mut ChaChaStream) -> Vec<u32> {
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
    let joined = words.join(" ");
    joined.chars().take(MAX_SYMBOLS).map(u32::from).collect()
}

/// What so many calls cost; empty where no price is known.
fn dollars(
    folder: &Path,
    model: &Recorded,
    (priced_as, calls): (&str, usize),
) -> anyhow::Result<String> {
    let Some(name) = ModelName::parse(priced_as) else {
        return Ok(", price: that of one's own servers".to_owned());
    };
    let catalog = Catalog::builtin();
    let found = catalog
        .get(&name)?
        .with_context(|| format!("find {name}"))?;
    let day = date(2026, 11, 23);
    let rates = found
        .model
        .price_at(day, Service::Standard, 1)
        .map(|row| row.rates);
    let rate = |rate: Option<trilemma_domain::UsdPerMtok>| {
        rate.and_then(|rate| rate.decimal().to_string().parse::<f64>().ok())
    };
    let (Some(input), Some(output)) = (
        rates.and_then(|rates| rate(rates.input)),
        rates.and_then(|rates| rate(rates.output)),
    ) else {
        return Ok(", price unknown".to_owned());
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
    let each = (asked * input + told * output) / 1e6;
    Ok(format!(
        ", about ${:.2} (baseline: ${:.2}; 4 bytes a token, prices of {day})",
        each * calls as f64,
        each * (BASELINE_RUNS as usize * ITEMS) as f64
    ))
}
