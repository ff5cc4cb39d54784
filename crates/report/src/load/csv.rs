//! One row per candidate, stage, time and percentile, in milliseconds; unknown figures are empty cells.

use trilemma_domain::{LoadReport, LoadStageFigures, LoadTimes};

use crate::text::csv_cell;

const HEAD: &str = "candidate,stage,load,figure,percentile,ms,low_ms,high_ms,n,n_beyond,needs_n\n";

/// Writes every percentile as a row.
#[must_use]
pub fn load_csv(report: &LoadReport) -> String {
    let mut text = HEAD.to_owned();
    for candidate in &report.candidates {
        for stage in &candidate.stages {
            let lead = format!(
                "{},{},{}",
                csv_cell(candidate.id.as_str()),
                stage.stage_idx,
                csv_cell(&stage.plan.arrivals.to_string())
            );
            for (name, times) in named(&stage.figures) {
                for one in &times.quantiles {
                    let cell = |ms: Option<f64>| ms.map_or(String::new(), |ms| ms.to_string());
                    let needs = one.needs.map_or(String::new(), |n| n.to_string());
                    text.push_str(&format!(
                        "{lead},{name},{},{},{},{},{},{},{needs}\n",
                        one.p,
                        cell(one.ms),
                        cell(one.low_ms),
                        cell(one.high_ms),
                        times.n,
                        times.n_beyond,
                    ));
                }
            }
        }
    }
    text
}

/// All times of a stage with their names in files.
pub(super) fn named(figures: &LoadStageFigures) -> Vec<(&'static str, &LoadTimes)> {
    let mut all = vec![
        ("first_byte", &figures.first_byte),
        ("first_token", &figures.first_token),
        ("ttft", &figures.ttft),
        ("ttft_scheduled", &figures.ttft_scheduled),
        ("e2e", &figures.e2e),
        ("e2e_scheduled", &figures.e2e_scheduled),
        ("tpot", &figures.tpot),
        ("longest_pause", &figures.longest_pause),
        ("client_wait", &figures.client_wait),
        ("connect", &figures.connect),
    ];
    if let Some(perceived) = &figures.perceived {
        all.push(("perceived", &perceived.streamed));
    }
    all
}
