//! Items and outputs to embed in the HTML report, within a limit of bytes.
//!
//! In: items in the order in which they shall be kept (disagreements first, see [`item_order`]). Out:
//! [`Content`]: JSON blocks, already cleaned and cut, so that a 10 MB answer takes its limited share
//! and memory stays within the limit. What is left out is counted and stated in the report.

use serde::Serialize;
use trilemma_decide::{Decision, Outcome};

use crate::text::{json_block, one_line, several_lines};

/// Most bytes of embedded content, unless the caller says otherwise.
pub const DEFAULT_CONTENT_BYTES: usize = 20_000_000;
/// Most characters of one text; the rest is cut with a note.
const MAX_TEXT_CHARS: usize = 20_000;
/// Most answers of one item.
const MAX_ANSWERS: usize = 200;
/// Size from which a new block begins, in bytes; the page reads blocks one by one, on demand.
const BLOCK_BYTES: usize = 200_000;

/// One item with what the candidates made of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContentItem {
    /// Its name.
    pub id: String,
    /// Its labels.
    pub tags: Vec<String>,
    /// What was asked.
    pub input: String,
    /// The expected answer; `None` where only criteria exist.
    pub expected: Option<String>,
    /// Criteria for a judge.
    pub criteria: Vec<String>,
    /// The answers, by candidate and repeat.
    pub answers: Vec<ContentAnswer>,
}

/// One answer, or the failure in its place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ContentAnswer {
    /// Position of the candidate.
    pub candidate: usize,
    /// Repeat, from 0.
    pub repeat: u32,
    /// The answer as shown to people; `None` = the trial failed.
    pub output: Option<String>,
    /// Why there is no answer, or what is special about it (`refused`, `cut at the token limit`).
    pub note: Option<String>,
    /// Score in [0, 1]; `None` = not scored.
    pub score: Option<f64>,
    /// Whether it passes; `None` = not scored.
    pub pass: Option<bool>,
    /// What the scorers said.
    pub explanation: Option<String>,
}

/// Whether an item found room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// It is in.
    Kept,
    /// It would exceed the limit; it is counted as left out.
    LeftOut,
}

/// Embedded content.
#[derive(Debug, Clone)]
pub struct Content {
    pub(crate) index: String,
    pub(crate) blocks: Vec<String>,
    pub(crate) n_kept: usize,
    pub(crate) n_left_out: usize,
    pub(crate) n_cut_texts: usize,
}

/// Collects content up to a limit.
#[derive(Debug)]
pub struct ContentBuilder {
    entries: Vec<Entry>,
    blocks: Vec<String>,
    n_bytes: usize,
    max_bytes: usize,
    n_left_out: usize,
    n_cut_texts: usize,
}

/// What the page knows of an item before it reads the item's block.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    tags: Vec<String>,
    /// One letter per answer's candidate: see [`letter`].
    outcomes: String,
    block: usize,
    at: usize,
}

#[derive(Serialize)]
struct Body {
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    criteria: Vec<String>,
    answers: Vec<Answer>,
    #[serde(skip_serializing_if = "is_zero")]
    more_answers: usize,
}

#[derive(Serialize)]
struct Answer {
    candidate: usize,
    repeat: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pass: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl ContentBuilder {
    /// Starts with nothing; at most about `max_bytes` are kept.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self {
            entries: Vec::new(),
            blocks: Vec::new(),
            n_bytes: 0,
            max_bytes,
            n_left_out: 0,
            n_cut_texts: 0,
        }
    }

    /// Adds an item if it finds room. Later, smaller items may still find some.
    pub fn push(&mut self, item: &ContentItem, n_candidates: usize) -> Room {
        let n_cut_before = self.n_cut_texts;
        let body = self.body(item);
        let entry = Entry {
            id: one_line(&item.id, 200),
            tags: item
                .tags
                .iter()
                .take(20)
                .map(|tag| one_line(tag, 80))
                .collect(),
            outcomes: outcomes(item, n_candidates),
            block: 0,
            at: 0,
        };
        // Neither record holds anything that JSON cannot write.
        let (Ok(json), Ok(head)) = (serde_json::to_string(&body), serde_json::to_string(&entry))
        else {
            self.n_left_out += 1;
            return Room::LeftOut;
        };
        let json = json_block(&json);
        // The index is escaped later; a sixfold size is the most that escaping makes of it.
        let n_bytes = json.len() + json_block(&head).len() + 24;
        if self.n_bytes + n_bytes > self.max_bytes {
            self.n_left_out += 1;
            self.n_cut_texts = n_cut_before;
            return Room::LeftOut;
        }
        self.n_bytes += n_bytes;
        self.keep(entry, &json);
        Room::Kept
    }

    /// Counts items that were never offered.
    pub fn leave_out(&mut self, n_items: usize) {
        self.n_left_out += n_items;
    }

    /// Closes the collection.
    #[must_use]
    pub fn finish(self) -> Content {
        let index = serde_json::to_string(&self.entries).unwrap_or_else(|_| "[]".to_owned());
        Content {
            index: json_block(&index),
            blocks: self
                .blocks
                .into_iter()
                .map(|block| format!("[{block}]"))
                .collect(),
            n_kept: self.entries.len(),
            n_left_out: self.n_left_out,
            n_cut_texts: self.n_cut_texts,
        }
    }

    fn keep(&mut self, mut entry: Entry, json: &str) {
        let last = self.blocks.len().checked_sub(1);
        let fits = self
            .blocks
            .last()
            .is_some_and(|block| block.len() < BLOCK_BYTES);
        match (last, self.blocks.last_mut()) {
            (Some(idx), Some(block)) if fits => {
                entry.block = idx;
                entry.at = self
                    .entries
                    .iter()
                    .rev()
                    .take_while(|before| before.block == idx)
                    .count();
                block.push(',');
                block.push_str(json);
            }
            _ => {
                entry.block = self.blocks.len();
                self.blocks.push(json.to_owned());
            }
        }
        self.entries.push(entry);
    }

    fn body(&mut self, item: &ContentItem) -> Body {
        Body {
            input: self.cut(&item.input),
            expected: item.expected.as_deref().map(|text| self.cut(text)),
            criteria: item
                .criteria
                .iter()
                .take(50)
                .map(|text| self.cut(text))
                .collect(),
            answers: item
                .answers
                .iter()
                .take(MAX_ANSWERS)
                .map(|answer| Answer {
                    candidate: answer.candidate,
                    repeat: answer.repeat,
                    output: answer.output.as_deref().map(|text| self.cut(text)),
                    note: answer.note.as_deref().map(|text| one_line(text, 600)),
                    score: answer.score.filter(|score| score.is_finite()),
                    pass: answer.pass,
                    explanation: answer.explanation.as_deref().map(|text| self.cut(text)),
                })
                .collect(),
            more_answers: item.answers.len().saturating_sub(MAX_ANSWERS),
        }
    }

    /// Cleans a text and cuts it to its share, saying how much is missing.
    fn cut(&mut self, text: &str) -> String {
        let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) else {
            return several_lines(text);
        };
        self.n_cut_texts += 1;
        let head = text.get(..end).unwrap_or_default();
        format!(
            "{}\n[cut here: {} of {} bytes shown]",
            several_lines(head),
            crate::number::count(crate::number::widen(end)),
            crate::number::count(crate::number::widen(text.len()))
        )
    }
}

/// One letter per candidate: `P`ass, `F`ail, `M`ixed, `-` nothing scored.
fn outcomes(item: &ContentItem, n_candidates: usize) -> String {
    (0..n_candidates)
        .map(|candidate| {
            let scored = item
                .answers
                .iter()
                .filter(|answer| answer.candidate == candidate)
                .filter_map(|answer| answer.pass);
            let outcome = scored.fold(None, |so_far, pass| match (so_far, pass) {
                (None | Some(Outcome::Pass), true) => Some(Outcome::Pass),
                (None | Some(Outcome::Fail), false) => Some(Outcome::Fail),
                _ => Some(Outcome::Mixed),
            });
            letter(outcome)
        })
        .collect()
}

fn letter(outcome: Option<Outcome>) -> char {
    match outcome {
        Some(Outcome::Pass) => 'P',
        Some(Outcome::Fail) => 'F',
        Some(Outcome::Mixed) => 'M',
        Some(Outcome::Missing) | None => '-',
    }
}

/// The order in which items are worth keeping: contested ones first, then the rest as they come.
///
/// `n_items` is the number of items of the run; the result holds each position once.
#[must_use]
pub fn item_order(decision: &Decision, n_items: usize) -> Vec<usize> {
    let mut is_placed = vec![false; n_items];
    let mut order = Vec::with_capacity(n_items);
    let contested = decision.disagreements.items.iter().map(|one| one.item_idx);
    for idx in contested.chain(0..n_items) {
        if let Some(placed) = is_placed.get_mut(idx)
            && !*placed
        {
            *placed = true;
            order.push(idx);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, output: &str) -> ContentItem {
        ContentItem {
            id: id.to_owned(),
            input: "question".to_owned(),
            answers: vec![
                ContentAnswer {
                    output: Some(output.to_owned()),
                    pass: Some(true),
                    score: Some(1.0),
                    ..ContentAnswer::default()
                },
                ContentAnswer {
                    candidate: 1,
                    pass: Some(false),
                    score: Some(f64::NAN),
                    ..ContentAnswer::default()
                },
            ],
            ..ContentItem::default()
        }
    }

    #[test]
    fn keeps_what_fits_and_counts_the_rest() {
        let mut builder = ContentBuilder::new(1_000);
        assert_eq!(builder.push(&item("a", "x"), 3), Room::Kept);
        assert_eq!(
            builder.push(&item("b", &"y".repeat(2_000)), 3),
            Room::LeftOut
        );
        assert_eq!(builder.push(&item("c", "z"), 3), Room::Kept);
        builder.leave_out(4);
        let content = builder.finish();
        assert_eq!((content.n_kept, content.n_left_out), (2, 5));
        let index: serde_json::Value = serde_json::from_str(&content.index).unwrap();
        assert_eq!(index[1]["id"], "c");
        assert_eq!(index[1]["at"], 1);
        assert_eq!(index[0]["outcomes"], "PF-");
    }

    #[test]
    fn cuts_long_texts_with_a_note() {
        let mut builder = ContentBuilder::new(DEFAULT_CONTENT_BYTES);
        let huge = "é".repeat(5_000_000);
        assert_eq!(builder.push(&item("a", &huge), 2), Room::Kept);
        let content = builder.finish();
        assert_eq!(content.n_cut_texts, 1);
        assert!(content.blocks[0].len() < 50_000);
        assert!(content.blocks[0].contains("[cut here: 40,000 of 10,000,000 bytes shown]"));
    }

    #[test]
    fn blocks_hold_every_item_where_the_index_says() {
        let mut builder = ContentBuilder::new(DEFAULT_CONTENT_BYTES);
        for n in 0..200 {
            builder.push(
                &item(&n.to_string(), &format!("{n} {}", "</script>".repeat(700))),
                2,
            );
        }
        let content = builder.finish();
        assert!(content.blocks.len() > 3);
        assert!(content.blocks.iter().all(|block| !block.contains('<')));
        let blocks: Vec<serde_json::Value> = content
            .blocks
            .iter()
            .map(|block| serde_json::from_str(block).unwrap())
            .collect();
        let index: serde_json::Value = serde_json::from_str(&content.index).unwrap();
        for entry in index.as_array().unwrap() {
            let block = usize::try_from(entry["block"].as_u64().unwrap()).unwrap();
            let at = usize::try_from(entry["at"].as_u64().unwrap()).unwrap();
            let output = blocks[block][at]["answers"][0]["output"].as_str().unwrap();
            let expected = format!("{} ", entry["id"].as_str().unwrap());
            assert!(output.starts_with(&expected), "{output:.20}");
        }
    }
}
