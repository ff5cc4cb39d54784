//! What is wrong with one option of a scorer.
//!
//! In: nothing. Out: one plain record that names the option, the fault and the fix. Positions in
//! the project file are added by whoever read that file; this crate never sees it.

/// One fault in a scorer's configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("build scorer: {message}; hint: {hint}")]
pub struct OptionProblem {
    /// Path of the option inside the scorer, such as `extract[1].field`; `None` = the scorer as a
    /// whole (its kind, label or weight).
    pub option: Option<String>,
    /// What is wrong, lower-case.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// Gives the known name nearest to `name`, when it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase().replace('-', "_");
    known
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}
