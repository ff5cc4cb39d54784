//! `trilemma select`: the main job. Check, benchmark, decide, report.

use std::path::PathBuf;

use crate::args::Common;
use crate::commands::bench::{BenchArgs, summary_text};
use crate::context::Context;
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::golden;
use crate::printer::Printer;
use crate::session;
use crate::show;

/// How a selection is made.
#[derive(Debug, clap::Args)]
pub(crate) struct SelectArgs {
    #[command(flatten)]
    pub(crate) bench: BenchArgs,
    #[command(flatten)]
    pub(crate) decide: DecideOptions,
    /// Where the HTML report goes (default: `trilemma-report.html` beside the project).
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &SelectArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut context = Context::open(common)?;
    args.bench.apply(&mut context.project.bench);
    for warning in &context.warnings {
        printer.say(&format!("warning: {warning}"));
    }
    let golden = golden::read(&context.folder, &context.project.task.golden)?;
    for warning in golden.warnings() {
        printer.say(&format!("warning: golden set: {warning}"));
    }
    let session = session::run(&context, golden, args.bench.session(), printer)?;
    printer.say(&summary_text(&session.summary));
    let decision = decision::decide(&context, &session.store, &session.run, args.decide)?;
    let report = args
        .report
        .clone()
        .unwrap_or_else(|| context.folder.join("trilemma-report.html"));
    show::verdict(&decision, printer)?;
    printer.say(&format!("\nreport: {}", report.display()));
    printer.next("trilemma report --with-content --out report.html");
    Ok(decision::exit_of(&decision, args.decide))
}
