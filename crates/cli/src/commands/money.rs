//! What `cost`, `tco`, `selfhost` and `limits` share: whom they compare, on which assumptions, and
//! how figures are written.

mod asked;
mod contender;
mod mixing;
mod outlook;
mod shown;

pub(crate) use asked::{Asked, MoneyArgs};
pub(crate) use contender::{Contender, PRICE_OF_A_MIX, overhead};
pub(crate) use mixing::{Mix, mixes};
pub(crate) use outlook::look_ahead;
pub(crate) use shown::{
    assumption_lines, assumptions_json, assumptions_text, left_out_json, left_out_text, per_query,
    share, tokens, usd,
};
