//! What is known of one judge in one run.

use trilemma_domain::{Order, Usd};

/// One judge of one scorer with all its words.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeInput {
    /// The scorer's label.
    pub scorer: String,
    /// The judge, as `provider/model`.
    pub model: String,
    /// Its family, such as `gpt`; `None` = unknown.
    pub family: Option<String>,
    /// Whether its scorer has a share in the score of an answer.
    pub counts: bool,
    /// Whether it compares two answers.
    pub compares: bool,
    /// A score from this on passes, in (0, 1].
    pub pass_threshold: f64,
    /// What its calls in this run cost, as far as known; `None` = unknown, or none was made.
    pub spent: Option<Usd>,
    /// Its words, in any order.
    pub words: Vec<JudgeWord>,
}

/// What a judge said once of one answer.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeWord {
    /// Which answer: equal for the words on one.
    pub answer: usize,
    /// Its item: slopes and gaps are those between answers to the same.
    pub item: usize,
    /// A number that items share which are not independent.
    pub cluster: usize,
    /// Family of the candidate that gave the answer; `None` = unknown.
    pub family: Option<String>,
    /// Length of the answer, in bytes.
    pub length: usize,
    /// 0 counts, 1 = asked again.
    pub round: u8,
    /// Where the answer stood among the texts shown.
    pub order: Order,
    /// The score, in [0, 1]; of a pair, how the answer did. `None` = it gave none.
    pub score: Option<f64>,
    /// The mean score of the scorer's other judges for the answer, in [0, 1]; `None` = there is none.
    pub others: Option<f64>,
    /// Whether people passed the answer: the majority, ties left out; `None` = nobody said.
    pub human: Option<bool>,
}
