//! What `route train` says on a terminal.

use std::path::Path;

use trilemma_route::{Abstention, Appraisal, Policy, Verdict, Wait};
use trilemma_stats::resample::Interval;
use trilemma_stats::{Estimate, Method};

use super::kind::Kind;
use super::plan::{plan_lines, sig};
use super::train::Done;
use crate::layout::{DEFAULT_WIDTH, bullet, counted, pairs, terminal_width, wrap};
use crate::routing::target::counted_ways;

/// What a training came to.
pub(super) fn trained(done: &Done<'_>) -> String {
    let width = terminal_width();
    let gathered = &done.material.gathered;
    let target = match done.kind.is_learned() {
        true => format!(", target {}", done.options.target),
        false => String::new(),
    };
    let head = format!(
        "Policy `{}` ({}{target}) from run {}: {}, {}{}",
        done.policy.name,
        done.kind.name(),
        done.material.manifest.run,
        counted(gathered.examples.rows.len() as u64, "item"),
        counted(gathered.examples.members.len() as u64, "candidate"),
        if done.material.simulated {
            ", simulated answers"
        } else {
            ""
        }
    );
    let mut text = String::new();
    if let Some(headline) = done.fitted.headline() {
        text.push_str(&paragraph(&headline, 0, width));
    }
    text.push_str(&paragraph(&head, 0, width));
    for line in plan_lines(done.policy) {
        let indent = line.len() - line.trim_start().len();
        text.push_str(&paragraph(&line, indent + 2, width));
    }
    let how = match done.fitted.evaluation {
        Some(_) if done.fitted.against.is_some() => {
            "On items that it was not fitted on (five folds, thresholds frozen on the others):"
        }
        Some(_) | None => "On these items:",
    };
    text.push('\n');
    text.push_str(&paragraph(how, 0, width));
    text.push_str(&figures(&done.fitted.unseen, best_name(done), width));
    let n_items = done.fitted.unseen.served.len();
    text.push_str(&super::rule_words::table(done.rules, n_items, width));
    text.push('\n');
    if let Some(choices) = done.fitted.other_choices() {
        let counted = counted_ways(&choices);
        let words = format!(
            "These are figures of this way of deciding alone. Left to themselves the five folds chose: {counted}; \
             the verdict counts that choice."
        );
        text.push_str(&paragraph(&words, 0, width));
    }
    if let Some(against) = &done.fitted.against {
        text.push_str(&paragraph(&format!("On unseen items {against}."), 0, width));
    }
    text.push_str(&paragraph(&verdict(done), 0, width));
    text.push_str(&left_out(done, width));
    text.push_str(&signals(done, width));
    text
}

fn best_name<'a>(done: &'a Done<'_>) -> &'a str {
    let examples = &done.material.gathered.examples;
    let best = examples.members.get(examples.best_single());
    best.map_or("", |one| one.id.as_str())
}

/// Quality, cost, escalation and waits of what was served, as a list of names and values.
pub(super) fn figures(found: &Appraisal, best: &str, width: Option<usize>) -> String {
    let quality = match &found.point.interval {
        Some(interval) => percent(interval),
        None => format!("{:.1} %", 100.0 * found.point.quality),
    };
    let difference = match &found.difference {
        Some(difference) => beside(difference, &format!("`{best}` alone")),
        None => format!(
            "{} (no interval: the items are too few)",
            apart(found.difference_point, &format!("`{best}` alone"))
        ),
    };
    let mut rows = vec![
        ("quality", quality),
        ("difference", difference),
        (
            "cost",
            format!(
                "{} USD per query{}, {:.0} % of `{best}`{}",
                sig(found.point.cost_usd),
                match &found.cost {
                    Some(cost) =>
                        format!(" ({} to {}, n = {})", sig(cost.low), sig(cost.high), cost.n),
                    None =>
                        " (no interval: all items cost the same, or they are too few)".to_owned(),
                },
                100.0 * found.cost_share,
                within(
                    &found.cost_share_interval,
                    |share| format!("{:.0}", 100.0 * share),
                    " %"
                ),
            ),
        ),
    ];
    if let Some(above) = &found.above_mix {
        rows.push(("at equal cost", beside(above, "a random mix")));
    }
    if let Some(escalated) = &found.escalation {
        let share = format!("{} of queries take a second step", percent(escalated));
        rows.push(("escalation", share));
    }
    if let Some(labels) = &found.labels {
        let text = format!(
            "{} USD per query ({} to {}, n = {}), in the cost",
            sig(labels.point),
            sig(labels.low),
            sig(labels.high),
            labels.n
        );
        rows.push(("labels", text));
    }
    rows.push(("waits", waits(found.wait.as_ref(), best)));
    pairs(
        rows.iter().map(|(name, value)| (*name, value.as_str())),
        2,
        width,
    )
}

fn waits(wait: Option<&Wait>, best: &str) -> String {
    let Some(wait) = wait else {
        return "unknown: times were not recorded".to_owned();
    };
    let of = &wait.intervals;
    let told = |value: f64, interval: &Interval| {
        let ends = within(interval, |value| format!("{value:.2}"), " s");
        format!("{value:.2} s{ends}")
    };
    let added = within(&of.mean_added, |value| format!("{value:+.2}"), " s");
    format!(
        "median {}, 95th percentile {}; `{best}` alone {}, {}; {:+.2} s on average{added}",
        told(wait.p50, &of.p50),
        told(wait.p95, &of.p95),
        told(wait.single_p50, &of.single_p50),
        told(wait.single_p95, &of.single_p95),
        wait.mean_added
    )
}

/// " (0.1 to 0.3 s, n = 300)", or why there is no interval.
pub(super) fn within(interval: &Interval, written: impl Fn(f64) -> String, unit: &str) -> String {
    match interval {
        Ok(found) => format!(
            " ({} to {}{unit}, n = {})",
            written(found.low),
            written(found.high),
            found.n
        ),
        Err(why) => format!(" (no interval: {why})"),
    }
}

fn verdict(done: &Done<'_>) -> String {
    let written = match done.written {
        Some((path, bytes)) => format!(
            "Wrote {} ({} kB, hash {}).",
            path.display(),
            bytes.div_ceil(1000),
            done.policy.content_hash().short()
        ),
        None => "Nothing is written; --even-so writes it all the same.".to_owned(),
    };
    let gives = &done.fitted.gives;
    let said = match &done.fitted.verdict {
        Verdict::Worth => {
            let area = done.fitted.evaluation.as_ref();
            let curve = match area.and_then(|one| one.area.as_ref()) {
                Some(area) => format!(
                    "the curve of its targets is {} of the way from the random mix to the oracle",
                    percent(area)
                ),
                None => "it is worth more than a random mix at equal cost".to_owned(),
            };
            match gives.is_shown() {
                true => format!("Routing is worth it: it {gives}; {curve}."),
                false => format!(
                    "This policy is not shown to give anything over `{}` alone: it {gives}. Yet {curve}: another target \
                     may be worth it.",
                    gives.best
                ),
            }
        }
        Verdict::Abstain {
            kind: Abstention::Missed,
            ..
        } => "It does not do what was asked for.".to_owned(),
        Verdict::Abstain { reason, .. } if done.kind.must_be_worth_it() => {
            format!("Routing is not worth it here: {reason}.")
        }
        Verdict::Abstain { .. } if done.kind == Kind::Rules => format!("It {gives}."),
        Verdict::Abstain { .. } => String::new(),
    };
    format!("{said} {written}").trim().to_owned()
}

fn left_out(done: &Done<'_>, width: Option<usize>) -> String {
    let gathered = &done.material.gathered;
    let mut lines: Vec<String> = (gathered.left_out.iter())
        .map(|one| format!("`{}` {}", one.candidate, one.reason))
        .collect();
    if gathered.n_incomplete > 0 {
        lines.push(format!(
            "{} of {}, on which not everybody has a scored answer of known cost",
            gathered.n_incomplete,
            counted(gathered.n_items as u64, "item")
        ));
    }
    lines.extend(done.material.notes.iter().cloned());
    list("\nLeft out", &lines, width)
}

fn signals(done: &Done<'_>, width: Option<usize>) -> String {
    let lines: Vec<String> = done
        .signals
        .iter()
        .map(super::signals::Signal::line)
        .collect();
    list("\nSignals that the run does not have", &lines, width)
}

fn list(title: &str, lines: &[String], width: Option<usize>) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("{title}\n");
    for line in lines {
        text.push_str(&bullet(line, 0, width));
        text.push('\n');
    }
    text
}

/// A policy of which nothing was measured.
pub(super) fn unmeasured(policy: &Policy, file: &Path) -> String {
    let width = terminal_width();
    let mut text = paragraph(&format!("Policy `{}`", policy.name), 0, width);
    for line in plan_lines(policy) {
        text.push_str(&paragraph(&line, 2, width));
    }
    let warning = format!(
        "Nobody has measured it: on recorded outcomes such rules were often worth less than a random mix. \
         A run, and `route eval --policy`, say what it does here. Wrote {}.",
        file.display()
    );
    text.push_str(&paragraph(&warning, 0, width));
    text
}

pub(super) fn paragraph(text: &str, indent: usize, width: Option<usize>) -> String {
    format!("{}\n", wrap(text, indent, width.unwrap_or(DEFAULT_WIDTH)))
}

/// "92.1 % (89.9 to 94.0 %, n = 300)".
pub(super) fn percent(estimate: &Estimate) -> String {
    format!(
        "{:.1} % ({:.1} to {:.1} %, n = {})",
        100.0 * estimate.point,
        100.0 * estimate.low,
        100.0 * estimate.high,
        estimate.n
    )
}

/// "1.2 points more than the other", or "as much as the other" where the first decimal shows nothing.
fn apart(difference: f64, other: &str) -> String {
    let points = format!("{:.1}", 100.0 * difference.abs());
    match difference {
        _ if points == "0.0" => format!("as much as {other}"),
        less if less < 0.0 => format!("{points} points less than {other}"),
        _ => format!("{points} points more than {other}"),
    }
}

/// "1.2 points more than the other (+0.3 to +2.1, n = 300)": a paired difference.
pub(super) fn beside(estimate: &Estimate, other: &str) -> String {
    let ends = format!(
        "{:+.1} to {:+.1}",
        100.0 * estimate.low,
        100.0 * estimate.high
    );
    let n = estimate.n;
    if estimate.method == Method::ClopperPearson && estimate.point == 0.0 {
        return format!(
            "none: on each item as {other}; what {n} items can miss is {ends} points (95 %, exact)"
        );
    }
    format!("{} ({ends}, n = {n})", apart(estimate.point, other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_stats::Confidence;

    fn told(point: f64, ends: [f64; 2], method: Method) -> String {
        let [low, high] = ends;
        let estimate = Estimate {
            point,
            low,
            high,
            confidence: Confidence::P95,
            n: 120,
            method,
            standard_error: None,
        };
        beside(&estimate, "`large` alone")
    }

    #[test]
    fn a_difference_reads_as_a_sentence() {
        for (point, ends, expected) in [
            (
                -0.012,
                [-0.03, 0.01],
                "1.2 points less than `large` alone (-3.0 to +1.0, n = 120)",
            ),
            (
                0.02,
                [0.01, 0.03],
                "2.0 points more than `large` alone (+1.0 to +3.0, n = 120)",
            ),
            (
                -0.000_4,
                [-0.02, 0.02],
                "as much as `large` alone (-2.0 to +2.0, n = 120)",
            ),
        ] {
            assert_eq!(told(point, ends, Method::BootstrapBca), expected);
        }
        assert_eq!(
            told(0.0, [-0.0247, 0.0247], Method::ClopperPearson),
            "none: on each item as `large` alone; what 120 items can miss is -2.5 to +2.5 points (95 %, exact)"
        );
    }
}
