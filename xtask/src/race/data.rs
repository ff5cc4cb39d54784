//! Recorded outcomes: which model passed which item, and what the call would have cost.
//!
//! In: files of the test data folder. Out: rows of pass or fail, one per model, and money where prices are
//! known. Tokens are characters over four; Sonnet 0620 is priced as Sonnet 1022, whose list price was the same.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

/// Outcomes of some models on the items of one task.
pub(crate) struct Recorded {
    /// Names of the models.
    pub(crate) models: Vec<String>,
    /// Per model and item: 1 = passed.
    pub(crate) passed: Vec<Vec<f64>>,
    /// Per model and item: dollars; empty where it is not known.
    pub(crate) dollars: Vec<Vec<f64>>,
}

const SONNET_0620: &str = "claude-3-5-sonnet-20240620";
const SONNET_1022: &str = "claude-3-5-sonnet-20241022";
/// The six models of the comparison, Sonnet apart.
const SIX: [&str; 6] = [
    "gpt-4o-2024-08-06",
    SONNET_0620,
    "gemini-1.5-pro",
    "gpt-4o-mini-2024-07-18",
    "claude-3-haiku-20240307",
    "gemini-1.5-flash",
];

impl Recorded {
    /// The eight models of `zeroeval_TASK_8models.csv`.
    pub(crate) fn eight(task: &str) -> anyhow::Result<Self> {
        let rows = rows(&format!("routing/zeroeval_{task}_8models.csv"))?;
        let first = rows.first().ok_or_else(|| anyhow!("no rows"))?;
        let mut models: Vec<String> = first
            .keys()
            .filter_map(|column| column.strip_prefix("ok_").map(str::to_owned))
            .collect();
        models.sort();
        let passed = models.iter().map(|model| {
            let column = format!("ok_{model}");
            let cell = |row: &HashMap<String, String>| number(row, &column);
            rows.iter().map(cell).collect::<anyhow::Result<Vec<f64>>>()
        });
        Ok(Self {
            passed: passed.collect::<anyhow::Result<_>>()?,
            models,
            dollars: Vec::new(),
        })
    }

    /// The six models on gsm, with Sonnet 0620, and what each call would have cost.
    pub(crate) fn six_gsm() -> anyhow::Result<Self> {
        let file: Value = serde_json::from_str(&read("statistics/vectors/gsm_outcomes.json")?)?;
        let passed = SIX.iter().map(|model| {
            let outcomes = file
                .pointer(&format!("/models/{model}/outcomes"))
                .and_then(Value::as_str)
                .with_context(|| format!("no outcomes of {model}"))?;
            Ok(outcomes
                .chars()
                .map(|c| f64::from(u8::from(c == '1')))
                .collect())
        });
        let inputs = rows("routing/zeroeval_gsm_8models.csv")?;
        let prices = rows("routing/prices_2024_list.csv")?;
        let dollars = SIX.iter().map(|model| dollars(model, &inputs, &prices));
        Ok(Self {
            models: SIX.iter().map(|model| (*model).to_owned()).collect(),
            passed: passed.collect::<anyhow::Result<_>>()?,
            dollars: dollars.collect::<anyhow::Result<_>>()?,
        })
    }

    /// The six models on crux, with Sonnet 1022.
    pub(crate) fn six_crux(eight: &Self) -> anyhow::Result<Self> {
        let models = SIX.iter().map(|model| {
            if *model == SONNET_0620 {
                SONNET_1022
            } else {
                model
            }
        });
        let passed = models.clone().map(|model| {
            let at = eight.models.iter().position(|one| one == model);
            let row = at.and_then(|at| eight.passed.get(at));
            row.cloned()
                .with_context(|| format!("no outcomes of {model}"))
        });
        Ok(Self {
            passed: passed.collect::<anyhow::Result<_>>()?,
            models: models.map(str::to_owned).collect(),
            dollars: Vec::new(),
        })
    }
}

/// Dollars of every call of a model, in the order of the items.
fn dollars(
    model: &str,
    inputs: &[HashMap<String, String>],
    prices: &[HashMap<String, String>],
) -> anyhow::Result<Vec<f64>> {
    let priced_as = if model == SONNET_0620 {
        SONNET_1022
    } else {
        model
    };
    let row = prices
        .iter()
        .find(|row| row.get("model").is_some_and(|name| name == priced_as))
        .with_context(|| format!("no price of {priced_as}"))?;
    let (input, output) = (
        number(row, "usd_per_mtok_in")?,
        number(row, "usd_per_mtok_out")?,
    );
    let mut lengths = HashMap::new();
    for line in read(&format!("zeroeval-gsm8k/responses/{model}.jsonl"))?.lines() {
        let answer: Value = serde_json::from_str(line)?;
        let text = answer
            .get("output")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let id = answer.get("id").and_then(Value::as_str).unwrap_or_default();
        lengths.insert(id.to_owned(), text.chars().count() as f64);
    }
    let dollars = inputs.iter().map(|item| {
        let id = item.get("id").map(String::as_str).unwrap_or_default();
        let out_chars = lengths
            .get(id)
            .with_context(|| format!("no answer to {id}"))?;
        Ok((number(item, "in_chars")? * input + out_chars * output) / 4.0 / 1e6)
    });
    dollars.collect()
}

fn number(row: &HashMap<String, String>, column: &str) -> anyhow::Result<f64> {
    let cell = row
        .get(column)
        .with_context(|| format!("no column {column}"))?;
    cell.parse().with_context(|| format!("{column}: `{cell}`"))
}

fn rows(path: &str) -> anyhow::Result<Vec<HashMap<String, String>>> {
    let text = read(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

fn read(path: &str) -> anyhow::Result<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a developer's tool that finds its data as the tests do"
    )]
    let root = std::env::var_os("TRILEMMA_TEST_DATA")
        .context("TRILEMMA_TEST_DATA is not set; hint: it names the folder of the test data")?;
    Ok(fs_err::read_to_string(PathBuf::from(root).join(path))?)
}
