//! One figure as it was promised and as traffic got it.
//!
//! In: both sides with their intervals. Out: the difference with its interval, and what it shows.

use serde::Serialize;
use trilemma_stats::Estimate;
use trilemma_stats::mover::{Interval, difference};

/// One figure, promised and realised.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    pub(super) figure: Kind,
    /// Of a score: the scorer's label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scorer: Option<String>,
    /// `null` = it was not measured.
    pub(super) promised: Option<Known>,
    /// `null` = too little is known of traffic.
    pub(super) realised: Option<Known>,
    /// Realised - promised, with 95 % interval; `null` where one of them has none.
    pub(super) difference: Option<Interval>,
    pub(super) verdict: Word,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// USD per whole answer, all its calls included.
    CostUsd,
    /// Share of requests that got their whole answer.
    Answered,
    /// Share of requests that failed.
    Failed,
    /// Share of requests whose client went away before it had seen anything: nothing that a benchmark knows.
    GivenUp,
    /// Share of requests whose client left in the middle of the answer.
    Left,
    /// Median time to the first visible token, milliseconds.
    FirstTokenP50Ms,
    /// Its 95th percentile.
    FirstTokenP95Ms,
    /// Share of answers that pass.
    Quality,
    /// Output tokens per whole answer, reasoning included.
    OutputTokens,
    /// Share of whole answers that decline, by the vendor's word.
    Declined,
    /// Share of answered requests for which a policy took a second step.
    Escalated,
    /// Share of answered requests whose cheap answer a cascade's judge lets stand.
    JudgedEnough,
    /// What a cascade's judge expects asking on to gain, in points of the pass rate.
    Gain,
    /// Share of answered requests on which those asked agree.
    Agreed,
    /// Share of answers that the policy expects to pass.
    ExpectedQuality,
    /// USD per answer that the policy expects.
    ExpectedCostUsd,
    /// Mean score by one scorer that needs no expected answer, in [0, 1].
    Score,
    /// What clients say of their answers, in [0, 1]: nothing that a benchmark measures.
    Feedback,
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Known {
    pub(super) point: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    /// Items of a benchmark, or requests.
    pub(super) n: usize,
}

/// What the difference says, at 95 % for this figure alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// More than was promised.
    Higher,
    /// Less than was promised.
    Lower,
    /// All that may be true of traffic lies within what may be true of the promise.
    Within,
    /// None of these is shown.
    NoDifferenceShown,
    /// One side has no interval.
    Unknown,
}

impl Kind {
    /// How it is called in a table.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::CostUsd => "USD per 1,000",
            Self::Answered => "answered %",
            Self::Failed => "failed %",
            Self::GivenUp => "given up unseen %",
            Self::Left => "left midway %",
            Self::FirstTokenP50Ms => "TTFT p50 ms",
            Self::FirstTokenP95Ms => "TTFT p95 ms",
            Self::Quality => "pass rate %",
            Self::OutputTokens => "output tokens",
            Self::Declined => "declined %",
            Self::Escalated => "escalated %",
            Self::JudgedEnough => "judged enough %",
            Self::Gain => "gain of asking on, points",
            Self::Agreed => "agreed %",
            Self::ExpectedQuality => "expected pass rate %",
            Self::ExpectedCostUsd => "expected USD per 1,000",
            Self::Score => "score %",
            Self::Feedback => "clients' word %",
        }
    }

    /// Whether more than was promised is worse.
    fn is_burden(self) -> bool {
        !matches!(
            self,
            Self::Answered | Self::Quality | Self::ExpectedQuality | Self::Score | Self::Feedback
        )
    }

    /// Whether another value, more or less, is not what was measured.
    fn is_habit(self) -> bool {
        matches!(
            self,
            Self::OutputTokens | Self::Escalated | Self::JudgedEnough | Self::Agreed
        )
    }

    /// Whether it is a mean of values in [0, 1].
    pub(super) fn is_share(self) -> bool {
        !matches!(
            self,
            Self::CostUsd
                | Self::ExpectedCostUsd
                | Self::Gain
                | Self::FirstTokenP50Ms
                | Self::FirstTokenP95Ms
                | Self::OutputTokens
        )
    }
}

impl Kept {
    /// How it is called in a table.
    pub(super) fn words(&self) -> String {
        match &self.scorer {
            Some(label) => format!("{label} %"),
            None => self.figure.words().to_owned(),
        }
    }

    /// Whether traffic got less than was promised.
    pub(super) fn is_broken(&self) -> bool {
        match self.verdict {
            Word::Higher | Word::Lower if self.figure.is_habit() => true,
            Word::Higher => self.figure.is_burden(),
            Word::Lower => !self.figure.is_burden(),
            Word::Within | Word::NoDifferenceShown | Word::Unknown => false,
        }
    }

    /// Sets both sides against each other.
    pub(super) fn of(figure: Kind, promised: Option<Known>, realised: Option<Known>) -> Self {
        let bounds = |one: Known| [one.point, one.low, one.high];
        let difference = promised
            .zip(realised)
            .and_then(|(promised, realised)| difference(bounds(realised), bounds(promised)));
        // Equal amounts may differ in their last digit.
        let least = 1e-9 * promised.map_or(0.0, |one| one.point.abs());
        let verdict = match difference {
            None => Word::Unknown,
            Some([_, low, _]) if low > least => Word::Higher,
            Some([_, _, high]) if high < -least => Word::Lower,
            Some(_) if is_within(realised, promised, least) => Word::Within,
            Some(_) => Word::NoDifferenceShown,
        };
        Self {
            figure,
            scorer: None,
            promised,
            realised,
            difference,
            verdict,
        }
    }
}

/// Whether one interval lies within another, but for the last digit.
fn is_within(inner: Option<Known>, outer: Option<Known>, least: f64) -> bool {
    inner.zip(outer).is_some_and(|(inner, outer)| {
        inner.low >= outer.low - least && inner.high <= outer.high + least
    })
}

impl Known {
    /// Of an estimate.
    pub(super) fn of(estimate: &Estimate) -> Self {
        let bounds = [estimate.point, estimate.low, estimate.high];
        Self::with_n(bounds, estimate.n)
    }

    /// Of point, low and high.
    pub(super) fn with_n([point, low, high]: [f64; 3], n: usize) -> Self {
        Self {
            point,
            low,
            high,
            n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(point: f64, half: f64) -> Option<Known> {
        Some(Known {
            point,
            low: point - half,
            high: point + half,
            n: 100,
        })
    }

    #[test]
    fn only_a_difference_that_is_shown_has_a_direction() {
        let check = |figure, promised, realised, verdict, is_broken| {
            let kept = Kept::of(figure, promised, realised);
            assert_eq!((kept.verdict, kept.is_broken()), (verdict, is_broken));
        };
        let cost = Kind::CostUsd;
        check(cost, known(1.0, 0.1), known(1.2, 0.1), Word::Higher, true);
        let last_digit = known(0.1 + 0.2, 0.0);
        check(cost, known(0.3, 0.0), last_digit, Word::Within, false);
        check(cost, known(1.2, 0.1), known(1.0, 0.1), Word::Lower, false);
        check(
            cost,
            known(1.0, 0.1),
            known(1.1, 0.1),
            Word::NoDifferenceShown,
            false,
        );
        // Within needs all of traffic's interval, whose point alone shows nothing.
        check(cost, known(1.0, 0.3), known(1.1, 0.1), Word::Within, false);
        check(
            cost,
            known(1.0, 0.1),
            known(1.0, 0.3),
            Word::NoDifferenceShown,
            false,
        );
        let enough = Kind::JudgedEnough;
        check(
            enough,
            known(0.6, 0.05),
            known(0.8, 0.05),
            Word::Higher,
            true,
        );
        check(
            Kind::ExpectedQuality,
            known(0.6, 0.05),
            known(0.8, 0.05),
            Word::Higher,
            false,
        );
        check(
            Kind::Answered,
            known(0.99, 0.005),
            known(0.9, 0.01),
            Word::Lower,
            true,
        );
        // Answers of another length are not what was measured, whichever way.
        let tokens = Kind::OutputTokens;
        check(
            tokens,
            known(100.0, 2.0),
            known(90.0, 1.0),
            Word::Lower,
            true,
        );
        check(
            tokens,
            known(100.0, 2.0),
            known(110.0, 1.0),
            Word::Higher,
            true,
        );
        check(cost, None, known(1.0, 0.1), Word::Unknown, false);
        check(cost, known(1.0, 0.1), None, Word::Unknown, false);
    }
}
