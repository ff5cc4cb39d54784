//! What stated facts come to before anybody is called.
//!
//! In: what is decided on. Out: a verdict per candidate on the requirements that no answer can change: data
//! protection, context, abilities, shutdowns, age of prices.

use trilemma_domain::Verdict;

use crate::decide::decide;
use crate::error::DecideError;
use crate::figure::Method;
use crate::input::DecisionInput;

/// Judges the requirements on stated facts: one verdict per candidate, in order; `Meets` where there is none.
///
/// # Errors
/// As [`decide`].
pub fn stated(input: &DecisionInput) -> Result<Vec<Verdict>, DecideError> {
    let nothing_ran = decide(input.clone(), [])?;
    let candidates = nothing_ran.candidates.iter();
    Ok(candidates
        .map(|own| {
            let gates = own.gates.iter();
            let stated = gates.filter(|gate| gate.method == Method::Stated);
            let verdicts: Vec<Verdict> = stated.map(|gate| gate.verdict).collect();
            let mut worst = [Verdict::Fails, Verdict::Undecided].into_iter();
            worst
                .find(|verdict| verdicts.contains(verdict))
                .unwrap_or(Verdict::Meets)
        })
        .collect())
}
