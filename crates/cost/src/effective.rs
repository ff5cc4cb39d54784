//! What a token of production traffic costs once caching, batches and retries are counted in.
//!
//! input = (1 − a)·p_in + a·(h·p_read + (1 − h)·p_write), with a = share of the input that can be
//! cached and h = how often it is found there; batch share b at batch prices; attempts
//! E = (1 − pⁿ)/(1 − p), each further attempt billed by the stated fraction of a whole one; token
//! ratios turn one tokenizer's counts into another's.
//! Checked against `cost/vectors/monthly.json` by `data_months_equal_the_vectors`.

use rust_decimal::Decimal;
use trilemma_catalog::Rates;
use trilemma_domain::{Usd, UsdPerMtok};

/// Prompt caching in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caching {
    /// Share of input tokens that is the same from query to query, in [0, 1].
    pub cacheable: Decimal,
    /// How often that part is found in the cache, in [0, 1]; otherwise it is written anew.
    pub hit: Decimal,
}

/// Failed attempts that are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Chance that an attempt fails, in [0, 1).
    pub p_fail: Decimal,
    /// Most attempts of a query; at least 1.
    pub max_attempts: u32,
    /// Share of the input that a failed attempt is billed for, in [0, 1].
    pub billed_input: Decimal,
    /// Share of the output that a failed attempt is billed for, in [0, 1].
    pub billed_output: Decimal,
}

impl Retries {
    /// Mean attempts of a query, (1 − pⁿ)/(1 − p); `None` unless p lies in [0, 1) and n ≥ 1.
    #[must_use]
    pub fn mean_attempts(&self) -> Option<Decimal> {
        if self.max_attempts == 0 || !(Decimal::ZERO..Decimal::ONE).contains(&self.p_fail) {
            return None;
        }
        // 1 + p + p² + …: the same sum without dividing.
        let mut term = Decimal::ONE;
        let mut sum = Decimal::ONE;
        for _ in 1..self.max_attempts.min(1_000) {
            term = term.checked_mul(self.p_fail)?;
            sum += term;
        }
        Some(sum)
    }
}

/// How production traffic meets a price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficShape {
    /// Tokens of this model per token that was counted, input; above 0.
    pub input_ratio: Decimal,
    /// The same of output: its tokenizer and its verbosity.
    pub output_ratio: Decimal,
    /// Prompt caching; `None` = none.
    pub caching: Option<Caching>,
    /// Share of queries sent as batches, in [0, 1].
    pub batch_share: Decimal,
    /// Retries; `None` = none.
    pub retries: Option<Retries>,
}

impl Default for TrafficShape {
    fn default() -> Self {
        Self {
            input_ratio: Decimal::ONE,
            output_ratio: Decimal::ONE,
            caching: None,
            batch_share: Decimal::ZERO,
            retries: None,
        }
    }
}

/// Dollars per million counted tokens, everything counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectivePrices {
    /// Per million input tokens.
    pub input: Decimal,
    /// Per million output tokens, reasoning included.
    pub output: Decimal,
}

impl EffectivePrices {
    /// Works out the prices; `batch` are those of the batch service.
    ///
    /// `None` when a price that is needed is unknown (batch prices are needed only where
    /// `batch_share` is above 0), or when a share lies outside of its range.
    #[must_use]
    pub fn of(shape: &TrafficShape, standard: &Rates, batch: Option<&Rates>) -> Option<Self> {
        let unit = Decimal::ZERO..=Decimal::ONE;
        if !unit.contains(&shape.batch_share) {
            return None;
        }
        let mut prices = one_attempt(shape, standard)?;
        if !shape.batch_share.is_zero() {
            let batched = one_attempt(shape, batch?)?;
            let live = Decimal::ONE - shape.batch_share;
            prices.input = prices.input * live + batched.input * shape.batch_share;
            prices.output = prices.output * live + batched.output * shape.batch_share;
        }
        if let Some(retries) = &shape.retries {
            let further = retries.mean_attempts()? - Decimal::ONE;
            prices.input *= Decimal::ONE + further * retries.billed_input;
            prices.output *= Decimal::ONE + further * retries.billed_output;
        }
        Some(prices)
    }

    /// Cost of a query of these mean token counts, both at least 0; `None` on overflow.
    #[must_use]
    pub fn per_query(&self, input_tokens: Decimal, output_tokens: Decimal) -> Option<Usd> {
        let input = self.input.checked_mul(input_tokens)?;
        let output = self.output.checked_mul(output_tokens)?;
        input
            .checked_add(output)?
            .checked_div(Decimal::from(1_000_000))
            .map(Usd::new)
    }

    /// Price of a million tokens in the proportion of these counts; `None` without tokens.
    #[must_use]
    pub fn blended(&self, input_tokens: Decimal, output_tokens: Decimal) -> Option<Decimal> {
        let per_query = self.per_query(input_tokens, output_tokens)?.decimal();
        per_query
            .checked_mul(Decimal::from(1_000_000))?
            .checked_div(input_tokens.checked_add(output_tokens)?)
    }
}

fn one_attempt(shape: &TrafficShape, rates: &Rates) -> Option<EffectivePrices> {
    let fresh = rates.input?.decimal();
    let input = match &shape.caching {
        None => fresh,
        Some(Caching { cacheable, hit }) => {
            let unit = Decimal::ZERO..=Decimal::ONE;
            if !unit.contains(cacheable) || !unit.contains(hit) {
                return None;
            }
            let or_fresh = |rate: Option<UsdPerMtok>| rate.map_or(fresh, UsdPerMtok::decimal);
            let read = or_fresh(rates.cache_read);
            let write = or_fresh(rates.cache_write_5m);
            let cached = hit * read + (Decimal::ONE - hit) * write;
            (Decimal::ONE - cacheable) * fresh + cacheable * cached
        }
    };
    Some(EffectivePrices {
        input: input.checked_mul(shape.input_ratio)?,
        output: rates.output?.decimal().checked_mul(shape.output_ratio)?,
    })
}

/// All prices times a factor of at least 0, as vendors state batch discounts; `None` on overflow
/// or below zero.
#[must_use]
pub fn scaled(rates: &Rates, factor: Decimal) -> Option<Rates> {
    let times = |rate: Option<UsdPerMtok>| match rate {
        None => Some(None),
        Some(rate) => UsdPerMtok::new(rate.decimal().checked_mul(factor)?)
            .ok()
            .map(Some),
    };
    Some(Rates {
        input: times(rates.input)?,
        output: times(rates.output)?,
        cache_read: times(rates.cache_read)?,
        cache_write_5m: times(rates.cache_write_5m)?,
        cache_write_1h: times(rates.cache_write_1h)?,
        reasoning: times(rates.reasoning)?,
        audio_input: times(rates.audio_input)?,
        audio_output: times(rates.audio_output)?,
        image_input: times(rates.image_input)?,
        image_output: times(rates.image_output)?,
        // What is billed by piece has no batch price.
        web_search_1k: rates.web_search_1k,
        grounded_request_1k: rates.grounded_request_1k,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rates(input: &str, output: &str) -> Rates {
        Rates {
            input: Some(input.parse().unwrap()),
            output: Some(output.parse().unwrap()),
            ..Rates::default()
        }
    }

    #[test]
    fn an_unknown_batch_price_is_unknown() {
        let shape = TrafficShape {
            batch_share: Decimal::new(5, 1),
            ..TrafficShape::default()
        };
        assert_eq!(EffectivePrices::of(&shape, &rates("1", "2"), None), None);
        assert_eq!(
            EffectivePrices::of(&TrafficShape::default(), &Rates::default(), None),
            None
        );
    }

    #[test]
    fn shares_out_of_range_are_refused() {
        let shape = TrafficShape {
            caching: Some(Caching {
                cacheable: Decimal::TWO,
                hit: Decimal::ONE,
            }),
            ..TrafficShape::default()
        };
        assert_eq!(EffectivePrices::of(&shape, &rates("1", "2"), None), None);
        let retries = Retries {
            p_fail: Decimal::ONE,
            max_attempts: 3,
            billed_input: Decimal::ONE,
            billed_output: Decimal::ONE,
        };
        assert_eq!(retries.mean_attempts(), None);
    }

    proptest! {
        /// Reading from a cache that is cheaper than fresh input never costs more.
        #[test]
        fn more_hits_never_cost_more(hit in 0u32..100, cacheable in 0u32..=100) {
            let mut list = rates("3", "15");
            list.cache_read = Some("0.3".parse().unwrap());
            list.cache_write_5m = Some("3.75".parse().unwrap());
            let price = |hit: u32| {
                let shape = TrafficShape {
                    caching: Some(Caching {
                        cacheable: Decimal::new(i64::from(cacheable), 2),
                        hit: Decimal::new(i64::from(hit), 2),
                    }),
                    ..TrafficShape::default()
                };
                EffectivePrices::of(&shape, &list, None).unwrap().input
            };
            prop_assert!(price(hit + 1) <= price(hit));
        }

        #[test]
        fn more_failures_never_cost_less(p in 0u32..98, attempts in 1u32..6) {
            let price = |p: u32| {
                let shape = TrafficShape {
                    retries: Some(Retries {
                        p_fail: Decimal::new(i64::from(p), 2),
                        max_attempts: attempts,
                        billed_input: Decimal::ONE,
                        billed_output: Decimal::new(5, 1),
                    }),
                    ..TrafficShape::default()
                };
                EffectivePrices::of(&shape, &rates("1", "2"), None).unwrap().output
            };
            prop_assert!(price(p + 1) >= price(p));
        }
    }
}
