//! The ledger as CSV, one row per candidate and month.

use std::fmt::Write as _;

use trilemma_domain::Usd;

use super::plan::Tco;
use crate::cells::neutral;

/// Writes it; names that a spreadsheet would take for a formula are made text.
pub(super) fn ledger(tco: &Tco<'_>) -> String {
    let mut text = String::from(
        "candidate,month,model_usd,fixed_usd,events_usd,total_usd,discounted_usd,stay_usd,cumulative_saving_usd\n",
    );
    let amount = |cost: Option<Usd>| {
        cost.map_or_else(String::new, |cost| {
            cost.decimal().round_dp(6).normalize().to_string()
        })
    };
    for one in &tco.owned {
        let name = cell(&one.contender.name);
        let start = Some(one.ledger.one_off);
        let _ = writeln!(
            text,
            "{name},0,,,{},{},{},,{}",
            amount(start),
            amount(start),
            amount(start),
            amount(
                one.ledger
                    .stay_total
                    .map(|_| Usd::ZERO - one.ledger.one_off)
            ),
        );
        for row in &one.ledger.rows {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{name},{},{},{},{},{},{},{},{}",
                row.month,
                amount(Some(row.model)),
                amount(Some(row.fixed)),
                amount(Some(row.events)),
                amount(Some(row.run)),
                amount(Some(row.discounted)),
                amount(row.stay),
                amount(row.cumulative_saving),
            );
        }
    }
    text
}

fn cell(name: &str) -> String {
    format!("\"{}\"", neutral(name).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_formulas() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("'=1+1"), "\"''=1+1\"");
        assert_eq!(cell(" =1"), "\"' =1\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
