//! The highest rate at which every SLO is shown to hold, from what each rate has shown.
//!
//! A rate holds when the Wilson interval of the share that keeps to an SLO lies above its p for every SLO, and
//! breaks when one lies below. Each rate is looked at up to five times (40, 160, 480, 960, 1,920 requests); each
//! look has a fifth of the error, so that looking often costs nothing (Bonferroni). The first look finds what is
//! hopeless, the second is the first at which a p95 can hold. Rates double from the start until one does not hold,
//! and quadruple below 12/s, where requests take their time to come; then the gap is halved on the logarithmic
//! scale until its ends are within the tolerance.
//! Source: E. B. Wilson, JASA 22 (1927); the search as in guidellm 0.8's goodput profile, which looks once.

use trilemma_domain::{LoadGoodput, Slo, StageEnd};
use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};

use super::figures::StageSamples;
use super::point::{Point, Value};

/// Requests after which a rate is looked at.
pub(crate) const LOOKS: [usize; 5] = [40, 160, 480, 960, 1920];
/// Below so many requests a second, waiting for them is what takes time.
const SLOW_PER_S: f64 = 12.0;

/// What a rate has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Every SLO holds.
    Holds,
    /// One does not.
    Breaks,
    /// The requests do not say.
    Undecided,
}

/// Where the search stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    from: f64,
    most: f64,
    tolerance: f64,
    holds: Option<f64>,
    breaks: Option<f64>,
    undecided: Vec<f64>,
}

impl Search {
    /// Begins at a rate.
    #[must_use]
    pub fn new(from_per_s: f64, most_per_s: f64, tolerance: f64) -> Self {
        Self {
            from: from_per_s.min(most_per_s),
            most: most_per_s,
            tolerance: tolerance.max(1.001),
            holds: None,
            breaks: None,
            undecided: Vec::new(),
        }
    }

    /// The next rate to try; `None` = the ends are close enough, or there is none left.
    #[must_use]
    pub fn next(&self) -> Option<f64> {
        let ceiling = self.ceiling();
        let next = match (self.holds, ceiling) {
            (None, None) => self.from,
            (Some(holds), None) if holds >= self.most => return None,
            (Some(holds), None) => {
                let step = if holds < SLOW_PER_S { 4.0 } else { 2.0 };
                (holds * step).min(self.most)
            }
            (None, Some(ceiling)) => ceiling / 2.0,
            (Some(holds), Some(ceiling)) if ceiling / holds <= self.tolerance => return None,
            (Some(holds), Some(ceiling)) => (holds * ceiling).sqrt(),
        };
        // A thousandth of the first rate is no rate that anybody asks about.
        (next > self.from / 1000.0).then_some(next)
    }

    /// Takes in what a rate has shown.
    pub fn note(&mut self, per_s: f64, finding: Finding) {
        match finding {
            Finding::Holds => self.holds = Some(self.holds.map_or(per_s, |old| old.max(per_s))),
            Finding::Breaks => self.breaks = Some(self.breaks.map_or(per_s, |old| old.min(per_s))),
            Finding::Undecided => self.undecided.push(per_s),
        }
    }

    /// Whether a rate is above all that hold so far.
    pub(crate) fn is_better(&self, per_s: f64) -> bool {
        self.holds.is_none_or(|holds| per_s > holds)
    }

    /// The lowest rate that does not hold, as far as seen.
    fn ceiling(&self) -> Option<f64> {
        self.undecided
            .iter()
            .copied()
            .chain(self.breaks)
            .reduce(f64::min)
    }

    /// What was found.
    #[must_use]
    pub fn found(&self, good_per_s: Option<f64>) -> LoadGoodput {
        let resolved = match (self.holds, self.breaks) {
            (Some(holds), Some(breaks)) => breaks / holds <= self.tolerance,
            (Some(holds), None) => holds >= self.most,
            (None, _) => false,
        };
        let mut undecided = self.undecided.clone();
        undecided.sort_by(f64::total_cmp);
        LoadGoodput {
            holds_per_s: self.holds,
            breaks_per_s: self.breaks,
            good_per_s: self.holds.and(good_per_s),
            undecided_per_s: undecided,
            resolved,
        }
    }
}

/// How the first requests of a stage kept to one SLO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    /// Kept.
    pub(crate) good: usize,
    /// Broken.
    pub(crate) bad: usize,
    /// Not known yet.
    pub(crate) open: usize,
}

/// Whether a request kept to an SLO; a failed one never did.
pub(crate) fn keeps(point: &Point, slo: &Slo) -> bool {
    point.is_answered
        && match point.value(slo.metric) {
            Value::Known(ms) => ms <= slo.limit.as_secs_f64() * 1e3,
            // Without a value there is nothing to complain of.
            Value::Absent => true,
            Value::Beyond => false,
        }
}

/// What the first look that decides says, of the looks that `kept` can answer.
pub(crate) fn conclude(slos: &[Slo], kept: impl Fn(usize) -> Option<Vec<Kept>>) -> Finding {
    let confidence = Confidence::P95.shared_over(LOOKS.len());
    LOOKS
        .iter()
        .map_while(|n| kept(*n))
        .map(|kept| look(&kept, slos, confidence))
        .find(|finding| *finding != Finding::Undecided)
        .unwrap_or(Finding::Undecided)
}

/// What the requests of a rate say, in the order of their numbers.
pub(crate) fn finding(samples: &StageSamples, slos: &[Slo]) -> Finding {
    let points: Vec<&Point> = samples.measured().collect();
    conclude(slos, |n| {
        let first = points.get(..n)?;
        let of = |slo: &Slo| {
            let good = first.iter().filter(|point| keeps(point, slo)).count();
            Kept {
                good,
                bad: n - good,
                open: 0,
            }
        };
        Some(slos.iter().map(of).collect())
    })
}

/// Answers per second that kept to every SLO.
#[expect(clippy::cast_precision_loss, reason = "a number of requests")]
pub(crate) fn good_rate(samples: &StageSamples, slos: &[Slo], end: &StageEnd) -> Option<f64> {
    let first = samples
        .measured()
        .map(|point| point.intended_s)
        .reduce(f64::min)?;
    let window = end.last_intended.as_secs_f64() - first;
    let is_good = |point: &&Point| slos.iter().all(|slo| keeps(point, slo));
    let good = samples.measured().filter(is_good).count();
    (window > 0.0).then(|| good as f64 / window)
}

/// One look at all SLOs.
fn look(kept: &[Kept], slos: &[Slo], confidence: Confidence) -> Finding {
    let mut all_hold = true;
    for (kept, slo) in kept.iter().zip(slos) {
        let n = kept.good + kept.bad + kept.open;
        let share = |good| Count::new(good, n).map(|count| wilson(count, confidence));
        let (Ok(least), Ok(most)) = (share(kept.good), share(kept.good + kept.open)) else {
            return Finding::Undecided;
        };
        if most.high < slo.p {
            return Finding::Breaks;
        }
        all_hold &= least.low >= slo.p;
    }
    if all_hold {
        Finding::Holds
    } else {
        Finding::Undecided
    }
}
