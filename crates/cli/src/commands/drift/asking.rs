//! Asking the canary: the project as a baseline or a check takes it, and what that costs.
//!
//! In: a project, the items, whom to ask. Out: a run with all calls durable, which the same command goes
//! on with after an interruption. Earlier answers are never replayed here: they would hide every change.

use std::fmt::Write as _;

use anyhow::anyhow;
use trilemma_domain::{Candidate, Usd};
use trilemma_drift::Purpose;
use trilemma_golden::GoldenSet;
use trilemma_grade::CodeLeave;

use crate::context::{Context, InputError};
use crate::decision::DecideOptions;
use crate::inspection::inspect;
use crate::layout::counted;
use crate::plan;
use crate::printer::Printer;
use crate::session::{self, Session, SessionOptions, UnknownPrice};

/// How calls are made.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct AskArgs {
    /// Most that these calls may cost, in dollars (default: no limit).
    #[arg(long, value_name = "USD")]
    budget: Option<Usd>,
    /// Say what would be called and what it costs, and call nobody.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Let scorers of the project run programs.
    #[arg(long)]
    allow_code: bool,
}

/// What to ask.
pub(super) struct Asking<'a> {
    pub(super) context: &'a mut Context,
    pub(super) candidates: Vec<Candidate>,
    pub(super) golden: GoldenSet,
    pub(super) repeats: u32,
    pub(super) seed: u64,
    pub(super) purpose: Purpose,
}

impl Asking<'_> {
    /// Makes the project what is asked for.
    fn prepare(&mut self, args: &AskArgs) {
        let project = &mut self.context.project;
        project.candidates = std::mem::take(&mut self.candidates);
        project.bench.repeats = self.repeats;
        project.bench.seed = self.seed;
        project.bench.budget = args.budget;
        project.bench.cache = false;
        project.bench.adaptive = None;
        let incumbent = project.incumbent.as_ref();
        let is_asked =
            incumbent.is_some_and(|id| project.candidates.iter().any(|one| one.id == *id));
        if !is_asked {
            project.incumbent = None;
        }
    }

    /// Says what it costs, then asks; `None` = only the cost was asked for. With a `first` look only the first
    /// items are asked where it is enough.
    ///
    /// # Errors
    /// As [`session::run`]; [`InputError`] for requests that cannot be sent.
    pub(super) fn ask(
        mut self,
        args: &AskArgs,
        first: Option<First<'_>>,
        printer: Printer,
    ) -> anyhow::Result<Option<Asked>> {
        self.prepare(args);
        let text = cost(self.context, &self.golden)?;
        if args.dry_run {
            printer.data(&text);
            return Ok(None);
        }
        printer.say(&text);
        let options = SessionOptions {
            part: None,
            unknown_price: UnknownPrice::Refuse,
            fresh: false,
            leave: if args.allow_code {
                CodeLeave::Granted
            } else {
                CodeLeave::Withheld
            },
            decide: DecideOptions::default(),
            parameters: self.purpose.parameters(),
            beginning: None,
        };
        if let Some(first) = first {
            let beginning = SessionOptions {
                beginning: Some(first.n_items),
                ..options.clone()
            };
            let session = session::run(self.context, self.golden.clone(), beginning, printer)?;
            if (first.is_enough)(&session)? {
                return Ok(Some(Asked::Beginning(session)));
            }
            if session.summary.stop.is_some() {
                return Ok(Some(Asked::Whole(session)));
            }
        }
        let session = session::run(self.context, self.golden, options, printer)?;
        Ok(Some(Asked::Whole(session)))
    }
}

/// A look at the first answers, which may be enough.
pub(super) struct First<'a> {
    /// Items asked before it, of every candidate.
    pub(super) n_items: usize,
    /// Whether the rest need not be asked.
    pub(super) is_enough: &'a dyn Fn(&Session) -> anyhow::Result<bool>,
}

/// What was asked.
pub(super) enum Asked {
    /// Everything, unless it was stopped.
    Whole(Session),
    /// The first items, which were enough.
    Beginning(Session),
}

/// What the calls cost, in words.
fn cost(context: &Context, golden: &GoldenSet) -> anyhow::Result<String> {
    let inspection = inspect(context, golden);
    if let Some(problem) = inspection.unsendable.first() {
        return Err(anyhow!(InputError(format!(
            "failed to build a request: {problem}"
        ))));
    }
    let plan = plan::plan(context, golden, &inspection.requests)?;
    let n_candidates = context.project.candidates.len() as u64;
    let n_calls = n_candidates * golden.len() as u64 * u64::from(context.project.bench.repeats);
    let mut text = format!(
        "{}: {} × {} × {}",
        counted(n_calls, "call"),
        counted(n_candidates, "candidate"),
        counted(golden.len() as u64, "item"),
        counted(context.project.bench.repeats.into(), "answer"),
    );
    let money = match plan::money(&plan) {
        Some((mean, upper)) => format!("about ${mean:.2}, hardly more than ${upper:.2}"),
        None => "cost unknown, as some price is".to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = write!(text, "; {money}");
    Ok(text)
}
