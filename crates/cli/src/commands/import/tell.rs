//! What an import says of what it read.

use std::fmt::Write as _;

use serde_json::{Value, json};
use trilemma_interop::{Claimed, Gathered, Tally};

use super::cast::Cast;
use super::read::Source;
use crate::layout::{DEFAULT_WIDTH, Side, Table, counted, one_line, terminal_width};
use crate::printer::Printer;

/// Says what was read, what agrees with the tool's own sums, and what does not pair.
pub(super) fn read(sources: &[Source], gathered: &Gathered, cast: &Cast, printer: Printer) {
    let mut text = String::new();
    for source in sources {
        let version = source
            .origin
            .version
            .as_deref()
            .map(|version| format!(" {version}"));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}: {}{}, {} results",
            one_line(&source.path.display().to_string()),
            source.origin.tool.name(),
            one_line(&version.unwrap_or_default()),
            source.n_rows
        );
    }
    let _ = writeln!(
        text,
        "{}, {}, {}; `{}` decides\n",
        counted(gathered.candidates.len() as u64, "candidate"),
        counted(gathered.n_items, "item"),
        counted(u64::from(gathered.repeats), "repeat"),
        one_line(
            gathered
                .scorers
                .first()
                .map_or("the project's scorers", String::as_str)
        )
    );
    text.push_str(&table(gathered, cast).draw(0, Some(terminal_width().unwrap_or(DEFAULT_WIDTH))));
    printer.say(text.trim_end());
    for line in remarks(sources, gathered, cast) {
        printer.say(&one_line(&line));
    }
}

fn table(gathered: &Gathered, cast: &Cast) -> Table {
    let mut table = Table::new(&[
        ("candidate", Side::Left),
        ("model", Side::Left),
        ("answered", Side::Right),
        ("failed", Side::Right),
        ("passed", Side::Right),
        ("unknown", Side::Left),
    ]);
    for (member, tally) in cast.members.iter().zip(&gathered.tallies) {
        let identity = member.candidate.identity.as_ref();
        let model = match identity {
            Some(identity) => identity.to_string(),
            None if member.is_known => member.candidate.target.model.clone(),
            None => "not in the catalog".to_owned(),
        };
        table.push([
            member.candidate.id.to_string(),
            model,
            (tally.n_trials - tally.n_failed).to_string(),
            tally.n_failed.to_string(),
            if gathered.scorers.is_empty() {
                "-".to_owned()
            } else {
                tally.n_passed.to_string()
            },
            unknown(tally),
        ]);
    }
    table
}

/// What the files do not say of a candidate's answers.
fn unknown(tally: &Tally) -> String {
    let n_answered = tally.n_trials - tally.n_failed;
    let mut parts: Vec<&str> = Vec::new();
    if tally.n_latencies == 0 {
        parts.push("latency");
    }
    if tally.n_usage == 0 && tally.n_costs == 0 {
        parts.push("cost");
    }
    if tally.n_outputs == 0 && n_answered > 0 {
        parts.push("answers");
    }
    parts.join(", ")
}

fn remarks(sources: &[Source], gathered: &Gathered, cast: &Cast) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for member in cast.members.iter().filter(|member| member.is_moving) {
        if let Some(identity) = &member.candidate.identity {
            lines.push(format!(
                "note: `{}` is a moving name: it counts as `{identity}`, what it means on this date; \
                 which model answered is not known; hint: `--as-of` the day of the results",
                member.candidate.id
            ));
        }
    }
    for note in sources
        .iter()
        .flat_map(|source| &source.origin.notes)
        .chain(&gathered.notes)
    {
        let line = format!("note: {note}");
        // Several files of a kind say the same.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let checks: Vec<_> = sources
        .iter()
        .flat_map(|source| gathered.check(&source.origin))
        .collect();
    let n_held = checks.iter().filter(|check| check.holds).count();
    if n_held > 0 {
        lines.push(format!(
            "{n_held} of {} sums that the files state themselves agree",
            checks.len()
        ));
    }
    for check in checks.iter().filter(|check| !check.holds) {
        lines.push(format!(
            "warning: {}: the file says {}, its rows say {}",
            check.claim.candidate,
            words(&check.claim.what),
            check.found
        ));
    }
    for lack in &gathered.unpaired {
        let more = if lack.n_items > lack.first.len() as u64 {
            ", …"
        } else {
            ""
        };
        lines.push(format!(
            "not paired: {} has no result for {} items ({}{more})",
            lack.candidate,
            lack.n_items,
            lack.first.join(", ")
        ));
    }
    lines
}

fn words(claimed: &Claimed) -> String {
    match claimed {
        Claimed::Counts {
            passed,
            failed,
            errors,
        } => format!("{passed} passed, {failed} failed, {errors} errors"),
        Claimed::Mean { score, value } => format!("a mean {score} of {value}"),
        Claimed::Rows(rows) => format!("{rows} samples"),
    }
}

/// The problems in words.
pub(super) fn problems(gathered: &Gathered) -> String {
    let mut text = format!(
        "{} that cannot be read",
        counted(gathered.n_problems, "row")
    );
    let shown = gathered.problems.iter().take(20);
    for problem in shown {
        let words: String = problem.to_string().chars().take(500).collect();
        let _ = write!(text, "\n  {words}");
    }
    if gathered.n_problems > 20 {
        let _ = write!(text, "\n  and {} more", gathered.n_problems - 20);
    }
    text
}

/// The files for machines.
pub(super) fn files(sources: &[Source]) -> Value {
    let file = |source: &Source| {
        let name = source
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        json!({
            "name": name,
            "sha256": source.hash,
            "n_bytes": source.n_bytes,
            "n_results": source.n_rows,
            "tool": source.origin.tool,
            "version": source.origin.version,
        })
    };
    sources.iter().map(file).collect()
}

/// The tool's sums beside ours, for machines.
pub(super) fn checks(sources: &[Source], gathered: &Gathered) -> Value {
    let checks = sources
        .iter()
        .flat_map(|source| gathered.check(&source.origin));
    checks
        .map(|check| {
            json!({
                "candidate": check.claim.candidate,
                "stated": words(&check.claim.what),
                "read": check.found,
                "agrees": check.holds,
            })
        })
        .collect()
}

/// What does not pair, for machines.
pub(super) fn unpaired(gathered: &Gathered) -> Value {
    let lacks = gathered.unpaired.iter();
    lacks
        .map(|lack| {
            json!({
                "candidate": lack.candidate,
                "n_items": lack.n_items,
                "first": lack.first,
            })
        })
        .collect()
}
