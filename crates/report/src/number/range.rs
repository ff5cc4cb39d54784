//! A point with its interval, on the way to being written or drawn.

use trilemma_decide::{Figure, MoneyFigure};
use trilemma_domain::Usd;

/// A point, possibly with the ends of its interval, in any unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    /// Point estimate.
    pub(crate) point: f64,
    /// Lower end; `None` where the data supports none.
    pub(crate) low: Option<f64>,
    /// Upper end; `None` where the data supports none.
    pub(crate) high: Option<f64>,
}

impl Range {
    /// Both ends, if both exist.
    pub(crate) fn ends(self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// All values that are there: low, point, high.
    pub(crate) fn values(self) -> impl Iterator<Item = f64> {
        [self.low, Some(self.point), self.high]
            .into_iter()
            .flatten()
    }

    /// The same in another unit.
    pub(crate) fn scaled(self, factor: f64) -> Self {
        Self {
            point: self.point * factor,
            low: self.low.map(|low| low * factor),
            high: self.high.map(|high| high * factor),
        }
    }

    /// Writes point and interval: `1.24 s (1.10–1.42 s)`, `(from 1.10 s)`, or the point alone.
    ///
    /// `write` gets a value and the point, in whose unit and digits the value shall appear.
    pub(crate) fn written(self, write: impl Fn(f64, f64) -> String) -> String {
        let point = write(self.point, self.point);
        match self.interval(write) {
            Some(interval) => format!("{point} ({interval})"),
            None => point,
        }
    }

    /// Writes the interval alone; `None` without one.
    pub(crate) fn interval(self, write: impl Fn(f64, f64) -> String) -> Option<String> {
        let near = |value: f64| write(value, self.point);
        match (self.low, self.high) {
            (Some(low), Some(high)) => Some(span(&near(low), &near(high))),
            (Some(low), None) => Some(format!("from {}", near(low))),
            (None, Some(high)) => Some(format!("up to {}", near(high))),
            (None, None) => None,
        }
    }
}

/// Writes both ends of an interval, with a unit at the end of both once: an en dash between plain
/// numbers, "to" where one is negative.
pub(crate) fn span(low: &str, high: &str) -> String {
    let unit = high.rfind(' ').map_or("", |at| high.split_at(at).1);
    let bare = low.strip_suffix(unit).unwrap_or(low);
    if [low, high]
        .iter()
        .any(|end| end.starts_with(['−', '-', '+']))
    {
        format!("{bare} to {high}")
    } else {
        format!("{bare}–{high}")
    }
}

impl From<&Figure> for Range {
    fn from(figure: &Figure) -> Self {
        Self {
            point: figure.value,
            low: figure.low,
            high: figure.high,
        }
    }
}

impl From<&MoneyFigure> for Range {
    fn from(figure: &MoneyFigure) -> Self {
        Self {
            point: figure.value.to_f64(),
            low: figure.low.map(Usd::to_f64),
            high: figure.high.map(Usd::to_f64),
        }
    }
}

#[cfg(test)]
impl Range {
    /// A point with interval.
    pub(crate) fn new(point: f64, low: f64, high: f64) -> Self {
        Self {
            point,
            low: Some(low),
            high: Some(high),
        }
    }
}
