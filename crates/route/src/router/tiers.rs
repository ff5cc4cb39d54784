//! The design document's router: three levels of complexity by words, cues and code.
//!
//! Exactly as its Python has them: `len(query.split())`, cues as substrings of the lower-cased
//! query, code by the regular expression "```|def |class |function". A cold start for those who
//! have measured nothing: on recorded outcomes it is worth little (docs/methods.md).

/// How complex a query looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// At most 40 words, no cue, no code.
    Small,
    /// More than 40 words, or code.
    Medium,
    /// More than 100 words, or a cue of reasoning.
    Large,
}

impl Tier {
    /// The document's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// Most words of a query that looks small, and of one that looks medium.
pub(super) const MOST_SMALL: usize = 40;
pub(super) const MOST_MEDIUM: usize = 100;

const REASONING: [&str; 5] = ["compare", "analyze", "explain why", "evaluate", "trade-off"];
const CODE: [&str; 4] = ["```", "def ", "class ", "function"];

/// Tells the tier of a query.
#[must_use]
pub fn classify_complexity(query: &str) -> Tier {
    Looks::of(query).tier()
}

/// What the tier of a query rests on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    pub(super) n_words: usize,
    /// The first cue of reasoning that is found in it.
    pub(super) cue: Option<&'static str>,
    pub(super) has_code: bool,
}

impl Looks {
    pub(super) fn of(query: &str) -> Self {
        let lower = query.to_lowercase();
        Self {
            n_words: query.split_whitespace().count(),
            cue: REASONING.into_iter().find(|cue| lower.contains(cue)),
            // Unlike the cues, the document looks for code in the query as it is written.
            has_code: CODE.iter().any(|mark| query.contains(mark)),
        }
    }

    pub(super) fn tier(self) -> Tier {
        if self.n_words > MOST_MEDIUM || self.cue.is_some() {
            Tier::Large
        } else if self.has_code || self.n_words > MOST_SMALL {
            Tier::Medium
        } else {
            Tier::Small
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_documents_code() {
        let check = |query: &str, tier| assert_eq!(classify_complexity(query), tier, "{query}");
        check("", Tier::Small);
        check("What is the capital of France?", Tier::Small);
        check(&"word ".repeat(40), Tier::Small);
        check(&"word ".repeat(41), Tier::Medium);
        check(&"word ".repeat(100), Tier::Medium);
        check(&"word ".repeat(101), Tier::Large);
        check("COMPARE these two", Tier::Large);
        check("the trade-off between both", Tier::Large);
        check("explain  why", Tier::Small);
        check("Explain why it rains", Tier::Large);
        check("def f(x): return x", Tier::Medium);
        check("a function of time", Tier::Medium);
        check("A Function of time", Tier::Small);
        check("first class service", Tier::Medium);
        check("```\nx\n```", Tier::Medium);
        // A cue outranks code, and is found inside longer words.
        check("class: re-evaluated", Tier::Large);
    }
}
