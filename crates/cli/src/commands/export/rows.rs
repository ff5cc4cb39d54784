//! From the store's own lines to rows for other formats, one at a time.

use std::io::{self, Write};

use trilemma_domain::{Item, ObservedState, ScoredOutcome, Trial, TrialOrigin, TrialOutcome};
use trilemma_interop::{ExportHead, ExportRow, ExportScore, RowExport};
use trilemma_store::{RunManifest, ScoreSet};

use crate::restore::{Line, Score};

/// Takes the bytes of the store's export and hands rows on.
pub(super) struct Rows<'a> {
    scores: ScoreSet,
    items: Vec<Item>,
    to: &'a mut dyn RowExport,
    buffer: Vec<u8>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(scores: ScoreSet, to: &'a mut dyn RowExport) -> Self {
        Self {
            scores,
            items: Vec::new(),
            to,
            buffer: Vec::new(),
        }
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        match serde_json::from_slice::<Line>(line).map_err(io::Error::from)? {
            Line::Run { .. } => Ok(()),
            Line::Item { item, .. } => {
                self.items.push(*item);
                Ok(())
            }
            Line::Trial { trial, scores } => self.trial(&trial, &scores),
        }
    }

    fn trial(&mut self, trial: &Trial, scores: &[Score]) -> io::Result<()> {
        let item_idx = trial.key.item_idx as usize;
        let item = self.items.get(item_idx).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a trial is of an unknown item")
        })?;
        let word = |idx: usize| {
            let found = scores
                .iter()
                .find(|score| score.scorer_idx == u32::try_from(idx).ok());
            found.map(|score| &score.outcome)
        };
        let n_scorers = self.scores.scorers.len();
        let (score, pass) = match self.scores.combine((0..n_scorers).map(word)) {
            ObservedState::Scored { score, pass } => (Some(score.value()), Some(pass)),
            ObservedState::Unscored | ObservedState::Failed(_) => (None, None),
        };
        let mut row = ExportRow {
            candidate: trial.key.candidate_idx as usize,
            item_idx,
            item,
            repeat: trial.key.repeat,
            output: None,
            error: None,
            score: None,
            pass: None,
            scores: (0..n_scorers).map(|idx| told(word(idx))).collect(),
            usage: None,
            cost: trial.cost,
            ttft: None,
            latency: None,
            n_attempts: trial.attempts.len(),
            replayed: matches!(trial.origin, TrialOrigin::Replayed { .. }),
        };
        match &trial.outcome {
            TrialOutcome::Failed(failure) => {
                row.error = Some(format!("{}: {}", failure.kind.name(), failure.message));
            }
            TrialOutcome::Answered { reply, timing } => {
                row.output = Some(&reply.response.text);
                (row.score, row.pass) = (score, pass);
                row.usage = reply.response.usage;
                row.ttft = timing.first_visible;
                row.latency = timing.end;
            }
        }
        self.to.row(&row)
    }
}

fn told(outcome: Option<&ScoredOutcome>) -> ExportScore {
    match outcome {
        Some(ScoredOutcome::Scored { score, explanation }) => ExportScore {
            value: Some(score.value()),
            explanation: explanation.clone(),
        },
        Some(ScoredOutcome::NotApplicable { .. } | ScoredOutcome::Failed { .. }) | None => {
            ExportScore::default()
        }
    }
}

impl Write for Rows<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.buffer.extend_from_slice(part);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.buffer);
                self.line(&line)?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What stands above all rows.
pub(super) fn head(manifest: &RunManifest, scores: &ScoreSet) -> ExportHead {
    let created = jiff::Timestamp::from_microsecond(manifest.created_us).unwrap_or_default();
    ExportHead {
        run: manifest.run.to_string(),
        project: manifest.project.clone(),
        created: created.to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        candidates: manifest
            .candidates
            .iter()
            .map(|record| {
                let one = &record.candidate;
                let model = one.identity.as_ref().map_or_else(
                    || format!("{}/{}", one.target.provider, one.target.model),
                    ToString::to_string,
                );
                let prompt = one.prompt.as_ref().map(|prompt| prompt.source.clone());
                (one.id.to_string(), model, prompt)
            })
            .collect(),
        scorers: scores
            .scorers
            .iter()
            .map(|entry| entry.spec.label.clone())
            .collect(),
    }
}
