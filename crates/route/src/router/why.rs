//! Decisions in words: one entry per node of the plan that had a say.

use std::fmt;

use trilemma_domain::CandidateId;

use super::tiers::Tier;
use crate::learned::Weighing;

/// Why a decision was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Why {
    /// A rule held.
    Rule {
        /// Its name.
        name: String,
    },
    /// No rule held.
    NoRule,
    /// The document's rules named a level.
    Tier(Tier),
    /// The task has a plan of its own.
    Task {
        /// The task.
        task: String,
    },
    /// The task has none, or none was named.
    OtherTask,
    /// The training has not seen the task, so nothing is estimated.
    UnseenTask,
    /// Enough answers were the same.
    Agreed {
        /// How many.
        n: usize,
        /// Of how many asked.
        of: usize,
    },
    /// Too few were.
    Disagreed {
        /// How many at most.
        n: usize,
        /// Of how many asked.
        of: usize,
        /// How many had to be.
        need: usize,
    },
    /// The cheap answer was complete.
    Complete,
    /// It was cut, withheld, failed, or extraction found nothing.
    Incomplete,
    /// The vector of the query takes part in the estimates.
    Embedded {
        /// Who made it.
        by: CandidateId,
    },
    /// There is no vector of it: it is estimated as by the mean vector of the training.
    NotEmbedded {
        /// Who was to make it.
        by: CandidateId,
        /// What came in its place.
        instead: NoVector,
    },
    /// Best expected quality less the price of cost.
    Expected {
        /// Who.
        candidate: CandidateId,
        /// Expected quality.
        quality: f64,
        /// Expected cost in USD.
        cost_usd: f64,
    },
    /// The judge of a cascade has weighed the answers.
    Weighed {
        /// Whether all of those asked agree; `None` = one candidate was asked, once or repeatedly.
        agree: Option<bool>,
        /// Whether the first answer is whole and something is found in it; if not, it is never given.
        is_found: bool,
        /// What asking on is worth.
        weighing: Weighing,
    },
    /// The classifier named a label that has a plan.
    Label {
        /// Who.
        by: CandidateId,
        /// The label.
        label: String,
    },
    /// There is no label that has a plan.
    NoLabel {
        /// Who was to name it.
        by: CandidateId,
        /// What came in its place.
        instead: NoLabel,
    },
    /// A candidate that was wanted had failed.
    Failed {
        /// Which.
        candidate: CandidateId,
    },
    /// Everyone who could still be asked failed: an answer that was not judged sufficient is given.
    LastResort,
}

/// Why there is no vector of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoVector {
    /// The query has no text, so nobody was asked.
    NoText,
    /// The call failed.
    Failed,
    /// What came has another length, numbers that are not finite, or none but zeros.
    Unusable,
}

/// Why there is no label that has a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLabel {
    /// The query has no text, so nobody was asked.
    NoText,
    /// The call failed, or was not made.
    Failed,
    /// What came names no label of the policy: it says something else, is cut, or was withheld.
    Unknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { name } => write!(f, "rule `{name}` holds"),
            Self::NoRule => f.write_str("no rule holds"),
            Self::Tier(tier) => write!(f, "the query looks {}", tier.name()),
            Self::Task { task } => write!(f, "its task is `{task}`"),
            Self::OtherTask => f.write_str("its task has no plan of its own"),
            Self::UnseenTask => {
                f.write_str("the training has not seen its task: nothing is estimated")
            }
            Self::Agreed { n, of } => write!(f, "{n} of {of} answers agree"),
            Self::Disagreed { n, of, need } => {
                write!(f, "{n} of {of} answers agree, {need} are needed")
            }
            Self::Complete => f.write_str("the cheap answer is complete"),
            Self::Incomplete => f.write_str("the cheap answer is not complete"),
            Self::Embedded { by } => write!(f, "the query's vector is by `{by}`"),
            Self::NotEmbedded { by, instead } => {
                match instead {
                    NoVector::NoText => write!(f, "there is no text for `{by}`")?,
                    NoVector::Failed => write!(f, "`{by}` made no vector")?,
                    NoVector::Unusable => {
                        write!(f, "the vector by `{by}` is not as in the training")?;
                    }
                }
                f.write_str(": the query is judged without one")
            }
            Self::Expected {
                candidate,
                quality,
                cost_usd,
            } => write!(
                f,
                "`{candidate}` promises most for its price: {:.1} % at {cost_usd:.6} USD",
                100.0 * quality
            ),
            Self::Weighed {
                is_found: false, ..
            } => f.write_str(
                "the first answer failed, was cut short or withheld, or nothing is found in it: it is not given, and \
                 asking goes on",
            ),
            Self::Weighed {
                agree, weighing, ..
            } => {
                let how = match agree {
                    Some(true) => "the cheap answers agree",
                    Some(false) => "the cheap answers do not agree",
                    None => "the cheap answer was judged",
                };
                let follows = if weighing.is_too_little() {
                    "the first answer is given"
                } else {
                    "the first answer is not given, and asking goes on"
                };
                write!(f, "{how}; {weighing}: {follows}")
            }
            Self::Label { by, label } => write!(f, "`{by}` says `{label}`"),
            Self::NoLabel { by, instead } => {
                match instead {
                    NoLabel::NoText => write!(f, "there is no text for `{by}`")?,
                    NoLabel::Failed => write!(f, "`{by}` failed")?,
                    NoLabel::Unknown => write!(f, "`{by}` named no label that is known")?,
                }
                f.write_str(": the plan for other labels decides")
            }
            Self::Failed { candidate } => write!(f, "`{candidate}` failed"),
            Self::LastResort => f.write_str("nobody else answers; the best cheap answer is given"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(agree: Option<bool>, is_found: bool, weighing: [f64; 3], sd: Option<f64>) -> String {
        let [gain, score, threshold] = weighing;
        let weighing = Weighing {
            gain,
            sd,
            score,
            threshold,
        };
        let why = Why::Weighed {
            agree,
            is_found,
            weighing,
        };
        why.to_string()
    }

    #[test]
    fn a_judgement_says_what_was_judged_at_what_threshold_and_what_follows() {
        assert_eq!(
            told(Some(true), true, [0.0031, 0.0026, 0.01], Some(0.0045)),
            "the cheap answers agree; asking on is expected to gain +0.31 points (posterior SD 0.45), +0.26 per usual \
             cost of asking on, which is not above the threshold of +1.00: the first answer is given"
        );
        assert_eq!(
            told(Some(false), true, [0.0412, 0.039, 0.01], None),
            "the cheap answers do not agree; asking on is expected to gain +4.12 points, +3.90 per usual cost of asking \
             on, which is above the threshold of +1.00: the first answer is not given, and asking goes on"
        );
        // A loss stands for itself, and nothing is not below nothing.
        assert_eq!(
            told(None, true, [-0.004, -0.004, -0.000_000_1], None),
            "the cheap answer was judged; asking on is expected to gain -0.40 points, which is not above the threshold \
             of +0.00: the first answer is given"
        );
        // Whatever the gain: an answer in which nothing is found is not given.
        let none = told(Some(false), false, [-0.1, -0.1, 0.01], None);
        assert!(
            none.contains("nothing is found in it: it is not given") && !none.contains("threshold"),
            "{none}"
        );
    }

    #[test]
    fn a_score_beside_its_threshold_never_looks_like_it() {
        let near = told(None, true, [0.010_02, 0.010_02, 0.010_01], None);
        assert!(
            near.contains("+1.0020 per") && near.contains("threshold of +1.0010"),
            "{near}"
        );
    }
}
