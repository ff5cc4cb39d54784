//! Recorded outcomes as examples of `trilemma-route`.
//!
//! Tokens are a quarter of the characters: the sources have no counts. Prices are list prices of
//! 2024; GPT-4 (1106) at its list price of November 2023.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Context as _;
use trilemma_route::{About, Compare, Example, Examples, Member, Observation, Outcome, Recorded};

const CHARS_PER_TOKEN: f64 = 4.0;

/// A table with a header.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let file = fs_err::File::open(path)?;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(file);
        let mut rows = Vec::new();
        for row in reader.records() {
            rows.push(row?.iter().map(str::to_owned).collect::<Vec<String>>());
        }
        anyhow::ensure!(!rows.is_empty(), "{} is empty", path.display());
        Ok(Self {
            header: rows.remove(0),
            rows,
        })
    }

    fn column(&self, name: &str) -> anyhow::Result<usize> {
        (self.header.iter().position(|cell| cell == name))
            .with_context(|| format!("column `{name}` is missing"))
    }
}

fn cell(row: &[String], at: usize) -> &str {
    row.get(at).map_or("", String::as_str)
}

fn number(row: &[String], at: usize) -> anyhow::Result<f64> {
    let text = cell(row, at);
    text.parse()
        .with_context(|| format!("`{text}` is no number"))
}

/// RouteLLM's GSM8K pair, weak first.
pub(crate) fn gsm8k_pair(data: &Path) -> anyhow::Result<Examples> {
    let table = Table::read(&data.join("routing/routellm_gsm8k_pair.csv"))?;
    let prices = [(0.6, 0.6), (10.0, 30.0)];
    pair(&table, None, prices)
}

/// The part of it of which the weak one's answers are known, with them.
pub(crate) fn gsm8k_read(data: &Path) -> anyhow::Result<Examples> {
    let text =
        fs_err::read_to_string(data.join("routing/routellm_gsm8k_weak_responses_500.jsonl"))?;
    let mut answers = HashMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let one: serde_json::Value = serde_json::from_str(line)?;
        let field = |name: &str| one.get(name).and_then(serde_json::Value::as_str);
        if let (Some(id), Some(answer)) = (field("id"), field("response")) {
            answers.insert(id.to_owned(), answer.to_owned());
        }
    }
    let mut examples = gsm8k_pair(data)?;
    examples.rows.retain(|row| answers.contains_key(&row.id));
    for row in &mut examples.rows {
        let (Some(weak), Some(answer)) = (row.outcomes.first_mut(), answers.remove(&row.id)) else {
            continue;
        };
        weak.observation = Observation::text(weak.observation.candidate.clone(), answer);
    }
    anyhow::ensure!(
        !examples.rows.is_empty(),
        "no answer is of a known question"
    );
    Ok(examples)
}

/// RouteLLM's MMLU pair on the visible subjects, weak first.
pub(crate) fn mmlu_pair(data: &Path) -> anyhow::Result<Examples> {
    let table = Table::read(&data.join("routing/routellm_mmlu_pair_visible_subjects.csv"))?;
    let subject = table.column("subject")?;
    pair(&table, Some(subject), [(0.6, 0.6), (10.0, 30.0)])
}

fn pair(table: &Table, task: Option<usize>, prices: [(f64, f64); 2]) -> anyhow::Result<Examples> {
    let names = ["weak", "strong"];
    let prompt = table.column("prompt")?;
    let mut rows = Vec::new();
    for row in &table.rows {
        let text = cell(row, prompt).to_owned();
        let mut outcomes = Vec::new();
        for (name, price) in names.iter().zip(prices) {
            let quality = number(row, table.column(&format!("ok_{name}"))?)?;
            // MMLU's answers are one letter.
            let written = match table.column(&format!("out_chars_{name}")) {
                Ok(column) => number(row, column)?,
                Err(_) => CHARS_PER_TOKEN,
            };
            outcomes.push(Recorded {
                observation: Observation::text(*name, ""),
                quality,
                cost_usd: cost(text.chars().count() as f64, written, price),
                seconds: None,
                again: Vec::new(),
            });
        }
        rows.push(Example {
            id: cell(row, 0).to_owned(),
            text,
            task: task.map(|at| cell(row, at).to_owned()),
            group: None,
            about: About::default(),
            embedded: None,
            labels: Vec::new(),
            outcomes,
        });
    }
    Ok(examples(&names, rows))
}

/// ZeroEval's GSM8K and CRUXEval with eight models; the task is the file.
pub(crate) fn zeroeval(data: &Path) -> anyhow::Result<Examples> {
    let prices = Table::read(&data.join("routing/prices_2024_list.csv"))?;
    let mut rows = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for task in ["gsm", "crux"] {
        let table = Table::read(&data.join(format!("routing/zeroeval_{task}_8models.csv")))?;
        let found = table
            .header
            .iter()
            .filter_map(|cell| cell.strip_prefix("ok_"));
        names = found.map(str::to_owned).collect();
        for row in &table.rows {
            rows.push(zeroeval_row(&table, &prices, &names, task, row)?);
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(examples(&names, rows))
}

fn zeroeval_row(
    table: &Table,
    prices: &Table,
    names: &[String],
    task: &str,
    row: &[String],
) -> anyhow::Result<Example> {
    let asked = number(row, table.column("in_chars")?)?;
    let mut outcomes = Vec::new();
    for name in names {
        let price = (prices.rows.iter().find(|row| cell(row, 0) == name))
            .with_context(|| format!("no price of `{name}`"))?;
        let written = number(row, table.column(&format!("out_chars_{name}"))?)?;
        outcomes.push(Recorded {
            observation: Observation {
                candidate: name.as_str().into(),
                outcome: Outcome::Answered {
                    text: cell(row, table.column(&format!("answer_{name}"))?).to_owned(),
                    finish: None,
                    output_tokens: Some((written / CHARS_PER_TOKEN).round() as u64),
                    logprob: None,
                },
            },
            quality: number(row, table.column(&format!("ok_{name}"))?)?,
            cost_usd: cost(asked, written, (number(price, 1)?, number(price, 2)?)),
            seconds: None,
            again: Vec::new(),
        });
    }
    Ok(Example {
        id: cell(row, 0).to_owned(),
        text: cell(row, table.column("prompt")?).to_owned(),
        task: Some(task.to_owned()),
        group: None,
        about: About::default(),
        embedded: None,
        labels: Vec::new(),
        outcomes,
    })
}

/// USD of characters in and out at prices per million tokens.
fn cost(chars_in: f64, chars_out: f64, (price_in, price_out): (f64, f64)) -> f64 {
    (chars_in * price_in + chars_out * price_out) / CHARS_PER_TOKEN / 1e6
}

fn examples(names: &[&str], rows: Vec<Example>) -> Examples {
    Examples {
        members: names.iter().map(|name| Member::named(*name)).collect(),
        rows,
        extract: None,
        compare: Compare::Loose,
        embedder: None,
        classifiers: Vec::new(),
    }
}
