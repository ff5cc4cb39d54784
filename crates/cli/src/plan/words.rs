//! A plan in words: calls, cost, time, what can be told apart, and how likely each verdict is.

use std::fmt::Write as _;

use trilemma_decide::preflight::{
    Chances, Preflight, RacePlan, TierTime, TimeLimit, VerdictChance,
};
use trilemma_domain::Usd;

use crate::layout::{self, Side, Table, counted, parted, terminal_width};

/// The plan in words.
pub(crate) fn text(plan: &Preflight) -> String {
    let width = terminal_width();
    let rows = rows(plan);
    let rows = rows.iter().map(|(name, value)| (*name, value.as_str()));
    let mut text = String::from("Before the first call\n");
    text.push_str(&layout::pairs(rows, 2, width));
    text.push_str(&chances_text(&plan.chances, width));
    text
}

fn rows(plan: &Preflight) -> Vec<(&'static str, String)> {
    let mut rows = vec![(
        "calls",
        format!(
            "{} ({} × {} × {}); retries come on top",
            parted(plan.n_calls),
            counted(plan.n_items as u64, "item"),
            counted(plan.callers.len() as u64, "caller"),
            counted(u64::from(plan.repeats), "repeat")
        ),
    )];
    let mut cost = plan.cost.as_ref().map_or_else(
        || "unknown: no price is known".to_owned(),
        |cost| {
            format!(
                "about ${}, hardly more than ${} (estimated from request sizes)",
                cost.expected_usd.brief(),
                cost.upper_usd.brief()
            )
        },
    );
    if !plan.unpriced.is_empty() {
        cost.push_str(&format!(
            "; without {}, whose price is unknown",
            plan.unpriced.join(", ")
        ));
    }
    rows.push(("cost", cost));
    rows.push(("time", time_text(plan)));
    let points = |share: f64| share * 100.0;
    let mut resolution = format!(
        "differences of {} points are seen with a chance of 80 % (n = {})",
        range_text(
            points(plan.detectable_difference.low),
            points(plan.detectable_difference.high)
        ),
        parted(plan.n_effective as u64)
    );
    if let Some(margin) = plan.proposed_margin {
        resolution.push_str(&format!(
            "; a margin of {} points is one that this golden set can decide",
            brief(points(margin))
        ));
    }
    rows.push(("resolution", resolution));
    rows
}

/// One table per requirement: a row for each true difference.
fn chances_text(chances: &[VerdictChance], width: Option<usize>) -> String {
    let mut text = String::new();
    let mut rest = chances;
    while let Some(first) = rest.first() {
        let n_same = rest
            .iter()
            .take_while(|chance| chance.gate == first.gate)
            .count();
        let (group, later) = rest.split_at(n_same);
        rest = later;
        let is_range = group.iter().any(|chance| chance.low != chance.high);
        let ends = if is_range {
            "; from candidates that rarely disagree to such that often do"
        } else {
            ""
        };
        let title = format!(
            "Chance in % of each verdict on \"{}\"{ends}",
            first.gate.label()
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", layout::wrap(&title, 2, width.unwrap_or(100)));
        let mut table = Table::new(&[
            ("true difference", Side::Right),
            ("meets", Side::Right),
            ("fails", Side::Right),
            ("undecided", Side::Right),
        ]);
        for chance in group {
            let cell =
                |share: fn(&Chances) -> f64| share_text(share(&chance.low), share(&chance.high));
            table.push([
                format!("{:+.0} points", chance.true_difference * 100.0),
                cell(|chances| chances.meets),
                cell(|chances| chances.fails),
                cell(|chances| chances.undecided),
            ]);
        }
        text.push_str(&table.draw(4, width));
    }
    text
}

/// One share in percent, or two.
fn share_text(rarely: f64, often: f64) -> String {
    let percent = |share: f64| format!("{:.0}", share * 100.0);
    span(percent(rarely), &percent(often))
}

fn range_text(low: f64, high: f64) -> String {
    span(format!("{low:.1}"), &format!("{high:.1}"))
}

/// Two ends as one would say them: once where they read the same.
fn span(low: String, high: &str) -> String {
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}

fn time_text(plan: &Preflight) -> String {
    let time = &plan.time;
    let mut parts = Vec::new();
    if let Some(limit) = &time.limited_by {
        let limit = limit_text(limit);
        parts.push(match time.seconds {
            Some(seconds) => format!("at least {}, limited by {limit}", duration(seconds)),
            None => format!("limited by {limit}"),
        });
    }
    let mut rest = time.by_tier.as_slice();
    while let Some(first) = rest.first() {
        let n_same = rest
            .iter()
            .take_while(|row| row.provider == first.provider)
            .count();
        let (rows, later) = rest.split_at(n_same);
        rest = later;
        parts.push(tiers_text(&first.provider, rows));
    }
    if parts.is_empty() {
        return "unknown: no rate limits are stated (`rpm`, `tpm` under `[providers.NAME]`) or published"
            .to_owned();
    }
    parts.join("; ")
}

/// One provider's tiers: which one an account is in, only its owner knows.
fn tiers_text(provider: &str, rows: &[TierTime]) -> String {
    let times: Vec<String> = rows
        .iter()
        .map(|row| format!("{} in {}", duration(row.seconds), row.tier))
        .collect();
    format!(
        "by the limits that {provider} publishes at least {}; yours: `rpm`, `tpm` under `[providers.{provider}]`",
        times.join(", ")
    )
}

fn limit_text(limit: &TimeLimit) -> String {
    match limit {
        TimeLimit::RequestsPerMinute(group) => format!("requests per minute of {group}"),
        TimeLimit::TokensPerMinute(group) => format!("tokens per minute of {group}"),
        TimeLimit::InputTokensPerMinute(group) => format!("input tokens per minute of {group}"),
        TimeLimit::OutputTokensPerMinute(group) => format!("output tokens per minute of {group}"),
        TimeLimit::RequestsPerDay(group) => format!("requests per day of {group}"),
        TimeLimit::Concurrency => "calls in flight".to_owned(),
    }
}

/// A time to plan with, in the unit that one thinks in.
fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 120.0 => format!("{} s", brief(seconds.max(0.1))),
        _ if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

/// One decimal, unless it is none.
fn brief(figure: f64) -> String {
    let text = format!("{figure:.1}");
    text.trim_end_matches(".0").to_owned()
}

/// What each adaptive run would take, in words; empty where there is none.
pub(crate) fn races_text(races: &[RacePlan], plan: &Preflight) -> String {
    let width = terminal_width();
    let mut text = String::new();
    if races.is_empty() {
        return text;
    }
    let title = "Adaptive runs (`bench|select --adaptive=MODE`), from candidates far apart to candidates hardly to \
                 be told apart (simulated)";
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", layout::wrap(title, 2, width.unwrap_or(100)));
    let mut table = Table::new(&[
        ("mode", Side::Left),
        ("calls", Side::Right),
        ("of all", Side::Right),
        ("cost", Side::Right),
    ]);
    for race in races {
        let share = |n: u64| format!("{:.0}", 100.0 * n as f64 / plan.n_calls.max(1) as f64);
        let calls = race.n_calls;
        table.push([
            race.mode.to_owned(),
            span(parted(calls.low), &parted(calls.high)),
            format!("{} %", span(share(calls.low), &share(calls.high))),
            race.cost_usd.map_or_else(
                || "unknown".to_owned(),
                |cost| {
                    let dollars = |cost: Usd| format!("${}", cost.brief());
                    span(dollars(cost.low), &dollars(cost.high))
                },
            ),
        ]);
    }
    text.push_str(&table.draw(4, width));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_one_thinks_in() {
        for (seconds, text) in [
            (0.0, "0.1 s"),
            (45.04, "45 s"),
            (119.0, "119 s"),
            (600.0, "10 min"),
            (9_000.0, "2.5 h"),
            (259_200.0, "3.0 days"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
