//! Maximum mean discrepancy of sampled sequences with a Hamming kernel, and its permutation test.
//!
//! In: sequences of symbols (characters or tokens), each with the prompt it answers. Out: the unbiased
//! estimate of the squared discrepancy and the p value of "both samples come from the same source", exact
//! up to the number of permutations. Conditions: the samples of one prompt are exchangeable under the null,
//! so the same parameters and no caching.
//! Source: I. Gao, P. Liang, C. Guestrin, "Model Equality Testing" (arXiv 2410.20247); A. Gretton et al.,
//! JMLR 13 (2012); plus ones as in B. Phipson, G. K. Smyth (2010).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::resample::{IndexStream, Resampling};
use crate::{StatsError, TooFew};

/// One sampled answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// Which prompt was answered; only answers to the same prompt are compared.
    pub prompt: u64,
    /// The answer as symbols; a position after its end matches only other ends.
    pub symbols: Vec<u32>,
}

/// Outcome of the permutation test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HammingMmd {
    /// Estimate of the squared discrepancy; unbiased, so it may be below 0.
    pub squared: f64,
    /// One-sided p value of "same source", in (0, 1].
    pub p_value: f64,
    /// Number of permutations drawn.
    pub permutations: usize,
    /// Answers of the first and of the second source.
    pub n: (usize, usize),
}

/// Returns the unbiased estimate of the squared discrepancy.
///
/// `mean k(x, x') + mean k(y, y') - 2 mean k(x, y)` over different answers to the same prompt; `k` is the
/// share of equal positions, of the longest answer's length. Checked by `data_hamming_mmd`.
///
/// # Errors
/// [`StatsError::TooFew`] unless some prompt has two answers of each source.
pub fn hamming_mmd(first: &[Sampled], second: &[Sampled]) -> Result<f64, StatsError> {
    Ok(Kernel::of(first, second)?.squared())
}

/// Tests whether both samples come from the same source.
///
/// Permutes the sources within each prompt; `p = (1 + #{permuted >= observed}) / (1 + permutations)`.
/// Checked by `mmd_keeps_its_level_and_finds_a_change`.
///
/// # Errors
/// As [`hamming_mmd`].
pub fn hamming_mmd_test(
    first: &[Sampled],
    second: &[Sampled],
    resampling: &Resampling,
) -> Result<HammingMmd, StatsError> {
    let mut kernel = Kernel::of(first, second)?;
    let squared = kernel.squared();
    let mut stream = resampling.stream();
    let permutations = resampling.count();
    let mut as_large = 0_usize;
    for _ in 0..permutations {
        kernel.permute(&mut stream);
        as_large += usize::from(kernel.squared() >= squared - 1e-12);
    }
    Ok(HammingMmd {
        squared,
        p_value: (1.0 + as_large as f64) / (1.0 + permutations as f64),
        permutations,
        n: (first.len(), second.len()),
    })
}

/// Which source an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    First,
    Second,
}

/// All pairwise kernel values, prompt by prompt.
#[derive(Debug)]
struct Kernel {
    prompts: Vec<Prompt>,
}

#[derive(Debug)]
struct Prompt {
    sources: Vec<Source>,
    /// Row by row, the values of an answer with those before it.
    rows: Vec<Vec<f64>>,
}

impl Kernel {
    fn of(first: &[Sampled], second: &[Sampled]) -> Result<Self, StatsError> {
        let all = || {
            let tag = |source| move |sampled| (source, sampled);
            first
                .iter()
                .map(tag(Source::First))
                .chain(second.iter().map(tag(Source::Second)))
        };
        let longest = all().map(|(_, s)| s.symbols.len()).max().unwrap_or(0);
        let mut by_prompt: BTreeMap<u64, Vec<(Source, &[u32])>> = BTreeMap::new();
        for (source, sampled) in all() {
            let answers = by_prompt.entry(sampled.prompt).or_default();
            answers.push((source, &sampled.symbols));
        }
        let count = |source| {
            let of_prompt =
                |answers: &Vec<(Source, &[u32])>| answers.iter().filter(|a| a.0 == source).count();
            by_prompt.values().map(of_prompt).max().unwrap_or(0)
        };
        TooFew::check(count(Source::First), 2)?;
        TooFew::check(count(Source::Second), 2)?;
        let shared = by_prompt.values().any(|answers| {
            answers.iter().any(|a| a.0 == Source::First)
                && answers.iter().any(|a| a.0 == Source::Second)
        });
        TooFew::check(usize::from(shared), 1)?;
        let prompts = by_prompt.into_values().map(|answers| Prompt {
            rows: rows(&answers, longest),
            sources: answers.into_iter().map(|(source, _)| source).collect(),
        });
        Ok(Self {
            prompts: prompts.collect(),
        })
    }

    fn squared(&self) -> f64 {
        let (mut within_first, mut within_second) = (Mean::default(), Mean::default());
        let mut across = Mean::default();
        for prompt in &self.prompts {
            for (row, one) in prompt.rows.iter().zip(&prompt.sources) {
                for (value, other) in row.iter().zip(&prompt.sources) {
                    match (one, other) {
                        (Source::First, Source::First) => within_first.add(*value),
                        (Source::Second, Source::Second) => within_second.add(*value),
                        _ => across.add(*value),
                    }
                }
            }
        }
        within_first.get() + within_second.get() - 2.0 * across.get()
    }

    fn permute(&mut self, stream: &mut impl IndexStream) {
        for prompt in &mut self.prompts {
            for last in (1..prompt.sources.len()).rev() {
                prompt.sources.swap(last, stream.next_index(last + 1));
            }
        }
    }
}

#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    n: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.n += 1.0;
    }

    fn get(&self) -> f64 {
        if self.n > 0.0 { self.sum / self.n } else { 0.0 }
    }
}

fn rows(answers: &[(Source, &[u32])], longest: usize) -> Vec<Vec<f64>> {
    let row = |(position, one): (usize, &(Source, &[u32]))| {
        let before = answers.iter().take(position);
        before
            .map(|other| similarity(one.1, other.1, longest))
            .collect()
    };
    answers.iter().enumerate().map(row).collect()
}

fn similarity(one: &[u32], other: &[u32], longest: usize) -> f64 {
    if longest == 0 {
        return 1.0;
    }
    let equal = one.iter().zip(other).filter(|(a, b)| a == b).count();
    let both_ended = longest - one.len().max(other.len());
    (equal + both_ended) as f64 / longest as f64
}
