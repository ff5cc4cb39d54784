//! Scorers `contains_any`, `contains_all` and `starts_with`: fixed texts in the answer.
//!
//! In: extracted answer; texts from `values` or else the item's expected value. Out: 1 or 0, for
//! `contains_all` the share of texts found. Plain texts, no expressions; see `regex`.

use std::borrow::Cow;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, because, matched, plain};
use crate::text::excerpt;

const OPTIONS: &[OptionDoc] = &[
    OptionDoc::bare(
        "values",
        OptionType::Texts,
        "The texts; by default the item's expected ones.",
    ),
    OptionDoc::new("ignore_case", OptionType::Flag, "false", "Ignore case."),
];

pub(crate) const ANY: ScorerKind = ScorerKind {
    name: "contains_any",
    doc: "1 when the answer contains one of the texts.",
    needs: Needs::OPTIONAL,
    options: OPTIONS,
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "contains_any"
values = ["as an AI", "I cannot"]
ignore_case = true
invert = true
"#,
    build: |options| build(options, Where::Any),
};

pub(crate) const ALL: ScorerKind = ScorerKind {
    name: "contains_all",
    doc: "The share of the texts that the answer contains; 1 = all of them.",
    needs: Needs::OPTIONAL,
    options: OPTIONS,
    extraction: Some(DefaultSteps::AS_IS),
    example: r#"[[scorers]]
type = "contains_all"
values = ["refund", "14 days"]
"#,
    build: |options| build(options, Where::All),
};

pub(crate) const START: ScorerKind = ScorerKind {
    name: "starts_with",
    doc: "1 when the answer starts with one of the texts.",
    needs: Needs::OPTIONAL,
    options: OPTIONS,
    extraction: Some(DefaultSteps::TRIM),
    example: r#"[[scorers]]
type = "starts_with"
values = "SELECT"
ignore_case = true
"#,
    build: |options| build(options, Where::Start),
};

#[derive(Debug, Clone, Copy)]
enum Where {
    Any,
    All,
    Start,
}

fn build(options: &mut Options<'_>, place: Where) -> Option<Engine> {
    let values = options.texts("values");
    let ignore_case = options.flag("ignore_case", false);
    Some(Engine::Pure(Box::new(Contains {
        values,
        ignore_case,
        place,
    })))
}

#[derive(Debug)]
struct Contains {
    values: Option<Vec<String>>,
    ignore_case: bool,
    place: Where,
}

impl Contains {
    fn fold<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.ignore_case {
            Cow::Owned(text.to_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    }
}

impl Rule for Contains {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let wanted: Vec<Cow<'_, str>> = match &self.values {
            Some(values) => values.iter().map(|text| Cow::Borrowed(&**text)).collect(),
            None => case.expected_texts()?,
        };
        let text = case.text()?;
        let text = self.fold(&text);
        let missing: Vec<&str> = wanted
            .iter()
            .filter(|wanted| {
                let wanted = self.fold(wanted);
                match self.place {
                    Where::Any | Where::All => {
                        memchr::memmem::find(text.as_bytes(), wanted.as_bytes()).is_none()
                    }
                    Where::Start => !text.starts_with(&*wanted),
                }
            })
            .map(|wanted| &**wanted)
            .collect();
        if missing.is_empty() {
            return Ok(plain(1.0));
        }
        let first = missing
            .first()
            .map(|text| excerpt(text))
            .unwrap_or_default();
        Ok(match self.place {
            Where::Any => matched(missing.len() < wanted.len(), || {
                format!("contains none of {} texts, such as `{first}`", wanted.len())
            }),
            Where::Start => matched(missing.len() < wanted.len(), || {
                format!("`{}` does not start with `{first}`", excerpt(&text))
            }),
            Where::All => because(
                (wanted.len() - missing.len()) as f64 / wanted.len() as f64,
                format!(
                    "{} of {} texts missing, such as `{first}`",
                    missing.len(),
                    wanted.len()
                ),
            ),
        })
    }
}
