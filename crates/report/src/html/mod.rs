//! One self-contained HTML file: no request leaves it, no foreign text can act in it.
//!
//! In: the view and, if wanted, content. Out: HTML with inline style, SVG and script. Three walls keep
//! foreign text harmless: the template engine's formatter cleans and escapes every value that is
//! printed; content travels as escaped JSON and is shown through `textContent` only; and the page's
//! own Content-Security-Policy allows nothing but the style and scripts whose hashes it names. The page
//! reads in full without script, which only sorts tables and browses items.

mod model;
mod page;
mod template;

pub(crate) use page::Html;
pub(crate) use template::{SCRIPT, STYLE, policy, render_load};
