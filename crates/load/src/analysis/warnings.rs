//! What a reader must know before using the figures.

use trilemma_domain::{LoadCandidateReport, LoadGoal, LoadPlan, LoadStageReport};

/// A client that is later than this at p95 in an open loop is part of what was measured.
const LATE_MS: f64 = 5.0;

/// Collects warnings, the gravest first.
pub(crate) fn warnings(plan: &LoadPlan, candidates: &[LoadCandidateReport]) -> Vec<String> {
    let mut all = Vec::new();
    for candidate in candidates {
        for stage in &candidate.stages {
            all.extend(of_stage(candidate, stage));
        }
    }
    if plan.goal == LoadGoal::Measure {
        all.extend(shared(candidates));
    }
    let mut stages = candidates
        .iter()
        .flat_map(|candidate| &candidate.stages)
        .map(|stage| stage.plan.arrivals.concurrency().is_some())
        .peekable();
    if stages.peek().is_some() && stages.all(|is_closed| is_closed) {
        all.push(
            "closed loop: requests waited for answers, so this says nothing of what users see when they \
             arrive on their own; `--rate` measures that"
                .to_owned(),
        );
    }
    all
}

fn of_stage(candidate: &LoadCandidateReport, stage: &LoadStageReport) -> Vec<String> {
    let (id, at) = (&candidate.id, &stage.plan.arrivals);
    let figures = &stage.figures;
    let mut all = Vec::new();
    let mut add = |text: String| all.push(format!("`{id}` at {at}: {text}"));
    if figures.n_sent > 0 && figures.n_answered == 0 {
        add("no request was answered".to_owned());
        return all;
    }
    if figures.n_unstarted > 0 {
        add(format!(
            "{} requests were due and never began; they count as slower than all others",
            figures.n_unstarted
        ));
    }
    if stage.plan.arrivals.concurrency().is_none() && stage.plan.max_in_flight.is_none() {
        let late = figures.client_wait.at(0.95).and_then(|wait| wait.ms);
        if let Some(late) = late.filter(|late| *late > LATE_MS) {
            add(format!(
                "this machine sent 5 % of the requests more than {late:.1} ms late: it is near its own limit"
            ));
        }
    }
    if figures.n_answered > 0 && figures.output_tokens_mean.is_none() {
        add("the endpoint reports no token counts, so tokens/s, TPOT and perceived waits are unknown".to_owned());
    }
    if let Some(worth) = figures.e2e_scheduled.n_effective {
        add(format!(
            "requests depend on each other in time: {} count as {worth:.0}",
            figures.e2e_scheduled.n + figures.e2e_scheduled.n_beyond
        ));
    }
    if candidate.served_models.len() > 1 {
        add(format!(
            "several models answered: {}",
            candidate.served_models.join(", ")
        ));
    }
    all
}

/// Candidates behind one address load each other.
fn shared(candidates: &[LoadCandidateReport]) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    for candidate in candidates {
        let address = candidate.target.base_url.as_str();
        if seen.contains(&address) {
            return Some(format!(
                "several candidates are served at {address} and were called at the same time: on hardware that \
                 they share, each adds to the other's load (`--only ID` measures one)"
            ));
        }
        seen.push(address);
    }
    None
}
