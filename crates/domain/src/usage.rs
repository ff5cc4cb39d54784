//! Tokens and searches of one call, in one meaning for all vendors (DESIGN.md §3).
//!
//! Vendors disagree on whether "input" includes cached tokens and whether "output" includes
//! reasoning. Decoders in `wire` turn each vendor's words into these.

use serde::{Deserialize, Serialize};

/// Where token counts come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// The vendor reported them (and bills by them).
    #[default]
    Reported,
    /// Counted by a tokenizer of our own or of a simulator: an estimate.
    Estimated,
}

/// The class of service that a vendor answers a call in; each has prices of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceTier {
    /// The ordinary one.
    Standard,
    /// Answers within hours, at a discount.
    Batch,
    /// Slower answers at a discount.
    Flex,
    /// Faster answers at a surcharge.
    Priority,
    /// One that no price list here knows, such as capacity bought beforehand.
    Other,
}

impl ServiceTier {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Standard,
        Self::Batch,
        Self::Flex,
        Self::Priority,
        Self::Other,
    ];

    /// Reads a vendor's word, in requests and answers; `None` = it leaves the choice to the vendor.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        Some(match word.trim_start_matches("service_tier_") {
            "" | "auto" | "unspecified" => return None,
            "default" | "standard" | "standard_only" | "on_demand" => Self::Standard,
            "batch" => Self::Batch,
            "flex" => Self::Flex,
            "priority" | "fast" => Self::Priority,
            _ => Self::Other,
        })
    }

    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Other => "other",
        }
    }
}

/// Where a vendor computes an answer; each has prices of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Wherever the vendor likes.
    Anywhere,
    /// In the United States only.
    Us,
    /// One that no price list here knows.
    Other,
}

impl Place {
    /// Reads a vendor's word, in requests and answers; `None` = it says nothing, or the model has no such choice.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "" | "not_available" | "unspecified" => return None,
            "global" => Self::Anywhere,
            "us" => Self::Us,
            _ => Self::Other,
        })
    }

    /// Its name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anywhere => "anywhere",
            Self::Us => "us",
            Self::Other => "other",
        }
    }
}

/// Token counts of one call.
///
/// Total input is `input_uncached + cache_read + cache_write_5m + cache_write_1h` with absent
/// parts as none; total output is `output`, which always includes reasoning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Input tokens that neither came from nor went into a cache.
    pub input_uncached: u64,
    /// Input tokens read from the vendor's cache; `None` = the vendor did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Input tokens written to a cache of short life (5 minutes, or the vendor's only kind).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<u64>,
    /// Input tokens written to a cache of one hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<u64>,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// Output tokens spent on reasoning; `None` = the vendor did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<u64>,
    /// Sound, within `input_uncached`; here and below `None` = none, or the vendor did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_input: Option<u64>,
    /// Pictures, within `input_uncached`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_input: Option<u64>,
    /// Sound, within the visible output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio_output: Option<u64>,
    /// Pictures, within the visible output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_output: Option<u64>,
    /// Web searches that the vendor ran for the call; billed by piece, besides all tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_searches: Option<u64>,
    /// The class of service that the vendor says it answered in; `None` = it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<ServiceTier>,
    /// Where the vendor says it computed the answer; `None` = it did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Who counted.
    #[serde(default)]
    pub source: UsageSource,
}

impl Usage {
    /// All input tokens, cached or not.
    #[must_use]
    pub fn input_total(&self) -> u64 {
        [self.cache_read, self.cache_write_5m, self.cache_write_1h]
            .into_iter()
            .flatten()
            .fold(self.input_uncached, u64::saturating_add)
    }

    /// Output tokens that are not reasoning.
    #[must_use]
    pub fn output_visible(&self) -> u64 {
        self.output.saturating_sub(self.reasoning.unwrap_or(0))
    }
}
