//! A judge as the project describes it.
//!
//! In: options. Out: a specification that renders prompts and reads replies. Who may judge (a
//! family other than the candidates', privacy terms) is checked elsewhere.

use serde_json::{Map, Value};
use trilemma_domain::{Item, Order, OwnPrice, Params, ScoredOutcome, UsdPerMtok};

use super::prompt::{
    self, GRADE_TEMPLATE, JudgePrompt, PAIR_RUBRIC, PAIR_TEMPLATE, REFERENCE_RUBRIC, Shown,
    environment,
};
use super::reply;
use super::scale::Scale;
use super::task::{Against, Combine, JudgeTask, read_models};
use crate::answer::Answer;
use crate::options::Options;
use crate::outcome::{failed, not_applicable, turned};

/// A judge of a project, described.
#[derive(Debug, Clone)]
pub struct JudgeSpec {
    /// The judges, as `provider/model`; at least one.
    pub models: Vec<String>,
    /// Parameters of their calls.
    pub params: Params,
    /// Prices of their calls, where the catalog's do not hold.
    pub price: Option<OwnPrice>,
    /// What they are asked to do.
    pub task: JudgeTask,
    /// How several of them make one score.
    pub combine: Combine,
    /// Share of the answers that each judge is asked about twice, in [0, 1]; the second word counts
    /// for nothing but the measure of how steady the judge is.
    pub recheck: f64,
    /// Their grades.
    pub scale: Scale,
    pub(super) rubric: String,
    pub(super) template: String,
    pub(super) show_expected: bool,
    pub(super) structured: bool,
    pub(super) max_chars: usize,
}

/// An answer with the text that was extracted from it.
pub(crate) struct Read<'a> {
    pub(crate) answer: &'a Answer<'a>,
    pub(crate) text: &'a str,
}

impl JudgeSpec {
    /// Whether answers are compared with the incumbent's.
    #[must_use]
    pub fn needs_incumbent(&self) -> bool {
        self.task == JudgeTask::Pairwise(Against::Incumbent)
    }

    /// Calls per answer and judge, `recheck` included.
    #[must_use]
    pub fn calls_per_answer(&self) -> f64 {
        self.task.orders().len() as f64 + self.recheck
    }

    /// Renders one call per order for an answer; `incumbent` is what the incumbent answered, where
    /// the two are compared.
    pub(crate) fn prompts(
        &self,
        item: &Item,
        own: &Read<'_>,
        incumbent: Option<&Read<'_>>,
    ) -> Result<Vec<(Order, JudgePrompt)>, ScoredOutcome> {
        let answer = prompt::answer_text(own.answer, own.text);
        let expected = || {
            let expected = item.expected.as_ref().map(prompt::expected_text);
            expected.ok_or_else(|| not_applicable("the item has no expected answer"))
        };
        let other = match self.task {
            JudgeTask::Rubric => None,
            JudgeTask::Reference => {
                expected()?;
                None
            }
            JudgeTask::Pairwise(Against::Expected) => Some(expected()?),
            JudgeTask::Pairwise(Against::Incumbent) => {
                let incumbent =
                    incumbent.ok_or_else(|| failed("the incumbent has no answer to this item"))?;
                Some(prompt::answer_text(incumbent.answer, incumbent.text))
            }
        };
        let orders = self.task.orders().iter();
        let prompts = orders.map(|order| {
            let shown = match &other {
                None => Shown::Alone(&answer),
                Some(other) => Shown::Pair {
                    answer: &answer,
                    other,
                    order: *order,
                },
            };
            Ok((*order, prompt::render(self, item, &shown)?))
        });
        prompts.collect()
    }

    /// Reads a judge's reply on the answer that stood in this order; unreadable = `Failed`, never 0.
    #[must_use]
    pub fn read(&self, order: Order, reply: &str) -> ScoredOutcome {
        let said = reply::read(&self.scale, reply);
        match order {
            Order::First => said,
            // The scale of pairs says how the answer shown first did.
            Order::Second => turned(said),
        }
    }
}

/// Reads the options of a judge; `None` = the problems are in the reader.
pub(crate) fn read_judge(options: &mut Options<'_>) -> Option<JudgeSpec> {
    let models = read_models(options);
    let task = JudgeTask::read(options);
    let combine = Combine::read(options);
    let recheck = options.number("recheck", 0.0..=1.0).unwrap_or(0.0);
    let scale = read_scale(options, task);
    let show_expected = options.flag("show_expected", true);
    let structured = options.flag("structured", false);
    let max_chars = options
        .count("max_chars", 1..=100_000_000)
        .unwrap_or(200_000);
    let params = read_params(options);
    let price = read_price(options);
    let (own_rubric, own_template) = match task {
        JudgeTask::Rubric => (None, GRADE_TEMPLATE),
        JudgeTask::Reference => (Some(REFERENCE_RUBRIC), GRADE_TEMPLATE),
        JudgeTask::Pairwise(_) => (Some(PAIR_RUBRIC), PAIR_TEMPLATE),
    };
    if task == JudgeTask::Reference && !show_expected {
        options.problem(
            "show_expected",
            "a reference judge that does not see the reference",
            "leave `show_expected` out",
        );
    }
    let rubric = match own_rubric.filter(|_| !options.has("rubric")) {
        Some(own) => Some(own.to_owned()),
        None => options.required_text("rubric").map(str::to_owned),
    };
    let template = options.text("template").unwrap_or(own_template);
    for (name, source) in [
        ("rubric", rubric.as_deref().unwrap_or_default()),
        ("template", template),
    ] {
        if let Err(error) = environment().template_from_str(source) {
            options.problem(
                name,
                format!("`{name}` is no valid template: {error}"),
                "see the minijinja syntax; write `{% raw %}…{% endraw %}` around literal braces",
            );
        }
    }
    Some(JudgeSpec {
        models: models?,
        params: params?,
        price: price?,
        task,
        combine,
        recheck,
        scale: scale?,
        rubric: rubric?,
        template: template.to_owned(),
        show_expected,
        structured,
        max_chars: usize::try_from(max_chars).unwrap_or(usize::MAX),
    })
}

fn read_scale(options: &mut Options<'_>, task: JudgeTask) -> Option<Scale> {
    let JudgeTask::Pairwise(_) = task else {
        return Scale::read(options);
    };
    if options.has("scale") {
        options.problem(
            "scale",
            "pairs have no scale: a judge names the better answer",
            "leave `scale` out",
        );
        return None;
    }
    Some(Scale::pair())
}

/// Reads `price`; the outer `None` = the problem is in the reader.
fn read_price(options: &mut Options<'_>) -> Option<Option<OwnPrice>> {
    if !options.has("price") {
        return Some(None);
    }
    match own_price(options.table("price")?) {
        Ok(price) => Some(Some(price)),
        Err(why) => {
            options.problem(
                "price",
                format!("`price` cannot be read: {why}"),
                "write `{ input = \"2.50\", output = \"10\" }`, USD per million tokens in quotes",
            );
            None
        }
    }
}

fn own_price(table: &Map<String, Value>) -> Result<OwnPrice, String> {
    const KEYS: [&str; 4] = ["input", "output", "cache_read", "cache_write"];
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("there is no `{key}`"));
    }
    let price = |key: &str| -> Result<Option<UsdPerMtok>, String> {
        let Some(value) = table.get(key) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| format!("`{key}` is no text"))?;
        let price = text.parse().map_err(|error| format!("{key}: {error}"))?;
        Ok(Some(price))
    };
    let given = |key: &str| price(key)?.ok_or_else(|| format!("`{key}` is missing"));
    Ok(OwnPrice {
        input: given("input")?,
        output: given("output")?,
        cache_read: price("cache_read")?,
        cache_write: price("cache_write")?,
        web_search_1k: None,
    })
}

fn read_params(options: &mut Options<'_>) -> Option<Params> {
    if !options.has("params") {
        return Some(Params::default());
    }
    let table = options.table("params")?;
    match serde_json::from_value(Value::Object(table.clone())) {
        Ok(params) => Some(params),
        Err(error) => {
            options.problem(
                "params",
                format!("`params` cannot be read: {error}"),
                "write such as `{ max_output_tokens = 500, temperature = 0 }`",
            );
            None
        }
    }
}
