//! `trilemma drift watch`: checks on a schedule, until a model has changed.
//!
//! All state is in the store: when the last check was, what it found, what was told. A process that is
//! killed at any moment and started again goes on where it was.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use trilemma_domain::{DriftReport, RunId};
use trilemma_report::{Contents, DriftFormat, drift_report};
use trilemma_store::Store;

use super::check::unanswered;
use super::look::{self, CheckHow, Checked};
use super::notify::NotifyArgs;
use crate::args::Common;
use crate::clock;
use crate::context::{Context, InputError};
use crate::exit::Exit;
use crate::places;
use crate::printer::{Printer, plain_json};

/// How long to wait after a check that could not be made, at most.
const TRY_AGAIN: Duration = Duration::from_secs(15 * 60);

/// How often, and what happens then.
#[derive(Debug, clap::Args)]
pub(super) struct WatchArgs {
    /// Time between checks, such as `1d`, `6h`, `30m` or `90s`.
    #[arg(long, value_name = "TIME", default_value = "1d", value_parser = period)]
    every: Duration,
    /// The baseline (default: the latest complete one).
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Append each check as a JSON line to this file, too; each exactly once, whatever was killed.
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
    /// End after so many checks without an alarm (default: go on).
    #[arg(long, value_name = "N")]
    checks: Option<u32>,
    #[command(flatten)]
    notify: NotifyArgs,
    #[command(flatten)]
    how: CheckHow,
}

/// Reads a period.
fn period(text: &str) -> Result<Duration, String> {
    let hint = "hint: a number and a unit, such as `1d`, `6h`, `30m` or `90s`";
    let (number, seconds) = [("d", 86_400_u64), ("h", 3_600), ("m", 60), ("s", 1)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .ok_or_else(|| format!("`{text}` has no unit; {hint}"))?;
    let number: u64 = number
        .parse()
        .map_err(|_| format!("`{text}` is no time; {hint}"))?;
    number
        .checked_mul(seconds)
        .filter(|total| (1..=366 * 86_400).contains(total))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("`{text}` is not between a second and a year"))
}

/// Runs the command.
pub(super) fn run(args: &WatchArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let context = Context::open(common)?;
    let path = places::store_path(&context.folder, &context.project)?;
    let baseline = look::baseline(&Store::open_existing(&path)?, args.baseline.as_deref())?;
    let mut n_done = 0;
    loop {
        let last = {
            let store = Store::open_existing(&path)?;
            let reports = look::reports(&store, &baseline)?;
            tell(args, &store, &reports, printer)?;
            reports.into_iter().next_back()
        };
        if let Some(report) = last.as_ref().filter(|report| report.drifted) {
            printer.tell(&format!(
                "drift: alarm {} of check {} stands until a new baseline is recorded",
                report.id, report.number
            ));
            printer.next(&common.command("drift show --with-content"));
            return Ok(Exit::Drift);
        }
        if args.checks.is_some_and(|most| n_done >= most) {
            return Ok(Exit::Ok);
        }
        if args.how.ask.dry_run {
            look::check(common, &baseline, &args.how, printer)?;
            return Ok(Exit::Ok);
        }
        wait(last.as_ref(), args.every, printer);
        match look::check(common, &baseline, &args.how, printer) {
            Ok(Checked::Judged(report)) => {
                n_done += 1;
                line(&report, printer)?;
            }
            Ok(Checked::Planned) => return Ok(Exit::Ok),
            Ok(Checked::Stopped) => {
                printer.tell("stopped; the same command goes on with this check");
                return Ok(Exit::Provider);
            }
            Ok(Checked::Unanswered {
                n_answers,
                n_trials,
            }) => {
                printer.tell(&unanswered(n_answers, n_trials));
                std::thread::sleep(args.every.min(TRY_AGAIN));
            }
            // What never worked is a matter of input; what did may work again.
            Err(error) if last.is_none() && n_done == 0 => return Err(error),
            Err(error) => {
                printer.tell(&format!("no check: {error:#}; trying again later"));
                std::thread::sleep(args.every.min(TRY_AGAIN));
            }
        }
    }
}

/// Waits until the next check is due; one that was missed is due at once.
fn wait(last: Option<&DriftReport>, every: Duration, printer: Printer) {
    let Some(report) = last else { return };
    let every_us = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
    let due_us = report.checked_us.saturating_add(every_us);
    let left_us = due_us.saturating_sub(clock::now_us()).clamp(0, every_us);
    if left_us == 0 {
        return;
    }
    let due = jiff::Timestamp::from_microsecond(due_us).unwrap_or_default();
    printer.say(&format!(
        "check {} is due {}",
        report.number + 1,
        due.strftime("%Y-%m-%d %H:%M:%S UTC")
    ));
    std::thread::sleep(Duration::from_micros(left_us.unsigned_abs()));
}

/// Sees to it that everything on record is in the file, and every alarm told.
fn tell(
    args: &WatchArgs,
    store: &Store,
    reports: &[DriftReport],
    printer: Printer,
) -> anyhow::Result<()> {
    if let Some(path) = &args.out {
        append(path, reports)?;
    }
    for report in reports.iter().filter(|report| report.drifted) {
        args.notify.tell(store, report, printer)?;
    }
    Ok(())
}

/// Writes a check as a JSON line to standard output.
fn line(report: &DriftReport, printer: Printer) -> anyhow::Result<()> {
    printer.document(&json_line(report)?);
    Ok(())
}

/// One line, without texts of items or answers.
fn json_line(report: &DriftReport) -> anyhow::Result<String> {
    let bytes = drift_report(report, DriftFormat::Json, Contents::LeftOut)?;
    let bare: serde_json::Value = serde_json::from_slice(&bytes)?;
    Ok(plain_json(&serde_json::to_string(&bare)?))
}

/// Appends what the file does not hold yet; a line that was cut by a kill is written anew.
fn append(path: &Path, reports: &[DriftReport]) -> anyhow::Result<()> {
    let mut known: Vec<(RunId, u32)> = Vec::new();
    let mut n_sound = 0_u64;
    if path.is_file() {
        let mut reader = BufReader::new(fs_err::File::open(path)?);
        let mut line = String::new();
        while reader.read_line(&mut line)? > 0 {
            if !line.ends_with('\n') {
                break;
            }
            let report: DriftReport = serde_json::from_str(&line).map_err(|_| {
                anyhow!(InputError(format!(
                    "failed to append to {}: it holds something else than lines of `drift watch`",
                    path.display()
                )))
            })?;
            known.push((report.baseline, report.number));
            n_sound += line.len() as u64;
            line.clear();
        }
    }
    let is_missing =
        |report: &&DriftReport| !known.contains(&(report.baseline.clone(), report.number));
    let missing: Vec<&DriftReport> = reports.iter().filter(is_missing).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut file = fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)?;
    file.set_len(n_sound)?;
    for report in missing {
        file.write_all(format!("{}\n", json_line(report)?).as_bytes())?;
    }
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_have_a_unit() {
        assert_eq!(period("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(period("2d"), Ok(Duration::from_secs(172_800)));
        for bad in [
            "",
            "5",
            "d",
            "-1h",
            "0s",
            "400d",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert!(period(bad).is_err(), "{bad}");
        }
    }
}
