//! The judges that scores rest on: a table for those who look closely, a line each for the terminal.

use trilemma_decide::Figure;
use trilemma_decide::judges::{Checked, JudgeResult, Lean};

use super::cast::Cast;
use super::table::{Cell, Column, Table};
use crate::number::{Range, RateDigits, UNKNOWN, decimals, plural, usd, usd_number, widen};
use crate::text::one_line;

/// Most judges that are listed.
const MAX_JUDGES: usize = 40;

/// Every judge with its figures; `None` where none was asked.
pub(crate) fn table(cast: &Cast<'_>) -> Option<Table> {
    let judges = &cast.decision.judges;
    if judges.is_empty() {
        return None;
    }
    let columns = vec![
        Column::words("Judge"),
        Column::number("Answers judged"),
        Column::number("Cost, USD"),
        Column::number("Agrees with people"),
        Column::number("Same word in both orders"),
        Column::number("For the first shown"),
        Column::number("Same side when asked again"),
        Column::number("Score per doubled length"),
        Column::number("Score for its own family"),
    ];
    let rows = judges.iter().take(MAX_JUDGES).map(row).collect();
    Some(Table {
        id: "judges",
        title: "Judges".to_owned(),
        note: "What judges cost is apart from the candidates. Leanings are differences between \
               answers to the same item: of the judge's own score, and beside it of what is left \
               when the panel's other judges are taken off; the first alone may be true quality. \
               No verdict rests on this table."
            .to_owned(),
        columns,
        rows,
    })
}

fn row(judge: &JudgeResult) -> Vec<Cell> {
    let order = judge.order.as_ref();
    let steady = judge.steadiness.as_ref();
    vec![
        name(judge),
        answers(judge),
        judge.spent.map_or_else(Cell::unknown, |spent| {
            let amount = spent.to_f64();
            Cell::number(amount, usd_number(amount, amount))
        }),
        people(judge),
        figure(order.map(|order| &order.consistency))
            .with_sub(order.map_or_else(String::new, |order| pairs(order.n_pairs))),
        figure(order.and_then(|order| order.first_rate.as_ref())),
        figure(steady.map(|steady| &steady.same_side)).with_sub(
            steady.map_or_else(String::new, |steady| {
                format!("{} asked twice", plural(widen(steady.n_answers), "answer"))
            }),
        ),
        lean(judge.length.as_ref()),
        lean(judge.own_family.as_ref()),
    ]
}

fn name(judge: &JudgeResult) -> Cell {
    let role = if judge.counts {
        one_line(&judge.scorer, 60)
    } else {
        format!("{}, counts for nothing", one_line(&judge.scorer, 60))
    };
    Cell::words(one_line(&judge.model, 80))
        .with_sub(role)
        .with_class("name")
}

fn answers(judge: &JudgeResult) -> Cell {
    let cell = Cell::count(judge.n_answers);
    if judge.n_without_grade == 0 {
        return cell;
    }
    cell.with_sub(format!(
        "{} without a grade",
        crate::number::count(widen(judge.n_without_grade))
    ))
}

fn people(judge: &JudgeResult) -> Cell {
    let Some(humans) = &judge.humans else {
        return Cell::words(checked(judge)).with_class("undecided");
    };
    let kappa = humans.kappa.as_ref().map_or_else(String::new, |kappa| {
        format!(
            "kappa {} on {}",
            Range::from(kappa).written(|value, _| decimals(value, 2)),
            plural(widen(humans.n_answers), "answer")
        )
    });
    figure(Some(&humans.same)).with_sub(kappa)
}

fn checked(judge: &JudgeResult) -> &'static str {
    match judge.checked {
        Checked::Unchecked => "nobody has checked",
        Checked::TooFew => "too few labels",
        Checked::Measured => "checked",
    }
}

fn rate(value: f64, _near: f64) -> String {
    RateDigits::fixed(1).rate(value)
}

/// A score difference with its sign.
fn signed(value: f64, _near: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}", decimals(value.abs(), 3))
}

fn figure(figure: Option<&Figure>) -> Cell {
    figure.map_or_else(Cell::none, |figure| Cell::range(Range::from(figure), rate))
}

fn lean(lean: Option<&Lean>) -> Cell {
    let Some(lean) = lean else {
        return Cell::none();
    };
    let cell = Cell::range(Range::from(&lean.raw), signed);
    match &lean.beside_others {
        Some(net) => cell.with_sub(format!(
            "beside the others {}",
            Range::from(net).written(signed)
        )),
        None => cell,
    }
}

fn pairs(n_pairs: usize) -> String {
    plural(widen(n_pairs), "pair")
}

/// A line for each judge.
pub(crate) fn lines(cast: &Cast<'_>) -> Vec<String> {
    let judges = &cast.decision.judges;
    judges.iter().take(MAX_JUDGES).map(line).collect()
}

fn line(judge: &JudgeResult) -> String {
    let mut parts = vec![format!(
        "`{}` for `{}`: {} judged, {} apart from the candidates",
        one_line(&judge.model, 80),
        one_line(&judge.scorer, 60),
        plural(widen(judge.n_answers), "answer"),
        judge
            .spent
            .map_or_else(|| UNKNOWN.to_owned(), |spent| usd(spent.to_f64()))
    )];
    if judge.n_without_grade > 0 {
        parts.push(format!(
            "{} without a grade",
            crate::number::count(widen(judge.n_without_grade))
        ));
    }
    let shown = |figure: &Figure| Range::from(figure).written(rate);
    match &judge.humans {
        Some(humans) => parts.push(format!(
            "agrees with people on {} of {}",
            shown(&humans.same),
            plural(widen(humans.n_answers), "answer")
        )),
        None => parts.push(checked(judge).to_owned()),
    }
    if let Some(order) = &judge.order {
        parts.push(format!(
            "same word in both orders on {} of {}",
            shown(&order.consistency),
            pairs(order.n_pairs)
        ));
    }
    if let Some(steady) = &judge.steadiness {
        parts.push(format!(
            "same side when asked again on {} of {}",
            shown(&steady.same_side),
            plural(widen(steady.n_answers), "answer")
        ));
    }
    format!("{}.", parts.join("; "))
}
