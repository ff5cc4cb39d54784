//! What a drift report says, in sentences and cells, before it becomes any format.

use trilemma_domain::{
    DriftCandidate, DriftFigure, DriftFinding, DriftFlip, DriftName, DriftReport, DriftUnit,
};

/// A whole report.
pub(super) struct View {
    /// Whether there is an alarm.
    pub(super) drifted: bool,
    /// The verdict in one sentence.
    pub(super) headline: String,
    /// What has to be known with it.
    pub(super) notes: Vec<String>,
    /// One part per candidate.
    pub(super) parts: Vec<Part>,
    /// How it was done.
    pub(super) methods: Vec<String>,
}

/// One candidate.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) verdict: String,
    /// What changed, in sentences; empty = nothing is shown to.
    pub(super) changes: Vec<String>,
    /// Channel, evidence, what it needs, before, since, change.
    pub(super) rows: Vec<[String; 5]>,
    /// Facts that raise no alarm.
    pub(super) facts: Vec<String>,
    pub(super) flips: Vec<Flip>,
    /// What is said of them, and of those that are left out.
    pub(super) flips_note: String,
}

/// An item that changed sides.
pub(super) struct Flip {
    pub(super) item: String,
    pub(super) words: String,
    /// Texts before and now; `None` = they are left out.
    pub(super) texts: Option<(String, String)>,
}

/// Titles of [`Part::rows`].
pub(super) const TITLES: [&str; 5] = [
    "channel",
    "evidence",
    "alarm at",
    "before → since",
    "change",
];

impl View {
    pub(super) fn of(report: &DriftReport) -> Self {
        let names: Vec<String> = report
            .candidates
            .iter()
            .filter(|one| one.drifted)
            .map(|one| format!("`{}`", one.id))
            .collect();
        let n = report.candidates.len();
        let headline = if names.is_empty() {
            format!(
                "No drift: {} {} as in the baseline, as far as {} can show.",
                counted(n, "candidate"),
                if n == 1 { "behaves" } else { "behave" },
                counted(report.number as usize, "check"),
            )
        } else {
            format!("Drift: {} changed.", names.join(", "))
        };
        let mut notes = Vec::new();
        if report.simulated {
            notes.push("Answers came from a simulator.".to_owned());
        }
        if let Some(decision) = &report.decision {
            notes.push(format!(
                "{} (Run {}, decided again on {} with the answers of now, each weighted by the items \
                 that it stands for.)",
                decision.text,
                decision.run,
                counted(decision.n_items, "item")
            ));
        }
        Self {
            drifted: report.drifted,
            headline,
            notes,
            parts: report.candidates.iter().map(part).collect(),
            methods: methods(report),
        }
    }
}

fn methods(report: &DriftReport) -> Vec<String> {
    let when = jiff::Timestamp::from_microsecond(report.checked_us).unwrap_or_default();
    vec![
        format!(
            "Check {} of baseline {}, run {}, {} UTC; {} calls, ${:.4}.",
            report.number,
            report.baseline,
            report.check,
            when.strftime("%Y-%m-%d %H:%M"),
            report.n_calls,
            report.cost_usd
        ),
        format!(
            "False alarms: at most {:.1} % in {} checks, over all channels and candidates together; a \
             served model of another name is a fact and comes on top.",
            report.false_alarm_chance * 100.0,
            report.false_alarm_checks
        ),
        "While nothing changes, evidence averages the number of checks so far, at most; it multiplies where a \
         change accounts better for what was seen. Changes are estimated on the items of the canary, with 95 % \
         intervals; that they are looked at because of an alarm makes them look larger than they are."
            .to_owned(),
    ]
}

fn part(candidate: &DriftCandidate) -> Part {
    let mut changes = Vec::new();
    if candidate.served_other {
        let (new, old) = (
            listed(&candidate.served, |one| one.n_baseline == 0),
            listed(&candidate.served, |one| one.n_baseline > 0),
        );
        changes.push(format!(
            "Another model answers: {new}; the baseline's answers came from {old}."
        ));
    }
    for finding in candidate.findings.iter().filter(|one| one.alarm) {
        changes.push(sentence(finding));
    }
    let n_shown = candidate.flips.len();
    let flips_note = match candidate.n_flips {
        0 => "No item changed sides.".to_owned(),
        n if n > n_shown => format!("{} changed sides, {n_shown} are shown.", counted(n, "item")),
        n => format!("{} changed sides.", counted(n, "item")),
    };
    Part {
        name: candidate.id.to_string(),
        verdict: if candidate.drifted {
            "drifted"
        } else {
            "as before"
        }
        .to_owned(),
        changes,
        rows: candidate.findings.iter().map(row).collect(),
        facts: facts(candidate),
        flips: candidate.flips.iter().map(flip).collect(),
        flips_note,
    }
}

fn facts(candidate: &DriftCandidate) -> Vec<String> {
    let mut facts = Vec::new();
    facts.push(match candidate.served.as_slice() {
        [] => format!(
            "Asked for `{}`; the vendor does not say what answers.",
            candidate.requested
        ),
        [one] => format!(
            "Asked for `{}`, answered by `{}`.",
            candidate.requested, one.name
        ),
        more => format!(
            "Asked for `{}`, answered by {}.",
            candidate.requested,
            listed(more, |_| true)
        ),
    });
    let new = listed(&candidate.fingerprints, |one| one.n_baseline == 0);
    if !candidate.fingerprints.is_empty() {
        facts.push(if new.is_empty() {
            "Fingerprints of the back end are among those of the baseline.".to_owned()
        } else {
            format!(
                "New fingerprints of the back end: {new}. Vendors run several at once: told, no alarm."
            )
        });
    }
    if let Some(ratio) = &candidate.latency_ratio {
        facts.push(format!(
            "Response times are {} of the earlier ones ({}): told, no alarm, as all answers of a check \
             share one moment's load.",
            percent(ratio.value),
            interval(ratio, percent)
        ));
    }
    let failed = match candidate.n_failed {
        0 => String::new(),
        n => format!(
            ", {} without an answer, counted neither as right nor as wrong",
            counted_u64(n, "call")
        ),
    };
    facts.push(format!(
        "{}{failed}.",
        counted_u64(candidate.n_answers, "answer")
    ));
    facts
}

fn sentence(finding: &DriftFinding) -> String {
    let since = finding.since_check.map_or_else(String::new, |number| {
        format!(", since about check {number}")
    });
    let change = finding.change.as_ref().map_or_else(String::new, |figure| {
        format!(" {}", change_words(finding.unit, figure))
    });
    let both = before_since(finding);
    let label = finding.channel.label();
    format!("{}:{change} ({both}){since}.", capitalised(label))
}

fn row(finding: &DriftFinding) -> [String; 5] {
    let alarm = if finding.alarm { " ALARM" } else { "" };
    [
        finding.channel.label().to_owned(),
        match finding.p_value {
            None => "not looked at".to_owned(),
            Some(_) => format!("{}{alarm}", times(finding.evidence)),
        },
        times(finding.threshold),
        before_since(finding),
        finding.change.as_ref().map_or_else(
            || "-".to_owned(),
            |figure| change_words(finding.unit, figure),
        ),
    ]
}

fn before_since(finding: &DriftFinding) -> String {
    let Some((before, since)) = finding.before_and_since else {
        return "-".to_owned();
    };
    match finding.unit {
        DriftUnit::Share => format!("{} → {}", percent(before), percent(since)),
        DriftUnit::Similarity => format!("{before:.2} → {since:.2} alike"),
        DriftUnit::Ratio => format!("{before:.0} → {since:.0} characters"),
        DriftUnit::Nats => format!("{before:.3} → {since:.3} apart"),
    }
}

fn change_words(unit: DriftUnit, figure: &DriftFigure) -> String {
    match unit {
        DriftUnit::Share => format!(
            "{} points ({})",
            points(figure.value),
            interval(figure, points)
        ),
        DriftUnit::Ratio => format!(
            "× {:.2} ({})",
            figure.value,
            interval(figure, |x| format!("{x:.2}"))
        ),
        DriftUnit::Similarity => {
            format!(
                "{:+.2} ({})",
                figure.value,
                interval(figure, |x| format!("{x:+.2}"))
            )
        }
        DriftUnit::Nats => {
            format!(
                "{:+.3} ({})",
                figure.value,
                interval(figure, |x| format!("{x:+.3}"))
            )
        }
    }
}

fn interval(figure: &DriftFigure, word: impl Fn(f64) -> String) -> String {
    match (figure.low, figure.high) {
        (Some(low), Some(high)) => {
            format!("{} to {}, n = {}", word(low), word(high), figure.n)
        }
        _ => format!("no interval, n = {}", figure.n),
    }
}

fn flip(flip: &DriftFlip) -> Flip {
    let (passed, of) = flip.passed_before;
    let now = if flip.passes_now { "passes" } else { "fails" };
    Flip {
        item: flip.item.to_string(),
        words: format!("passed {passed} of {of} times before, now {now}"),
        texts: flip.before.clone().zip(flip.now.clone()),
    }
}

fn listed(names: &[DriftName], keep: impl Fn(&DriftName) -> bool) -> String {
    let kept = names.iter().filter(|one| keep(one));
    let words: Vec<String> = kept
        .map(|one| {
            format!(
                "`{}` ({} then, {} now)",
                one.name, one.n_baseline, one.n_now
            )
        })
        .collect();
    words.join(", ")
}

/// A factor: two digits below 100, whole above, powers of ten beyond.
fn times(value: f64) -> String {
    if value >= 1e6 {
        format!("10^{:.0}", value.log10())
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn points(difference: f64) -> String {
    format!("{:+.1}", difference * 100.0)
}

fn counted(n: usize, noun: &str) -> String {
    counted_u64(n as u64, noun)
}

fn counted_u64(n: u64, noun: &str) -> String {
    let end = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{end}")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}
