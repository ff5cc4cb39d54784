//! The gates: candidates × requirements, with what is open and why.

use serde::Serialize;
use trilemma_decide::{Amount, Decision, GateEstimate, GateKind, GateResult};
use trilemma_domain::{Margin, Reference, Verdict};

use super::cast::Cast;
use super::headline::sentence;
use crate::chart::Line;
use crate::number::{
    Range, UNKNOWN, count, decimals, duration_near, exact_usd, plural, threshold, usd_near, widen,
};
use crate::text::one_line;

/// Candidates × requirements.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Matrix {
    /// Headings of the requirements.
    pub(crate) columns: Vec<String>,
    /// Whether a page shows requirements in rows and candidates in columns, so that it need not scroll.
    pub(crate) is_turned: bool,
    /// One row per candidate, in listing order.
    pub(crate) rows: Vec<MatrixRow>,
    /// What keeps candidates from meeting everything, with a sentence each: of a failing candidate its
    /// failed gates only, else its undecided ones. The same sentence of several stands once.
    pub(crate) open: Vec<OpenGate>,
}

/// One candidate.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MatrixRow {
    /// Its name.
    pub(crate) name: String,
    /// What it is besides.
    pub(crate) role: String,
    /// All requirements together.
    pub(crate) verdict: GateCell,
    /// One cell per column.
    pub(crate) cells: Vec<GateCell>,
}

/// One verdict.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GateCell {
    /// `✓`, `✗`, `?`, or `–` where the requirement does not concern the candidate.
    pub(crate) symbol: &'static str,
    /// `meets`, `fails`, `undecided`, or `–`.
    pub(crate) word: &'static str,
    /// What was measured, in short; empty = nothing.
    pub(crate) figure: String,
    /// The one-sided bound that was compared with the threshold; empty = none.
    pub(crate) bound: String,
    /// The full sentence.
    pub(crate) reason: String,
}

/// A gate that is failed or undecided.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OpenGate {
    /// Whose, with commas.
    pub(crate) names: String,
    /// Which requirement.
    pub(crate) gate: String,
    /// Its verdict.
    pub(crate) symbol: &'static str,
    /// The same as a word.
    pub(crate) word: &'static str,
    /// Why.
    pub(crate) reason: String,
    /// What would settle it; empty = it is settled.
    pub(crate) settle: String,
}

/// The sign that stands beside the word.
pub(crate) fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Meets => "✓",
        Verdict::Fails => "✗",
        Verdict::Undecided => "?",
    }
}

/// Columns that a page of usual width has room for.
const MOST_COLUMNS: usize = 6;

impl Matrix {
    /// Lays out the gates of all candidates.
    pub(crate) fn of(cast: &Cast<'_>) -> Self {
        let mut kinds: Vec<GateKind> = Vec::new();
        for (_, candidate) in cast.listed() {
            for gate in &candidate.gates {
                if !kinds.contains(&gate.gate) {
                    kinds.push(gate.gate);
                }
            }
        }
        kinds.sort();
        let rows: Vec<MatrixRow> = cast
            .listed()
            .map(|(idx, candidate)| MatrixRow {
                name: cast.name(idx),
                role: cast.role(idx),
                verdict: GateCell {
                    symbol: symbol(candidate.verdict),
                    word: candidate.verdict.word(),
                    figure: String::new(),
                    bound: String::new(),
                    reason: String::new(),
                },
                cells: kinds
                    .iter()
                    .map(|kind| cell(cast, candidate.gates.iter().find(|gate| gate.gate == *kind)))
                    .collect(),
            })
            .collect();
        Self {
            is_turned: kinds.len() > MOST_COLUMNS && rows.len() < kinds.len(),
            columns: kinds
                .iter()
                .map(|kind| column_title(cast.decision, *kind))
                .collect(),
            rows,
            open: open_gates(cast),
        }
    }
}

fn cell(cast: &Cast<'_>, gate: Option<&GateResult>) -> GateCell {
    match gate {
        None => GateCell {
            symbol: "–",
            word: "–",
            figure: String::new(),
            bound: String::new(),
            reason: String::new(),
        },
        Some(gate) => GateCell {
            symbol: symbol(gate.verdict),
            word: gate.verdict.word(),
            figure: gate
                .estimate
                .as_ref()
                .map_or_else(String::new, |estimate| written(cast, estimate)),
            bound: bound(cast, gate),
            reason: sentence(&gate.reason),
        },
    }
}

fn open_gates(cast: &Cast<'_>) -> Vec<OpenGate> {
    let mut open: Vec<OpenGate> = Vec::new();
    for (idx, candidate) in cast.listed() {
        let decisive = candidate
            .gates
            .iter()
            .filter(|gate| gate.verdict != Verdict::Meets && gate.verdict == candidate.verdict);
        for gate in decisive {
            let next = open_gate(cast.name(idx), gate);
            let same = open.iter_mut().find(|one| {
                (&one.gate, one.word, &one.reason) == (&next.gate, next.word, &next.reason)
                    && one.settle == next.settle
            });
            match same {
                Some(one) => {
                    one.names.push_str(", ");
                    one.names.push_str(&next.names);
                }
                None => open.push(next),
            }
        }
    }
    open
}

fn open_gate(name: String, gate: &GateResult) -> OpenGate {
    OpenGate {
        names: name,
        gate: gate.gate.label(),
        symbol: symbol(gate.verdict),
        word: gate.verdict.word(),
        reason: unfinished(&gate.reason),
        settle: gate
            .settle
            .as_ref()
            .filter(|settle| !settle.action.is_empty())
            .map_or_else(String::new, |settle| {
                format!("To settle it: {}", unfinished(&settle.action))
            }),
    }
}

/// A fragment with a full stop, its first letter as it is.
fn unfinished(text: &str) -> String {
    let text = one_line(text.trim(), 1_000);
    if text.ends_with(['.', '!', '?', '…']) {
        text
    } else {
        format!("{text}.")
    }
}

fn written(cast: &Cast<'_>, estimate: &GateEstimate) -> String {
    match estimate {
        GateEstimate::Rate(figure) => cast.digits.rate(figure.value),
        GateEstimate::Difference(figure) => cast.digits.points(figure.value),
        GateEstimate::Ratio(figure) => cast.digits.rate(figure.value),
        GateEstimate::Ms(figure) => {
            let seconds = Range::from(figure).scaled(1e-3).point;
            duration_near(seconds, seconds)
        }
        GateEstimate::Usd(figure) => {
            let amount = figure.value.to_f64();
            usd_near(amount, amount)
        }
        GateEstimate::Tokens(tokens) => plural(*tokens, "token"),
    }
}

/// `≥ 95.4 %`, or `≤` where less is better.
fn bound(cast: &Cast<'_>, gate: &GateResult) -> String {
    // A bound on the far side of the threshold shows a failure.
    let fails = gate.verdict == Verdict::Fails;
    let (side, text) = match gate.bound {
        None | Some(Amount::Tokens(_) | Amount::Days(_)) => return String::new(),
        Some(Amount::Rate(rate) | Amount::Ratio(rate)) => (!fails, cast.digits.rate(rate)),
        Some(Amount::Difference(points)) => (!fails, cast.digits.signed(points)),
        Some(Amount::Ms(ms)) => (fails, duration_near(ms / 1000.0, ms / 1000.0)),
        Some(Amount::Usd(amount)) => (fails, usd_near(amount.to_f64(), amount.to_f64())),
    };
    let side = if side { "≥" } else { "≤" };
    format!("{side} {text}")
}

/// Names a requirement with its threshold: `pass rate ≥ 85 %`.
pub(crate) fn column_title(decision: &Decision, kind: GateKind) -> String {
    if kind == GateKind::NotWorseThan {
        return not_worse_title(decision).unwrap_or_else(|| kind.label());
    }
    let threshold = decision
        .candidates
        .iter()
        .flat_map(|candidate| &candidate.gates)
        .filter(|gate| gate.gate == kind)
        .find_map(|gate| gate.threshold);
    let label = kind.label();
    match (threshold, kind) {
        (None, GateKind::Regions) => {
            let regions = decision.requirements.privacy.as_ref();
            let names = regions.map_or_else(String::new, |privacy| privacy.regions.join(", "));
            format!("{label} {}", one_line(&names, 60))
        }
        (None, _) => label,
        (Some(amount), GateKind::PassRate | GateKind::Context) => {
            format!("{label} ≥ {}", amount_text(amount))
        }
        (Some(amount), _) => format!("{label} ≤ {}", amount_text(amount)),
    }
}

fn not_worse_title(decision: &Decision) -> Option<String> {
    let gate = decision.requirements.not_worse_than.as_ref()?;
    let other = match &gate.reference {
        Reference::Best => "the best".to_owned(),
        Reference::Incumbent => decision
            .incumbent
            .and_then(|idx| decision.candidates.get(idx))
            .map_or_else(|| "the incumbent".to_owned(), super::cast::name_of),
        Reference::Candidate(id) => one_line(id.as_str(), 60),
    };
    Some(match gate.margin {
        Margin::Absolute(margin) => {
            let points = decimals(margin * 100.0, 2);
            let points = points.trim_end_matches('0').trim_end_matches('.');
            let unit = if points == "1" { "point" } else { "points" };
            format!("not worse than {other} by {points} {unit}")
        }
        Margin::Ratio(ratio) => format!("at least {} of {other}", threshold(ratio)),
    })
}

fn amount_text(amount: Amount) -> String {
    match amount {
        Amount::Rate(rate) | Amount::Ratio(rate) => threshold(rate),
        Amount::Difference(difference) => format!("{} points", decimals(difference * 100.0, 1)),
        Amount::Ms(ms) => chosen_time(ms),
        Amount::Usd(amount) => exact_usd(amount),
        Amount::Tokens(tokens) => plural(tokens, "token"),
        Amount::Days(days) => format!("{days} days"),
    }
}

/// A time that somebody chose: `800 ms`, `5 s`, `2.5 s`.
fn chosen_time(ms: f64) -> String {
    if !ms.is_finite() {
        return UNKNOWN.to_owned();
    }
    let (value, unit) = if ms < 1000.0 {
        (ms, "ms")
    } else {
        (ms / 1000.0, "s")
    };
    let text = decimals(value, 3);
    format!(
        "{} {unit}",
        text.trim_end_matches('0').trim_end_matches('.')
    )
}

/// The limits that requirements put on the first token, or on the whole answer.
pub(crate) fn time_limits(decision: &Decision, first_token: bool) -> Vec<Line> {
    let (median, p95) = if first_token {
        (GateKind::TtftP50, GateKind::TtftP95)
    } else {
        (GateKind::E2eP50, GateKind::E2eP95)
    };
    let gates = decision.candidates.iter().flat_map(|one| &one.gates);
    let limit = |kind: GateKind, what: &str| {
        let threshold = gates
            .clone()
            .filter(|gate| gate.gate == kind)
            .find_map(|gate| gate.threshold)?;
        let Amount::Ms(ms) = threshold else {
            return None;
        };
        Some(Line {
            value: ms / 1000.0,
            text: format!("{what} ≤ {}", chosen_time(ms)),
            is_limit: true,
        })
    };
    [limit(median, "median"), limit(p95, "p95")]
        .into_iter()
        .flatten()
        .collect()
}

/// How many of the candidates have each verdict: `2 meet, 1 undecided, 2 fail`.
pub(crate) fn tally(cast: &Cast<'_>) -> String {
    let n_of = |verdict: Verdict| {
        let n = cast
            .listed()
            .filter(|(_, one)| one.verdict == verdict)
            .count();
        widen(n)
    };
    let n_meet = n_of(Verdict::Meets);
    let parts = [
        (
            n_meet,
            if n_meet == 1 {
                "meets every requirement"
            } else {
                "meet every requirement"
            },
        ),
        (n_of(Verdict::Undecided), "undecided"),
        (n_of(Verdict::Fails), "failing"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", count(n)))
        .collect();
    parts.join(", ")
}
