//! What the vector of a query adds to the estimated qualities.
//!
//! A model for embeddings turns the text of a query into numbers; each candidate has a weight for each of them. In
//! the file: one signed byte per weight, and what the mean vector of the training comes to, which is taken off, so that
//! a query of which there is no vector is estimated by everything else. Who makes the vector is a member of the policy
//! that is asked first and never answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use trilemma_domain::CandidateId;

use super::query::QueryModel;
use crate::features::head;

/// Most numbers of a vector.
const MAX_DIMENSIONS: usize = 8_192;

/// Weights of a query's vector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// Who makes the vector.
    pub by: CandidateId,
    /// Numbers of a vector. One with more or fewer is not used.
    pub dimensions: usize,
    /// By candidate, in the order of their qualities.
    pub quality: Vec<EmbeddingWeights>,
}

/// What a vector of length one adds to the quality of one candidate: scale × Σ weight × number − offset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingWeights {
    /// What a weight of 1 is worth.
    pub scale: f64,
    /// What the mean vector of the training comes to.
    pub offset: f64,
    /// One signed byte per number of the vector, in Base64.
    pub weights: String,
}

/// The text of a query that is turned into a vector: as much of it as the other features look at in detail. The same offline
/// and live. `None` = there is nothing to see, and nobody is asked.
#[must_use]
pub fn embedded_text(text: &str) -> Option<&str> {
    Some(head(text)).filter(|text| !text.trim().is_empty())
}

/// A vector of length one; `None` = it has another number of numbers, some that are not finite, or no length.
pub(crate) fn unit(vector: &[f32], dimensions: usize) -> Option<Vec<f32>> {
    let length = vector
        .iter()
        .map(|one| f64::from(*one).powi(2))
        .sum::<f64>()
        .sqrt();
    let is_usable = vector.len() == dimensions && length.is_finite() && length > 0.0;
    is_usable.then(|| {
        let scaled = |one: &f32| (f64::from(*one) / length) as f32;
        vector.iter().map(scaled).collect()
    })
}

impl EmbeddingWeights {
    /// Packs weights so that the mean vector comes to nothing.
    pub(crate) fn packed(weights: &[f64], mean: &[f32]) -> Self {
        let (scale, bytes) = super::in_bytes(weights);
        let at_mean: f64 = (bytes.iter().zip(mean))
            .map(|(weight, mean)| f64::from(*weight) * f64::from(*mean))
            .sum();
        Self {
            scale,
            offset: super::brief(scale * at_mean),
            weights: super::in_base64(&bytes),
        }
    }
}

/// Weights made ready to run.
#[derive(Debug)]
pub(crate) struct ReadyEmbedding {
    by: CandidateId,
    dimensions: usize,
    /// Per candidate: scale, offset, weights.
    rows: Vec<(f64, f64, Vec<i8>)>,
}

impl ReadyEmbedding {
    /// Reads the packed weights of a model; without an embedding, nothing.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place in the model.
    pub(crate) fn of(model: &QueryModel) -> Result<Option<Self>, Vec<(String, String)>> {
        let Some(embedding) = &model.embedding else {
            return Ok(None);
        };
        let mut faults = Vec::new();
        let mut note = |at: String, message: String| faults.push((at, message));
        let n = embedding.dimensions;
        if n == 0 || n > MAX_DIMENSIONS {
            note(
                "embedding.dimensions".to_owned(),
                format!("is {n}, not 1 to {MAX_DIMENSIONS}"),
            );
        }
        if embedding.quality.len() != model.quality.len() {
            note(
                "embedding.quality".to_owned(),
                format!(
                    "has {} entries, not {}",
                    embedding.quality.len(),
                    model.quality.len()
                ),
            );
        }
        let mut rows = Vec::with_capacity(embedding.quality.len());
        for (idx, one) in embedding.quality.iter().enumerate() {
            let at = |name: &str| format!("embedding.quality[{idx}].{name}");
            for (name, number) in [("scale", one.scale), ("offset", one.offset)] {
                if !number.is_finite() {
                    note(at(name), "is not finite".to_owned());
                }
            }
            match STANDARD.decode(&one.weights) {
                Ok(bytes) if bytes.len() == n => {
                    let weights = bytes.into_iter().map(u8::cast_signed).collect();
                    rows.push((one.scale, one.offset, weights));
                }
                Ok(bytes) => note(
                    at("weights"),
                    format!("holds {} bytes, not {n}", bytes.len()),
                ),
                Err(error) => note(at("weights"), format!("is no Base64: {error}")),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Some(Self {
            by: embedding.by.clone(),
            dimensions: n,
            rows,
        }))
    }

    /// Who makes the vector.
    pub(crate) fn by(&self) -> &CandidateId {
        &self.by
    }

    /// Whether a vector, as it came, can be used.
    pub(crate) fn is_usable(&self, vector: &[f32]) -> bool {
        unit(vector, self.dimensions).is_some()
    }

    /// What a vector, as it came, adds to each quality; `None` = it cannot be used.
    pub(crate) fn adds(&self, vector: &[f32]) -> Option<Vec<f64>> {
        let vector = unit(vector, self.dimensions)?;
        let of = |(scale, offset, weights): &(f64, f64, Vec<i8>)| {
            let sum: f64 = (weights.iter().zip(&vector))
                .map(|(weight, one)| f64::from(*weight) * f64::from(*one))
                .sum();
            scale * sum - offset
        };
        Some(self.rows.iter().map(of).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_cut_where_other_features_end() {
        assert_eq!(embedded_text(" \n\t"), None);
        assert_eq!(embedded_text(""), None);
        assert_eq!(embedded_text(" a "), Some(" a "));
        let long = "ü".repeat(8_001);
        assert_eq!(embedded_text(&long).unwrap().chars().count(), 8_000);
    }

    #[test]
    fn only_whole_vectors_are_used() {
        assert_eq!(unit(&[3.0, 4.0], 2), Some(vec![0.6, 0.8]));
        for broken in [
            &[][..],
            &[1.0],
            &[0.0, 0.0],
            &[f32::NAN, 1.0],
            &[f32::INFINITY, 1.0],
        ] {
            assert_eq!(unit(broken, 2), None, "{broken:?}");
        }
        // Squares of large numbers do not overflow.
        assert_eq!(unit(&[f32::MAX, 0.0], 2), Some(vec![1.0, 0.0]));
    }

    #[test]
    fn the_mean_comes_to_nothing() {
        let mean = [0.6, 0.8];
        let packed = EmbeddingWeights::packed(&[0.5, -0.25], &mean);
        let ready = ReadyEmbedding {
            by: CandidateId::new("embed"),
            dimensions: 2,
            rows: vec![(
                packed.scale,
                packed.offset,
                STANDARD
                    .decode(&packed.weights)
                    .unwrap()
                    .into_iter()
                    .map(u8::cast_signed)
                    .collect(),
            )],
        };
        assert!(ready.adds(&mean).unwrap()[0].abs() < 1e-6);
        let other = ready.adds(&[1.0, 0.0]).unwrap()[0];
        assert_eq!(ready.adds(&[1.0]), None);
        assert!((other - 0.4).abs() < 0.01, "{other}");
    }
}
