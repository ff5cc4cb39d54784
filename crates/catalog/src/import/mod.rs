//! Price lists of others, read into one form: genai-prices, LiteLLM, models.dev.
//!
//! In: the text of a file. Out: list prices per million tokens by provider and model, base context
//! step of the standard service only. What a file does not state stays unknown; models of providers
//! that the catalog does not know are counted, not read. Nothing is laid over the catalog here.

mod formats;
mod overlay;

pub use formats::{ImportError, Listed, PriceFile, PriceFormat, read_prices};
pub use overlay::{Agreement, Matched, agrees, match_prices, overlay_toml};
