//! Shares in percent and their differences in percentage points.

use super::UNKNOWN;
use super::range::Range;

/// How many decimals rates get, chosen from how well they are known.
///
/// All rates of one report share it, so that columns line up and nobody reads noise as precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateDigits(usize);

impl RateDigits {
    /// Chooses from the interval widths (in [0, 1]) of the rates to show: two decimals when the median
    /// interval is narrower than half a point, else one, as the decision's own sentences have it.
    pub(crate) fn for_widths(widths: impl IntoIterator<Item = f64>) -> Self {
        let mut widths: Vec<f64> = widths
            .into_iter()
            .filter(|width| width.is_finite())
            .collect();
        widths.sort_by(f64::total_cmp);
        match widths.get(widths.len() / 2) {
            Some(median) if *median < 0.005 => Self(2),
            _ => Self(1),
        }
    }

    /// A fixed number of decimals.
    pub(crate) fn fixed(n_decimals: usize) -> Self {
        Self(n_decimals)
    }

    /// Writes a rate: `91.2 %`.
    pub(crate) fn rate(self, rate: f64) -> String {
        if rate.is_finite() {
            format!("{} %", self.number(rate))
        } else {
            UNKNOWN.to_owned()
        }
    }

    /// Writes a difference: `−2.1 points`.
    pub(crate) fn points(self, difference: f64) -> String {
        if difference.is_finite() {
            let number = self.signed(difference);
            let unit = if matches!(number.as_str(), "+1" | "−1") {
                "point"
            } else {
                "points"
            };
            format!("{number} {unit}")
        } else {
            UNKNOWN.to_owned()
        }
    }

    /// Writes a rate with its interval: `91 % (86–95 %)`.
    pub(crate) fn rate_with_span(self, range: Range) -> String {
        range.written(|rate, _| self.rate(rate))
    }

    /// Writes a difference with its interval: `−2.1 points (−4.0 to +0.3)`.
    pub(crate) fn points_with_span(self, range: Range) -> String {
        match range.interval(|difference, _| self.signed(difference)) {
            Some(interval) => format!("{} ({interval})", self.points(range.point)),
            None => self.points(range.point),
        }
    }

    /// A rate that is not 0 or 1 never rounds to 0 or 100 %.
    fn number(self, rate: f64) -> String {
        let percent = rate * 100.0;
        let inside = 0.0 < rate && rate < 1.0;
        let digits = (self.0..=4)
            .find(|digits| {
                let shown: f64 = format!("{percent:.digits$}").parse().unwrap_or(percent);
                !inside || (0.0 < shown && shown < 100.0)
            })
            .unwrap_or(4);
        format!("{percent:.digits$}").replace('-', "−")
    }

    /// Writes a difference without unit: `−2.1`.
    pub(crate) fn signed(self, difference: f64) -> String {
        let number = format!("{:+.*}", self.0, difference * 100.0);
        if number.trim_start_matches(['+', '-', '0', '.']).is_empty() {
            return number.trim_start_matches(['+', '-']).to_owned();
        }
        number.replace('-', "−")
    }
}

/// Writes a share that somebody chose, such as a bar, with as many decimals as it needs: `85 %`.
pub(crate) fn threshold(rate: f64) -> String {
    if !rate.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{:.3}", rate * 100.0);
    let short = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} %", short.replace('-', "−"))
}
