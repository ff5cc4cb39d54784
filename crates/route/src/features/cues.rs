//! Words that say something about what a query asks, in groups.
//!
//! English only: in another language their counts are zero, and the hashed pieces carry the load.

use std::sync::LazyLock;

use super::letters::{APOSTROPHE, CAPITAL, DIGIT, LETTER, folded_ascii};

/// Number of groups.
pub(super) const N_GROUPS: usize = 20;

/// The groups; a word belongs to at most a few.
const GROUPS: [&[&str]; N_GROUPS] = [
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
const NEGATION: usize = 1;

/// A word in lower case, without what is neither letter nor digit nor apostrophe.
#[derive(Debug)]
pub(super) struct Word {
    /// Characters.
    length: usize,
    /// Its last four bytes, the last one lowest.
    last: u32,
    hash: u64,
}

impl Default for Word {
    fn default() -> Self {
        Self {
            length: 0,
            last: 0,
            hash: HASH_START,
        }
    }
}

impl Word {
    /// Takes the next character as it is written, with its kind.
    #[inline]
    pub(super) fn push(&mut self, c: char, kind: u8) {
        if c.is_ascii() {
            if matches!(kind, LETTER | CAPITAL | DIGIT | APOSTROPHE) {
                self.length += 1;
                self.byte(folded_ascii(c as u8));
            }
        } else if c.is_alphanumeric() {
            self.push_foreign(c);
        }
    }

    #[cold]
    fn push_foreign(&mut self, c: char) {
        for c in c.to_lowercase() {
            self.length += 1;
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                self.byte(byte);
            }
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.last = self.last << 8 | u32::from(byte);
        self.hash = hashed(self.hash, byte);
    }

    /// Characters of it in lower case.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The same for equal words.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    fn negates(&self) -> bool {
        self.last & 0x00ff_ffff == u32::from_be_bytes(*b"\0n't")
    }
}

/// What a hash begins with.
const HASH_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a (Fowler, Noll and Vo): made anew for each word, so that no start of a table costs anything.
fn hash(text: &str) -> u64 {
    text.bytes().fold(HASH_START, hashed)
}

fn hashed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

const N_SLOTS: usize = 512;

/// A place of the table: a cue's hash and its groups, one bit each; an empty one is of no group.
type Slot = (u64, u32);

/// Every cue at its hash or behind; more slots than cues, so that most other words meet an empty one at once.
static GROUPS_OF: LazyLock<[Slot; N_SLOTS]> = LazyLock::new(|| {
    let mut slots: [Slot; N_SLOTS] = [(0, 0); N_SLOTS];
    for (group, words) in GROUPS.into_iter().enumerate() {
        for word in words {
            let hash = hash(word);
            let at = places(hash).find(|at| {
                let found = slots.get(*at);
                found.is_some_and(|(known, groups)| *groups == 0 || *known == hash)
            });
            if let Some(slot) = at.and_then(|at| slots.get_mut(at)) {
                *slot = (hash, slot.1 | 1 << group);
            }
        }
    }
    slots
});

/// Where a word may lie, first place first.
fn places(hash: u64) -> impl Iterator<Item = usize> {
    // The upper bits of the product are the good ones.
    let first = (hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize;
    (0..N_SLOTS).map(move |step| (first + step) % N_SLOTS)
}

/// The groups of a word, one bit each. Words are told apart by their hashes of 64 bits alone.
pub(super) fn groups_of(word: &Word) -> u32 {
    let negates = u32::from(word.negates()) << NEGATION;
    let found = places(word.hash)
        .filter_map(|at| GROUPS_OF.get(at))
        .find(|(hash, groups)| *groups == 0 || *hash == word.hash);
    found.map_or(0, |(_, groups)| *groups) | negates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::letters::kind;

    fn word(written: &str) -> Word {
        let mut word = Word::default();
        for c in written.chars() {
            word.push(c, kind(c));
        }
        word
    }

    #[test]
    fn each_word_is_found_with_all_its_groups_and_others_are_not() {
        let groups = |written: &str| groups_of(&word(written));
        let expected = |text: &str| -> u32 {
            let has = |(group, words): (usize, &[&str])| u32::from(words.contains(&text)) << group;
            GROUPS.into_iter().enumerate().map(has).sum()
        };
        for word in GROUPS.into_iter().flatten() {
            assert_eq!(groups(word), expected(word), "{word}");
            assert_eq!(
                groups(&format!("({}!", word.to_uppercase())),
                expected(word)
            );
        }
        for word in ["", "-", "whyever", "e", "ach", "zwei", "😀"] {
            assert_eq!(groups(word), 0, "{word}");
        }
        assert_eq!(groups("Don't"), 1 << NEGATION);
        assert_eq!(groups("unreasonably-long-wouldn't"), 1 << NEGATION);
    }

    #[test]
    fn a_word_is_kept_in_lower_case_without_marks() {
        let long = word("\"İstanbul's\",");
        assert_eq!(long.length(), 11);
        assert_eq!(long.hash(), hash("i\u{307}stanbul's"));
        assert_ne!(long.hash(), word("other").hash());
    }
}
