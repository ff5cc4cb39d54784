//! `trilemma evidence`: what the gateway recorded, by candidate.
//!
//! Every share has its n and interval; costs are sums of what was recorded, the estimated part said.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::anyhow;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use trilemma_domain::NanoUsd;
use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::quantile::{Sorted, quantile};
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use super::serve::ledger_path;
use crate::args::Common;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::layout::{Side, Table, counted, parted, terminal_width};
use crate::printer::Printer;

/// What of the ledger is told.
#[derive(Debug, clap::Args)]
pub(crate) struct EvidenceArgs {
    /// Only requests from this day on (UTC).
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// Write every request as a JSON line to this file: figures and decisions, no texts.
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
}

/// What became of one candidate's requests.
#[derive(Debug, Default)]
struct Tally {
    n: usize,
    n_answered: usize,
    n_cut: usize,
    n_abandoned: usize,
    n_repeated: usize,
    n_unmeasured: usize,
    n_estimated: usize,
    n_unpriced: usize,
    nano: i128,
    first_ms: Vec<f64>,
}

/// Runs the command.
pub(crate) fn run(args: &EvidenceArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let input =
        |error: trilemma_store::StoreError| anyhow!(InputError(format!("failed to {error}")));
    let path = ledger_path(&context)?;
    if !path.is_file() {
        return Err(anyhow!(InputError(format!(
            "failed to find evidence: `{}` does not exist; hint: `trilemma serve` writes it",
            path.display()
        ))));
    }
    let file = LedgerFile::open_existing(&path).map_err(input)?;
    let since_us = match args.since {
        Some(day) => TimeZone::UTC
            .to_timestamp(day.at(0, 0, 0, 0))?
            .as_microsecond(),
        None => i64::MIN,
    };
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut lines = String::new();
    file.entries(since_us, &mut |entry| {
        if args.export.is_some() {
            lines.push_str(&line(&entry).to_string());
            lines.push('\n');
        }
        tallies
            .entry(entry.row.candidate.clone())
            .or_default()
            .add(&entry);
    })
    .map_err(input)?;
    if let Some(path) = &args.export {
        fs_err::write(path, lines)?;
    }
    if printer.json() {
        let candidates: Vec<Value> = tallies
            .iter()
            .map(|(name, tally)| tally.json(name))
            .collect();
        printer.value(&json!({ "schema_version": 1, "candidates": candidates }))?;
        return Ok(Exit::Ok);
    }
    if tallies.is_empty() {
        printer.say("no request has been recorded yet");
        return Ok(Exit::Ok);
    }
    printer.data(&table(&tallies));
    for (name, tally) in &tallies {
        for remark in tally.remarks() {
            printer.say(&format!("{name}: {remark}"));
        }
    }
    printer.next(&common.command("evidence --export evidence.jsonl"));
    Ok(Exit::Ok)
}

impl Tally {
    fn add(&mut self, entry: &LedgerEntry) {
        self.n += 1;
        match entry.row.cost {
            Some(cost) => self.nano += i128::from(cost.0),
            None => self.n_unpriced += 1,
        }
        self.n_estimated += usize::from(entry.row.is_estimated);
        let Some(evidence) = &entry.evidence else {
            return;
        };
        self.n_answered += usize::from(evidence.failure.is_none() && !evidence.abandoned);
        self.n_cut += usize::from(evidence.truncated);
        self.n_abandoned += usize::from(evidence.abandoned);
        self.n_repeated += usize::from(evidence.attempts.len() > 1);
        self.n_unmeasured += usize::from(!evidence.unmeasured.is_empty());
        let first = evidence
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| attempt.first_visible_us);
        self.first_ms.extend(first.map(|us| us as f64 / 1_000.0));
    }

    /// Share of requests that got their whole answer, of those whose client stayed.
    fn answered(&self) -> Option<trilemma_stats::Estimate> {
        let n_stayed = self.n.saturating_sub(self.n_abandoned);
        let count = Count::new(self.n_answered, n_stayed).ok()?;
        Some(wilson(count, Confidence::P95))
    }

    fn first_p50(&self) -> Option<trilemma_stats::Estimate> {
        let sample = Sorted::new(self.first_ms.clone()).ok()?;
        quantile(&sample, 0.5, Confidence::P95).ok()
    }

    fn total(&self) -> NanoUsd {
        NanoUsd(i64::try_from(self.nano).unwrap_or(i64::MAX))
    }

    fn json(&self, name: &str) -> Value {
        let interval = |one: Option<trilemma_stats::Estimate>| {
            one.map(
                |one| json!({ "point": one.point, "low": one.low, "high": one.high, "n": one.n }),
            )
        };
        json!({
            "candidate": name,
            "requests": self.n,
            "answered": interval(self.answered()),
            "cut": self.n_cut,
            "abandoned": self.n_abandoned,
            "repeated": self.n_repeated,
            "unmeasured": self.n_unmeasured,
            "cost_usd": self.total().to_usd().decimal().normalize().to_string(),
            "estimated": self.n_estimated,
            "unpriced": self.n_unpriced,
            "first_token_p50_ms": interval(self.first_p50()),
        })
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        let mut remark = |n: usize, what: &str| {
            if n > 0 {
                remarks.push(format!("{} {what}", counted(n as u64, "request")));
            }
        };
        remark(self.n_cut, "got a part of an answer and an error");
        remark(self.n_abandoned, "whose client went away");
        remark(self.n_repeated, "took more than one call");
        remark(self.n_unmeasured, "unlike what was measured");
        remark(
            self.n_estimated,
            "whose cost is the most that it can have been",
        );
        remark(self.n_unpriced, "whose price is unknown, not in the sum");
        remarks
    }
}

fn table(tallies: &BTreeMap<String, Tally>) -> String {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("requests", Side::Right),
        ("answered (95 %)", Side::Right),
        ("USD", Side::Right),
        ("first token p50 ms", Side::Right),
    ]);
    let unknown = || "-".to_owned();
    for (name, tally) in tallies {
        let answered = tally.answered().map_or_else(unknown, |one| {
            format!(
                "{:.1} % ({:.1}-{:.1})",
                100.0 * one.point,
                100.0 * one.low,
                100.0 * one.high
            )
        });
        let first = tally.first_p50().map_or_else(unknown, |one| {
            format!("{:.0} ({:.0}-{:.0})", one.point, one.low, one.high)
        });
        table.push([
            name.clone(),
            parted(tally.n as u64),
            answered,
            tally.total().to_usd().brief(),
            first,
        ]);
    }
    table.draw(0, terminal_width())
}

fn line(entry: &LedgerEntry) -> Value {
    let row = &entry.row;
    json!({
        "schema_version": 1,
        "request": row.id.to_string(),
        "at_us": row.at_us,
        "client": row.client,
        "candidate": row.candidate,
        "requested": row.requested,
        "served": row.served,
        "usage": row.usage,
        "raw_usage": row.raw_usage.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
        "cost_nano_usd": row.cost.map(|cost| cost.0),
        "is_estimated": row.is_estimated,
        "evidence": entry.evidence,
    })
}
