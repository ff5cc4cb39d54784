//! A challenger's answers beside what clients got, request by request.
//!
//! In: the challenger's ledger. Out: per served candidate the paired differences, each with n and an interval
//! that holds however often one looks: shares and scores by betting (exact), costs and times by the
//! asymptotic sequence (docs/methods.md). Calls that were broken off when the gateway stopped do not count.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;
use serde::Serialize;
use trilemma_store::ledger::{LedgerEntry, LedgerFile};

use super::anytime::{bounded, unbounded};
use super::kept::Word;
use crate::context::InputError;
use crate::layout::{Side, Table, bullet, counted, parted, terminal_width, wrap};

/// One challenger against one served candidate.
#[derive(Debug, Serialize)]
pub(super) struct Shadowed {
    pub(super) challenger: String,
    /// The candidate that clients got.
    pub(super) served: String,
    /// Requests that both were asked.
    pub(super) n: usize,
    pub(super) figures: Vec<Paired>,
}

/// One figure of both on the same requests.
#[derive(Debug, Serialize)]
pub(super) struct Paired {
    figure: Kind,
    /// Mean of what clients got; `null` = it has no such side, or nothing is known.
    served: Option<f64>,
    challenger: Option<f64>,
    /// Challenger - served, or the agreement itself: point, low, high; 95 % at all times together.
    difference: Option<[f64; 3]>,
    n: usize,
    verdict: Word,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Answered,
    Score,
    CostUsd,
    FirstTokenMs,
    TotalMs,
    Agreement,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Answered => "answered %",
            Self::Score => "score %",
            Self::CostUsd => "USD per 1,000",
            Self::FirstTokenMs => "TTFT ms",
            Self::TotalMs => "whole answer ms",
            Self::Agreement => "agreement %",
        }
    }

    /// From the unit of the record to that of the table.
    fn shown(self, value: f64) -> String {
        match self {
            Self::Answered | Self::Score | Self::Agreement => format!("{:.1}", 100.0 * value),
            Self::CostUsd => format!("{:.4}", 1e3 * value),
            Self::FirstTokenMs | Self::TotalMs => format!("{value:.0}"),
        }
    }

    fn is_burden(self) -> bool {
        matches!(self, Self::CostUsd | Self::FirstTokenMs | Self::TotalMs)
    }
}

/// Values of both sides, in the order of the requests.
#[derive(Debug, Default)]
struct Pairs {
    n: usize,
    /// By figure.
    values: [Vec<[f64; 2]>; 5],
    agreement: Vec<f64>,
}

/// Reads the challenger's ledger since a moment; empty where there is none.
pub(super) fn shadowed(path: &Path, since_us: i64) -> anyhow::Result<Vec<Shadowed>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let input =
        |error: trilemma_store::StoreError| anyhow!(InputError(format!("failed to {error}")));
    let mut pairs: BTreeMap<(String, String), Pairs> = BTreeMap::new();
    LedgerFile::open_existing(path)
        .map_err(input)?
        .entries(since_us, &mut |entry| add(&mut pairs, &entry))
        .map_err(input)?;
    Ok(pairs
        .into_iter()
        .map(|((challenger, served), pairs)| Shadowed {
            challenger,
            served,
            n: pairs.n,
            figures: pairs.figures(),
        })
        .collect())
}

fn add(pairs: &mut BTreeMap<(String, String), Pairs>, entry: &LedgerEntry) {
    let Some(evidence) = entry.evidence.as_ref().filter(|one| !one.abandoned) else {
        return;
    };
    let Some(note) = &evidence.shadow else { return };
    let key = (entry.row.candidate.clone(), note.candidate.clone());
    let pairs = pairs.entry(key).or_default();
    pairs.n += 1;
    let is_answered = evidence.failure.is_none();
    let yes = |is: bool| f64::from(u8::from(is));
    let [answered, scores, costs, firsts, totals] = &mut pairs.values;
    let ms = |us: u64| us as f64 / 1e3;
    let first = evidence
        .attempts
        .last()
        .and_then(|one| one.first_visible_us);
    if let Some(left) = note.left_us {
        // Nobody waits for a challenger in the shadow: it is held to the wait that the client had.
        let begun = evidence.shown_us.or(first).unwrap_or(evidence.total_us);
        answered.push([0.0, yes(is_answered && begun <= left)]);
        if is_answered {
            totals.push([ms(left), ms(evidence.total_us.min(left))]);
        }
        return;
    }
    answered.push([yes(note.is_answered), yes(is_answered)]);
    if !(is_answered && note.is_answered) {
        return;
    }
    let both = |values: &mut Vec<[f64; 2]>, pair: [Option<f64>; 2]| {
        if let [Some(theirs), Some(own)] = pair {
            values.push([theirs, own]);
        }
    };
    both(scores, [note.served_score, note.score]);
    let usd = |nano: i64| nano as f64 / 1e9;
    let cost = entry.row.cost.filter(|_| !entry.row.is_estimated);
    both(
        costs,
        [note.cost_nano.map(usd), cost.map(|cost| usd(cost.0))],
    );
    both(firsts, [note.first_visible_us.map(ms), first.map(ms)]);
    both(
        totals,
        [Some(ms(note.total_us)), Some(ms(evidence.total_us))],
    );
    pairs.agreement.extend(note.agreement);
}

impl Pairs {
    fn figures(&self) -> Vec<Paired> {
        let [answered, scores, costs, firsts, totals] = &self.values;
        let agreement = bounded(&self.agreement).map(|one| [one.point, one.low, one.high]);
        vec![
            Paired::of(Kind::Answered, answered),
            Paired::of(Kind::Score, scores),
            Paired::of(Kind::CostUsd, costs),
            Paired::of(Kind::FirstTokenMs, firsts),
            Paired::of(Kind::TotalMs, totals),
            Paired {
                figure: Kind::Agreement,
                served: None,
                challenger: None,
                difference: agreement,
                n: self.agreement.len(),
                verdict: Word::Unknown,
            },
        ]
    }
}

impl Paired {
    fn of(figure: Kind, pairs: &[[f64; 2]]) -> Self {
        let n = pairs.len();
        let mean = |side: usize| {
            let sum: f64 = pairs.iter().filter_map(|pair| pair.get(side)).sum();
            (n > 0).then(|| sum / n as f64)
        };
        let differences: Vec<f64> = pairs.iter().map(|[theirs, own]| own - theirs).collect();
        let difference = if figure.is_burden() {
            unbounded(&differences.iter().copied().collect())
        } else {
            let halves: Vec<f64> = differences.iter().map(|one| (one + 1.0) / 2.0).collect();
            bounded(&halves).map(|one| [one.point, one.low, one.high].map(|end| 2.0 * end - 1.0))
        };
        let verdict = match difference {
            None => Word::Unknown,
            Some([_, low, _]) if low > 0.0 => Word::Higher,
            Some([_, _, high]) if high < 0.0 => Word::Lower,
            Some(_) => Word::NoDifferenceShown,
        };
        Self {
            figure,
            served: mean(0),
            challenger: mean(1),
            difference,
            n,
            verdict,
        }
    }

    fn so(&self) -> &'static str {
        match self.verdict {
            Word::Unknown if self.figure == Kind::Agreement => "",
            Word::Unknown => "not known",
            Word::NoDifferenceShown | Word::Within => "no difference",
            Word::Higher if self.figure.is_burden() => "worse",
            Word::Lower if !self.figure.is_burden() => "worse",
            Word::Higher | Word::Lower => "better",
        }
    }
}

/// Tables, one per pair; empty = no challenger was asked.
pub(super) fn words(all: &[Shadowed]) -> String {
    let mut text = String::new();
    for one in all {
        let title = format!(
            "{}: challenger, asked {} that {} answered",
            one.challenger,
            counted(one.n as u64, "request"),
            if one.served.is_empty() {
                "nobody"
            } else {
                &one.served
            }
        );
        text.push('\n');
        text.push_str(&wrap(&title, 0, terminal_width().unwrap_or(usize::MAX)));
        text.push('\n');
        let mut table = Table::new(&[
            ("figure", Side::Left),
            ("clients", Side::Right),
            ("chall.", Side::Right),
            ("difference (95 %, n)", Side::Right),
            ("challenger", Side::Left),
        ]);
        for paired in &one.figures {
            let kind = paired.figure;
            let side =
                |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |one| kind.shown(one));
            let difference = paired.difference.map_or_else(
                || format!("- ({})", parted(paired.n as u64)),
                |[point, low, high]| {
                    format!(
                        "{} ({} to {}, {})",
                        kind.shown(point),
                        kind.shown(low),
                        kind.shown(high),
                        parted(paired.n as u64)
                    )
                },
            );
            table.push([
                kind.words().to_owned(),
                side(paired.served),
                side(paired.challenger),
                difference,
                paired.so().to_owned(),
            ]);
        }
        text.push_str(&table.draw(0, terminal_width()));
    }
    if !all.is_empty() {
        let note = "These intervals hold at any time: look and stop as you like. Scores come from scorers that need no \
                    expected answer; agreement takes the client's answer as the expected one.";
        text.push('\n');
        text.push_str(&bullet(note, 0, terminal_width()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use trilemma_domain::NanoUsd;
    use trilemma_store::ledger::{Evidence, LedgerRow, RequestId, ShadowNote};

    /// A challenger that answers within so many microseconds, beside a client that left after others.
    fn left(own_us: u64, left_us: u64) -> LedgerEntry {
        let note = ShadowNote {
            candidate: "slow".to_owned(),
            total_us: left_us,
            left_us: Some(left_us),
            ..ShadowNote::default()
        };
        let evidence = Evidence {
            shown_us: Some(own_us),
            total_us: own_us,
            shadow: Some(Box::new(note)),
            ..Evidence::default()
        };
        LedgerEntry {
            row: LedgerRow {
                id: RequestId::parse("tr-1-1").unwrap(),
                at_us: 0,
                client: String::new(),
                candidate: "own".to_owned(),
                requested: "slow".to_owned(),
                served: None,
                usage: None,
                raw_usage: None,
                cost: None,
                is_estimated: false,
            },
            charged: NanoUsd(0),
            evidence: Some(evidence),
            feedback: None,
            scores: BTreeMap::new(),
        }
    }

    #[test]
    fn a_challenger_gets_no_more_time_than_the_client_gave() {
        let mut pairs = BTreeMap::new();
        add(&mut pairs, &left(1_000, 5_000));
        add(&mut pairs, &left(9_000, 5_000));
        let pairs = pairs.into_values().next().unwrap();
        let [answered, _, _, _, totals] = &pairs.values;
        assert_eq!(answered, &[[0.0, 1.0], [0.0, 0.0]]);
        assert_eq!(totals, &[[5.0, 1.0], [5.0, 5.0]]);
        assert_eq!(pairs.n, 2);
    }
}
