//! Which input matters most: each at its ends, all others at their most likely value.
//!
//! Source: T. G. Eschenbach, "Spiderplots versus tornado diagrams" (Interfaces 22, 1992). Checked
//! against `cost/vectors/montecarlo.json` by `data_simulations_equal_the_vectors`.

use super::range::Range;
use super::simulate::{Candidate, Inputs};

/// An input with a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Queries per day.
    QueriesPerDay,
    /// Input tokens of a query.
    InputTokens,
    /// Growth of the traffic.
    Growth,
    /// Output tokens of a query.
    OutputTokens,
    /// Tokens of the candidate's tokenizer.
    InputRatio,
    /// Change of the candidate's prices.
    PriceChange,
    /// Fixed costs per month.
    Fixed,
    /// One-off cost.
    OneOff,
}

impl Input {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::QueriesPerDay => "queries_per_day",
            Self::InputTokens => "tokens_in",
            Self::Growth => "growth_per_month",
            Self::OutputTokens => "tokens_out",
            Self::InputRatio => "input_ratio",
            Self::PriceChange => "price_change_per_year",
            Self::Fixed => "fixed_usd_month",
            Self::OneOff => "one_off_usd",
        }
    }
}

/// What the total is at both ends of one input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swing {
    /// Which one.
    pub input: Input,
    /// Total at its least.
    pub low: f64,
    /// Total at its most.
    pub high: f64,
}

impl Swing {
    /// How far the total moves.
    #[must_use]
    pub fn width(&self) -> f64 {
        (self.high - self.low).abs()
    }
}

/// Swings of a candidate's total, widest first; inputs without a range have none.
#[must_use]
pub fn tornado(inputs: &Inputs, candidate: &Candidate) -> Vec<Swing> {
    let shared = inputs.at_mode();
    let own = candidate.at_mode();
    let ranges: [(Input, &Range); 8] = [
        (Input::QueriesPerDay, &inputs.queries_per_day),
        (Input::InputTokens, &inputs.input_tokens),
        (Input::Growth, &inputs.growth_per_month),
        (Input::OutputTokens, &candidate.output_tokens),
        (Input::InputRatio, &candidate.input_ratio),
        (Input::PriceChange, &candidate.price_change_per_year),
        (Input::Fixed, &candidate.fixed_usd_month),
        (Input::OneOff, &candidate.one_off_usd),
    ];
    let at = |input: Input, value: f64| {
        let (mut shared, mut own) = (shared, own);
        match input {
            Input::QueriesPerDay => shared.queries_per_day = value,
            Input::InputTokens => shared.input_tokens = value,
            Input::Growth => shared.growth = value,
            Input::OutputTokens => own.output_tokens = value,
            Input::InputRatio => own.input_ratio = value,
            Input::PriceChange => own.price_change = value,
            Input::Fixed => own.fixed = value,
            Input::OneOff => own.one_off = value,
        }
        inputs.total(candidate, shared, own)
    };
    let mut swings: Vec<Swing> = ranges
        .into_iter()
        .filter(|(_, range)| !range.is_exact())
        .map(|(input, range)| Swing {
            input,
            low: at(input, range.low()),
            high: at(input, range.high()),
        })
        .collect();
    swings.sort_by(|a, b| b.width().total_cmp(&a.width()).then(a.input.cmp(&b.input)));
    swings
}
