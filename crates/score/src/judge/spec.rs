//! A judge as the project describes it.
//!
//! In: options. Out: a specification that renders prompts and reads replies. Who may judge (a
//! family other than the candidates', privacy terms) is checked elsewhere.

use trilemma_domain::{Item, Params, ScoredOutcome};

use super::prompt::{self, DEFAULT_TEMPLATE, JudgePrompt, environment};
use super::reply;
use super::scale::Scale;
use crate::answer::Answer;
use crate::options::Options;

/// A judge of a project, described.
#[derive(Debug, Clone)]
pub struct JudgeSpec {
    /// The judge, as `provider/model`.
    pub model: String,
    /// Parameters of its calls.
    pub params: Params,
    /// Its grades.
    pub scale: Scale,
    pub(super) rubric: String,
    pub(super) template: String,
    pub(super) show_expected: bool,
    pub(super) structured: bool,
    pub(super) max_chars: usize,
}

impl JudgeSpec {
    /// Renders the call for one answer, whose text has been extracted to `text`.
    pub(crate) fn prompt(
        &self,
        item: &Item,
        answer: &Answer<'_>,
        text: &str,
    ) -> Result<JudgePrompt, ScoredOutcome> {
        prompt::render(self, item, answer, text)
    }

    /// Reads the judge's reply; unreadable = `Failed`, never 0.
    #[must_use]
    pub fn read(&self, reply: &str) -> ScoredOutcome {
        reply::read(&self.scale, reply)
    }
}

/// Reads the options of a judge; `None` = the problems are in the reader.
pub(crate) fn read_judge(options: &mut Options<'_>) -> Option<JudgeSpec> {
    let model = options.required_text("model").map(str::to_owned);
    if let Some(name) = &model
        && trilemma_domain::ModelName::parse(name).is_none()
    {
        options.problem(
            "model",
            format!("`{name}` names no provider"),
            "write `provider/model`",
        );
    }
    let scale = Scale::read(options);
    let show_expected = options.flag("show_expected", true);
    let structured = options.flag("structured", false);
    let max_chars = options
        .count("max_chars", 1..=100_000_000)
        .unwrap_or(200_000);
    let params = read_params(options);
    let rubric = options.required_text("rubric").map(str::to_owned);
    let template = options.text("template").unwrap_or(DEFAULT_TEMPLATE);
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
        model: model?,
        params: params?,
        scale: scale?,
        rubric: rubric?,
        template: template.to_owned(),
        show_expected,
        structured,
        max_chars: usize::try_from(max_chars).unwrap_or(usize::MAX),
    })
}

fn read_params(options: &mut Options<'_>) -> Option<Params> {
    if !options.has("params") {
        return Some(Params::default());
    }
    let table = options.table("params")?;
    match serde_json::from_value(serde_json::Value::Object(table.clone())) {
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
