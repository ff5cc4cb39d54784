//! What a change of model costs once.
//!
//! evaluation calls + human review + engineering + prompt migration + parallel running, the last as
//! (days ÷ 30.4375) of the present month's model cost.
//! Checked against `cost/vectors/tco.json` by `data_ledgers_equal_the_vectors`.

use rust_decimal::Decimal;
use trilemma_domain::Usd;

use crate::decimal::MONTH_DAYS;

/// The work and calls that a switch takes; all at least 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switching {
    /// Items of the evaluation.
    pub eval_items: Decimal,
    /// Models compared in it.
    pub eval_models: Decimal,
    /// Times that each is run.
    pub eval_runs: Decimal,
    /// Calls of one item with one model, judges included.
    pub eval_usd_per_item: Decimal,
    /// Answers that people read.
    pub review_items: Decimal,
    /// Minutes for each.
    pub review_minutes: Decimal,
    /// What an hour of work costs.
    pub rate_usd_hour: Decimal,
    /// Days of engineering.
    pub eng_days: Decimal,
    /// Hours of such a day.
    pub hours_per_day: Decimal,
    /// Prompts to migrate.
    pub prompts: Decimal,
    /// Hours for each.
    pub hours_per_prompt: Decimal,
    /// Days for which both models run.
    pub overlap_days: Decimal,
}

/// A cost that comes once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOff {
    /// What it is for.
    pub what: &'static str,
    /// What it comes to.
    pub cost: Usd,
}

impl Switching {
    /// The parts of the one-off cost; `None` on decimal overflow.
    ///
    /// `present_month` is what the present model costs in the first month, without monitoring.
    #[must_use]
    pub fn lines(&self, present_month: Usd) -> Option<Vec<OneOff>> {
        let product = |factors: &[Decimal]| {
            factors
                .iter()
                .try_fold(Decimal::ONE, |product, factor| product.checked_mul(*factor))
        };
        let evaluation = product(&[
            self.eval_items,
            self.eval_models,
            self.eval_runs,
            self.eval_usd_per_item,
        ])?;
        let review = product(&[self.review_items, self.review_minutes, self.rate_usd_hour])?
            .checked_div(Decimal::from(60))?;
        let engineering = product(&[self.eng_days, self.hours_per_day, self.rate_usd_hour])?;
        let prompts = product(&[self.prompts, self.hours_per_prompt, self.rate_usd_hour])?;
        let parallel =
            product(&[self.overlap_days, present_month.decimal()])?.checked_div(MONTH_DAYS)?;
        let line = |what, cost| OneOff {
            what,
            cost: Usd::new(cost),
        };
        Some(vec![
            line("evaluation calls", evaluation),
            line("human review", review),
            line("engineering", engineering),
            line("prompt migration", prompts),
            line("parallel running", parallel),
        ])
    }

    /// All of it; `None` on decimal overflow.
    #[must_use]
    pub fn total(&self, present_month: Usd) -> Option<Usd> {
        let lines = self.lines(present_month)?;
        Some(lines.iter().map(|line| line.cost).sum())
    }
}
