//! The difference between two runs in words.

use std::fmt::Write as _;

use trilemma_decide::{Figure, MoneyFigure};
use trilemma_domain::{ItemId, NanoUsd};

use super::diff::{RunsDiff, Side};
use super::pairs::{Found, Outcome, PairResult};
use super::settings::Change;
use crate::layout::{self, Side as Align, Table, one_line, terminal_width, wrap};

/// Items that are named; the rest is counted.
const MAX_ITEMS: usize = 10;

/// Everything that differs, as text.
pub(super) fn text(diff: &RunsDiff) -> String {
    let width = terminal_width();
    let (before, after) = (side(&diff.before), side(&diff.after));
    let mut text = layout::pairs([("before", before.as_str()), ("after", &after)], 0, width);
    text.push_str("\nAsked\n");
    if diff.settings.is_empty() {
        let same = if diff.same_calls {
            "the same calls, prices and scorers"
        } else {
            "the same settings, candidates apart"
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {same}");
    } else {
        text.push_str(&changes(&diff.settings, width));
    }
    text.push_str(&items(diff, width));
    for candidate in &diff.candidates {
        let _ = writeln!(text, "\n{}", one_line(candidate.id.as_str()));
        text.push_str(&pair(candidate, width));
    }
    let _ = write!(
        text,
        "\nCosts are at the prices of {}; intervals are at 95 %.",
        diff.as_of
    );
    text
}

fn side(side: &Side) -> String {
    let began = jiff::Timestamp::from_microsecond(side.created_us).unwrap_or_default();
    let failed = match side.n_failed {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    format!(
        "{}  {}  {} items, {} answered{failed}, ${:.4}",
        one_line(side.run.as_str()),
        began.strftime("%Y-%m-%d %H:%M UTC"),
        side.n_items,
        side.n_answered,
        NanoUsd(side.spent_nano_usd).to_f64_usd()
    )
}

fn changes(changes: &[Change], width: Option<usize>) -> String {
    let rows: Vec<(String, String)> = changes
        .iter()
        .map(|change| {
            let value =
                |text: &Option<String>| text.clone().unwrap_or_else(|| "not set".to_owned());
            let both = format!("{} → {}", value(&change.before), value(&change.after));
            (change.setting.clone(), both)
        })
        .collect();
    let rows = rows
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    layout::pairs(rows, 2, width)
}

fn items(diff: &RunsDiff, width: Option<usize>) -> String {
    let items = &diff.items;
    let mut parts = vec![format!("{} are in both and compared", items.n_shared)];
    for (ids, what) in [
        (&items.changed, "changed their content"),
        (&items.only_before, "only before"),
        (&items.only_after, "only after"),
    ] {
        if !ids.is_empty() {
            parts.push(format!("{} {what} ({})", ids.len(), named(ids)));
        }
    }
    format!(
        "\nItems\n{}\n",
        wrap(&parts.join("; "), 2, width.unwrap_or(100))
    )
}

fn named(ids: &[ItemId]) -> String {
    let mut names: Vec<String> = ids
        .iter()
        .take(MAX_ITEMS)
        .map(ToString::to_string)
        .collect();
    if let Some(more) = ids.len().checked_sub(MAX_ITEMS + 1) {
        names.push(format!("and {} more", more + 1));
    }
    names.join(", ")
}

fn pair(pair: &PairResult, width: Option<usize>) -> String {
    match pair.found {
        Found::OnlyBefore => return "  only in the earlier run\n".to_owned(),
        Found::OnlyAfter => return "  only in the later run\n".to_owned(),
        Found::Both => {}
    }
    let mut text = changes(&pair.settings, width);
    let (Some(before), Some(after)) = (&pair.before, &pair.after) else {
        text.push_str("  no item to compare\n");
        return text;
    };
    text.push_str(&figures(before, after).draw(2, width));
    let mut lines = vec![match &pair.difference {
        Some(figure) => format!("pass rate {}", points(figure, pair.p_value)),
        None => "pass rate: no item was scored in both runs".to_owned(),
    }];
    for (ids, what) in [
        (&pair.now_passing, "now pass"),
        (&pair.now_failing, "now fail"),
    ] {
        if !ids.is_empty() {
            lines.push(format!("{} {what}: {}", ids.len(), named(ids)));
        }
    }
    if before.served != after.served {
        let list = |names: &[String]| match names {
            [] => "no name".to_owned(),
            names => names.join(", "),
        };
        lines.push(format!(
            "served model {} → {}",
            list(&before.served),
            list(&after.served)
        ));
    }
    for line in lines {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", wrap(&line, 2, width.unwrap_or(100)));
    }
    text
}

fn figures(before: &Outcome, after: &Outcome) -> Table {
    let mut table = Table::new(&[
        ("", Align::Left),
        ("before", Align::Right),
        ("after", Align::Right),
    ]);
    let mut row = |name: &str, cell: &dyn Fn(&Outcome) -> Option<String>| {
        let (old, new) = (cell(before), cell(after));
        if old.is_some() || new.is_some() {
            let shown = |text: Option<String>| text.unwrap_or_else(|| "unknown".to_owned());
            table.push([name.to_owned(), shown(old), shown(new)]);
        }
    };
    row("pass rate", &|one| one.pass_rate.as_ref().map(percent));
    row("mean score", &|one| {
        one.score.map(|figure| format!("{:.3}", figure.value))
    });
    row("USD per query", &|one| one.usd_per_query.as_ref().map(usd));
    row("response time, median", &|one| one.e2e_p50_ms.map(ms));
    row("response time, p95", &|one| one.e2e_p95_ms.map(ms));
    row("first token, p95", &|one| one.ttft_p95_ms.map(ms));
    let count = |n: usize| (n > 0).then(|| n.to_string());
    let any = |n: fn(&Outcome) -> usize| n(before) + n(after) > 0;
    for (name, n) in [
        (
            "failed",
            (|one| one.counts.n_failed) as fn(&Outcome) -> usize,
        ),
        ("refused", |one| one.counts.n_refused),
        ("truncated", |one| one.counts.n_truncated),
        ("replayed", |one| one.counts.n_replayed),
    ] {
        if any(n) {
            row(name, &|one| count(n(one)).or_else(|| Some("0".to_owned())));
        }
    }
    table
}

fn percent(figure: &Figure) -> String {
    let share = |share: f64| format!("{:.1}", share * 100.0);
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => format!(
            "{} % ({}–{} %)",
            share(figure.value),
            share(low),
            share(high)
        ),
        _ => format!("{} %", share(figure.value)),
    }
}

fn points(figure: &Figure, p_value: Option<f64>) -> String {
    let signed = |share: f64| {
        let points = share * 100.0;
        // What rounds to nothing has no sign.
        if points.abs() < 0.05 {
            "0.0".to_owned()
        } else {
            format!("{points:+.1}").replace('-', "−")
        }
    };
    let mut text = format!("{} points", signed(figure.value));
    if let (Some(low), Some(high)) = (figure.low, figure.high) {
        let _ = write!(text, " ({} to {}", signed(low), signed(high));
        let _ = write!(text, ", n = {})", figure.n);
        if low > 0.0 || high < 0.0 {
            text.push_str(": more than chance explains");
        } else {
            text.push_str(": chance may explain it");
        }
    } else {
        let _ = write!(text, " (n = {})", figure.n);
    }
    if let Some(p_value) = p_value {
        if p_value < 0.001 {
            text.push_str(", McNemar mid-p below 0.001");
        } else {
            let _ = write!(text, ", McNemar mid-p {p_value:.3}");
        }
    }
    text
}

fn usd(figure: &MoneyFigure) -> String {
    figure.value.brief()
}

fn ms(figure: Figure) -> String {
    format!("{:.0} ms", figure.value)
}
