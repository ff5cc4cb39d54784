//! Rows and items that wait on disk, one JSON line each.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trilemma_domain::{NanoUsd, Usage};

use crate::results::{ItemBody, NamedScore, RowOutcome};

/// An item in the order of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatheredItem {
    /// Its name.
    pub id: String,
    /// What the files tell of it.
    pub body: ItemBody,
}

/// What one candidate did on one item once, placed in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatheredTrial {
    /// Position of the candidate.
    pub candidate: u32,
    /// Position of the item.
    pub item: u32,
    /// Repeat, from 0.
    pub repeat: u32,
    /// The answer; `None` = not in the file. Ends without one are in `failed`.
    pub output: Option<String>,
    /// Why there is no answer; `None` = there is one.
    pub failed: Option<String>,
    /// What scorers said.
    pub scores: Vec<GatheredScore>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// Time of the whole answer.
    pub latency: Option<Duration>,
    /// Time to the first visible token.
    pub ttft: Option<Duration>,
    /// What it cost, as the tool says.
    pub cost: Option<NanoUsd>,
}

/// One scorer's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatheredScore {
    /// Position among the scorers.
    pub scorer: u32,
    /// The score in [0, 1]; `Err` = why there is none.
    pub value: Result<f64, String>,
    /// Why, in the tool's words.
    pub explanation: Option<String>,
}

impl GatheredTrial {
    /// Moves what a row tells into place.
    pub(crate) fn new(
        (candidate, item, repeat): (u32, u32, u32),
        row: crate::results::ResultRow,
        scores: Vec<GatheredScore>,
    ) -> Self {
        let (output, failed) = match row.outcome {
            RowOutcome::Answered { output, .. } => (output, None),
            RowOutcome::Failed { message } => (None, Some(message)),
        };
        Self {
            candidate,
            item,
            repeat,
            output,
            failed,
            scores,
            usage: row.usage,
            latency: row.latency,
            ttft: row.ttft,
            cost: row.cost,
        }
    }
}

/// The scores of a row; none where it failed.
pub(crate) fn scores_of(outcome: &RowOutcome) -> &[NamedScore] {
    match outcome {
        RowOutcome::Answered { scores, .. } => scores,
        RowOutcome::Failed { .. } => &[],
    }
}

/// A file that is written first and read afterwards.
#[derive(Debug)]
pub(crate) struct Spool {
    file: BufWriter<File>,
}

impl Spool {
    pub(crate) fn new(file: File) -> Self {
        Self {
            file: BufWriter::with_capacity(256 << 10, file),
        }
    }

    pub(crate) fn push(&mut self, record: &impl Serialize) -> std::io::Result<()> {
        serde_json::to_writer(&mut self.file, record)?;
        self.file.write_all(b"\n")
    }

    /// Reads everything back, in order.
    pub(crate) fn read<T: DeserializeOwned>(
        &mut self,
    ) -> std::io::Result<impl Iterator<Item = std::io::Result<T>>> {
        self.file.flush()?;
        let mut file = self.file.get_ref().try_clone()?;
        file.rewind()?;
        let mut lines = BufReader::with_capacity(256 << 10, file);
        let mut buffer = Vec::new();
        Ok(std::iter::from_fn(move || {
            buffer.clear();
            match lines.by_ref().read_until(b'\n', &mut buffer) {
                Err(error) => Some(Err(error)),
                Ok(0) => None,
                Ok(_) => Some(serde_json::from_slice(&buffer).map_err(std::io::Error::from)),
            }
        }))
    }
}
