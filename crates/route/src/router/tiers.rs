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

const REASONING: [&str; 5] = ["compare", "analyze", "explain why", "evaluate", "trade-off"];
const CODE: [&str; 4] = ["```", "def ", "class ", "function"];

/// Tells the tier of a query.
#[must_use]
pub fn classify_complexity(query: &str) -> Tier {
    let n_words = query.split_whitespace().count();
    let lower = query.to_lowercase();
    let has_reasoning = REASONING.iter().any(|cue| lower.contains(cue));
    // Unlike the cues, the document looks for code in the query as it is written.
    let has_code = CODE.iter().any(|mark| query.contains(mark));
    if n_words > 100 || has_reasoning {
        Tier::Large
    } else if has_code || n_words > 40 {
        Tier::Medium
    } else {
        Tier::Small
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
