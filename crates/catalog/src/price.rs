//! Dated prices: which row holds on a day, for a service class and a context length.
//!
//! In: the price rows of one model. Out: the one row that applies, with an id that can be stored
//! beside each attempt. No amounts are computed here (`trilemma-cost` does that), and a price that
//! no row states is unknown, never zero.
//!
//! Source of the rules: research notes on vendors' price pages of 2026-11. A long-context row
//! re-prices the whole request, and is chosen by all input tokens, cached ones included.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use trilemma_domain::{Fingerprint, Usd, UsdPerMtok};

use crate::source::Provenance;

/// The price book of vendors' list prices; the one used unless another is asked for.
pub const LIST: &str = "list";

/// How urgently the vendor is asked to answer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The ordinary one.
    #[default]
    Standard,
    /// Answers within hours, at a discount.
    Batch,
    /// Slower answers at a discount.
    Flex,
    /// Faster answers at a surcharge (some vendors say `fast`).
    Priority,
}

impl Service {
    /// All service classes.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Batch, Self::Flex, Self::Priority];

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
        }
    }
}

/// Prices in US dollars per million tokens; `None` = no source states it, which is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    /// Uncached input.
    pub input: Option<UsdPerMtok>,
    /// Output; includes reasoning unless `reasoning` is given.
    pub output: Option<UsdPerMtok>,
    /// Input read from the vendor's cache.
    pub cache_read: Option<UsdPerMtok>,
    /// Input written to a cache of short life (5 minutes, or the vendor's only kind).
    pub cache_write_5m: Option<UsdPerMtok>,
    /// Input written to a cache of one hour.
    pub cache_write_1h: Option<UsdPerMtok>,
    /// Output spent on reasoning, where it has its own price.
    pub reasoning: Option<UsdPerMtok>,
    /// Input that is sound, where it has its own price.
    pub audio_input: Option<UsdPerMtok>,
    /// Output that is sound, where it has its own price.
    pub audio_output: Option<UsdPerMtok>,
    /// Input that is pictures, where it has its own price.
    pub image_input: Option<UsdPerMtok>,
    /// Output that is pictures, where it has its own price.
    pub image_output: Option<UsdPerMtok>,
    /// A thousand web searches by the vendor.
    pub web_search_1k: Option<Usd>,
    /// A thousand requests for which the vendor searched the web, however often for each; a vendor
    /// that states this bills no single searches.
    pub grounded_request_1k: Option<Usd>,
}

/// Names one price row for ever: where it stands, and a hash of what it says.
///
/// Reads `MODEL@FROM.SERVICE`, then `>TOKENS`, `/REGION` and `~BOOK` where they are not the
/// ordinary ones, then `#` and 12 hexadecimal digits of the hash of all of its figures.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceRowId(String);

impl PriceRowId {
    /// Gives the id as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PriceRowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One dated price. Rows are never edited: a change closes one and opens the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceRow {
    /// What it is called in run logs.
    pub id: PriceRowId,
    /// First day on which it holds.
    pub from: Date,
    /// First day on which it no longer holds; `None` = still open.
    pub to: Option<Date>,
    /// Service class.
    pub service: Service,
    /// Region that it is for; `None` = wherever the vendor likes.
    pub region: Option<String>,
    /// Holds for requests with *more* input tokens than this; 0 = for all.
    pub above_tokens: u64,
    /// Whose figures these are: [`LIST`], or a document whose printed figures are kept apart.
    pub book: String,
    /// The figures.
    pub rates: Rates,
    /// Anything that the figures cannot say, such as hours of the day.
    pub note: Option<String>,
    /// Where the figures come from and when they were last looked at.
    pub provenance: Provenance,
}

/// Whether a price was looked at recently enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staleness {
    /// Looked at within 30 days, or after the day asked about.
    Fresh,
    /// Last looked at more than 30 days before: say so.
    Ageing {
        /// Days since.
        days: i32,
    },
    /// Last looked at more than 90 days before: do not recommend on it unless told to.
    Stale {
        /// Days since.
        days: i32,
    },
}

/// What a price is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceQuery<'a> {
    /// The day.
    pub date: Date,
    /// Service class.
    pub service: Service,
    /// All input tokens of the request, cached ones included.
    pub context_tokens: u64,
    /// Region; `None` = wherever the vendor likes.
    pub region: Option<&'a str>,
    /// Price book, usually [`LIST`].
    pub book: &'a str,
}

impl PriceQuery<'_> {
    /// Asks for the list price of the ordinary service, anywhere.
    #[must_use]
    pub fn list(date: Date, context_tokens: u64) -> Self {
        Self {
            date,
            service: Service::Standard,
            context_tokens,
            region: None,
            book: LIST,
        }
    }
}

impl PriceRow {
    /// Says how old the figures are on a day: fresh up to 30 days, ageing up to 90, then stale.
    #[must_use]
    pub fn staleness(&self, as_of: Date) -> Staleness {
        let days = days_between(self.provenance.checked, as_of);
        match days {
            ..=30 => Staleness::Fresh,
            31..=90 => Staleness::Ageing { days },
            _ => Staleness::Stale { days },
        }
    }

    pub(crate) fn holds(&self, query: &PriceQuery<'_>) -> bool {
        self.from <= query.date
            && self.to.is_none_or(|to| query.date < to)
            && self.service == query.service
            && self.book == query.book
            && self.region.as_deref() == query.region
            && (self.above_tokens == 0 || query.context_tokens > self.above_tokens)
    }

    /// Builds the id out of the row's place and figures.
    pub(crate) fn name(model: &str, row: &Self) -> PriceRowId {
        use fmt::Write as _;
        let mut text = format!("{model}@{}.{}", row.from, row.service.name());
        // Writing to a string cannot fail.
        if row.above_tokens > 0 {
            let _ = write!(text, ">{}", row.above_tokens);
        }
        if let Some(region) = &row.region {
            let _ = write!(text, "/{region}");
        }
        if row.book != LIST {
            let _ = write!(text, "~{}", row.book);
        }
        let figures = [
            row.rates.input,
            row.rates.output,
            row.rates.cache_read,
            row.rates.cache_write_5m,
            row.rates.cache_write_1h,
            row.rates.reasoning,
        ];
        let digits = |rate: UsdPerMtok| rate.decimal().normalize().to_string();
        let hash = figures
            .iter()
            .fold(Fingerprint::builder().field(&text), |hash, rate| {
                hash.field(rate.map_or_else(String::new, digits))
            });
        // Prices of later versions count only where they are stated, so that old ids stay.
        let later = [
            ("audio_input", row.rates.audio_input),
            ("audio_output", row.rates.audio_output),
            ("image_input", row.rates.image_input),
            ("image_output", row.rates.image_output),
        ];
        let hash = later
            .iter()
            .filter_map(|(name, rate)| Some((name, (*rate)?)))
            .fold(hash, |hash, (name, rate)| {
                hash.field(name).field(digits(rate))
            });
        let pieces = [
            ("web_search_1k", row.rates.web_search_1k),
            ("grounded_request_1k", row.rates.grounded_request_1k),
        ];
        let hash = pieces
            .iter()
            .filter_map(|(name, usd)| Some((name, (*usd)?)))
            .fold(hash, |hash, (name, usd)| {
                hash.field(name)
                    .field(usd.decimal().normalize().to_string())
            })
            .finish();
        let _ = write!(text, "#{}", hash.short());
        PriceRowId(text)
    }
}

/// Picks the row that applies: the highest context step reached, then the latest start; among
/// equals the first one written (a user's rows stand before the built-in ones).
pub(crate) fn pick<'a>(rows: &'a [PriceRow], query: &PriceQuery<'_>) -> Option<&'a PriceRow> {
    rows.iter()
        .filter(|row| row.holds(query))
        .fold(None, |best: Option<&PriceRow>, row| match best {
            Some(best) if (best.above_tokens, best.from) >= (row.above_tokens, row.from) => {
                Some(best)
            }
            _ => Some(row),
        })
}

/// Whole days from one date to another; negative when `to` is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
