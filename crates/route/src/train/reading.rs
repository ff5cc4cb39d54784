//! What there is to see in one cheap answer: its text, the query beside it, its log-probability.
//!
//! Texts are read as queries are (`query`): estimates of the quality of the cheap and of the large candidate,
//! fitted to the answer's text and to the query's. Each item's sign is what estimates said that had not seen
//! it, so that the judge learns how far they can be trusted (stacking; Wolpert, Neural Networks 5, 1992).

use super::examples::{Example, Examples};
use super::prepared::Prepared;
use super::query::fit_query;
use crate::learned::{Reader, Sign, brief, logprob, standard, text};

/// Most candidates whose answers are read.
pub(super) const MOST_READ: usize = 1;
/// Most items on which reading is learned.
pub(super) const MOST_ITEMS_READ: usize = 1_500;

/// A sign with its value on each item, in standard deviations.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) sign: Sign,
    pub(super) values: Vec<f64>,
}

impl Seen {
    /// Scales what was seen.
    pub(super) fn of(raw: Vec<f64>, sign: impl FnOnce([f64; 2]) -> Sign) -> Self {
        let n = raw.len().max(1) as f64;
        let mean = raw.iter().sum::<f64>() / n;
        let variance = raw.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / n;
        let scale = [brief(mean), brief(variance.sqrt().max(1e-6))];
        Self {
            values: raw.into_iter().map(|one| standard(one, scale)).collect(),
            sign: sign(scale),
        }
    }
}

/// Reads the answers of a cheap candidate, and the queries, for the gain of asking the large one.
pub(super) fn read_signs(
    examples: &Examples,
    (cheap, large): (usize, usize),
    seed: u64,
) -> Vec<Seen> {
    let queries = examples.only(&[cheap, large]);
    let answer = |row: &Example| {
        let outcome = &row.outcomes.first()?.observation.outcome;
        text(outcome).map(str::to_owned)
    };
    let answers = Examples {
        rows: (queries.rows.iter())
            .map(|row| Example {
                text: answer(row).unwrap_or_default(),
                ..row.clone()
            })
            .collect(),
        ..queries.clone()
    };
    vec![
        read(&answers, seed, Sign::Answer),
        read(&queries, seed, Sign::Query),
    ]
}

fn read(examples: &Examples, seed: u64, sign: fn(Box<Reader>) -> Sign) -> Seen {
    let rows: Vec<usize> = (0..examples.rows.len()).collect();
    let fitted = fit_query(&Prepared::of(examples), examples, &rows, seed);
    let mut gains = vec![0.0; rows.len()];
    for (row, said) in &fitted.unseen {
        if let (Some(gain), [first, large]) = (gains.get_mut(*row), said.as_slice()) {
            *gain = large - first;
        }
    }
    let model = fitted.model;
    Seen::of(gains, |gain| sign(Box::new(Reader { gain, model })))
}

impl Examples {
    /// The log-probabilities of a candidate's first answers; `None` = not all are recorded.
    pub(super) fn logprobs(&self, member: usize) -> Option<Seen> {
        let of = |row: &Example| logprob(&row.outcomes.get(member)?.observation.outcome);
        let raw: Option<Vec<f64>> = self.rows.iter().map(of).collect();
        raw.filter(|raw| !raw.is_empty())
            .map(|raw| Seen::of(raw, Sign::Logprob))
    }
}
