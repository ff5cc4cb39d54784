//! Options that may name a file.
//!
//! In: a scorer specification. Out: which of its options name files, for the crate that may read
//! them: it puts the content (a text, or the parsed JSON) in place of the name and then calls
//! `build`. Reads nothing itself.

use serde_json::Value;
use trilemma_domain::ScorerSpec;

use crate::option_doc::OptionType;
use crate::table::SCORERS;

/// An option whose value is the name of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOption {
    /// The option.
    pub option: &'static str,
    /// The file's name as the project wrote it, relative to the project file.
    pub path: String,
    /// Whether the file holds JSON, to be put in parsed; else a text.
    pub json: bool,
}

/// Lists the options of `spec` that name files; empty for an unknown kind.
///
/// A text is a file name when it is one line of at most 200 characters that ends in `.md`, `.txt`,
/// `.j2` or `.jinja`; where JSON is wanted, every text is.
#[must_use]
pub fn file_options(spec: &ScorerSpec) -> Vec<FileOption> {
    let Some(kind) = SCORERS.iter().find(|kind| kind.name == spec.kind) else {
        return Vec::new();
    };
    kind.options
        .iter()
        .filter_map(|option| {
            let text = spec.options.get(option.name).and_then(Value::as_str)?;
            let json = option.ty == OptionType::JsonOrFile;
            let named = json || (option.ty == OptionType::TextOrFile && names_file(text));
            named.then(|| FileOption {
                option: option.name,
                path: text.to_owned(),
                json,
            })
        })
        .collect()
}

fn names_file(text: &str) -> bool {
    text.len() <= 200
        && !text.contains(['\n', '{'])
        && [".md", ".txt", ".j2", ".jinja"]
            .iter()
            .any(|extension| text.len() > extension.len() && text.ends_with(extension))
}
