//! `trilemma golden lint`.

use std::fmt::Write as _;

use trilemma_domain::TaskKind;
use trilemma_golden::{Finding, GoldenSet, Severity, SizeGuide, size_guide};

use super::columns::{GoldenFile, Opened};
use crate::args::Common;
use crate::commands::words::task_kind;
use crate::exit::Exit;
use crate::hint;
use crate::layout::{bullet, counted, one_line, terminal_width, wrap};
use crate::linting::{LintWishes, findings, held};
use crate::printer::Printer;

/// What to look at.
#[derive(Debug, clap::Args)]
pub(crate) struct LintArgs {
    #[command(flatten)]
    golden: GoldenFile,
    /// Kind of task (default: the project's).
    #[arg(long, value_name = "KIND", value_parser = task_kind())]
    task: Option<TaskKind>,
    /// Margin that must be decidable, as a share such as 0.05 (default: the project's).
    #[arg(long, value_name = "SHARE")]
    margin: Option<f64>,
}

/// Runs the command.
pub(crate) fn run(args: &LintArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let margin = args.margin.filter(|margin| *margin > 0.0 && *margin < 1.0);
    if args.margin.is_some() && margin.is_none() {
        return Err(anyhow::anyhow!(crate::context::InputError(
            "failed to read `--margin`; hint: a share between 0 and 1, such as 0.05".to_owned()
        )));
    }
    let opened = args.golden.open(common)?;
    let wishes = LintWishes {
        task: args.task,
        margin,
    };
    let findings = findings(opened.context.as_ref(), &opened.set, &wishes);
    let has_errors = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let held = held(opened.context.as_ref());
    let guide = size_guide(opened.set.items(), None, held).ok();
    if printer.json() {
        printer.value(&serde_json::json!({
            "file": opened.file,
            "fingerprint": opened.set.fingerprint(),
            "n_items": opened.set.len(),
            "findings": findings,
            "size": guide,
            "warnings": opened.set.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        printer.data(&words(&opened.set, &findings, guide.as_ref()));
        printer.next(&next(args, &opened, has_errors, common));
    }
    Ok(if has_errors { Exit::Usage } else { Exit::Ok })
}

fn next(args: &LintArgs, opened: &Opened, has_errors: bool, common: &Common) -> String {
    let file = hint::path(&opened.file);
    match (&opened.context, has_errors) {
        (Some(_), true) if args.golden.is_project() => {
            format!("mend the errors, then: {}", common.command("golden lint"))
        }
        (_, true) => {
            let again = common.command(&format!("golden lint {file}"));
            format!("mend the errors, then: {again}")
        }
        (Some(_), false) => common.command("check"),
        (None, false) => common.command(&format!("init --golden {file}")),
    }
}

fn words(set: &GoldenSet, findings: &[Finding], guide: Option<&SizeGuide>) -> String {
    let width = terminal_width();
    let mut text = format!(
        "{}: {} items, fingerprint {}\n",
        one_line(set.source()),
        set.len(),
        set.fingerprint().short()
    );
    for warning in set.warnings() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", bullet(&warning.to_string(), 0, width));
    }
    for finding in findings {
        text.push('\n');
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let line = format!("{severity} [{}]: {}", finding.code.name(), finding.message);
        let _ = writeln!(text, "{}", wrap(&line, 0, width.unwrap_or(100)));
        if !finding.items.is_empty() {
            let names: Vec<String> = finding.items.iter().map(ToString::to_string).collect();
            let more = match finding.n_items.saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let line = format!("items: {}{more}", names.join(", "));
            let _ = writeln!(text, "{}", wrap(&line, 2, width.unwrap_or(100)));
        }
        let line = format!("hint: {}", finding.hint);
        let _ = writeln!(text, "{}", wrap(&line, 2, width.unwrap_or(100)));
    }
    text.push('\n');
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let _ = writeln!(
        text,
        "{}, {}, {}",
        counted(count(Severity::Error) as u64, "error"),
        counted(count(Severity::Warning) as u64, "warning"),
        counted(count(Severity::Note) as u64, "note")
    );
    if let Some(guide) = guide {
        let margin = guide.proposed_margin().map_or_else(
            || "is too small to decide \"not worse\" with any margin".to_owned(),
            |margin| {
                let points = format!("{:.1}", margin * 100.0);
                format!(
                    "decides \"not worse\" with a margin from {} points on",
                    points.trim_end_matches(".0")
                )
            },
        );
        let line = format!(
            "this set shows differences between candidates from {} points on, and {margin} (80 % chance)",
            points(
                guide.detectable_difference.low,
                guide.detectable_difference.high
            ),
        );
        let _ = writeln!(text, "{}", wrap(&line, 0, width.unwrap_or(100)));
    }
    text
}

fn points(low: f64, high: f64) -> String {
    let (low, high) = (
        format!("{:.1}", low * 100.0),
        format!("{:.1}", high * 100.0),
    );
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}
