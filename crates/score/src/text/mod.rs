//! Text preparation that several scorers share.
//!
//! In: texts. Out: normal forms, tokens, compiled expressions. Each module names the package or
//! paper whose behaviour it follows.

mod excerpt;
mod expression;
mod normal;

pub(crate) use excerpt::excerpt;
pub(crate) use expression::build_regex;
pub(crate) use normal::{Normaliser, squad_tokens};
