//! `trilemma bench`: call every candidate on every item.

use trilemma_bench::{Stop, Summary};
use trilemma_domain::{NanoUsd, Usd};
use trilemma_golden::Side;
use trilemma_grade::{CodeLeave, JudgeTally};
use trilemma_project::{Adaptive, BenchSettings, Project};
use trilemma_store::Store;

use crate::adaptive::{self, adaptive};
use crate::args::Common;
use crate::commands::export::choose;
use crate::commands::words::split_side;
use crate::context::Context;
use crate::decision::DecideOptions;
use crate::exit::Exit;
use crate::failures;
use crate::golden;
use crate::layout::counted;
use crate::newcomer::{self, Joined};
use crate::pins;
use crate::places;
use crate::plan::tally_text;
use crate::printer::Printer;
use crate::session::{self, SessionOptions, UnknownPrice};
use crate::split::Part;

/// How a benchmark is run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct BenchArgs {
    /// Begin a new run where one of the same plan exists; identical calls are replayed, not paid twice.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Call again where an earlier identical call was answered; with --fresh, measure all anew.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Let scorers and candidates of the project run programs.
    #[arg(long)]
    pub(crate) allow_code: bool,
    /// Most that the run may cost, in dollars (overrides the project).
    #[arg(long, value_name = "USD", allow_hyphen_values = true, value_parser = budget)]
    pub(crate) budget: Option<Usd>,
    /// Most calls in flight (overrides the project).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) concurrency: Option<u32>,
    /// Ask only what can change the choice: the best pass rate within 2 points, or by `gates` the preferred one that meets every requirement.
    #[arg(long, value_name = "MODE", num_args = 0..=1, require_equals = true, default_missing_value = "calibrated", value_parser = adaptive())]
    pub(crate) adaptive: Option<Adaptive>,
    /// Measure on a part of the golden set only (default: all of it).
    #[arg(long, value_name = "SIDE", value_parser = split_side())]
    pub(crate) split: Option<Side>,
    /// Spend in spite of a budget on candidates whose price is unknown.
    #[arg(long)]
    pub(crate) allow_unknown_price: bool,
    /// Store response bodies as received.
    #[arg(long)]
    pub(crate) keep_raw: bool,
    /// Add this model, or candidate of the project, to an earlier run: only it is called, answers of
    /// the others are replayed.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["fresh", "adaptive", "split"])]
    pub(crate) new_candidate: Option<String>,
    /// The run to add it to (default: the latest).
    #[arg(long, value_name = "RUN", requires = "new_candidate")]
    pub(crate) to: Option<String>,
}

impl BenchArgs {
    /// Lets the command line win over the project.
    pub(crate) fn apply(&self, settings: &mut BenchSettings) {
        settings.budget = self.budget.or(settings.budget);
        settings.concurrency = self.concurrency.unwrap_or(settings.concurrency);
        settings.keep_raw |= self.keep_raw;
        settings.cache &= !self.no_cache;
        settings.adaptive = self.adaptive.or(settings.adaptive);
    }

    /// The project with the new candidate beside those of an earlier run; `None` = none is asked for.
    pub(crate) fn join(
        &self,
        context: &Context,
        common: &Common,
        printer: Printer,
    ) -> anyhow::Result<Option<Joined>> {
        let Some(model) = &self.new_candidate else {
            return Ok(None);
        };
        let store = Store::open_existing(&places::store_path(&context.folder, &context.project)?)?;
        let run = choose(&store, self.to.as_deref())?;
        let joined = newcomer::join(context, common, (model, &store, &run))?;
        printer.say(&joined.text);
        Ok(Some(joined))
    }

    /// The part of the golden set that is measured; `None` = all of it.
    pub(crate) fn part(&self, project: &Project) -> Option<Part> {
        self.split.map(|side| Part::of(project, side))
    }

    /// What they mean for a session.
    pub(crate) fn session(&self, project: &Project) -> SessionOptions {
        SessionOptions {
            part: self.part(project),
            unknown_price: if self.allow_unknown_price {
                UnknownPrice::Accept
            } else {
                UnknownPrice::Refuse
            },
            fresh: self.fresh,
            leave: if self.allow_code {
                CodeLeave::Granted
            } else {
                CodeLeave::Withheld
            },
            decide: DecideOptions::default(),
            parameters: serde_json::Map::new(),
            beginning: None,
        }
    }
}

/// Reads a budget.
pub(crate) fn budget(text: &str) -> Result<Usd, String> {
    let budget: Usd = text
        .parse()
        .map_err(|error: trilemma_domain::MoneyError| error.to_string())?;
    match budget.settle() {
        Ok(settled) if settled >= NanoUsd::default() => Ok(budget),
        Ok(_) => Err("a budget is not negative".to_owned()),
        Err(_) => Err("so much money is in no account".to_owned()),
    }
}

/// Runs the command.
pub(crate) fn run(args: &BenchArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let mut context = Context::open(common)?;
    let joined = args.join(&context, common, printer)?;
    let part = match joined {
        Some(joined) => {
            context = joined.context;
            joined.part
        }
        None => args.part(&context.project),
    };
    args.apply(&mut context.project.bench);
    let golden = golden::read(&context, part.as_ref())?;
    let options = SessionOptions {
        part,
        ..args.session(&context.project)
    };
    let session = session::run(&context, golden, options, printer)?;
    pins::tell(&context, (&session.store, &session.run), printer)?;
    if printer.json() {
        printer.value(&session.summary)?;
    } else {
        printer.data(&summary_text(&session.summary));
        failures::tell(&session, printer)?;
        printer.next(&common.command(next(&session.summary)));
    }
    Ok(exit_of(&session.summary))
}

/// The command that makes sense after a session: the same again where something is missing that it
/// would get.
pub(crate) fn next(summary: &Summary) -> &'static str {
    let is_missing = summary.n_failed > 0 || summary.n_open > 0 || summary.n_unscored > 0;
    if is_missing && summary.stop != Some(Stop::Budget) {
        "bench"
    } else {
        "decide"
    }
}

/// The exit code of a session: failed or missing trials are a provider's failure.
pub(crate) fn exit_of(summary: &Summary) -> Exit {
    if summary.n_failed > 0 || summary.n_open > 0 || summary.n_unscored > 0 {
        Exit::Provider
    } else {
        Exit::Ok
    }
}

/// What a session did, in words.
pub(crate) fn summary_text(summary: &Summary) -> String {
    let mut lines = vec![format!(
        "run {}: {} of {} trials answered",
        summary.run,
        summary.n_answered + summary.n_replayed + summary.n_resumed,
        summary.n_trials
    )];
    let mut add = |n: u64, text: &str| {
        if n > 0 {
            lines.push(format!("  {n} {text}"));
        }
    };
    add(summary.n_resumed, "were answered before this session");
    add(
        summary.n_replayed,
        "replayed from earlier identical calls, without a call",
    );
    add(
        summary.n_repeated,
        "called though an interrupted session may have called them too",
    );
    add(
        summary.n_failed,
        "ended without an answer; the same command tries them again",
    );
    add(
        summary.n_open,
        "are open; the same command goes on with them",
    );
    add(
        summary.n_unscored,
        "answers miss a score, because a scorer failed or was not asked; the same command goes on",
    );
    lines.push(format!(
        "  {} in this session, ${:.4} spent by the run so far",
        counted(summary.n_attempts, "call"),
        summary.spent.to_f64_usd()
    ));
    if summary.assumed > NanoUsd::default() {
        lines.push(format!(
            "  up to ${:.4} more for calls whose cost nobody told; the budget counts it",
            summary.assumed.to_f64_usd()
        ));
    }
    if let Some(race) = &summary.race {
        lines.push(adaptive::text(race));
    }
    if summary.judges != JudgeTally::default() {
        lines.push(format!("  {}", tally_text(&summary.judges)));
    }
    match summary.stop {
        Some(Stop::Budget) => {
            lines.push("stopped: the next call might have exceeded the budget".to_owned())
        }
        Some(Stop::Interrupted) => lines.push("stopped: interrupted".to_owned()),
        None => {}
    }
    lines.join("\n")
}
