//! The figures of one calculation, each with who stated it.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::span::Span;
use super::table::Key;
use crate::problem::{Checks, InputProblem};

/// Who stated a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody: the default of the table, with its reason.
    Default,
    /// The project file.
    Project,
    /// The command line.
    CommandLine,
    /// A measurement, such as a run.
    Measured(String),
    /// The catalog: source and day.
    Catalog(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Project => f.write_str("project file"),
            Self::CommandLine => f.write_str("command line"),
            Self::Measured(what) => write!(f, "measured: {what}"),
            Self::Catalog(source) => write!(f, "catalog: {source}"),
        }
    }
}

/// A stated figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// The figure.
    pub span: Span,
    /// Who stated it.
    pub origin: Origin,
}

/// All figures that were stated; the rest are defaults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assumptions {
    stated: BTreeMap<Key, Assumed>,
}

impl Assumptions {
    /// States a figure; a later statement replaces an earlier one.
    pub fn state(&mut self, key: Key, span: Span, origin: Origin) {
        self.stated.insert(key, Assumed { span, origin });
    }

    /// States a figure unless somebody already has.
    pub fn suggest(&mut self, key: Key, span: Span, origin: Origin) {
        self.stated.entry(key).or_insert(Assumed { span, origin });
    }

    /// Gives a figure with its origin; `None` = not stated and without default.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<Assumed> {
        self.stated.get(&key).cloned().or_else(|| {
            Some(Assumed {
                span: key.spec().default?.parse().ok()?,
                origin: Origin::Default,
            })
        })
    }

    /// Whether somebody stated it.
    #[must_use]
    pub fn is_stated(&self, key: Key) -> bool {
        self.stated.contains_key(&key)
    }

    /// Gives the range of a figure; `None` = unknown.
    #[must_use]
    pub fn span(&self, key: Key) -> Option<Span> {
        self.get(key).map(|assumed| assumed.span)
    }

    /// Gives the most likely value; `None` = unknown.
    #[must_use]
    pub fn value(&self, key: Key) -> Option<Decimal> {
        self.span(key).map(|span| span.mode())
    }

    /// Gives the most likely value, 0 where it is unknown: for terms of a sum that nobody stated.
    #[must_use]
    pub fn or_zero(&self, key: Key) -> Decimal {
        self.value(key).unwrap_or(Decimal::ZERO)
    }

    /// Gives the most likely value as a float; `None` = unknown.
    #[must_use]
    pub fn float(&self, key: Key) -> Option<f64> {
        self.value(key)?.to_f64()
    }

    /// Gives the most likely value as a count; `None` = unknown or no whole number.
    #[must_use]
    pub fn count(&self, key: Key) -> Option<u32> {
        self.value(key)?.to_u32()
    }

    /// All that was stated.
    pub fn stated(&self) -> impl Iterator<Item = (Key, &Assumed)> {
        self.stated.iter().map(|(key, assumed)| (*key, assumed))
    }

    /// Everything that lies outside of its range, all at once.
    #[must_use]
    pub fn problems(&self) -> Vec<InputProblem> {
        let mut checks = Checks::new();
        for (key, assumed) in &self.stated {
            check(&mut checks, *key, &assumed.span);
        }
        checks.into_problems()
    }
}

/// Notes what is wrong with a figure.
fn check(checks: &mut Checks, key: Key, span: &Span) {
    let spec = key.spec();
    let range = span.range();
    checks.within(spec.name, range.low(), spec.bounds);
    if !range.is_exact() {
        checks.within(spec.name, range.high(), spec.bounds);
    }
    let parts = [span.low(), span.mode(), span.high()];
    if spec.is_whole && parts.iter().any(|part| !part.fract().is_zero()) {
        checks.note(spec.name, "is no whole number", "leave out the decimals");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_found_at_once() {
        let mut assumptions = Assumptions::default();
        for (key, text) in [
            (Key::QueriesPerDay, "-5"),
            (Key::Months, "0"),
            (Key::MinReplicas, "1.5"),
            (Key::EngDays, "1,2,99999"),
            (Key::GrowthPerMonth, "0.05"),
        ] {
            assumptions.state(key, text.parse().unwrap(), Origin::CommandLine);
        }
        let fields: Vec<String> = assumptions
            .problems()
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(
            fields,
            ["queries_per_day", "months", "eng_days", "min_replicas"]
        );
    }

    #[test]
    fn what_nobody_stated_is_default_or_unknown() {
        let mut assumptions = Assumptions::default();
        assert_eq!(assumptions.value(Key::Months), Some(Decimal::from(12)));
        assert_eq!(assumptions.get(Key::QueriesPerDay), None);
        let two = Span::exactly(Decimal::TWO);
        assumptions.state(Key::Months, two, Origin::Project);
        assumptions.suggest(
            Key::Months,
            Span::exactly(Decimal::ONE),
            Origin::CommandLine,
        );
        let found = assumptions.get(Key::Months).unwrap();
        assert_eq!((found.span, found.origin), (two, Origin::Project));
    }
}
