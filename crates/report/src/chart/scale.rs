//! From values to pixels, with round ticks.

use crate::number::{RateDigits, decimals, duration, threshold, usd_number};

/// What an axis measures, which decides how its ticks are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    /// Shares in [0, 1], written in percent.
    Rate,
    /// Differences of shares, written in points.
    Points,
    /// US dollars, from zero.
    Usd,
    /// US dollars around a total.
    UsdAround,
    /// Seconds.
    Seconds,
    /// Months, tokens: whole numbers, long ones in millions.
    Count,
    /// Anything per second, and what is counted in small numbers.
    Number,
}

impl Axis {
    fn tick(self, value: f64) -> String {
        match self {
            Self::Rate => threshold(value),
            Self::Points => {
                let points = value * 100.0;
                let digits = usize::from((points - points.round()).abs() > 1e-6);
                match RateDigits::fixed(digits).signed(value) {
                    zero if zero.starts_with('0') => "0".to_owned(),
                    signed => signed,
                }
            }
            Self::Usd | Self::UsdAround => short_number(&usd_number(value, value)),
            Self::Count => short_count(value),
            Self::Number => short_number(&decimals(value, usize::from(value < 10.0) * 2)),
            Self::Seconds if value == 0.0 => "0".to_owned(),
            Self::Seconds => {
                let text = duration(value);
                match text.split_once(' ') {
                    Some((number, unit)) => format!("{} {unit}", short_number(number)),
                    None => text,
                }
            }
        }
    }

    /// The range that values of this kind cannot leave.
    fn limits(self) -> (f64, f64) {
        match self {
            Self::Rate => (0.0, 1.0),
            Self::Points => (-1.0, 1.0),
            Self::Usd | Self::UsdAround | Self::Seconds | Self::Count | Self::Number => {
                (0.0, f64::MAX)
            }
        }
    }
}

/// Writes a count: `1,200`, `5M`, `2.5B`.
fn short_count(value: f64) -> String {
    let (scaled, unit) = match value {
        value if value >= 1e9 => (value / 1e9, "B"),
        value if value >= 1e6 => (value / 1e6, "M"),
        value => (value, ""),
    };
    let digits = usize::from((scaled - scaled.round()).abs() > 1e-6);
    format!("{}{unit}", decimals(scaled, digits))
}

/// Drops zeros after the decimal point.
fn short_number(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text.to_owned()
    }
}

/// A linear or logarithmic scale onto a stretch of pixels.
#[derive(Debug, Clone)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    is_log: bool,
    from_px: f64,
    to_px: f64,
    axis: Axis,
}

impl Scale {
    /// Spans the given values on a linear scale, with some air, inside the axis' limits.
    ///
    /// Values that are not finite are ignored; without any the scale is that of the axis' whole range.
    pub(crate) fn linear(axis: Axis, values: &[f64], px: (f64, f64)) -> Self {
        let (low, high) = extent(values).unwrap_or((0.0, 1.0));
        let (least, most) = axis.limits();
        let width = (high - low).max(smallest_width(axis));
        let air = width * 0.06;
        let from_zero = matches!(axis, Axis::Seconds | Axis::Usd | Axis::Count | Axis::Number);
        Self {
            low: if from_zero {
                0.0
            } else {
                (low - air).max(least)
            },
            high: (low + width + air).min(most),
            is_log: false,
            from_px: px.0,
            to_px: px.1,
            axis,
        }
    }

    /// Spans the given values on a logarithmic scale; linear if one of them is not above zero.
    pub(crate) fn log(axis: Axis, values: &[f64], px: (f64, f64)) -> Self {
        match extent(values) {
            Some((low, high)) if low > 0.0 => {
                let air = (high / low).powf(0.06).max(1.15);
                Self {
                    low: low / air,
                    high: high * air,
                    is_log: true,
                    from_px: px.0,
                    to_px: px.1,
                    axis,
                }
            }
            _ => Self::linear(axis, values, px),
        }
    }

    /// Whether it is logarithmic.
    pub(crate) fn is_log(&self) -> bool {
        self.is_log
    }

    /// Pixel of a value, cut to the stretch.
    pub(crate) fn px(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        let share = if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        };
        self.from_px + share * (self.to_px - self.from_px)
    }

    /// Round values inside the scale with their texts; about `n_wanted` of them, never more than 12.
    pub(crate) fn ticks(&self, n_wanted: u32) -> Vec<(f64, String)> {
        let values = if self.is_log {
            self.log_ticks(n_wanted)
        } else {
            self.linear_ticks(n_wanted)
        };
        values
            .into_iter()
            .take(12)
            .map(|value| (value, self.axis.tick(value)))
            .collect()
    }

    fn linear_ticks(&self, n_wanted: u32) -> Vec<f64> {
        let rough = (self.high - self.low) / f64::from(n_wanted.max(1));
        if !(rough.is_finite() && rough > 0.0) {
            return vec![self.low];
        }
        let decade = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * decade)
            .find(|step| rough <= *step * 1.000_001)
            .unwrap_or(decade * 10.0);
        let first = (self.low / step - 1e-9).ceil();
        (0..12_u32)
            .map(|at| (first + f64::from(at)) * step + 0.0)
            .take_while(|value| *value <= self.high + step * 1e-9)
            .collect()
    }

    /// Decades; with 2 and 5 between them when there are few.
    fn log_ticks(&self, n_wanted: u32) -> Vec<f64> {
        let first = self.low.log10().floor();
        let n_decades = (self.high.log10().ceil() - first).max(1.0);
        let wanted = f64::from(n_wanted.max(1));
        let factors: &[f64] = if n_decades * 3.0 <= wanted * 1.8 {
            &[1.0, 2.0, 5.0]
        } else if n_decades * 2.0 <= wanted * 1.8 {
            &[1.0, 3.0]
        } else {
            &[1.0]
        };
        let every = (n_decades / wanted).ceil().max(1.0);
        (0..=64_u32)
            .map(|at| first + f64::from(at) * every)
            .take_while(|decade| *decade <= self.high.log10())
            .flat_map(|decade| {
                factors
                    .iter()
                    .map(move |factor| factor * 10_f64.powf(decade))
            })
            .filter(|value| self.low <= *value && *value <= self.high)
            .collect()
    }
}

/// Below this an axis is stretched, so that equal values do not fill it.
fn smallest_width(axis: Axis) -> f64 {
    match axis {
        Axis::Rate | Axis::Points => 0.02,
        Axis::Usd | Axis::UsdAround => 1e-6,
        Axis::Seconds => 1e-3,
        Axis::Count | Axis::Number => 1.0,
    }
}

fn extent(values: &[f64]) -> Option<(f64, f64)> {
    values
        .iter()
        .filter(|value| value.is_finite())
        .fold(None, |extent, value| match extent {
            None => Some((*value, *value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        })
}
