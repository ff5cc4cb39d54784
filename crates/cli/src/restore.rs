//! Brings an exported run back into a store, as it was.
//!
//! In: the lines that `trilemma export` wrote. Out: the same run, under its own name: manifest, items,
//! trials, scores. Judgements and labels of people are not brought back; scores that rest on them are.

use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::anyhow;
use serde::Deserialize;
use trilemma_domain::{
    Fingerprint, Item, ItemId, NanoUsd, RunId, ScoreRecord, ScoredOutcome, Trial,
};
use trilemma_golden::{item_fingerprint, set_fingerprint};
use trilemma_store::{EXPORT_VERSION, RunManifest, ScoreSet, Store, Writer};

use crate::context::InputError;

/// Longest line, in bytes.
const MAX_LINE_BYTES: usize = 256 << 20;

/// A line that `trilemma export` wrote.
#[derive(Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub(crate) enum Line {
    Run {
        schema_version: u32,
        manifest: Box<RunManifest>,
        completed_us: Option<i64>,
        scores: ScoreSet,
    },
    Item {
        id: ItemId,
        item: Box<Item>,
    },
    Trial {
        trial: Box<Trial>,
        scores: Vec<Score>,
    },
}

/// What one scorer said of a trial.
#[derive(Deserialize)]
pub(crate) struct Score {
    /// Position in the score set; `None` = an earlier score.
    pub(crate) scorer_idx: Option<u32>,
    pub(crate) outcome: ScoredOutcome,
    cost: Option<NanoUsd>,
}

/// Whether a file is an exported run.
pub(crate) fn is_export(path: &Path) -> bool {
    let Ok(file) = fs_err::File::open(path) else {
        return false;
    };
    let mut start = Vec::new();
    let mut head = std::io::Read::take(BufReader::new(file), 64);
    let read = std::io::Read::read_to_end(&mut head, &mut start);
    read.is_ok() && start.starts_with(b"{\"record\":\"run\"")
}

/// Brings the run back; a run of its name that is there already is left as it is.
///
/// # Errors
/// [`InputError`] with the line that cannot be read; nothing of the run is kept then.
pub(crate) fn restore(store: &Store, path: &Path) -> anyhow::Result<RunId> {
    let mut lines = Lines::open(path)?;
    let Some(Line::Run {
        schema_version,
        manifest,
        completed_us,
        scores,
    }) = lines.next()?
    else {
        return Err(lines.wrong("the first line is no run"));
    };
    if schema_version != EXPORT_VERSION {
        let words = format!("it has version {schema_version}, this program reads {EXPORT_VERSION}");
        return Err(lines.wrong(&words));
    }
    if store.run(&manifest.run).is_ok() {
        return Ok(manifest.run);
    }
    let first_trial = put_items(store, &manifest, &mut lines)?;
    let run = store.begin_run(&manifest)?;
    let done = put_trials(store, &run, &scores, (first_trial, &mut lines));
    if let Err(error) = done {
        // Half a run would look like one that can be resumed.
        store.delete_run(&run)?;
        return Err(error);
    }
    if let Some(completed_us) = completed_us {
        store.complete_run(&run, completed_us)?;
    }
    Ok(run)
}

/// Stores the items; gives the line behind them.
fn put_items(
    store: &Store,
    manifest: &RunManifest,
    lines: &mut Lines,
) -> anyhow::Result<Option<Line>> {
    let mut behind = Ok(None);
    let mut prints: Vec<Fingerprint> = Vec::new();
    let items = std::iter::from_fn(|| match lines.next() {
        Ok(Some(Line::Item { id, item })) => {
            prints.push(item_fingerprint(&item));
            Some((id, serde_json::to_string(&item).unwrap_or_default()))
        }
        other => {
            behind = other;
            None
        }
    });
    store.put_items(&manifest.golden, items)?;
    // A store that has the set already does not ask for its items.
    if prints.is_empty() {
        loop {
            match lines.next()? {
                Some(Line::Item { .. }) => {}
                other => return Ok(other),
            }
        }
    }
    if set_fingerprint(&prints) != manifest.golden {
        return Err(lines.wrong("its items are not those that the run was measured on"));
    }
    behind
}

fn put_trials(
    store: &Store,
    run: &RunId,
    scores: &ScoreSet,
    (first, lines): (Option<Line>, &mut Lines),
) -> anyhow::Result<()> {
    let set = store.use_scores(run, scores)?;
    let writer = store.writer()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let mut next = first;
        while let Some(line) = next {
            let Line::Trial { trial, scores } = line else {
                return Err(lines.wrong("expected a trial"));
            };
            put_trial(&writer, run, set, (*trial, scores)).await?;
            next = lines.next()?;
        }
        Ok(writer.flush().await?)
    })
}

async fn put_trial(
    writer: &Writer,
    run: &RunId,
    set: Fingerprint,
    (trial, scores): (Trial, Vec<Score>),
) -> anyhow::Result<()> {
    let key = trial.key;
    let records: Vec<ScoreRecord> = scores
        .into_iter()
        .filter_map(|score| {
            Some(ScoreRecord {
                key,
                scorer_idx: score.scorer_idx?,
                outcome: score.outcome,
                cost: score.cost,
            })
        })
        .collect();
    // Receipts are not waited for one by one: the flush tells the first failure.
    drop(writer.trial(run, trial).await?);
    if !records.is_empty() {
        drop(writer.scores(run, set, records).await?);
    }
    Ok(())
}

/// Lines of an export, one at a time.
struct Lines {
    name: String,
    reader: BufReader<fs_err::File>,
    number: u64,
    buffer: Vec<u8>,
}

impl Lines {
    fn open(path: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            name: path.display().to_string(),
            reader: BufReader::new(fs_err::File::open(path)?),
            number: 0,
            buffer: Vec::new(),
        })
    }

    fn next(&mut self) -> anyhow::Result<Option<Line>> {
        self.buffer.clear();
        self.number += 1;
        let mut limited = std::io::Read::take(&mut self.reader, MAX_LINE_BYTES as u64 + 1);
        limited.read_until(b'\n', &mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        if self.buffer.len() > MAX_LINE_BYTES {
            return Err(self.wrong("the line is longer than 256 MiB"));
        }
        match serde_json::from_slice(&self.buffer) {
            Ok(line) => Ok(Some(line)),
            Err(error) => Err(self.wrong(&error.to_string())),
        }
    }

    fn wrong(&self, words: &str) -> anyhow::Error {
        anyhow!(InputError(format!(
            "failed to read the exported run {}, line {}: {words}",
            self.name, self.number
        )))
    }
}
