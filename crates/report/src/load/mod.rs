//! Load tests as a page and as a table.
//!
//! In: a [`LoadReport`]. Out: a self-contained HTML page under the same three walls as the decision's (see
//! `html`), and CSV. It computes no figure that the report does not carry.

mod charts;
mod csv;
mod page;
mod plot;

pub use csv::load_csv;
pub use page::load_html;

#[cfg(test)]
mod tests;
