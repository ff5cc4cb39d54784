//! Words that say something about what a query asks, in groups.
//!
//! English only: in another language their counts are zero, and the hashed pieces carry the load.

/// Number of groups.
pub(super) const N_GROUPS: usize = 20;

/// The groups; a word belongs to at most a few.
pub(super) const GROUPS: [&[&str]; N_GROUPS] = [
    // Asking for reasons.
    &[
        "why",
        "explain",
        "compare",
        "analyze",
        "evaluate",
        "prove",
        "show",
        "derive",
        "justify",
        "because",
        "reason",
        "therefore",
        "argument",
        "implies",
    ],
    // Negation.
    &[
        "not", "except", "never", "without", "no", "none", "cannot", "neither", "nor", "false",
        "least",
    ],
    // Comparison.
    &[
        "more", "less", "than", "fewer", "older", "younger", "greater", "smaller", "larger",
        "longer", "shorter", "higher", "lower", "taller",
    ],
    // Multiples and shares.
    &[
        "twice",
        "half",
        "times",
        "double",
        "triple",
        "thrice",
        "third",
        "quarter",
        "fraction",
        "ratio",
        "percent",
        "percentage",
        "multiple",
    ],
    // Rates.
    &["each", "per", "every", "rate", "average", "speed", "apiece"],
    // Sums.
    &[
        "total",
        "altogether",
        "combined",
        "sum",
        "both",
        "together",
        "all",
    ],
    // What is left.
    &[
        "left",
        "remaining",
        "rest",
        "remain",
        "remains",
        "difference",
        "spent",
        "lost",
        "gave",
        "away",
        "after",
        "minus",
    ],
    // Conditions.
    &[
        "if", "when", "unless", "until", "then", "suppose", "assume", "given", "while", "whether",
        "would",
    ],
    // Quantities in words.
    &[
        "some", "any", "only", "most", "many", "several", "few", "exactly", "always",
    ],
    // Time.
    &[
        "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years",
        "minute", "minutes", "monday", "sunday",
    ],
    // Numbers in words.
    &[
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve",
        "dozen", "hundred", "thousand",
    ],
    // Money.
    &[
        "cost", "costs", "price", "pay", "pays", "buy", "buys", "sell", "sells", "profit",
        "discount", "tax", "dollars", "cents", "earn", "earns", "money",
    ],
    // What is asked for.
    &["what", "which", "who", "whom", "whose", "where"],
    // How.
    &["how"],
    // References to what follows.
    &[
        "following",
        "statement",
        "statements",
        "above",
        "below",
        "i",
        "ii",
        "iii",
    ],
    // Pronouns.
    &[
        "he", "she", "it", "they", "his", "her", "their", "its", "him", "them", "you", "your", "we",
    ],
    // Past tense.
    &["was", "were", "had", "did", "been"],
    // Function words.
    &["the", "a", "an", "of", "to", "in", "for", "and", "or"],
    // Order.
    &[
        "first", "second", "last", "next", "before", "previous", "another", "other", "again", "new",
    ],
    // Tasks.
    &[
        "find",
        "calculate",
        "compute",
        "determine",
        "write",
        "list",
        "summarize",
        "translate",
        "classify",
        "extract",
        "output",
        "return",
    ],
];

/// The group of negations, which words ending in `n't` also belong to.
pub(super) const NEGATION: usize = 1;
