//! How many tokens a model's tokenizer makes of a text, relative to o200k_base.
//!
//! In: measured ratios with their source. Out: ranges for estimates before the first call; bills
//! come from reported usage. Nothing is tokenized here.

use crate::source::Provenance;

/// A measured ratio: lowest and highest value seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

impl Ratio {
    /// The middle of the range.
    #[must_use]
    pub fn mid(self) -> f64 {
        f64::midpoint(self.low, self.high)
    }
}

/// A family of models that share a tokenizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Tokenizer {
    /// Name that model rows refer to.
    pub id: String,
    /// Whether counts can be had exactly without calling the vendor.
    pub exact: bool,
    /// Tokens per o200k_base token in prose; `None` = not measured.
    pub text: Option<Ratio>,
    /// The same for program text.
    pub code: Option<Ratio>,
    /// The same for JSON.
    pub json: Option<Ratio>,
    /// Who measured it.
    pub provenance: Provenance,
}
