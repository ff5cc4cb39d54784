//! Recorded outcomes of one task, with prices.

use std::path::Path;

use anyhow::{Context as _, anyhow};

/// Outcomes of all models on all items of a task.
pub(crate) struct Recorded {
    /// Name of the task.
    pub(crate) task: &'static str,
    /// The models, gpt-4o first.
    pub(crate) models: Vec<Model>,
    /// Number of items.
    pub(crate) n_items: usize,
}

/// One model.
pub(crate) struct Model {
    /// Its name.
    pub(crate) name: String,
    /// List price in USD per million tokens, input and output, as written.
    pub(crate) price: (String, String),
    /// Mean tokens of prompt and answer, four characters each.
    pub(crate) tokens: (u64, u64),
    /// Whether each item is right.
    pub(crate) right: Vec<bool>,
}

impl Model {
    /// Share of items that are right.
    pub(crate) fn rate(&self) -> f64 {
        share(self.right.iter().copied())
    }

    /// Mean cost of an answer in millionths of a dollar.
    pub(crate) fn cost(&self) -> f64 {
        let price = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        self.tokens.0 as f64 * price(&self.price.0) + self.tokens.1 as f64 * price(&self.price.1)
    }
}

/// Share of true values.
pub(crate) fn share(values: impl Iterator<Item = bool>) -> f64 {
    let (n, n_true) = values.fold((0.0, 0.0), |(n, n_true), value| {
        (n + 1.0, n_true + f64::from(u8::from(value)))
    });
    n_true / n
}

/// Reads one task.
///
/// # Errors
/// When a file is missing or not as described in its README.
pub(crate) fn read(data: &Path, task: &'static str) -> anyhow::Result<Recorded> {
    let prices = rows(&data.join("routing/prices_2024_list.csv"))?;
    let mut rows = rows(&data.join(format!("routing/zeroeval_{task}_8models.csv")))?;
    let header = rows.remove(0);
    let column = |name: &str| {
        header
            .iter()
            .position(|cell| cell == name)
            .with_context(|| format!("column `{name}` is missing"))
    };
    let asked = column("in_chars")?;
    let names: Vec<String> = header
        .iter()
        .filter_map(|cell| Some(cell.strip_prefix("ok_")?.to_owned()))
        .collect();
    let mut models = Vec::new();
    for name in names {
        let (ok, answered) = (
            column(&format!("ok_{name}"))?,
            column(&format!("out_chars_{name}"))?,
        );
        let price = prices
            .iter()
            .find(|row| row.first() == Some(&name))
            .and_then(|row| Some((row.get(1)?.clone(), row.get(2)?.clone())))
            .with_context(|| format!("no price of `{name}`"))?;
        models.push(Model {
            price,
            tokens: (mean_tokens(&rows, asked)?, mean_tokens(&rows, answered)?),
            right: rows
                .iter()
                .map(|row| row.get(ok).is_some_and(|cell| cell == "1"))
                .collect(),
            name,
        });
    }
    Ok(Recorded {
        task,
        models,
        n_items: rows.len(),
    })
}

fn mean_tokens(rows: &[Vec<String>], column: usize) -> anyhow::Result<u64> {
    let mut chars = 0;
    for row in rows {
        let cell = row.get(column).context("a row is too short")?;
        chars += cell
            .parse::<u64>()
            .map_err(|_| anyhow!("`{cell}` is no number of characters"))?;
    }
    Ok(chars / rows.len().max(1) as u64 / 4)
}

fn rows(path: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let file = fs_err::File::open(path)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(file);
    reader
        .records()
        .map(|row| Ok(row?.iter().map(str::to_owned).collect()))
        .collect()
}
