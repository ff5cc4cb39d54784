//! Cost of one request from its tokens, and the arithmetic behind it.
//!
//! fresh·p_in + read·p_read + write₅ₘ·p_w5m + write₁ₕ·p_w1h + (out − reasoning)·p_out + reasoning·p_reason,
//! where audio and image tokens are taken out of fresh input and visible output when they have prices
//! of their own. An absent cache price is the input price (an absent 1-hour price the 5-minute one),
//! an absent reasoning, audio or image price that of the text it stands beside: what vendors bill
//! when they list no separate price.
//! Checked against `cost/vectors/request_cost.json` by `data_request_costs_equal_the_vectors`.

use std::fmt;

use rust_decimal::Decimal;
use trilemma_catalog::Rates;
use trilemma_domain::{Usage, Usd, UsdPerMtok};

/// What tokens are billed as.
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
    /// Output spent on reasoning.
    Reasoning,
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
            Self::Reasoning => "reasoning",
        }
    }
}

/// One product of the sum: tokens × price ÷ 10⁶.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostLine {
    /// What is billed.
    pub kind: TokenKind,
    /// How many tokens; above 0.
    pub tokens: u64,
    /// The price applied.
    pub price: UsdPerMtok,
    /// What it comes to.
    pub cost: Usd,
}

impl fmt::Display for CostLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} tokens × {} / 1M = {}",
            self.kind.name(),
            self.tokens,
            self.price.decimal().normalize(),
            self.cost.decimal().normalize()
        )
    }
}

/// Tokens of other kinds than text, as parts of a [`Usage`]'s counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modalities {
    /// Sound, within the uncached input.
    pub audio_input: u64,
    /// Pictures, within the uncached input.
    pub image_input: u64,
    /// Sound, within the visible output.
    pub audio_output: u64,
}

/// Prices one request exactly.
///
/// `None` when tokens of a kind were used whose price is unknown.
#[must_use]
pub fn request_cost(usage: &Usage, rates: &Rates) -> Option<Usd> {
    let lines = request_lines(usage, &Modalities::default(), rates)?;
    Some(lines.iter().map(|line| line.cost).sum())
}

/// Prices one request, product by product; kinds without tokens have no line.
///
/// `None` when tokens of a kind were used whose price is unknown: a part of a bill is no bill.
#[must_use]
pub fn request_lines(
    usage: &Usage,
    modalities: &Modalities,
    rates: &Rates,
) -> Option<Vec<CostLine>> {
    let reasoning = usage.reasoning.unwrap_or(0).min(usage.output);
    let visible = usage.output - reasoning;
    let audio_input = modalities.audio_input.min(usage.input_uncached);
    let image_input = modalities
        .image_input
        .min(usage.input_uncached - audio_input);
    let audio_output = modalities.audio_output.min(visible);
    let cache_write_5m = rates.cache_write_5m.or(rates.input);
    let parts = [
        (
            TokenKind::Input,
            usage.input_uncached - audio_input - image_input,
            rates.input,
        ),
        (
            TokenKind::AudioInput,
            audio_input,
            rates.audio_input.or(rates.input),
        ),
        (
            TokenKind::ImageInput,
            image_input,
            rates.image_input.or(rates.input),
        ),
        (
            TokenKind::CacheRead,
            usage.cache_read.unwrap_or(0),
            rates.cache_read.or(rates.input),
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
        (TokenKind::Output, visible - audio_output, rates.output),
        (
            TokenKind::AudioOutput,
            audio_output,
            rates.audio_output.or(rates.output),
        ),
        (
            TokenKind::Reasoning,
            reasoning,
            rates.reasoning.or(rates.output),
        ),
    ];
    parts
        .into_iter()
        // No tokens cost nothing, whether or not their price is known.
        .filter(|(_, tokens, _)| *tokens > 0)
        .map(|(kind, tokens, price)| {
            let price = price?;
            Some(CostLine {
                kind,
                tokens,
                price,
                cost: price.of_tokens(tokens)?,
            })
        })
        .collect()
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
            ..Rates::default()
        };
        let usage = Usage {
            input_uncached: 86,
            cache_read: Some(1_920),
            output: 300,
            reasoning: Some(100),
            ..Usage::default()
        };
        let sound = Modalities {
            audio_input: 6,
            ..Modalities::default()
        };
        let lines = request_lines(&usage, &sound, &rates).unwrap();
        assert_eq!(
            explained(&lines),
            "input 80 tokens × 2.5 / 1M = 0.0002\n\
             audio input 6 tokens × 40 / 1M = 0.00024\n\
             cache read 1920 tokens × 1.25 / 1M = 0.0024\n\
             output 200 tokens × 10 / 1M = 0.002\n\
             reasoning 100 tokens × 10 / 1M = 0.001\n\
             sum = 0.00584 USD"
        );
    }
}
