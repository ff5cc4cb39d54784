//! What people say of answers, and which items they were asked about.

use serde::{Deserialize, Serialize};

use crate::trial::TrialKey;

/// One item that labels stand for: those drawn are shown to people, the others are what they stand for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewItem {
    /// Position of the item in the run.
    pub item_idx: u32,
    /// Name of its stratum; within one, every item had the same chance.
    pub stratum: String,
    /// Its turn in the queue, from 0; `None` = not drawn.
    pub place: Option<u32>,
}

/// What one person said of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HumanLabel {
    /// The answer.
    pub key: TrialKey,
    /// Who said it.
    pub reviewer: String,
    /// What was said.
    pub word: HumanWord,
    /// A remark.
    pub note: Option<String>,
    /// When, in microseconds since 1970-01-01 UTC.
    pub labelled_us: i64,
}

/// A person's verdict on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HumanWord {
    /// It will do.
    Pass,
    /// It will not do.
    Fail,
    /// The person could not say.
    Skipped,
}

impl HumanWord {
    /// Gives the word to show and to read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skip",
        }
    }

    /// Reads what people write: `pass`, `fail`, `skip` and their usual short forms, in any case.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "pass" | "p" | "yes" | "y" | "1" | "true" | "ok" => Some(Self::Pass),
            "fail" | "f" | "no" | "n" | "0" | "false" => Some(Self::Fail),
            "skip" | "skipped" | "s" | "?" => Some(Self::Skipped),
            _ => None,
        }
    }

    /// Whether it passes; `None` = skipped.
    #[must_use]
    pub fn passes(self) -> Option<bool> {
        match self {
            Self::Pass => Some(true),
            Self::Fail => Some(false),
            Self::Skipped => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_shows() {
        for word in [HumanWord::Pass, HumanWord::Fail, HumanWord::Skipped] {
            assert_eq!(HumanWord::read(word.name()), Some(word));
            assert_eq!(
                HumanWord::read(&format!(" {} ", word.name().to_uppercase())),
                Some(word)
            );
        }
        assert_eq!(HumanWord::read("perhaps"), None);
        assert_eq!(HumanWord::Skipped.passes(), None);
    }
}
