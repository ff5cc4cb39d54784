//! One call of a judge: which answer it is about, what came back, what was read from it.

use serde::{Deserialize, Serialize};

use crate::attempt::Attempt;
use crate::fingerprint::Fingerprint;
use crate::money::NanoUsd;
use crate::trial::{ScoredOutcome, TrialKey, TrialOrigin, TrialOutcome};

/// Where the answer stands among the texts that a judge sees.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Alone, or before the one that it is compared with.
    #[default]
    First,
    /// After the one that it is compared with.
    Second,
}

/// Which of the calls that one scorer makes for one answer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct Seat {
    /// Position of the judge among those that the scorer asks.
    pub judge: u8,
    /// 0 counts; 1 asks the same again, only to see how steady the judge is.
    pub round: u8,
    /// Where the answer stands.
    pub order: Order,
}

impl Seat {
    /// Gives the seat as one number, for columns.
    #[must_use]
    pub fn code(self) -> u32 {
        let order = match self.order {
            Order::First => 0,
            Order::Second => 1,
        };
        u32::from(self.judge) << 16 | u32::from(self.round) << 8 | order
    }

    /// Reads [`Seat::code`]; `None` = it is none.
    #[must_use]
    pub fn from_code(code: u32) -> Option<Self> {
        let [zero, judge, round, order] = code.to_be_bytes();
        let order = match order {
            0 => Order::First,
            1 => Order::Second,
            _ => return None,
        };
        (zero == 0).then_some(Self {
            judge,
            round,
            order,
        })
    }
}

/// Which call of a judge in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JudgementKey {
    /// The trial whose answer is judged.
    pub trial: TrialKey,
    /// Position of the scorer in the project.
    pub scorer_idx: u32,
    /// Which of the scorer's calls.
    pub seat: Seat,
}

/// One settled call of a judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Which one.
    pub key: JudgementKey,
    /// The judge as the project names it, `provider/model`.
    pub model: String,
    /// Hash of endpoint, full request and round.
    pub request: Fingerprint,
    /// Where the reply came from; `Replayed` = the same question was asked before, of any run.
    pub origin: TrialOrigin,
    /// Every HTTP call that was made for it, in order.
    pub attempts: Vec<Attempt>,
    /// Cost of its attempts as far as each is known (replays: of the original call's);
    /// `None` = the price, or the reply's token count, is unknown.
    pub cost: Option<NanoUsd>,
    /// Failed attempts whose cost is unknown and not in `cost`.
    pub n_unpriced_attempts: u32,
    /// Hash of the price row that `cost` rests on.
    pub price_row: Option<Fingerprint>,
    /// What the judge replied, or why it did not.
    pub outcome: TrialOutcome,
    /// What was read from the reply: of a pair, 1 = the answer wins, 0.5 = tie, 0 = it loses.
    pub grade: ScoredOutcome,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_numbers_and_back() {
        for order in [Order::First, Order::Second] {
            for (judge, round) in [(0, 0), (1, 0), (255, 1), (7, 255)] {
                let seat = Seat {
                    judge,
                    round,
                    order,
                };
                assert_eq!(Seat::from_code(seat.code()), Some(seat));
            }
        }
        assert_eq!(Seat::from_code(2), None);
        assert_eq!(Seat::from_code(1 << 24), None);
    }
}
