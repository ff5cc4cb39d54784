//! `cargo run --release -p xtask -- race [REPLICATES]`: adaptive evaluation over recorded outcomes.
//!
//! In: the recorded outcomes of real models in the folder that `TRILEMMA_TEST_DATA` names. Out: one line per
//! setting: how often the choice was within two points of the best, and the share of calls or money used.
//! Each replicate draws 500 items without replacement (and five of eight models where it says so) and runs
//! the race that the product runs. `docs/methods.md` carries the figures.

mod data;
mod simulate;

use std::fmt::Write as _;

use trilemma_stats::Confidence;
use trilemma_stats::proportion::{Count, wilson};
use trilemma_stats::race::Mode;

use data::Recorded;
use simulate::{Draw, Rule, Tally, simulate};

/// Replicates without an argument.
const REPLICATES: usize = 4_000;

/// Runs every setting and returns the table.
pub(crate) fn run(replicates: Option<&str>) -> anyhow::Result<String> {
    let replicates = match replicates {
        Some(text) => text.parse()?,
        None => REPLICATES,
    };
    let (gsm, crux) = (Recorded::eight("gsm")?, Recorded::eight("crux")?);
    let (gsm_six, crux_six) = (Recorded::six_gsm()?, Recorded::six_crux(&crux)?);
    let any_five = Draw {
        models: 5,
        items: 500,
    };
    let all_six = Draw {
        models: 6,
        items: 500,
    };
    let mut table = format!("{replicates} replicates, tolerance 2 points, N = 500\n");
    let mut settings = Vec::new();
    for (task, recorded) in [("gsm", &gsm), ("crux", &crux)] {
        for (name, rule) in [
            ("uniform, 100 items", Rule::Uniform(100)),
            ("calibrated", race(Mode::Calibrated)),
            ("calibrated, rounds of 5", rounds(Mode::Calibrated)),
        ] {
            settings.push((format!("{name}, 5 of 8, {task}"), recorded, any_five, rule));
        }
    }
    for (task, recorded) in [("gsm", &gsm_six), ("crux", &crux_six)] {
        for (name, rule) in [
            ("certified set", race(Mode::CertifiedSet)),
            ("certified set, rounds of 5", rounds(Mode::CertifiedSet)),
            ("certified source", race(Mode::CertifiedSource)),
            ("calibrated", race(Mode::Calibrated)),
        ] {
            settings.push((format!("{name}, six, {task}"), recorded, all_six, rule));
        }
    }
    for (name, rule) in [
        ("least money", race(Mode::Cheapest)),
        ("least money, rounds of 5", rounds(Mode::Cheapest)),
    ] {
        settings.push((format!("{name}, six, gsm"), &gsm_six, all_six, rule));
    }
    for (name, recorded, draw, rule) in settings {
        let tally = simulate(recorded, draw, rule, replicates)?;
        writeln!(table, "{}", line(&name, &tally)?)?;
    }
    Ok(table)
}

fn race(mode: Mode) -> Rule {
    Rule::Race { mode, batch: 1 }
}

fn rounds(mode: Mode) -> Rule {
    Rule::Race { mode, batch: 5 }
}

fn line(name: &str, tally: &Tally) -> anyhow::Result<String> {
    let n = tally.calls.len();
    let success = wilson(Count::new(tally.good, n)?, Confidence::P95);
    let (calls, calls_p90) = mean_and_p90(&tally.calls);
    let mut text = format!(
        "{name:36} success {:5.2} % ({:.2}-{:.2})  calls mean {:5.2} % p90 {:5.2} %",
        success.point * 100.0,
        success.low * 100.0,
        success.high * 100.0,
        calls * 100.0,
        calls_p90 * 100.0,
    );
    if !tally.money.is_empty() {
        let (money, money_p90) = mean_and_p90(&tally.money);
        write!(
            text,
            "  money mean {:5.2} % p90 {:5.2} %",
            money * 100.0,
            money_p90 * 100.0
        )?;
    }
    Ok(text)
}

fn mean_and_p90(shares: &[f64]) -> (f64, f64) {
    let mut sorted = shares.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mean = sorted.iter().sum::<f64>() / sorted.len().max(1) as f64;
    let p90 = sorted.get(sorted.len() * 9 / 10).copied().unwrap_or(mean);
    (mean, p90)
}
