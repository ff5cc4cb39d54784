//! A scorer that is ready to run.
//!
//! In: `ScorerSpec` from the project, then items and answers. Out: outcomes. Pure scorers score
//! here; judges and commands are only described, and `grade` runs them.

use serde_json::Value;
use trilemma_domain::{Item, Order, ScoredOutcome, ScorerSpec};

use crate::answer::Answer;
use crate::case::Case;
use crate::command::CommandSpec;
use crate::engine::Engine;
use crate::extract::Pipeline;
use crate::files::file_options;
use crate::judge::{JudgePrompt, JudgeSpec, Read};
use crate::kind::ScorerKind;
use crate::options::Options;
use crate::outcome::{failed, not_applicable, turned};
use crate::problem::{OptionProblem, nearest};
use crate::table::{COMMON_OPTIONS, EXTRACTION_OPTIONS, SCORERS};

/// Who has to run a scorer.
#[derive(Debug, Clone, Copy)]
pub enum Mode<'a> {
    /// [`Scorer::score`] does.
    Pure,
    /// Calls of judges; [`Scorer::judge_prompts`] renders them, [`JudgeSpec::read`] reads replies and
    /// [`JudgeSpec::combine`] makes one outcome of them.
    Judge(&'a JudgeSpec),
    /// An external command, which needs the user's leave.
    Command(&'a CommandSpec),
}

/// One scorer of a project.
#[derive(Debug)]
pub struct Scorer {
    kind: &'static ScorerKind,
    label: String,
    weight: f64,
    invert: bool,
    /// Tags of the items that it scores; `None` = all.
    only: Option<Vec<String>>,
    pipeline: Pipeline,
    engine: Engine,
}

/// Builds a scorer from what the project says of it.
///
/// # Errors
/// Every problem of the specification at once.
pub fn build(spec: &ScorerSpec) -> Result<Scorer, Vec<OptionProblem>> {
    let mut problems = Vec::new();
    if !(spec.weight.is_finite() && spec.weight >= 0.0) {
        problems.push(OptionProblem {
            option: Some("weight".to_owned()),
            message: format!("the weight is {}", spec.weight),
            hint: "write a number of at least 0; 0 shows a scorer without counting it".to_owned(),
        });
    }
    let Some(kind) = SCORERS.iter().find(|kind| kind.name == spec.kind) else {
        problems.push(unknown_kind(&spec.kind));
        return Err(problems);
    };
    let mut options = Options::new(&spec.options, "");
    options.refuse_unknown(&known_options(kind));
    for file in file_options(spec).iter().filter(|file| !file.json) {
        options.problem(
            file.option,
            format!(
                "`{}` names the file `{}`, which was not read",
                file.option, file.path
            ),
            "give the text itself, or a file that exists",
        );
    }
    let invert = options.flag("invert", false);
    let only = options.texts("only");
    let pipeline = match kind.extraction {
        Some(defaults) => Pipeline::read(&mut options, defaults),
        None => Pipeline::default(),
    };
    let engine = (kind.build)(&mut options);
    problems.extend(options.into_problems());
    match engine {
        Some(engine) if problems.is_empty() => Ok(Scorer {
            kind,
            label: spec.label.clone(),
            weight: spec.weight,
            invert,
            only,
            pipeline,
            engine,
        }),
        _ => Err(problems),
    }
}

impl Scorer {
    /// Its row of the scorer table.
    #[must_use]
    pub fn kind(&self) -> &'static ScorerKind {
        self.kind
    }

    /// Its name in reports.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Its share in the trial's score, at least 0; 0 = shown but not counted.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Who has to run it.
    #[must_use]
    pub fn mode(&self) -> Mode<'_> {
        match &self.engine {
            Engine::Pure(_) => Mode::Pure,
            Engine::Judge(spec) => Mode::Judge(spec),
            Engine::Command(spec) => Mode::Command(spec),
        }
    }

    /// Scores an answer.
    ///
    /// Judges and commands come out as `Failed`, because nobody ran them; their outcomes are made
    /// by [`JudgeSpec::combine`] and [`CommandSpec::read`] and pass through [`Scorer::settle`].
    /// Explanations quote answers and expected values: they are content.
    #[must_use]
    pub fn score(&self, item: &Item, answer: &Answer<'_>) -> ScoredOutcome {
        if let Err(outcome) = self.applies(item) {
            return outcome;
        }
        let outcome = match &self.engine {
            Engine::Pure(rule) => rule
                .rule(&self.case(item, answer))
                .unwrap_or_else(|early| early),
            Engine::Judge(_) => failed("the judge was not called"),
            Engine::Command(_) => failed("the command was not run"),
        };
        self.settle(outcome)
    }

    /// Renders the calls of a judge, one per order in which texts are shown; `incumbent` is what
    /// the incumbent answered, for judges that compare the two.
    ///
    /// # Errors
    /// The outcome where there is nothing to call: extraction found no answer, the prompt cannot
    /// be rendered, or this is no judge.
    pub fn judge_prompts(
        &self,
        item: &Item,
        answer: &Answer<'_>,
        incumbent: Option<&Answer<'_>>,
    ) -> Result<Vec<(Order, JudgePrompt)>, ScoredOutcome> {
        let Engine::Judge(spec) = &self.engine else {
            return Err(failed("this scorer is no judge"));
        };
        self.applies(item)?;
        let text = self.case(item, answer).text()?;
        let own = Read {
            answer,
            text: &text,
        };
        let Some(other) = incumbent else {
            return spec.prompts(item, &own, None);
        };
        let text = self.case(item, other).text().map_err(|_| {
            failed("the incumbent's answer to this item cannot be read, so there is no pair")
        })?;
        let other = Read {
            answer: other,
            text: &text,
        };
        spec.prompts(item, &own, Some(&other))
    }

    /// Makes the JSON object for the standard input of a command.
    ///
    /// # Errors
    /// The outcome where there is nothing to run: extraction found no answer, or this is no
    /// command.
    pub fn command_request(
        &self,
        item: &Item,
        answer: &Answer<'_>,
    ) -> Result<Value, ScoredOutcome> {
        let Engine::Command(spec) = &self.engine else {
            return Err(failed("this scorer is no command"));
        };
        self.applies(item)?;
        let text = self.case(item, answer).text()?;
        Ok(spec.request(item, answer, &text))
    }

    fn applies(&self, item: &Item) -> Result<(), ScoredOutcome> {
        let Some(only) = &self.only else {
            return Ok(());
        };
        if only.iter().any(|tag| item.extras.tags.contains(tag)) {
            return Ok(());
        }
        Err(not_applicable(format!(
            "for items tagged {}",
            only.join(", ")
        )))
    }

    fn case<'a>(&'a self, item: &'a Item, answer: &'a Answer<'a>) -> Case<'a> {
        Case {
            item,
            answer,
            pipeline: &self.pipeline,
        }
    }

    /// Applies what holds for every kind, which is `invert`, to an outcome of a judge or command.
    /// [`Scorer::score`] has done so already.
    #[must_use]
    pub fn settle(&self, outcome: ScoredOutcome) -> ScoredOutcome {
        if self.invert {
            turned(outcome)
        } else {
            outcome
        }
    }
}

fn known_options(kind: &ScorerKind) -> Vec<&'static str> {
    let extraction: &[_] = if kind.extraction.is_some() {
        EXTRACTION_OPTIONS
    } else {
        &[]
    };
    let all = kind.options.iter().chain(COMMON_OPTIONS).chain(extraction);
    all.map(|option| option.name).collect()
}

fn unknown_kind(kind: &str) -> OptionProblem {
    let hint = match nearest(kind, SCORERS.iter().map(|row| row.name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`trilemma scorers` lists them".to_owned(),
    };
    OptionProblem {
        option: None,
        message: format!("there is no scorer `{kind}`"),
        hint,
    }
}
