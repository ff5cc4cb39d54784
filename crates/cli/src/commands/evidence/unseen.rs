//! Names that answers of traffic carried and no measured answer did.
//!
//! In: the ledger's tallies, the names of measured answers. Out: each new name of a model or of a back end, with how
//! many answers carried it, and when. Where no measured answer carried a name, none can be new.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use trilemma_gateway::{MeasuredNames, NameKind};
use trilemma_store::ledger::kept_name;

use super::tally::Tally;
use crate::layout::{bullet, counted, terminal_width};

/// Names that are shown of one candidate and kind; all of them are in the JSON.
const MAX_SHOWN: usize = 5;

/// One name that was not measured.
#[derive(Debug, Serialize)]
pub(super) struct Unseen {
    pub(super) candidate: String,
    /// `served_model` or `fingerprint`.
    pub(super) kind: &'static str,
    pub(super) name: String,
    /// Answers that carried it.
    pub(super) n_answers: usize,
    /// The first and the last of them, microseconds since 1970-01-01 UTC.
    pub(super) first_us: i64,
    pub(super) last_us: i64,
}

/// Finds them; by candidate, kind and name.
pub(super) fn unseen(
    tallies: &BTreeMap<String, Tally>,
    measured: &BTreeMap<String, MeasuredNames>,
) -> Vec<Unseen> {
    let mut all = Vec::new();
    for (candidate, tally) in tallies {
        let Some(measured) = measured.get(candidate) else {
            continue;
        };
        let sides = NameKind::ALL.into_iter().zip(measured).zip(&tally.names);
        for ((kind, measured), names) in sides {
            // The ledger keeps no name of any length; the store does.
            let kept: BTreeSet<Cow<'_, str>> =
                measured.iter().map(|name| kept_name(name)).collect();
            let is_known = |name: &str| kept.contains(name) || measured.contains(name);
            let new = names
                .iter()
                .filter(|(name, _)| !measured.is_empty() && !is_known(name));
            all.extend(new.map(|(name, seen)| Unseen {
                candidate: candidate.clone(),
                kind: kind.word(),
                name: name.clone(),
                n_answers: seen.n,
                first_us: seen.first_us,
                last_us: seen.last_us,
            }));
        }
    }
    all
}

/// Says which; empty = none.
pub(super) fn words(all: &[Unseen]) -> String {
    let mut text = String::new();
    for group in all.chunk_by(|a, b| (&a.candidate, a.kind) == (&b.candidate, b.kind)) {
        for one in group.iter().take(MAX_SHOWN) {
            let what = if one.kind == NameKind::ServedModel.word() {
                "came from"
            } else {
                "carried the fingerprint"
            };
            let words = format!(
                "warning: {} of {} {what} `{}`, which no measured answer did",
                counted(one.n_answers as u64, "answer"),
                one.candidate,
                one.name.escape_debug()
            );
            text.push_str(&bullet(&words, 0, terminal_width()));
            text.push('\n');
        }
        if let Some(more) = group.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
            text.push_str(&format!("and {more} more\n"));
        }
    }
    text
}
