//! Quality over cost as a picture of characters.
//!
//! In: points in series. Out: a plane of fixed size; the cost axis is logarithmic, because the cheapest
//! and the best often lie a factor of fifty apart. Where points share a place the later series shows.

/// Points with the character that stands for them.
pub(super) struct Series {
    pub(super) mark: char,
    pub(super) name: &'static str,
    /// USD per query, quality.
    pub(super) points: Vec<(f64, f64)>,
}

const HEIGHT: usize = 12;
/// Columns of the quality axis.
const AXIS: usize = 8;

/// Draws; empty when there is nothing to see.
pub(super) fn draw(series: &[Series], width: usize) -> String {
    let all: Vec<(f64, f64)> = (series.iter().flat_map(|one| &one.points).copied())
        .filter(|(cost, quality)| *cost > 0.0 && quality.is_finite())
        .collect();
    let columns = width.saturating_sub(AXIS + 1).clamp(20, 70);
    let span = |of: fn(&(f64, f64)) -> f64| {
        let low = all.iter().map(of).fold(f64::INFINITY, f64::min);
        let high = all.iter().map(of).fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    };
    let (left, right) = span(|one| one.0.ln());
    let (bottom, top) = span(|one| one.1);
    if !(right > left && top > bottom) {
        return String::new();
    }
    let mut plane = vec![vec![' '; columns]; HEIGHT];
    for one in series {
        for (cost, quality) in one.points.iter().filter(|one| one.0 > 0.0) {
            let x = (cost.ln() - left) / (right - left) * (columns - 1) as f64;
            let y = (top - quality) / (top - bottom) * (HEIGHT - 1) as f64;
            let row = plane.get_mut(y.round() as usize);
            if let Some(cell) = row.and_then(|row| row.get_mut(x.round() as usize)) {
                *cell = one.mark;
            }
        }
    }
    let mut text = String::new();
    for (idx, row) in plane.iter().enumerate() {
        let label = match idx {
            0 => format!("{:5.1} %", 100.0 * top),
            _ if idx == HEIGHT - 1 => format!("{:5.1} %", 100.0 * bottom),
            _ => String::new(),
        };
        let row: String = row.iter().collect();
        text.push_str(&format!("{label:>AXIS$}|{}\n", row.trim_end()));
    }
    let (low, high) = (
        super::plan::sig(left.exp()),
        format!("{} USD per query", super::plan::sig(right.exp())),
    );
    let rest = columns.saturating_sub(low.len());
    text.push_str(&format!("{:AXIS$}+{}\n", "", "-".repeat(columns)));
    text.push_str(&format!("{:AXIS$} {low}{high:>rest$}\n", ""));
    let legend: Vec<String> = series
        .iter()
        .map(|one| format!("{} {}", one.mark, one.name))
        .collect();
    text.push_str(&format!("{:AXIS$} {}\n", "", legend.join("   ")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_lie_in_corners_and_nothing_breaks_it() {
        let series = |points: &[(f64, f64)]| Series {
            mark: 'x',
            name: "all",
            points: points.to_vec(),
        };
        let text = draw(&[series(&[(0.001, 0.5), (1.0, 0.9)])], 40);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].starts_with("  90.0 %|") && lines[0].ends_with('x'),
            "{text}"
        );
        assert_eq!(lines[HEIGHT - 1], "  50.0 %|x");
        for points in [&[][..], &[(1.0, 0.5)], &[(0.0, 0.5), (1.0, f64::NAN)]] {
            assert_eq!(draw(&[series(points)], 80), "");
        }
    }
}
