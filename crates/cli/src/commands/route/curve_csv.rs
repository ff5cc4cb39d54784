//! Curve and baselines as CSV: one row per point.

use trilemma_route::Point;

use super::seal::brief;
use super::sheet::Sheet;

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

fn guarded(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if clean.starts_with(['=', '+', '-', '@']) {
        format!("'{clean}")
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn names_are_never_formulas() {
        assert_eq!(guarded("=1+1"), "'=1+1");
        assert_eq!(guarded("-1 points"), "'-1 points");
        assert_eq!(guarded("a\nb"), "a b");
    }
}
