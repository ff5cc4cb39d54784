//! What the shortlist is asked: by the project, by options, or by both.

use anyhow::anyhow;
use jiff::civil::Date;
use trilemma_catalog::{DEFAULT_HORIZON_DAYS, Question};
use trilemma_domain::{
    Candidate, PrivacyRequirement, Requirements, Stakes, TaskKind, Traffic, TrainingUse, Usd,
};
use trilemma_golden::GoldenSet;

use super::ShortlistArgs;
use super::typical::Typical;
use crate::args::Common;
use crate::context::{self, Context, InputError};
use crate::golden;

/// A question to the catalog that owns its parts.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) task: TaskKind,
    pub(crate) stakes: Stakes,
    pub(crate) requirements: Requirements,
    pub(crate) traffic: Option<Traffic>,
    pub(crate) typical: Typical,
    pub(crate) as_of: Date,
    pub(crate) horizon_days: u16,
    /// Models that the project names.
    pub(crate) named: Vec<String>,
    pub(crate) has_project: bool,
    /// Why the golden set was not measured; `None` = it was, or there is none.
    pub(crate) golden_problem: Option<String>,
}

impl Asked {
    /// Asks for a task of which nothing else is known.
    pub(crate) fn about(task: TaskKind, as_of: Date) -> Self {
        Self {
            task,
            stakes: Stakes::default(),
            requirements: Requirements::default(),
            traffic: None,
            typical: Typical::default(),
            as_of,
            horizon_days: DEFAULT_HORIZON_DAYS,
            named: Vec::new(),
            has_project: false,
            golden_problem: None,
        }
    }

    /// Asks for a project; tokens are measured on the golden set where it is at hand.
    pub(crate) fn of_project(context: &Context, golden: Option<&GoldenSet>) -> Self {
        let project = &context.project;
        Self {
            stakes: project.task.stakes,
            requirements: project.requirements.clone(),
            traffic: project.traffic,
            typical: golden.map_or_else(Typical::default, |golden| {
                Typical::measured(project, golden.items())
            }),
            named: project.candidates.iter().map(name_of).collect(),
            has_project: true,
            ..Self::about(project.task.kind, context.as_of)
        }
    }

    /// Reads project and options.
    ///
    /// # Errors
    /// [`InputError`] for a project or option that is wrong.
    pub(super) fn read(args: &ShortlistArgs, common: &Common) -> anyhow::Result<Self> {
        let is_named = common.project.is_some();
        let mut asked = if is_named || context::project_file(common).exists() {
            let context = Context::open(common)?;
            match golden::read(&context, None) {
                Ok(golden) => Self::of_project(&context, Some(&golden)),
                Err(error) => Self {
                    golden_problem: Some(error.to_string()),
                    ..Self::of_project(&context, None)
                },
            }
        } else {
            let task = args.task.ok_or_else(|| {
                anyhow!(InputError(
                    "failed to know what the model is for: there is no trilemma.toml here; \
                     hint: --task KIND, or --project FILE"
                        .to_owned()
                ))
            })?;
            Self::about(task, context::as_of(common))
        };
        asked.overlay(args)?;
        Ok(asked)
    }

    fn overlay(&mut self, args: &ShortlistArgs) -> anyhow::Result<()> {
        self.task = args.task.unwrap_or(self.task);
        self.stakes = args.stakes.unwrap_or(self.stakes);
        self.horizon_days = args.horizon;
        let requirements = &mut self.requirements;
        requirements.context = args.context.or(requirements.context);
        for capability in &args.capability {
            if !requirements.capabilities.contains(capability) {
                requirements.capabilities.push(*capability);
            }
        }
        if args.training_forbidden || args.self_hosted || !args.region.is_empty() {
            let privacy = requirements
                .privacy
                .get_or_insert_with(PrivacyRequirement::default);
            if args.training_forbidden {
                privacy.training = Some(TrainingUse::Forbidden);
            }
            privacy.self_hosted |= args.self_hosted;
            if !args.region.is_empty() {
                privacy.regions = args.region.iter().map(|one| one.to_lowercase()).collect();
            }
        }
        if let Some(text) = &args.max_query_usd {
            let ceiling = text.parse::<Usd>().ok().filter(|usd| *usd > Usd::ZERO);
            let ceiling = ceiling.ok_or_else(|| wrong("--max-query-usd", text, "0.002"))?;
            let cost = requirements.cost.get_or_insert_default();
            cost.per_query = Some(ceiling);
        }
        if let Some(queries_per_day) = args.queries_per_day {
            if !(queries_per_day.is_finite() && queries_per_day >= 0.0) {
                let typed = queries_per_day.to_string();
                return Err(wrong("--queries-per-day", &typed, "10000"));
            }
            let traffic = self.traffic.get_or_insert(Traffic {
                queries_per_day,
                peak_to_mean: None,
                growth_per_month: None,
                cache_hit_rate: None,
            });
            traffic.queries_per_day = queries_per_day;
        }
        self.typical.overlay(args.input_tokens, args.output_tokens);
        Ok(())
    }

    pub(super) fn question(&self) -> Question<'_> {
        Question {
            task: self.task,
            stakes: self.stakes,
            requirements: &self.requirements,
            traffic: self.traffic.as_ref(),
            tokens: self.typical.tokens,
            as_of: self.as_of,
            horizon_days: self.horizon_days,
            named: &self.named,
        }
    }
}

fn wrong(option: &str, typed: &str, example: &str) -> anyhow::Error {
    anyhow!(InputError(format!(
        "failed to read `{option} {typed}`; hint: a number such as {example}"
    )))
}

/// The name under which the catalog may know a candidate.
fn name_of(candidate: &Candidate) -> String {
    candidate.identity.as_ref().map_or_else(
        || format!("{}/{}", candidate.target.provider, candidate.target.model),
        ToString::to_string,
    )
}
