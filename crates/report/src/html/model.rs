//! What the template sees.

use serde::Serialize;

use crate::content::Content;
use crate::number::{plural, widen};
use crate::view::{Footnote, Headline, Matrix, Table};

/// Widths of each chart, in CSS pixels: for wide and for narrow screens.
const CHART_WIDTHS: [f64; 2] = [880.0, 340.0];

/// The page's values; texts are not yet escaped, `markup` is.
#[derive(Serialize)]
pub(super) struct Model<'a> {
    pub(super) policy: String,
    pub(super) task: &'a str,
    pub(super) simulated: bool,
    pub(super) headline: &'a Headline,
    pub(super) sign: &'static str,
    pub(super) reasons: &'a [String],
    pub(super) overturns: &'a [String],
    pub(super) warnings: &'a [String],
    pub(super) more_warnings: &'a [String],
    pub(super) tally: &'a str,
    pub(super) matrix: &'a Matrix,
    pub(super) tables: &'a [Table],
    pub(super) figures: Vec<Figure>,
    pub(super) money: &'a [Table],
    pub(super) money_figures: Vec<Figure>,
    pub(super) assumptions: Option<&'a Table>,
    pub(super) routing: Option<Routed<'a>>,
    pub(super) methods: &'a [Footnote],
    pub(super) provenance: &'a [Footnote],
    pub(super) content: Option<Items>,
}

/// What routing is worth.
#[derive(Serialize)]
pub(super) struct Routed<'a> {
    pub(super) lines: &'a [String],
    pub(super) figures: Vec<Figure>,
    pub(super) tables: &'a [Table],
    pub(super) items: Option<&'a Table>,
}

/// A chart, drawn.
#[derive(Serialize)]
pub(super) struct Figure {
    id: &'static str,
    title: String,
    caption: String,
    wide: minijinja::Value,
    narrow: minijinja::Value,
}

/// Embedded items.
#[derive(Serialize)]
pub(super) struct Items {
    note: String,
    index: minijinja::Value,
    names: minijinja::Value,
    blocks: Vec<minijinja::Value>,
}

/// Draws charts.
pub(super) fn figures(drawn: &[crate::view::Figure]) -> Vec<Figure> {
    drawn
        .iter()
        .map(|figure| {
            let [wide, narrow] = CHART_WIDTHS
                .map(|width| minijinja::Value::from_safe_string(figure.plot.draw(width)));
            Figure {
                id: figure.id,
                title: figure.title.clone(),
                caption: figure.caption.clone(),
                wide,
                narrow,
            }
        })
        .collect()
}

/// Prepares embedded items; `names` is a JSON array of candidates' names, already safe.
pub(super) fn items(content: &Content, names: String) -> Items {
    let mut note = format!(
        "{} with inputs and outputs.",
        plural(widen(content.n_kept), "item")
    );
    if content.n_left_out > 0 {
        note.push_str(&format!(
            " {} did not fit into this file and are left out; items on which candidates disagree were kept first.",
            plural(widen(content.n_left_out), "item")
        ));
    }
    if content.n_cut_texts > 0 {
        note.push_str(&format!(
            " {} cut at 20,000 characters, each with a note.",
            plural(widen(content.n_cut_texts), "text")
        ));
    }
    let safe = |json: &String| minijinja::Value::from_safe_string(json.clone());
    Items {
        note,
        index: safe(&content.index),
        names: minijinja::Value::from_safe_string(names),
        blocks: content.blocks.iter().map(safe).collect(),
    }
}
