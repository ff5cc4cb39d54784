//! The figures of one judge.

use serde::{Deserialize, Serialize};
use trilemma_domain::Usd;

use crate::figure::Figure;

/// One judge, measured. Figures are `None` where nothing bears on them, or too little.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeResult {
    /// The scorer's label.
    pub scorer: String,
    /// The judge, as `provider/model`.
    pub model: String,
    /// Its family; `None` = unknown.
    pub family: Option<String>,
    /// Whether its scorer has a share in the score of an answer.
    pub counts: bool,
    /// Whether people have checked it.
    pub checked: Checked,
    /// Answers that it has given its word on.
    pub n_answers: usize,
    /// Answers on which it gave no grade: it failed, or its reply held none.
    pub n_without_grade: usize,
    /// What its calls in this run cost, as far as known.
    pub spent: Option<Usd>,
    /// Pairs shown in both orders; `None` for judges that grade.
    pub order: Option<OrderFigures>,
    /// Answers asked about twice.
    pub steadiness: Option<SteadinessFigures>,
    /// Score per doubling of the answer's length, among answers to the same item.
    pub length: Option<Lean>,
    /// Score of its own family's answers less that of others' to the same item.
    pub own_family: Option<Lean>,
    /// Its word beside that of people.
    pub humans: Option<HumanAgreement>,
}

/// Whether people have checked a judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// Nobody has.
    Unchecked,
    /// People have labelled some of the answers, too few to say how far it agrees.
    TooFew,
    /// Yes: see how far it agrees.
    Measured,
}

/// What the order in which a pair is shown does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderFigures {
    /// Pairs with a word in both orders.
    pub n_pairs: usize,
    /// Share of these with the same word in both, in [0, 1].
    pub consistency: Figure,
    /// Share of the words for one side that are for the answer shown first, in [0, 1]: 0.5 = the place
    /// does not count.
    pub first_rate: Option<Figure>,
}

/// What asking again brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SteadinessFigures {
    /// Answers with a grade both times.
    pub n_answers: usize,
    /// Share of these that pass or fail both times, in [0, 1].
    pub same_side: Figure,
    /// Mean distance of the two scores, in [0, 1].
    pub mean_change: Option<Figure>,
}

/// Which way a judge leans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lean {
    /// The judge's own scores: quality and leaning together.
    pub raw: Figure,
    /// The same of the judge's scores less those of the panel's other judges for the same answers;
    /// `None` = there are none.
    pub beside_others: Option<Figure>,
}

/// A judge's word beside that of people, on passing and failing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HumanAgreement {
    /// Answers with a word of both.
    pub n_answers: usize,
    /// Of these, passed by people.
    pub n_passed_by_people: usize,
    /// Of these, passed by the judge.
    pub n_passed_by_judge: usize,
    /// Share on which both agree, in [0, 1].
    pub same: Figure,
    /// Cohen's kappa, in [-1, 1]; `None` = one of them never varied, or too few answers.
    pub kappa: Option<Figure>,
    /// Krippendorff's alpha.
    pub alpha: Option<Figure>,
    /// Gwet's AC1, which hardly depends on how many pass.
    pub ac1: Option<Figure>,
}
