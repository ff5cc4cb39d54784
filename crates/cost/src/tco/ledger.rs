//! The ledger: each month of staying and of switching, and the month in which switching has paid.
//!
//! run(m) = model × growthᵐ⁻¹ × prices so far + fixed + one-offs of the month;
//! saving(m) = Σ (stay − run) − one-off at the start; payback = first month with saving ≥ 0;
//! present value = one-off + Σ run(m) ÷ (1 + d)ᵐ.
//! Checked against `cost/vectors/tco.json` by `data_ledgers_equal_the_vectors`.

use rust_decimal::Decimal;
use trilemma_domain::Usd;

/// What a month costs today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Running {
    /// Calls, or whatever else grows with the traffic.
    pub model: Usd,
    /// What does not: monitoring, infrastructure, maintenance, review.
    pub fixed: Usd,
}

/// What happens in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// From this month on, model costs are multiplied by this; at least 0.
    Price(Decimal),
    /// The month costs this much more.
    OneOff(Usd),
}

/// A dated change of cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The month, from 1.
    pub month: u32,
    /// What happens.
    pub kind: EventKind,
    /// Why, for people.
    pub reason: String,
}

/// Everything that a ledger is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPlan {
    /// Months, 1 to 120.
    pub months: u32,
    /// Growth of the traffic per month, above −1.
    pub growth: Decimal,
    /// Discount rate per month, above −1; 0 = none.
    pub discount: Decimal,
    /// What is paid before the first month.
    pub one_off: Usd,
    /// The candidate.
    pub run: Running,
    /// Its events.
    pub events: Vec<Event>,
    /// The present model, if there is one.
    pub stay: Option<Running>,
    /// Its events.
    pub stay_events: Vec<Event>,
}

/// One month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The month, from 1.
    pub month: u32,
    /// Model cost of the candidate.
    pub model: Usd,
    /// Its fixed cost.
    pub fixed: Usd,
    /// Its events.
    pub events: Usd,
    /// All of it.
    pub run: Usd,
    /// What staying would have cost; `None` = nothing to stay with.
    pub stay: Option<Usd>,
    /// What has been saved so far, one-off counted in.
    pub cumulative_saving: Option<Usd>,
    /// `run` in money of today.
    pub discounted: Usd,
}

/// The months and what they come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// What is paid before the first month.
    pub one_off: Usd,
    /// The months.
    pub rows: Vec<LedgerRow>,
    /// One-off and all months.
    pub total: Usd,
    /// The same in money of today.
    pub present_value: Usd,
    /// All months of staying.
    pub stay_total: Option<Usd>,
    /// First month by whose end switching has paid; `None` = not within the horizon.
    pub payback_month: Option<u32>,
}

/// A stream of months: model cost under growth and price events, and the one-offs of each.
struct Months<'a> {
    running: Running,
    events: &'a [Event],
    factor: Decimal,
}

impl Months<'_> {
    /// The month's model cost and events. Months must be asked for in order.
    fn next(&mut self, month: u32, growth: Decimal) -> Option<(Usd, Usd)> {
        if month > 1 {
            self.factor = self.factor.checked_mul(Decimal::ONE + growth)?;
        }
        let mut extra = Usd::ZERO;
        for event in self.events.iter().filter(|event| event.month == month) {
            match event.kind {
                EventKind::Price(factor) => self.factor = self.factor.checked_mul(factor)?,
                EventKind::OneOff(cost) => extra = extra + cost,
            }
        }
        let model = self.running.model.decimal().checked_mul(self.factor)?;
        Some((Usd::new(model), extra))
    }
}

impl LedgerPlan {
    /// Works the ledger out; `None` without months, with growth or discount at −1 or below, or on
    /// decimal overflow.
    #[must_use]
    pub fn ledger(&self) -> Option<Ledger> {
        let is_odd = |rate: Decimal| rate <= Decimal::NEGATIVE_ONE;
        if self.months == 0 || self.months > 120 || is_odd(self.growth) || is_odd(self.discount) {
            return None;
        }
        let mut candidate = Months {
            running: self.run,
            events: &self.events,
            factor: Decimal::ONE,
        };
        let mut staying = self.stay.map(|running| Months {
            running,
            events: &self.stay_events,
            factor: Decimal::ONE,
        });
        let mut saving = Usd::ZERO - self.one_off;
        let mut discount = Decimal::ONE;
        let mut rows = Vec::with_capacity(self.months as usize);
        for month in 1..=self.months {
            discount = discount.checked_mul(Decimal::ONE + self.discount)?;
            let (model, events) = candidate.next(month, self.growth)?;
            let run = model + self.run.fixed + events;
            let stay = match &mut staying {
                None => None,
                Some(months) => {
                    let (model, events) = months.next(month, self.growth)?;
                    Some(model + months.running.fixed + events)
                }
            };
            if let Some(stay) = stay {
                saving = saving + stay - run;
            }
            rows.push(LedgerRow {
                month,
                model,
                fixed: self.run.fixed,
                events,
                run,
                stay,
                cumulative_saving: stay.map(|_| saving),
                discounted: Usd::new(run.decimal().checked_div(discount)?),
            });
        }
        Some(Ledger {
            one_off: self.one_off,
            total: self.one_off + rows.iter().map(|row| row.run).sum(),
            present_value: self.one_off + rows.iter().map(|row| row.discounted).sum(),
            stay_total: rows.iter().map(|row| row.stay).sum(),
            payback_month: rows
                .iter()
                .find(|row| {
                    row.cumulative_saving
                        .is_some_and(|saving| saving >= Usd::ZERO)
                })
                .map(|row| row.month),
            rows,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(months: u32, growth: &str) -> LedgerPlan {
        LedgerPlan {
            months,
            growth: growth.parse().unwrap(),
            discount: Decimal::ZERO,
            one_off: Usd::ZERO,
            run: Running {
                model: "100".parse().unwrap(),
                fixed: "10".parse().unwrap(),
            },
            events: Vec::new(),
            stay: None,
            stay_events: Vec::new(),
        }
    }

    #[test]
    fn impossible_plans_have_no_ledger() {
        assert!(plan(0, "0").ledger().is_none());
        assert!(plan(12, "-1").ledger().is_none());
        assert!(plan(12, "0.05").ledger().is_some());
        let huge = LedgerPlan {
            growth: "1e20".parse().unwrap_or(Decimal::MAX),
            ..plan(12, "0")
        };
        assert!(huge.ledger().is_none());
    }

    #[test]
    fn without_a_present_model_nothing_is_saved() {
        let ledger = plan(2, "0").ledger().unwrap();
        assert_eq!(ledger.total, "220".parse().unwrap());
        assert_eq!((ledger.stay_total, ledger.payback_month), (None, None));
    }

    proptest! {
        #[test]
        fn longer_horizons_and_more_growth_never_cost_less(months in 1u32..36, percent in 0i64..20) {
            let total = |months, percent: i64| {
                let plan = LedgerPlan { growth: Decimal::new(percent, 2), ..plan(months, "0") };
                plan.ledger().unwrap().total
            };
            prop_assert!(total(months + 1, percent) > total(months, percent));
            prop_assert!(total(months, percent + 1) >= total(months, percent));
        }
    }
}
