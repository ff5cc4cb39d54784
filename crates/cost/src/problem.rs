//! What is wrong with figures that somebody typed: all of it at once, each with the fix.
//!
//! In: named figures and their ranges. Out: a list of problems; an empty one means that the
//! calculations of this crate may start. No value is corrected silently.

use std::fmt;

/// One figure that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputProblem {
    /// The figure, as the user knows it.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
    /// How to put it right.
    pub hint: String,
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}; hint: {}", self.field, self.problem, self.hint)
    }
}

/// Collects problems.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    found: Vec<InputProblem>,
}

impl Checks {
    /// Starts without problems.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a problem.
    pub fn note(
        &mut self,
        field: impl Into<String>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.found.push(InputProblem {
            field: field.into(),
            problem: problem.into(),
            hint: hint.into(),
        });
    }

    /// Demands a finite figure within a range, both ends included.
    pub fn within(&mut self, field: &str, figure: f64, (low, high): (f64, f64)) {
        if !(figure >= low && figure <= high) {
            let problem = if figure < 0.0 && low >= 0.0 {
                format!("is {figure}: below zero")
            } else {
                format!("is {figure}")
            };
            self.note(
                field,
                problem,
                format!("give a figure from {low} to {high}"),
            );
        }
    }

    /// The problems, in the order in which they were found.
    #[must_use]
    pub fn into_problems(self) -> Vec<InputProblem> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_told_with_the_fix() {
        let mut checks = Checks::new();
        checks.within("queries_per_day", -5.0, (0.0, 1e12));
        checks.within("months", 0.0, (1.0, 36.0));
        checks.within("growth", 0.05, (-0.99, 10.0));
        checks.within("share", f64::NAN, (0.0, 1.0));
        let texts: Vec<String> = checks
            .into_problems()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            texts,
            [
                "`queries_per_day` is -5: below zero; hint: give a figure from 0 to 1000000000000",
                "`months` is 0; hint: give a figure from 1 to 36",
                "`share` is NaN; hint: give a figure from 0 to 1",
            ]
        );
    }
}
