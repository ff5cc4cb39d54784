//! Cost of one request from its tokens, and the arithmetic behind it.
//!
//! fresh·p_in + read·p_read + write₅ₘ·p_w5m + write₁ₕ·p_w1h + (out − reasoning)·p_out + reasoning·p_reason,
//! where audio and image tokens are taken out of fresh input and visible output when they have prices
//! of their own; searches are added by piece, or by request where the vendor bills any number of them
//! as one. An absent cache price is the input price (an absent 1-hour price the 5-minute one),
//! an absent reasoning, audio or image price that of the text it stands beside: what vendors bill
//! when they list no separate price.
//! Checked against `cost/vectors/request_cost.json` by `data_request_costs_equal_the_vectors`.

use std::fmt;

use rust_decimal::Decimal;
use trilemma_catalog::Rates;
use trilemma_domain::{Usage, Usd, UsdPerMtok};

/// What is billed: tokens of a kind, or searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TokenKind {
    /// Input that neither came from nor went into a cache.
    Input,
    /// Input that is sound.
    AudioInput,
    /// Input that is pictures.
    ImageInput,
    /// Input read from a cache.
    CacheRead,
    /// Input written to a cache of short life.
    CacheWrite5m,
    /// Input written to a cache of one hour.
    CacheWrite1h,
    /// Output that can be seen.
    Output,
    /// Output that is sound.
    AudioOutput,
    /// Output that is pictures.
    ImageOutput,
    /// Output spent on reasoning.
    Reasoning,
    /// Web searches by the vendor, by piece.
    WebSearch,
    /// A request for which the vendor searched the web, however often.
    GroundedRequest,
}

impl TokenKind {
    /// Its name in explanations.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::AudioInput => "audio input",
            Self::ImageInput => "image input",
            Self::CacheRead => "cache read",
            Self::CacheWrite5m => "cache write (5 min)",
            Self::CacheWrite1h => "cache write (1 h)",
            Self::Output => "output",
            Self::AudioOutput => "audio output",
            Self::ImageOutput => "image output",
            Self::Reasoning => "reasoning",
            Self::WebSearch => "web search",
            Self::GroundedRequest => "request with web search",
        }
    }
}

/// What one unit costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitPrice {
    /// A million tokens.
    PerMtok(UsdPerMtok),
    /// A thousand pieces.
    PerThousand(Usd),
}

/// One product of the sum: tokens × price ÷ 10⁶, or pieces × price ÷ 10³.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostLine {
    /// What is billed.
    pub kind: TokenKind,
    /// How many tokens or pieces; above 0.
    pub count: u64,
    /// The price applied.
    pub price: UnitPrice,
    /// What it comes to.
    pub cost: Usd,
}

impl fmt::Display for CostLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, count) = (self.kind.name(), self.count);
        let cost = self.cost.decimal().normalize();
        match self.price {
            UnitPrice::PerMtok(price) => {
                let price = price.decimal().normalize();
                write!(f, "{name} {count} tokens × {price} / 1M = {cost}")
            }
            UnitPrice::PerThousand(price) => {
                let price = price.decimal().normalize();
                write!(f, "{name} {count} × {price} / 1k = {cost}")
            }
        }
    }
}

/// Prices one request exactly.
///
/// `None` when tokens of a kind were used whose price is unknown.
#[must_use]
pub fn request_cost(usage: &Usage, rates: &Rates) -> Option<Usd> {
    let lines = request_lines(usage, rates)?;
    Some(lines.iter().map(|line| line.cost).sum())
}

/// Prices one request, product by product; kinds without tokens have no line.
///
/// `None` when tokens or searches were used whose price is unknown: a part of a bill is no bill.
#[must_use]
pub fn request_lines(usage: &Usage, rates: &Rates) -> Option<Vec<CostLine>> {
    let mut lines = Vec::new();
    for (kind, tokens, price) in parts(usage, rates) {
        // No tokens cost nothing, whether or not their price is known.
        if tokens > 0 {
            let price = price?;
            lines.push(CostLine {
                kind,
                count: tokens,
                price: UnitPrice::PerMtok(price),
                cost: price.of_tokens(tokens)?,
            });
        }
    }
    if let Some(searches) = usage.web_searches.filter(|searches| *searches > 0) {
        let (kind, count, price) = match rates.grounded_request_1k {
            Some(price) => (TokenKind::GroundedRequest, 1, price),
            None => (TokenKind::WebSearch, searches, rates.web_search_1k?),
        };
        let cost = Decimal::from(count)
            .checked_mul(price.decimal())?
            .checked_div(Decimal::ONE_THOUSAND)?;
        lines.push(CostLine {
            kind,
            count,
            price: UnitPrice::PerThousand(price),
            cost: Usd::new(cost),
        });
    }
    Some(lines)
}

/// Tokens of each kind with the price that holds for them: parts of a whole are never billed twice.
fn parts(usage: &Usage, rates: &Rates) -> [(TokenKind, u64, Option<UsdPerMtok>); 10] {
    let reasoning = usage.reasoning.unwrap_or(0).min(usage.output);
    let visible = usage.output - reasoning;
    let fresh = usage.input_uncached;
    let audio_input = usage.audio_input.unwrap_or(0).min(fresh);
    let image_input = usage.image_input.unwrap_or(0).min(fresh - audio_input);
    let audio_output = usage.audio_output.unwrap_or(0).min(visible);
    let image_output = usage.image_output.unwrap_or(0).min(visible - audio_output);
    let cache_write_5m = rates.cache_write_5m.or(rates.input);
    let (input, output) = (rates.input, rates.output);
    [
        (TokenKind::Input, fresh - audio_input - image_input, input),
        (
            TokenKind::AudioInput,
            audio_input,
            rates.audio_input.or(input),
        ),
        (
            TokenKind::ImageInput,
            image_input,
            rates.image_input.or(input),
        ),
        (
            TokenKind::CacheRead,
            usage.cache_read.unwrap_or(0),
            rates.cache_read.or(input),
        ),
        (
            TokenKind::CacheWrite5m,
            usage.cache_write_5m.unwrap_or(0),
            cache_write_5m,
        ),
        (
            TokenKind::CacheWrite1h,
            usage.cache_write_1h.unwrap_or(0),
            rates.cache_write_1h.or(cache_write_5m),
        ),
        (
            TokenKind::Output,
            visible - audio_output - image_output,
            output,
        ),
        (
            TokenKind::AudioOutput,
            audio_output,
            rates.audio_output.or(output),
        ),
        (
            TokenKind::ImageOutput,
            image_output,
            rates.image_output.or(output),
        ),
        (TokenKind::Reasoning, reasoning, rates.reasoning.or(output)),
    ]
}

/// The sum as it is written: one product per line, then what they come to.
#[must_use]
pub fn explained(lines: &[CostLine]) -> String {
    let total: Decimal = lines.iter().map(|line| line.cost.decimal()).sum();
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    text.push_str(&format!("sum = {} USD", total.normalize()));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Option<UsdPerMtok> {
        Some(text.parse().unwrap())
    }

    fn usage(input: u64, output: u64) -> Usage {
        Usage {
            input_uncached: input,
            output,
            ..Usage::default()
        }
    }

    #[test]
    fn unknown_prices_are_unknown_not_zero() {
        let rates = Rates {
            input: rate("1"),
            ..Rates::default()
        };
        assert_eq!(request_cost(&usage(10, 1), &rates), None);
        assert_eq!(
            request_cost(&usage(1_000_000, 0), &rates),
            Some("1".parse().unwrap())
        );
    }

    proptest! {
        #[test]
        fn more_tokens_never_cost_less(input in 0u64..1_000_000, output in 0u64..100_000, more in 1u64..1000) {
            let rates = Rates { input: rate("0.15"), output: rate("0.6"), ..Rates::default() };
            let less = request_cost(&usage(input, output), &rates).unwrap();
            prop_assert!(request_cost(&usage(input + more, output), &rates).unwrap() > less);
            prop_assert!(request_cost(&usage(input, output + more), &rates).unwrap() > less);
        }
    }

    #[test]
    fn the_arithmetic_is_shown_line_by_line() {
        let rates = Rates {
            input: rate("2.5"),
            output: rate("10"),
            cache_read: rate("1.25"),
            audio_input: rate("40"),
            web_search_1k: Some("10".parse().unwrap()),
            ..Rates::default()
        };
        let usage = Usage {
            input_uncached: 86,
            cache_read: Some(1_920),
            output: 300,
            reasoning: Some(100),
            audio_input: Some(6),
            web_searches: Some(2),
            ..Usage::default()
        };
        let lines = request_lines(&usage, &rates).unwrap();
        assert_eq!(
            explained(&lines),
            "input 80 tokens × 2.5 / 1M = 0.0002\n\
             audio input 6 tokens × 40 / 1M = 0.00024\n\
             cache read 1920 tokens × 1.25 / 1M = 0.0024\n\
             output 200 tokens × 10 / 1M = 0.002\n\
             reasoning 100 tokens × 10 / 1M = 0.001\n\
             web search 2 × 10 / 1k = 0.02\n\
             sum = 0.02584 USD"
        );
    }
}
