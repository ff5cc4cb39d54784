//! An evaluation on a terminal.

use trilemma_route::{Evaluation, PairFigures, Point, Verdict};
use trilemma_stats::Estimate;
use trilemma_stats::resample::Interval;

use super::draw::{Series, draw};
use super::plan::sig;
use super::sheet::Sheet;
use super::words::{figures, paragraph, percent, within};
use crate::layout::{DEFAULT_WIDTH, Side, Table, bullet, counted, terminal_width};

/// Most items that are told on a terminal; `--json` tells all.
const MAX_ITEMS: usize = 1_000;

/// Draws everything.
pub(super) fn sheet(sheet: &Sheet<'_>, with_items: bool) -> String {
    let width = terminal_width();
    let mut text = String::new();
    if let Some(headline) = sheet.fitted.headline() {
        text.push_str(&paragraph(&headline, 0, width));
    }
    text.push_str(&head(sheet, width));
    text.push_str(&picture(sheet, width.unwrap_or(DEFAULT_WIDTH)));
    text.push('\n');
    text.push_str(&table(sheet, width));
    for (name, found) in sheet.judged() {
        text.push('\n');
        let title = match sheet.is_file {
            true => format!("Served by `{name}`:"),
            false => format!("Target {name}, thresholds frozen before these items were seen:"),
        };
        text.push_str(&paragraph(&title, 0, width));
        text.push_str(&figures(found, sheet.best(), width));
    }
    text.push('\n');
    text.push_str(&sums(sheet, width));
    text.push_str(&tasks(sheet, width));
    text.push_str(&super::rule_words::table(
        &sheet.rules,
        sheet.fitted.unseen.served.len(),
        width,
    ));
    if with_items {
        text.push_str(&items(sheet, width));
    }
    text.push('\n');
    text.push_str(&verdict(sheet, width));
    text
}

fn head(sheet: &Sheet<'_>, width: Option<usize>) -> String {
    let gathered = &sheet.material.gathered;
    let what = match sheet.is_file {
        true => format!("Policy `{}`", sheet.fitted.policy.name),
        false => format!("Routing ({})", sheet.kind.name()),
    };
    let head = format!(
        "{what} on run {}: {}, {}{}",
        sheet.material.manifest.run,
        counted(gathered.examples.rows.len() as u64, "item"),
        counted(gathered.examples.members.len() as u64, "candidate"),
        if sheet.material.simulated {
            ", simulated answers"
        } else {
            ""
        }
    );
    let mut text = paragraph(&head, 0, width);
    if sheet.fitted_on_these {
        text.push_str(&paragraph(
            "It was fitted on these items: its figures here are optimistic. Without --policy, each item is \
             served by policies that have not seen it.",
            0,
            width,
        ));
    }
    for one in &gathered.left_out {
        text.push_str(&bullet(
            &format!("`{}` {}", one.candidate, one.reason),
            0,
            width,
        ));
        text.push('\n');
    }
    if gathered.n_incomplete > 0 {
        let line = format!(
            "{} of {} left out: not everybody has a scored answer of known cost",
            gathered.n_incomplete,
            counted(gathered.n_items as u64, "item")
        );
        text.push_str(&bullet(&line, 0, width));
        text.push('\n');
    }
    for note in &sheet.material.notes {
        text.push_str(&bullet(note, 0, width));
        text.push('\n');
    }
    text.push('\n');
    text
}

fn picture(sheet: &Sheet<'_>, width: usize) -> String {
    let beside = sheet.beside;
    let of = |points: &[Point]| -> Vec<(f64, f64)> {
        points
            .iter()
            .map(|one| (one.cost_usd, one.quality))
            .collect()
    };
    let own = match &sheet.fitted.evaluation {
        Some(evaluation) => of(&evaluation.curve),
        None => vec![(
            sheet.fitted.unseen.point.cost_usd,
            sheet.fitted.unseen.point.quality,
        )],
    };
    let series = [
        Series {
            mark: '.',
            name: "random mix",
            points: mixed(beside),
        },
        Series {
            mark: ',',
            name: "word count",
            points: of(&beside.words),
        },
        Series {
            mark: '+',
            name: "baseline",
            points: of(&beside.baselines),
        },
        Series {
            mark: 'o',
            name: "single candidate",
            points: of(&beside.singles),
        },
        Series {
            mark: '#',
            name: "policy",
            points: own,
        },
    ];
    draw(&series, width)
}

/// The mix as many points on its straight lines.
fn mixed(beside: &Evaluation) -> Vec<(f64, f64)> {
    const N: u32 = 24;
    let mut points = Vec::new();
    for (a, b) in beside.mix.iter().zip(beside.mix.iter().skip(1)) {
        for step in 0..=N {
            let share = f64::from(step) / f64::from(N);
            points.push((
                a.cost_usd + share * (b.cost_usd - a.cost_usd),
                a.quality + share * (b.quality - a.quality),
            ));
        }
    }
    points
}

fn table(sheet: &Sheet<'_>, width: Option<usize>) -> String {
    let beside = sheet.beside;
    let mut table = Table::new(&[
        ("", Side::Left),
        ("quality", Side::Right),
        ("95 %", Side::Left),
        ("USD/query", Side::Right),
        ("95 %", Side::Left),
    ]);
    // Why a cost has no interval.
    let none = match sheet.material.gathered.examples.rows.len() {
        0..10 => "too few items",
        _ => "all alike",
    };
    let mut push = |name: String, point: &Point| {
        let interval = point.interval.as_ref();
        table.push([
            name,
            format!("{:.1} %", 100.0 * point.quality),
            interval.map_or_else(String::new, |one| {
                format!("{:.1} to {:.1}", 100.0 * one.low, 100.0 * one.high)
            }),
            usd(point.cost_usd),
            point.cost.as_ref().map_or_else(
                || none.to_owned(),
                |one| format!("{} to {}", usd(one.low), usd(one.high)),
            ),
        ]);
    };
    match &sheet.fitted.evaluation {
        Some(evaluation) => {
            for point in &evaluation.curve {
                push(format!("policy, {}", point.name), point);
            }
        }
        None => {
            let unseen = &sheet.fitted.unseen;
            let cost = unseen.cost.clone();
            push(
                "policy".to_owned(),
                &Point {
                    cost,
                    ..unseen.point.clone()
                },
            );
        }
    }
    let cheapest = beside.mix.first().map(|one| one.name.as_str());
    for point in &beside.singles {
        let role = match () {
            () if point.name == beside.best => " (pure large)",
            () if Some(point.name.as_str()) == cheapest => " (pure small)",
            () => "",
        };
        push(format!("{}{role}", point.name), point);
    }
    for point in &beside.words {
        // The ends are single candidates, and the rest is in the CSV.
        if point.name == "longest 50 %" {
            push("word count, half to large".to_owned(), point);
        }
    }
    for point in &beside.baselines {
        push(point.name.clone(), point);
    }
    table.draw(0, width)
}

fn sums(sheet: &Sheet<'_>, width: Option<usize>) -> String {
    let mut lines = Vec::new();
    if let Some(evaluation) = &sheet.fitted.evaluation {
        if let Some(area) = &evaluation.area {
            lines.push(format!(
                "area above the random mix, as a share of the way to the oracle: {}",
                percent(area)
            ));
        }
        if let Some(aiq) = evaluation.aiq {
            let ends = evaluation.aiq_interval.as_ref();
            let ends = ends.map(|ends| within(ends, |value| format!("{value:.4}"), ""));
            lines.push(format!(
                "AIQ between the cheapest and the best: {aiq:.4}{}",
                ends.unwrap_or_default()
            ));
        }
    }
    if let Some(pair) = &sheet.pair {
        let PairFigures {
            found,
            apgr,
            cpt50,
            cpt80,
        } = &pair.figures;
        let share = |cpt: Option<f64>, interval: &Interval| match cpt {
            None => "never".to_owned(),
            Some(cpt) => {
                let ends = within(interval, |value| format!("{:.0}", 100.0 * value), " %");
                format!("{:.0} %{ends}", 100.0 * cpt)
            }
        };
        lines.push(format!(
            "`{}` or `{}`, by the query alone: APGR {:.3}{} (a coin: 0.5), CPT50 {}, CPT80 {} of calls to \
             the stronger",
            pair.weak,
            pair.strong,
            found.apgr,
            within(apgr, |value| format!("{value:.3}"), ""),
            share(found.cpt50, cpt50),
            share(found.cpt80, cpt80)
        ));
    }
    if let Some(time) = &sheet.router_us {
        let told = |(us, ends): &(f64, Interval)| {
            format!("{us:.1} µs{}", within(ends, |us| format!("{us:.1}"), " µs"))
        };
        lines.push(format!(
            "the decisions of an item take, on this machine, {} at the median and {} at the 99th percentile",
            told(&time.p50),
            told(&time.p99)
        ));
    }
    let bullets = lines.iter().map(|line| bullet(line, 0, width) + "\n");
    bullets.collect()
}

fn tasks(sheet: &Sheet<'_>, width: Option<usize>) -> String {
    let tasks = match &sheet.fitted.evaluation {
        Some(evaluation) if !evaluation.tasks.is_empty() => &evaluation.tasks,
        _ => return String::new(),
    };
    let mut table = Table::new(&[
        ("task", Side::Left),
        ("n", Side::Right),
        ("at parity", Side::Right),
        ("95 %", Side::Left),
        ("USD/query", Side::Right),
        ("left out", Side::Right),
        ("95 %", Side::Left),
        ("USD/query", Side::Right),
        ("mix there", Side::Right),
        ("95 %", Side::Left),
    ]);
    let ends = |found: Option<&Estimate>| {
        found.map_or_else(
            || "too few".to_owned(),
            |found| format!("{:.1} to {:.1}", 100.0 * found.low, 100.0 * found.high),
        )
    };
    for one in tasks {
        table.push([
            one.name.clone(),
            one.n.to_string(),
            format!("{:.1} %", 100.0 * one.within.quality),
            ends(one.within.interval.as_ref()),
            usd(one.within.cost_usd),
            format!(
                "{:.1} %{}",
                100.0 * one.left_out.quality,
                if one.unrouted.is_some() {
                    " (not routed)"
                } else {
                    ""
                }
            ),
            ends(one.left_out.interval.as_ref()),
            usd(one.left_out.cost_usd),
            one.mix
                .map_or_else(|| "none".to_owned(), |mix| format!("{:.1} %", 100.0 * mix)),
            match &one.mix_interval {
                None => String::new(),
                Some(Ok(found)) => ends(Some(found)),
                Some(Err(why)) => why.to_string(),
            },
        ]);
    }
    let title = "By task, and with the task left out of the training (not routed: the query alone says nothing of an unseen task, so a single candidate serves it):";
    format!("\n{}{}", paragraph(title, 0, width), table.draw(0, width))
}

fn items(sheet: &Sheet<'_>, width: Option<usize>) -> String {
    let mut table = Table::new(&[
        ("item", Side::Left),
        ("answered by", Side::Left),
        ("calls", Side::Right),
        ("quality", Side::Right),
        ("USD", Side::Right),
    ]);
    let found = &sheet.fitted.unseen;
    let rows = sheet.material.gathered.examples.rows.iter();
    for (row, served) in rows.zip(&found.served).take(MAX_ITEMS) {
        table.push([
            row.id.clone(),
            sheet.member(served.answered_by).to_owned(),
            served.n_calls.to_string(),
            format!("{:.2}", served.quality),
            usd(served.cost_usd),
        ]);
    }
    let n_more = found.served.len().saturating_sub(MAX_ITEMS);
    let rest = match n_more {
        0 => String::new(),
        _ => format!("{n_more} more: --json tells all\n"),
    };
    format!("\n{}{rest}", table.draw(0, width))
}

fn verdict(sheet: &Sheet<'_>, width: Option<usize>) -> String {
    let gives = &sheet.fitted.gives;
    let text = match (&sheet.fitted.verdict, sheet.is_file) {
        (Verdict::Worth, false) => {
            let what = match sheet.fitted.evaluation.is_some() {
                true => format!("target {}", sheet.target),
                false => "such a policy".to_owned(),
            };
            match gives.is_shown() {
                true => format!("Routing is worth it on data like these: {what} {gives}."),
                false => format!(
                    "Routing lies above a random mix of the candidates on data like these, yet {what} is not shown to give \
                     anything over `{}` alone: it {gives}.",
                    gives.best
                ),
            }
        }
        (Verdict::Worth, true) => {
            let shown = match gives.is_shown() {
                true => String::new(),
                false => format!(
                    " and is not shown to give anything over `{}` alone",
                    gives.best
                ),
            };
            format!("The policy is worth more than a random mix at its cost{shown}: it {gives}.")
        }
        (Verdict::Abstain { reason, .. }, false) => {
            format!("Routing is not worth it here: {reason}.")
        }
        (Verdict::Abstain { reason, .. }, true) => {
            format!("The policy is not shown to be worth anything here: {reason}. It {gives}.")
        }
    };
    paragraph(&text, 0, width)
}

/// USD per query.
fn usd(amount: f64) -> String {
    sig(amount)
}
