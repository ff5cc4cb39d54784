//! `trilemma golden sample`: items to label, drawn from logs.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::anyhow;
use trilemma_golden::{
    Allocation, LogColumns, Redaction, Sample, SampleOptions, UNLABELLED, sample, write_jsonl,
};

use super::columns::format_named;
use crate::context::InputError;
use crate::exit::Exit;
use crate::hint;
use crate::layout::{Side, Table, bullet, counted, one_line, terminal_width, wrap};
use crate::places;
use crate::printer::{Printer, plain_json};

/// Strata that are listed; the rest is counted.
const MAX_STRATA_SHOWN: usize = 20;
/// Unusable rows that are told; the rest is counted.
const MAX_PROBLEMS_SHOWN: usize = 5;

/// What to draw, and from where.
#[derive(Debug, clap::Args)]
pub(crate) struct SampleArgs {
    /// The log: JSON lines or CSV, of any size.
    pub(crate) logs: PathBuf,
    /// How many items.
    #[arg(long, default_value_t = 300)]
    pub(crate) n: usize,
    /// The file to write (default: standard output).
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write over the file if it exists.
    #[arg(long)]
    pub(crate) force: bool,
    /// Draw from each value of this column; may be repeated.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) stratify: Vec<String>,
    /// Draw the same number from each stratum instead of in proportion.
    #[arg(long, requires = "stratify")]
    pub(crate) equal: bool,
    /// Replace what looks like personal data by its kind in brackets.
    #[arg(long)]
    pub(crate) redact: bool,
    /// Which draw: the same seed draws the same items from the same log.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Column of what was asked (default: the usual names).
    #[arg(long, value_name = "COLUMN")]
    pub(crate) input: Option<String>,
    /// Column of what was answered, kept as metadata.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) answer: Option<String>,
    /// Column of the row's name.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) id: Option<String>,
    /// Column that dependent rows share, such as a conversation's id.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) cluster: Option<String>,
    /// Column to keep as metadata; may be repeated.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) keep: Vec<String>,
    /// The log's format, where the file's name does not tell: jsonl, json or csv.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,
}

impl SampleArgs {
    fn options(&self) -> anyhow::Result<SampleOptions> {
        Ok(SampleOptions {
            n: self.n,
            seed: self.seed,
            stratify_by: self.stratify.clone(),
            allocation: if self.equal {
                Allocation::Equal
            } else {
                Allocation::Proportional
            },
            columns: LogColumns {
                input: self.input.clone(),
                answer: self.answer.clone(),
                id: self.id.clone(),
                cluster: self.cluster.clone(),
                keep: self.keep.clone(),
            },
            format: self.format.as_deref().map(format_named).transpose()?,
            redaction: if self.redact {
                Redaction::Replace
            } else {
                Redaction::Keep
            },
        })
    }
}

/// Runs the command.
pub(crate) fn run(args: &SampleArgs, printer: Printer) -> anyhow::Result<Exit> {
    if args.n == 0 {
        return Err(anyhow!(InputError(
            "failed to draw 0 items; hint: 100 to 500 are usual".to_owned()
        )));
    }
    if let Some(out) = args.out.as_ref().filter(|out| !args.force && out.exists()) {
        return Err(anyhow!(InputError(format!(
            "failed to write {}: it exists; hint: --force writes over it",
            out.display()
        ))));
    }
    if args.out.is_none() && printer.json() {
        return Err(anyhow!(InputError(
            "failed to tell the summary from the items; hint: with --json, name a file with --out"
                .to_owned()
        )));
    }
    let drawn = sample(&args.logs, &args.options()?)
        .map_err(|errors| anyhow!(InputError(format!("failed to {errors}"))))?;
    let mut lines = Vec::new();
    write_jsonl(&drawn.items, &mut lines)?;
    match &args.out {
        Some(out) => places::write_file(out, &lines)?,
        None => printer.document(&plain_json(&String::from_utf8_lossy(&lines))),
    }
    if printer.json() {
        printer.value(&summary(args, &drawn))?;
        return Ok(Exit::Ok);
    }
    tell(args, &drawn, printer);
    Ok(Exit::Ok)
}

fn summary(args: &SampleArgs, drawn: &Sample) -> serde_json::Value {
    let personal: serde_json::Map<String, serde_json::Value> = drawn
        .personal_data
        .iter()
        .map(|(kind, n_items)| (kind.name().to_owned(), (*n_items).into()))
        .collect();
    serde_json::json!({
        "out": args.out,
        "n_items": drawn.items.len(),
        "n_rows": drawn.rows,
        "n_skipped": drawn.skipped,
        "problems": drawn.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "n_near_duplicates": drawn.near_duplicates,
        "strata": drawn.strata,
        "personal_data": personal,
        "redacted": args.redact,
        "seed": args.seed,
    })
}

fn tell(args: &SampleArgs, drawn: &Sample, printer: Printer) {
    let width = terminal_width().unwrap_or(100);
    let mut text = format!(
        "{} items drawn from {} usable rows, {} nearly the same as another passed over\n",
        drawn.items.len(),
        drawn.rows,
        drawn.near_duplicates
    );
    if drawn.items.len() < args.n {
        let line = format!(
            "fewer than the {} asked for: the log holds no more distinct requests",
            args.n
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", wrap(&line, 0, width));
    }
    if drawn.skipped > 0 {
        let _ = writeln!(text, "{} rows could not be used:", drawn.skipped);
        for problem in drawn.problems.iter().take(MAX_PROBLEMS_SHOWN) {
            let _ = writeln!(text, "{}", bullet(&problem.to_string(), 2, Some(width)));
        }
    }
    if drawn.strata.len() > 1 {
        let mut table = Table::new(&[
            ("stratum", Side::Left),
            ("rows", Side::Right),
            ("drawn", Side::Right),
        ]);
        for stratum in drawn.strata.iter().take(MAX_STRATA_SHOWN) {
            table.push([
                stratum.name.clone(),
                stratum.rows.to_string(),
                stratum.drawn.to_string(),
            ]);
        }
        text.push_str(&table.draw(2, Some(width)));
        if let Some(more) = drawn.strata.len().checked_sub(MAX_STRATA_SHOWN + 1) {
            let _ = writeln!(text, "  and {} more strata", more + 1);
        }
    }
    printer.say(text.trim_end());
    warn_of_personal_data(args, drawn, width, printer);
    let Some(out) = &args.out else { return };
    let line = format!(
        "wrote {}: fill in `expected` (or `criteria`) of each item and remove its tag `{UNLABELLED}`",
        out.display()
    );
    printer.say(&wrap(&line, 0, width));
    printer.next(&format!(
        "trilemma golden lint {}",
        one_line(&hint::path(out))
    ));
}

/// Personal data are told even where nothing else is.
fn warn_of_personal_data(args: &SampleArgs, drawn: &Sample, width: usize, printer: Printer) {
    if drawn.personal_data.is_empty() {
        let line = "no e-mail addresses, numbers or secrets recognised; names, postal addresses and \
                    health data are never recognised, so look at the items yourself";
        printer.say(&wrap(line, 0, width));
        return;
    }
    let kinds: Vec<String> = drawn
        .personal_data
        .iter()
        .map(|(kind, n_items)| format!("{} in {}", kind.name(), counted(*n_items as u64, "item")))
        .collect();
    let advice = if args.redact {
        "replaced by their kinds in brackets; names, postal addresses and health data are not \
         recognised, so look at the items yourself"
    } else {
        "the items will be sent to every candidate's vendor; hint: --redact replaces them, and look \
         for names and addresses yourself"
    };
    let line = format!(
        "warning: likely personal data: {}; {advice}",
        kinds.join(", ")
    );
    printer.tell(&wrap(&line, 0, width));
}
