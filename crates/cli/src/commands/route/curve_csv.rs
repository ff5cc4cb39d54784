//! Curve and baselines as CSV: one row per point.

use trilemma_route::Point;

use super::seal::brief;
use super::sheet::Sheet;
use crate::cells::neutral;

/// Writes it; names that a spreadsheet would take for a formula are made text.
///
/// # Errors
/// Only when there is no memory left.
pub(super) fn curve(sheet: &Sheet<'_>) -> anyhow::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "series",
        "name",
        "cost_usd_per_query",
        "quality",
        "quality_low",
        "quality_high",
        "n",
    ])?;
    let beside = sheet.beside;
    let n = sheet.material.gathered.examples.rows.len();
    let mut write = |series: &str, points: &[Point]| -> anyhow::Result<()> {
        for point in points {
            let interval = point.interval.as_ref();
            let number = |value: Option<f64>| {
                value.map_or_else(String::new, |value| brief(value).to_string())
            };
            out.write_record([
                series,
                &guarded(&point.name),
                &brief(point.cost_usd).to_string(),
                &brief(point.quality).to_string(),
                &number(interval.map(|one| one.low)),
                &number(interval.map(|one| one.high)),
                &n.to_string(),
            ])?;
        }
        Ok(())
    };
    if sheet.fitted.evaluation.is_some() {
        write("policy", &beside.curve)?;
    } else {
        write("policy", std::slice::from_ref(&sheet.fitted.unseen.point))?;
    }
    write("single", &beside.singles)?;
    write("random mix", &beside.mix)?;
    write("word count", &beside.words)?;
    write("baseline", &beside.baselines)?;
    Ok(out.into_inner().map_err(csv::IntoInnerError::into_error)?)
}

/// On one line, and no formula.
fn guarded(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    neutral(&clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::plain;

    #[test]
    fn names_are_never_formulas_and_come_back() {
        assert_eq!(guarded("=1+1"), "'=1+1");
        assert_eq!(guarded("-1 points"), "'-1 points");
        assert_eq!(guarded("a\nb"), "a b");
        for name in ["'=x", "'quoted", " =x", "＝x", "|x", "plain"] {
            assert_eq!(plain(&guarded(name)), name);
        }
        // A name that begins with an apostrophe is not taken for a guarded one.
        assert_ne!(guarded("'=x"), guarded("=x"));
    }
}
