//! What a money command is asked: typed-in figures, the project's, or those of a measured run.
//!
//! In: options and, where there is one, the project with its latest run. Out: contenders and
//! assumptions, or every problem at once with its fix.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;
use jiff::civil::Date;
use trilemma_catalog::{Catalog, CatalogError, Found, LifecycleState};
use trilemma_cost::InputProblem;
use trilemma_cost::assume::{Assumptions, Key, Origin, Span, SpanError};
use trilemma_decide::Decision;
use trilemma_domain::Usd;
use trilemma_store::Store;

use super::contender::Contender;
use super::shown::per_query;
use crate::args::Common;
use crate::commands::export::choose;
use crate::context::{self, Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::field;
use crate::hint;
use crate::layout::counted;
use crate::places;

/// Whom to compare, on which figures.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct MoneyArgs {
    /// A model of the catalog (may be repeated); without it the project's candidates.
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: Vec<String>,
    /// The run whose tokens and pass rates count (default: the latest of the project, if any).
    #[arg(long, value_name = "RUN", conflicts_with = "model")]
    run: Option<String>,
    /// Queries on a mean day.
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    queries_per_day: Option<String>,
    /// Input tokens of a query.
    #[arg(long, value_name = "TOKENS", allow_hyphen_values = true)]
    input_tokens: Option<String>,
    /// Output tokens of a query, reasoning included.
    #[arg(long, value_name = "TOKENS", allow_hyphen_values = true)]
    output_tokens: Option<String>,
    /// Typed-in tokens are o200k ones: convert by each model's measured ratio.
    #[arg(long)]
    o200k: bool,
    /// State any assumption, as NAME=FIGURE or NAME=LEAST,LIKELY,MOST (may be repeated).
    #[arg(long, short, value_name = "NAME=FIGURE", allow_hyphen_values = true)]
    set: Vec<String>,
    /// Print the arithmetic, with the price row behind each figure.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Use prices that nobody has looked at for more than 90 days without asking.
    #[arg(long)]
    pub(crate) stale_ok: bool,
}

/// What is asked, checked.
pub(crate) struct Asked {
    pub(crate) as_of: Date,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) assumptions: Assumptions,
    pub(crate) contenders: Vec<Contender>,
    /// Position of the model in use today, if it is named.
    pub(crate) incumbent: Option<usize>,
    /// Candidates of the project that are not compared, each with the reason.
    pub(crate) left_out: Vec<LeftOut>,
}

/// A candidate that is not compared.
pub(crate) struct LeftOut {
    pub(crate) name: String,
    /// Why, as a fragment behind its name.
    pub(crate) why: String,
}

impl Asked {
    /// The candidates of a decision on the project's own assumptions; `None` = traffic not stated.
    ///
    /// # Errors
    /// [`InputError`] for catalog rows that cannot be read.
    pub(crate) fn of_decision(
        context: &Context,
        decision: &Decision,
    ) -> anyhow::Result<Option<Self>> {
        let assumptions = context.project.assumptions.clone();
        if !assumptions.is_stated(Key::QueriesPerDay) {
            return Ok(None);
        }
        Ok(Some(Self {
            as_of: context.as_of,
            catalog: Arc::clone(&context.catalog),
            assumptions,
            contenders: Contender::decided(context, decision)?,
            incumbent: decision.incumbent,
            left_out: Vec::new(),
        }))
    }

    /// Says which contender is in use today, by its name or bare model name.
    ///
    /// # Errors
    /// [`InputError`] when none is called so.
    pub(crate) fn name_incumbent(&mut self, name: Option<&str>) -> anyhow::Result<()> {
        let Some(name) = name else { return Ok(()) };
        let known = |one: &Contender| {
            one.name == name
                || one.typed.as_deref() == Some(name)
                || one
                    .identity
                    .as_ref()
                    .is_some_and(|id| id.model == name || id.to_string() == name)
        };
        self.incumbent = self.contenders.iter().position(known);
        if self.incumbent.is_some() {
            return Ok(());
        }
        let names: Vec<&str> = self
            .contenders
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        Err(anyhow!(InputError(format!(
            "failed to find the incumbent `{name}`; hint: one of {}",
            names.join(", ")
        ))))
    }
}

impl MoneyArgs {
    /// Another command on the same figures, to type next.
    pub(crate) fn again(&self, common: &Common, command: &str) -> String {
        let mut words = vec![command.to_owned()];
        let mut option = |name: &str, value: &str| {
            words.push(format!("{name} {}", hint::word(value)));
        };
        for model in &self.model {
            option("-m", model);
        }
        let single = [
            ("--run", &self.run),
            ("--queries-per-day", &self.queries_per_day),
            ("--input-tokens", &self.input_tokens),
            ("--output-tokens", &self.output_tokens),
        ];
        for (name, value) in single {
            if let Some(value) = value {
                option(name, value);
            }
        }
        for stated in &self.set {
            option("--set", stated);
        }
        for (flag, is_given) in [("--o200k", self.o200k), ("--stale-ok", self.stale_ok)] {
            if is_given {
                words.push(flag.to_owned());
            }
        }
        common.command(&words.join(" "))
    }

    /// Adds an option of a command's own that states an assumption.
    pub(crate) fn also(&mut self, key: Key, text: Option<&str>) {
        if let Some(text) = text {
            self.set.push(format!("{}={text}", key.name()));
        }
    }

    /// Adds a model to those that were named, unless the project's candidates are compared.
    pub(crate) fn add_model(&mut self, name: Option<&str>) {
        if let Some(name) = name
            && !self.model.is_empty()
            && !self.model.iter().any(|known| known == name)
        {
            self.model.push(name.to_owned());
        }
    }

    /// Gathers everything; `keys` are those that the command cannot do without.
    ///
    /// # Errors
    /// [`InputError`] with every problem of the figures and names, each with its fix.
    pub(crate) fn read(&self, common: &Common, keys: &[Key]) -> anyhow::Result<Asked> {
        self.read_with(common, keys, |_, _| Vec::new())
    }

    /// The same; `more` finds what else is wrong by the catalog of a day, so that all is told at once.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_with(
        &self,
        common: &Common,
        keys: &[Key],
        more: impl FnOnce(&Catalog, Date) -> Vec<InputProblem>,
    ) -> anyhow::Result<Asked> {
        let project = self.project(common)?;
        let mut problems = Vec::new();
        let mut assumptions = project
            .as_ref()
            .map(|context| context.project.assumptions.clone())
            .unwrap_or_default();
        self.typed(&mut assumptions, &mut problems);
        problems.extend(assumptions.problems());
        for key in keys {
            if assumptions.get(*key).is_none() {
                let name = key.name();
                let more = if *key == Key::QueriesPerDay {
                    "give --queries-per-day N, or queries_per_day under [traffic]".to_owned()
                } else {
                    format!("give --set {name}=FIGURE, or {name} under [assumptions]")
                };
                problems.push(InputProblem {
                    field: name.to_owned(),
                    problem: "is not stated".to_owned(),
                    hint: more,
                });
            }
        }
        let as_of = context::as_of(common);
        let catalog = Arc::new(context::catalog(common)?);
        problems.extend(more(&catalog, as_of));
        let mut contenders = Vec::new();
        for name in &self.model {
            match catalog.find(name, as_of) {
                Ok(found) => {
                    let mut contender = self.listed(&catalog, &found, as_of)?;
                    contender.typed = Some(name.clone());
                    contenders.push(contender);
                }
                Err(error) => problems.push(InputProblem {
                    field: format!("--model {name}"),
                    problem: "names no model".to_owned(),
                    hint: hint_of(&error),
                }),
            }
        }
        let mut incumbent = None;
        let mut left_out = Vec::new();
        if let (Some(context), true) = (&project, self.model.is_empty()) {
            let (decision, labels) = self.measured(context)?;
            left_out = not_compared(context, &labels);
            contenders = Contender::all(context, decision.as_ref())?;
            let named = context.project.incumbent.as_ref();
            incumbent = contenders
                .iter()
                .position(|one| Some(&one.name) == named.map(ToString::to_string).as_ref());
        }
        if contenders.is_empty() && self.model.is_empty() {
            problems.push(InputProblem {
                field: "--model".to_owned(),
                problem: "is not stated, and there is no project with candidates".to_owned(),
                hint: "name models as in `trilemma catalog list`, such as --model openai/gpt-4o"
                    .to_owned(),
            });
        }
        told(&problems)?;
        Ok(Asked {
            as_of,
            catalog,
            assumptions,
            contenders,
            incumbent,
            left_out,
        })
    }

    /// The project: the named one, or the one that lies here.
    fn project(&self, common: &Common) -> anyhow::Result<Option<Context>> {
        let is_there = Path::new(&context::project_file(common)).exists();
        if common.project.is_some() || is_there {
            return Context::open(common).map(Some);
        }
        Ok(None)
    }

    /// States what was typed.
    fn typed(&self, assumptions: &mut Assumptions, problems: &mut Vec<InputProblem>) {
        let options = [
            (Key::QueriesPerDay, &self.queries_per_day),
            (Key::InputTokens, &self.input_tokens),
            (Key::OutputTokens, &self.output_tokens),
        ];
        let mut pairs: Vec<(Key, &str)> = options
            .into_iter()
            .filter_map(|(key, text)| Some((key, text.as_deref()?)))
            .collect();
        for text in &self.set {
            let Some((name, figure)) = text.split_once('=') else {
                problems.push(InputProblem {
                    field: format!("--set {text}"),
                    problem: "has no `=`".to_owned(),
                    hint: "write --set NAME=FIGURE, such as --set months=6".to_owned(),
                });
                continue;
            };
            match Key::by_name(name.trim()) {
                Some(key) => pairs.push((key, figure)),
                None => problems.push(InputProblem {
                    field: format!("--set {name}"),
                    problem: "names no assumption".to_owned(),
                    hint: nearest(name.trim()),
                }),
            }
        }
        for (key, text) in pairs {
            match text.trim().parse::<Span>() {
                Ok(span) => assumptions.state(key, span, Origin::CommandLine),
                Err(error) => problems.push(InputProblem {
                    field: key.name().to_owned(),
                    problem: format!("is `{}`", text.chars().take(40).collect::<String>()),
                    hint: match error {
                        SpanError::NotAFigure { .. } => {
                            "write a plain number without currency, or least,likely,most"
                        }
                        SpanError::OutOfOrder { .. } => "write least, most likely, most",
                    }
                    .to_owned(),
                }),
            }
        }
    }

    /// The verdict on the run whose measurements count (`None` = nothing was measured yet), and what it asked for
    /// labels.
    fn measured(&self, context: &Context) -> anyhow::Result<(Option<Decision>, Vec<field::Asked>)> {
        let path = places::store_path(&context.folder, &context.project)?;
        if self.run.is_none() && !path.exists() {
            return Ok((None, Vec::new()));
        }
        let store = Store::open_existing(&path)?;
        if self.run.is_none() && store.runs()?.is_empty() {
            return Ok((None, Vec::new()));
        }
        let run = choose(&store, self.run.as_deref())?;
        let decision = decision::decide_routed(context, (&store, &run), DecideOptions::default())?;
        let labels = field::asked_for_labels(context, &store, &store.manifest(&run)?)?;
        Ok((Some(decision), labels))
    }

    /// A model of the catalog, with typed-in tokens.
    fn listed(
        &self,
        catalog: &Catalog,
        found: &Found<'_>,
        as_of: Date,
    ) -> anyhow::Result<Contender> {
        let mut contender = Contender::listed(found, as_of);
        if self.o200k {
            let tokenizer = catalog
                .tokenizer(found.model)
                .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))?;
            contender.ratio = tokenizer.and_then(|tokenizer| tokenizer.text);
        }
        if let LifecycleState::ShutDown { since, .. } = found.model.lifecycle_at(as_of) {
            contender.notes.push(format!("shut down since {since}"));
        }
        if found.is_moving() {
            contender
                .notes
                .push("a moving name: its vendor may change what it means".to_owned());
        }
        Ok(contender)
    }
}

/// Who gives labels and answers nobody, with what a label took where it was measured.
fn not_compared(context: &Context, labels: &[field::Asked]) -> Vec<LeftOut> {
    let givers = context.project.routing.gives_labels();
    let candidates = context.project.candidates.iter();
    let own = candidates.filter(|one| givers.contains(&one.id));
    own.map(|candidate| {
        let mut measured = labels.iter().filter(|one| one.id == candidate.id);
        let mean = measured.find_map(|one| {
            let sum = one.cost?.to_usd().decimal();
            sum.checked_div(one.n.into())
        });
        let cost = mean.map_or_else(
            || "; what a label costs is not known".to_owned(),
            |mean| {
                let mean = per_query(Some(Usd::new(mean)));
                format!(
                    "; a label cost {mean} USD in the run, which a policy that asks for it pays per query \
                     (`--set router_usd={mean}`)"
                )
            },
        );
        LeftOut {
            name: candidate.id.to_string(),
            why: format!("gives labels and answers nobody{cost}"),
        }
    })
    .collect()
}

/// The name nearest to a mistyped one, else where all of them stand.
fn nearest(typed: &str) -> String {
    let near = Key::ALL
        .iter()
        .map(|key| (strsim::damerau_levenshtein(typed, key.name()), key.name()))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, name)| typed.len() < 100 && *distance <= 1 + name.len() / 4);
    match near {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => "`trilemma cost --list-assumptions` prints all of them".to_owned(),
    }
}

/// The fix that an error of the catalog names.
fn hint_of(error: &CatalogError) -> String {
    let text = error.to_string();
    match text.split_once("hint: ") {
        Some((_, hint)) => hint.to_owned(),
        None => text,
    }
}

/// All problems at once.
fn told(problems: &[InputProblem]) -> anyhow::Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(|one| format!("  {one}")).collect();
    Err(anyhow!(InputError(format!(
        "{} in the figures\n{}",
        counted(problems.len() as u64, "problem"),
        lines.join("\n")
    ))))
}
