//! Scorer `regex`: the answer matches a regular expression.
//!
//! In: extracted answer; the expression from `pattern`, or from the item's expected texts. Out: 1
//! or 0. Linear time (the `regex` crate).

use regex::Regex;
use trilemma_domain::ScoredOutcome;

use crate::case::Case;
use crate::engine::{Engine, Rule};
use crate::extract::DefaultSteps;
use crate::kind::{Needs, ScorerKind};
use crate::option_doc::{OptionDoc, OptionType};
use crate::options::Options;
use crate::outcome::{Ruling, failed, matched};
use crate::text::{build_regex, compile, excerpt};

pub(crate) const KIND: ScorerKind = ScorerKind {
    name: "regex",
    doc: "1 when the answer matches a regular expression.",
    needs: Needs::OPTIONAL,
    options: &[
        OptionDoc::bare(
            "pattern",
            OptionType::Text,
            "The expression (Rust `regex` syntax); by default the item's expected texts, one of which must match.",
        ),
        OptionDoc::new(
            "whole",
            OptionType::Flag,
            "false",
            "The expression must match the whole answer.",
        ),
        OptionDoc::new("ignore_case", OptionType::Flag, "false", "Ignore case."),
    ],
    extraction: Some(DefaultSteps {
        answer: &["trim"],
        expected: &[],
    }),
    example: r#"[[scorers]]
type = "regex"
pattern = '[A-Z]{2}-\d{4}'
whole = true
"#,
    build,
};

fn build(options: &mut Options<'_>) -> Option<Engine> {
    let whole = options.flag("whole", false);
    let ignore_case = options.flag("ignore_case", false);
    let fixed = match options.text("pattern") {
        Some(pattern) => Some(build_regex(
            options,
            "pattern",
            &framed(pattern, whole),
            ignore_case,
        )?),
        None => None,
    };
    Some(Engine::Pure(Box::new(Pattern {
        fixed,
        whole,
        ignore_case,
    })))
}

fn framed(pattern: &str, whole: bool) -> String {
    if whole {
        format!(r"\A(?:{pattern})\z")
    } else {
        pattern.to_owned()
    }
}

#[derive(Debug)]
struct Pattern {
    fixed: Option<Regex>,
    whole: bool,
    ignore_case: bool,
}

impl Pattern {
    fn item_patterns(&self, case: &Case<'_>) -> Result<Vec<Regex>, ScoredOutcome> {
        let texts = case.expected_texts()?;
        texts
            .iter()
            .map(|pattern| {
                compile(&framed(pattern, self.whole), self.ignore_case).map_err(|error| {
                    failed(format!(
                        "the item's expected `{}` is no valid expression: {error}",
                        excerpt(pattern)
                    ))
                })
            })
            .collect()
    }
}

impl Rule for Pattern {
    fn rule(&self, case: &Case<'_>) -> Ruling {
        let from_item;
        let patterns: &[Regex] = match &self.fixed {
            Some(fixed) => std::slice::from_ref(fixed),
            None => {
                from_item = self.item_patterns(case)?;
                &from_item
            }
        };
        let text = case.text()?;
        let matches = patterns.iter().any(|pattern| pattern.is_match(&text));
        Ok(matched(matches, || {
            format!("`{}` does not match", excerpt(&text))
        }))
    }
}
