//! A log as an archive: `header.json` of a finished one, `_journal/start.json` of one that still
//! runs or was broken off, and a member per sample.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde_json::Value;
use trilemma_golden::Problem;

use super::header::{Header, header, origin};
use super::sample::sample;
use crate::container::zip::{Archive, Member};
use crate::error::InteropError;
use crate::results::options::ReadOptions;
use crate::results::take::{Origin, Take};

const HINT: &str = "name a log that Inspect wrote, `.eval` or `.json`";

/// Reads the archive.
pub(crate) fn read_eval(
    path: &Path,
    n_bytes: &Arc<AtomicU64>,
    options: &ReadOptions,
    take: &mut dyn Take,
) -> Result<Origin, InteropError> {
    let (mut archive, members) = Archive::open(path, Arc::clone(n_bytes))?;
    let (header, mut origin) = head(&mut archive, &members, options)?;
    let mut n_samples = 0_u64;
    for (place, member) in (1..).zip(&members) {
        if !is_sample(&member.name) {
            continue;
        }
        n_samples += 1;
        let read = archive.read(member);
        let row = match &read {
            Err(reason) => Err(Problem::new(reason.clone()).field(member.name.to_string())),
            Ok(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => sample(text, &header, place)
                    .map_err(|problem| problem.field(member.name.to_string())),
                Err(_) => Err(Problem::new("is not UTF-8").field(member.name.to_string())),
            },
        };
        match row {
            Ok(row) => {
                if take.row(row).is_break() {
                    break;
                }
            }
            Err(problem) => take.problem(problem),
        }
    }
    if n_samples == 0 {
        return Err(InteropError::broken(
            path,
            "the log holds no samples",
            "run Inspect with `--log-samples`, and wait until the first samples are written",
        ));
    }
    origin.notes.sort();
    Ok(origin)
}

fn is_sample(name: &str) -> bool {
    name.starts_with("samples/") && name.ends_with(".json")
}

fn head(
    archive: &mut Archive,
    members: &[Member],
    options: &ReadOptions,
) -> Result<(Header, Origin), InteropError> {
    let find = |name: &str| members.iter().find(|member| &*member.name == name);
    let finished = find("header.json");
    let Some(member) = finished.or_else(|| find("_journal/start.json")) else {
        let reason =
            "the archive is no Inspect log: it has neither `header.json` nor `_journal/start.json`";
        return Err(InteropError::broken(archive.path(), reason, HINT));
    };
    let broken = |archive: &Archive, reason: String| {
        InteropError::broken(archive.path(), format!("`{}` {reason}", member.name), HINT)
    };
    let bytes = archive
        .read(member)
        .map_err(|reason| broken(archive, reason))?;
    let log: Value = serde_json::from_slice(&bytes)
        .map_err(|error| broken(archive, format!("is no JSON: {error}")))?;
    let eval = log.get("eval").cloned().unwrap_or_default();
    let header = header(&eval, options.candidate.as_deref())
        .ok_or_else(|| broken(archive, "names no model".to_owned()))?;
    let mut origin = origin(&log, &eval, &header);
    if finished.is_none() {
        origin.notes.push(format!(
            "the log of {} is unfinished: only samples that were written are read",
            header.candidate.name
        ));
    }
    Ok((header, origin))
}
