//! `trilemma select`: the main job. Check, benchmark, decide, report.

use std::path::PathBuf;

use anyhow::anyhow;
use trilemma_golden::GoldenSet;

use crate::args::Common;
use crate::commands::bench::{BenchArgs, summary_text};
use crate::commands::check::findings_text;
use crate::commands::money::look_ahead;
use crate::commands::shortlist::propose;
use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::exit::Exit;
use crate::failures;
use crate::field::givers;
use crate::golden;
use crate::inspection::inspect;
use crate::pins;
use crate::places::ensure_writable;
use crate::plan;
use crate::printer::Printer;
use crate::session::{self, SessionOptions};
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
    let report = args
        .report
        .clone()
        .unwrap_or_else(|| context.folder.join("trilemma-report.html"));
    ensure_writable(&report)?;
    let joined = args.bench.join(&context, common, printer)?;
    let part = match joined {
        Some(joined) => {
            context = joined.context;
            joined.part
        }
        None => args.bench.part(&context.project),
    };
    let golden = golden::read(&context, part.as_ref())?;
    if let Some(wider) = with_shortlist(&context, common, &golden, printer)? {
        context = wider;
    }
    args.bench.apply(&mut context.project.bench);
    let inspection = inspect(&context, &golden);
    printer.say(findings_text(&inspection).trim_end());
    if inspection.has_errors() {
        return Err(anyhow!(InputError(format!(
            "failed to start: put the errors above right; hint: `{}` shows them again",
            common.command("check")
        ))));
    }
    let plan = plan::plan(&context, &golden, &inspection.requests)?;
    printer.say(plan::text(&plan).trim_end());
    let options = SessionOptions {
        part,
        decide: args.decide,
        ..args.bench.session(&context.project)
    };
    let session = session::run(&context, golden, options, printer)?;
    printer.say(&summary_text(&session.summary));
    failures::tell(&session, printer)?;
    pins::tell(&context, (&session.store, &session.run), printer)?;
    let mut decision =
        decision::decide_routed(&context, (&session.store, &session.run), args.decide)?;
    look_ahead(&context, &mut decision)?;
    show::verdict(&decision, printer)?;
    show::write_html(&decision, &report)?;
    printer.say(&format!("report: {}", report.display()));
    let exit = decision::exit_of(&decision, args.decide, printer);
    let next = match decision::routed_next(&decision) {
        _ if exit == Exit::Provider => "select",
        Some(words) => words,
        None => "report --with-content --out report.html",
    };
    printer.next(&common.command(next));
    Ok(exit)
}

/// Adds what the shortlist proposes to a project that names no candidates of its own; `None` = it names
/// some.
pub(crate) fn with_shortlist(
    context: &Context,
    common: &Common,
    golden: &GoldenSet,
    printer: Printer,
) -> anyhow::Result<Option<Context>> {
    let project = &context.project;
    let n_answering = project.candidates.len() - givers(project).len();
    if n_answering > usize::from(project.incumbent.is_some()) {
        return Ok(None);
    }
    let proposals = propose(context, golden)?;
    printer.say("no candidates are named; the shortlist proposes");
    for (model, why) in &proposals {
        printer.say(&format!("  {model}: {why}"));
    }
    let models: Vec<String> = proposals.into_iter().map(|(model, _)| model).collect();
    context.with_candidates(common, &models).map(Some)
}
