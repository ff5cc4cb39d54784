//! The report on a terminal: narrow or wide, with or without colours.
//!
//! In: the view, a width in columns, whether colours are wanted. Out: UTF-8 text whose only control
//! characters are line feeds and, if wanted, our own colours. Words and signs say everything that
//! colours do.

mod layout;
mod paint;
mod write;

pub(crate) use layout::wrap;
pub(crate) use write::Terminal;
