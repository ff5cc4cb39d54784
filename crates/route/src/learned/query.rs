//! Quality and cost of each candidate for a query, from the query alone.
//!
//! Quality is a mean, plus weights of pieces and surface features, plus the task's share, plus trees;
//! it is cut to [0, 1]. Cost is exp(a + b·ln(1+chars) + task). Linear in the pass indicator, not
//! logistic: only differences between candidates decide, and a difference of linear models is the
//! linear model of the difference, with one penalty (docs/methods.md has the comparison).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use trilemma_domain::CandidateId;

use super::embedding::{Embedding, ReadyEmbedding};
use crate::features::{FEATURES, Hashed, N_CHAR_BUCKETS, N_HASH, N_SURFACE, surface};
use crate::learn::{Tree, Trees};

/// How far a feature may lie from its mean, in standard deviations.
const MAX_SD: f64 = 3.0;

/// Estimates for several candidates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryModel {
    /// Which features the weights belong to: they mean nothing beside others. Absent = 1, those of the first files.
    #[serde(default = "first")]
    pub features: u32,
    /// What a dollar is worth in quality: the choice maximises quality − this × USD per query.
    pub quality_per_usd: f64,
    /// Mean and standard deviation of each surface feature.
    pub surface: Vec<[f64; 2]>,
    /// Tasks that it knows.
    #[serde(default)]
    pub tasks: Vec<String>,
    /// Per candidate: its quality.
    pub quality: Vec<QualityModel>,
    /// Per candidate, in the same order: its cost.
    pub cost: Vec<CostModel>,
    /// Trees over the surface features; leaves are added to the qualities, in the same order.
    #[serde(default)]
    pub trees: Vec<TreeModel>,
    /// What becomes of tasks that the training has not seen; absent = its items named none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<UnseenTask>,
    /// What a query's vector adds; absent = none is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Embedding>,
    /// Items that it was fitted on; absent = an older version wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
}

fn first() -> u32 {
    1
}

/// The guard against tasks that the training has not seen: estimates from the query are worth nothing there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnseenTask {
    /// Tasks that it has seen. A request that names none is taken to be one of them.
    pub tasks: Vec<String>,
    /// Who answers any other.
    pub then: CandidateId,
}

/// Quality of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityModel {
    /// Who.
    pub candidate: CandidateId,
    /// Mean quality on the items that it was fitted on.
    pub mean: f64,
    /// Weights of the standardised surface features.
    pub surface: Vec<f64>,
    /// What each known task adds.
    #[serde(default)]
    pub tasks: Vec<f64>,
    /// What a hashed weight of 1 is worth.
    pub pieces_scale: f64,
    /// Weights of the hashed pieces, one signed byte each, in Base64.
    pub pieces: String,
}

/// Cost of one candidate in USD per query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostModel {
    /// Logarithm of the cost of an empty query.
    pub log_base: f64,
    /// Per ln(1 + characters).
    pub per_log_chars: f64,
    /// What each known task adds to the logarithm.
    #[serde(default)]
    pub tasks: Vec<f64>,
}

/// A tree that asks one question on each level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeModel {
    /// The surface feature that each level looks at; at most eight.
    pub features: Vec<usize>,
    /// A query goes right on a level where its feature is at least this.
    pub thresholds: Vec<f64>,
    /// Two to the power of the levels leaves, each with one number per candidate. The first level is the
    /// highest bit of a leaf's number, and right is one.
    pub leaves: Vec<f64>,
}

/// What is expected of one candidate.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Who.
    pub candidate: CandidateId,
    /// Expected quality, in [0, 1].
    pub quality: f64,
    /// Expected cost in USD.
    pub cost_usd: f64,
}

/// Most levels of a tree.
const MAX_LEVELS: usize = 8;

/// Candidates whose weights are added up together.
const LANES: usize = 8;

/// A weight is kept as a byte above zero, so that the bytes of a word can be added without borrowing from each other.
const BIAS: u8 = 128;

/// What is looked at of a query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight<'a> {
    /// Its text.
    pub(crate) text: &'a str,
    /// Its task.
    pub(crate) task: Option<&'a str>,
    /// Its vector, as it came; `None` = there is none, or it cannot be used: its part is that of the mean vector.
    pub(crate) vector: Option<&'a [f32]>,
}

/// A model made ready to run.
#[derive(Debug)]
pub(crate) struct Query {
    model: QueryModel,
    /// Interleaved by [`LANES`] candidates: the weights of bucket `b` for the `k`-th lot are at
    /// `k × buckets + b`, a byte each, the first candidate's lowest.
    pieces: Vec<u64>,
    trees: Trees,
    embedding: Option<ReadyEmbedding>,
}

impl Query {
    /// Reads the packed weights.
    ///
    /// # Errors
    /// What is wrong, each with its place in the model.
    pub(crate) fn new(model: &QueryModel) -> Result<Self, Vec<(String, String)>> {
        let own = Self::without_embedding(model);
        match (own, ReadyEmbedding::of(model)) {
            (Ok(own), Ok(embedding)) => Ok(Self { embedding, ..own }),
            (own, embedding) => {
                let mut faults = embedding.err().unwrap_or_default();
                faults.extend(own.err().map(|(at, message)| (at.to_owned(), message)));
                Err(faults)
            }
        }
    }

    fn without_embedding(model: &QueryModel) -> Result<Self, (&'static str, String)> {
        let n = model.quality.len();
        check(model)?;
        let mut pieces = vec![0; N_HASH * n.div_ceil(LANES)];
        for (idx, one) in model.quality.iter().enumerate() {
            let bytes = STANDARD
                .decode(&one.pieces)
                .map_err(|error| ("quality.pieces", format!("is no Base64: {error}")))?;
            if bytes.len() != N_HASH {
                return Err(("quality.pieces", format!("holds {} bytes", bytes.len())));
            }
            let lot = pieces.iter_mut().skip(idx / LANES * N_HASH);
            for (word, byte) in lot.zip(bytes) {
                *word |= u64::from(byte.wrapping_add(BIAS)) << (8 * (idx % LANES));
            }
        }
        let trees = model.trees.iter().map(TreeModel::tree).collect();
        Ok(Self {
            model: model.clone(),
            pieces,
            trees,
            embedding: None,
        })
    }

    /// What a dollar is worth in quality.
    pub(crate) fn quality_per_usd(&self) -> f64 {
        self.model.quality_per_usd
    }

    /// Who answers because a request's task is none of those that the training has seen; `None` = it is one.
    pub(crate) fn unseen(&self, task: Option<&str>) -> Option<&CandidateId> {
        let guard = self.model.unseen.as_ref()?;
        let is_seen = |task| guard.tasks.iter().any(|known| known == task);
        (!is_seen(task?)).then_some(&guard.then)
    }

    /// Items that it was fitted on; `None` = the file does not say.
    pub(crate) fn n(&self) -> Option<usize> {
        self.model.n
    }

    /// What is wanted of a query's vector; `None` = nothing.
    pub(crate) fn embedding(&self) -> Option<&ReadyEmbedding> {
        self.embedding.as_ref()
    }

    /// Estimates each candidate, in the model's order.
    pub(crate) fn estimates(&self, sight: Sight<'_>) -> Vec<Estimate> {
        let mut all = self.uncut(sight);
        for one in &mut all {
            one.quality = one.quality.clamp(0.0, 1.0);
        }
        all
    }

    fn uncut(&self, sight: Sight<'_>) -> Vec<Estimate> {
        let Sight { text, task, vector } = sight;
        let n = self.model.quality.len();
        let embedded = match (&self.embedding, vector) {
            (Some(embedding), Some(vector)) => embedding.adds(vector),
            _ => None,
        };
        let embedded = embedded.unwrap_or_else(|| vec![0.0; n]);
        let raw = surface(text);
        let surface = standard_row(&raw, &self.model.surface);
        let task = task.and_then(|task| self.model.tasks.iter().position(|known| known == task));
        let pieces = self.pieces_of(text);
        let mut leaves = vec![0.0; n];
        for tree in &self.trees {
            tree.add(&surface, &mut leaves);
        }
        let log_chars = raw.first().copied().unwrap_or(0.0);
        let models = self.model.quality.iter().zip(&self.model.cost);
        let rest = pieces.into_iter().zip(leaves.into_iter().zip(embedded));
        models
            .zip(rest)
            .map(|((quality, cost), (pieces, (leaves, embedded)))| {
                let at = |tasks: &[f64]| task.and_then(|t| tasks.get(t).copied()).unwrap_or(0.0);
                let seen: f64 = (surface.iter().zip(&quality.surface))
                    .map(|(x, w)| x * w)
                    .sum();
                let q = quality.mean
                    + seen
                    + at(&quality.tasks)
                    + f64::from(pieces) * quality.pieces_scale
                    + leaves
                    + embedded;
                let log_cost = cost.log_base + cost.per_log_chars * log_chars + at(&cost.tasks);
                Estimate {
                    candidate: quality.candidate.clone(),
                    quality: q,
                    cost_usd: log_cost.clamp(-60.0, 20.0).exp(),
                }
            })
            .collect()
    }

    /// Estimated qualities before they are cut to [0, 1]: for ranking.
    pub(crate) fn raw_quality(&self, sight: Sight<'_>) -> Vec<f64> {
        let all = self.uncut(sight);
        all.into_iter().map(|one| one.quality).collect()
    }

    fn pieces_of(&self, text: &str) -> Vec<f32> {
        let hashed = Hashed::of(text);
        let (char_scale, word_scale) = hashed.scales();
        let mut total = Vec::with_capacity(self.model.quality.len());
        for lot in self.pieces.chunks_exact(N_HASH) {
            let (of_chars, of_words) = lot.split_at(N_CHAR_BUCKETS);
            let chars = sums(of_chars, &hashed.chars);
            let words = sums(of_words, &hashed.words);
            let both = chars.iter().zip(words);
            total.extend(
                both.map(|(chars, words)| *chars as f32 * char_scale + words as f32 * word_scale),
            );
        }
        total.truncate(self.model.quality.len());
        total
    }
}

/// Adds up the weights of the buckets whose bits are set, eight candidates at once: every other byte of a word leaves
/// room for the sum of 256 of them.
fn sums(lot: &[u64], bits: &[u64]) -> [i32; LANES] {
    const EVEN: u64 = 0x00ff_00ff_00ff_00ff;
    let mut sums = [0_i32; LANES];
    for (lot, bits) in lot.chunks(256).zip(bits.chunks(4)) {
        let (mut even, mut odd, mut n) = (0_u64, 0_u64, 0);
        for (lot, bits) in lot.chunks_exact(64).zip(bits) {
            let Ok(lot): Result<&[u64; 64], _> = lot.try_into() else {
                continue;
            };
            n += bits.count_ones();
            let mut left = *bits;
            while left != 0 {
                let word = lot
                    .get(left.trailing_zeros() as usize % 64)
                    .copied()
                    .unwrap_or(0);
                even += word & EVEN;
                odd += (word >> 8) & EVEN;
                left &= left - 1;
            }
        }
        let bias = i32::from(BIAS) * n as i32;
        for (lane, sum) in sums.iter_mut().enumerate() {
            let half = if lane % 2 == 0 { even } else { odd };
            *sum += i32::from((half >> (8 * (lane & !1))) as u16) - bias;
        }
    }
    sums
}

fn check(model: &QueryModel) -> Result<(), (&'static str, String)> {
    let n = model.quality.len();
    let n_tasks = model.tasks.len();
    if model.features != FEATURES {
        let found = model.features;
        let message =
            format!("is {found}, and this version of trilemma knows features {FEATURES} alone");
        return Err(("features", message));
    }
    if n == 0 {
        return Err(("quality", "is empty".to_owned()));
    }
    if model.cost.len() != n {
        return Err(("cost", format!("has {} entries, not {n}", model.cost.len())));
    }
    if model.surface.len() != N_SURFACE {
        let message = format!("has {} entries, not {N_SURFACE}", model.surface.len());
        return Err(("surface", message));
    }
    for one in &model.quality {
        if one.surface.len() != N_SURFACE || one.tasks.len() != n_tasks {
            return Err((
                "quality",
                format!("of `{}` has too few or too many weights", one.candidate),
            ));
        }
    }
    if model.cost.iter().any(|one| one.tasks.len() != n_tasks) {
        return Err(("cost", "has too few or too many tasks".to_owned()));
    }
    let fits = |tree: &TreeModel| {
        let levels = tree.features.len();
        levels <= MAX_LEVELS
            && tree.thresholds.len() == levels
            && tree.leaves.len() == n << levels
            && tree.features.iter().all(|feature| *feature < N_SURFACE)
    };
    if !model.trees.iter().all(fits) {
        return Err((
            "trees",
            format!(
                "have too few or too many thresholds or leaves, unknown features, or more than {MAX_LEVELS} levels"
            ),
        ));
    }
    Ok(())
}

impl TreeModel {
    fn tree(&self) -> Tree {
        let levels = self.features.iter().zip(&self.thresholds);
        Tree {
            splits: levels
                .map(|(feature, threshold)| (*feature, *threshold))
                .collect(),
            leaves: self.leaves.clone(),
        }
    }
}

/// Surface features in standard deviations from their mean, cut at three.
pub(crate) fn standard_row(raw: &[f64], scales: &[[f64; 2]]) -> Vec<f64> {
    (raw.iter().zip(scales))
        .map(|(x, [mean, sd])| ((x - mean) / sd.max(1e-9)).clamp(-MAX_SD, MAX_SD))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_of_eight_are_added_as_one_by_one() {
        let weight = |bucket: usize, lane: usize| -> i8 {
            let mixed = (bucket * 31 + lane * 97) % 255;
            i8::try_from(mixed as i32 - 127).unwrap()
        };
        let lot: Vec<u64> = (0..1_024)
            .map(|bucket| {
                let byte = |lane| weight(bucket, lane).cast_unsigned().wrapping_add(BIAS);
                u64::from_le_bytes(std::array::from_fn(byte))
            })
            .collect();
        for every in [1, 2, 3, 7, 64, 5_000] {
            let is_set = |bucket: &usize| bucket.is_multiple_of(every);
            let mut bits = vec![0_u64; lot.len() / 64];
            for bucket in (0..lot.len()).filter(is_set) {
                bits[bucket / 64] |= 1 << (bucket % 64);
            }
            let expected: [i32; LANES] = std::array::from_fn(|lane| {
                let buckets = (0..lot.len()).filter(is_set);
                buckets.map(|bucket| i32::from(weight(bucket, lane))).sum()
            });
            assert_eq!(sums(&lot, &bits), expected, "{every}");
        }
        assert_eq!(sums(&lot, &[0; 16]), [0; LANES]);
        // The most that a byte can hold, as often as there is room for.
        let full = [u64::MAX; 256];
        assert_eq!(sums(&full, &[u64::MAX; 4]), [127 * 256; LANES]);
    }
}
