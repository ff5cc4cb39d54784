//! Where a report goes, and the exit code it makes.

use trilemma_domain::{LoadGoal, LoadReport, SloVerdict, Verdict};
use trilemma_report::{load_csv, load_html};
use trilemma_store::Store;

use super::{LatencyArgs, samples, words};
use crate::args::Common;
use crate::exit::Exit;
use crate::hint;
use crate::layout::terminal_width;
use crate::printer::Printer;

/// Writes everything that was asked for; data to standard output.
pub(super) fn tell(
    args: &LatencyArgs,
    common: &Common,
    (store, report): (&Store, &LoadReport),
    printer: Printer,
) -> anyhow::Result<Exit> {
    if let Some(path) = &args.out.html {
        fs_err::write(path, load_html(report)?)?;
        printer.say(&format!("wrote {}", path.display()));
    }
    if let Some(path) = &args.out.csv {
        fs_err::write(path, load_csv(report))?;
        printer.say(&format!("wrote {}", path.display()));
    }
    if let Some(path) = &args.out.samples {
        samples::write(store, &report.test, path, printer)?;
    }
    if printer.json() {
        printer.value(report)?;
    } else {
        printer.data(&words::text(report, terminal_width()));
        let test = hint::word(report.test.as_str());
        printer.next(&match &args.out.html {
            None => common.command(&format!("latency --again={test} --html latency.html")),
            Some(_) => common.command("latency --goodput --slo ttft_p95=800ms --slo e2e_p95=5s"),
        });
    }
    Ok(exit_of(report))
}

/// The exit code: a silent candidate, then the budgets that were asked for.
fn exit_of(report: &LoadReport) -> Exit {
    let is_silent = |candidate: &trilemma_domain::LoadCandidateReport| {
        candidate
            .stages
            .iter()
            .all(|stage| stage.figures.n_answered == 0)
    };
    if report.candidates.iter().any(is_silent) {
        return Exit::Provider;
    }
    let verdicts: Vec<Verdict> = match report.goal {
        LoadGoal::Sweep => Vec::new(),
        LoadGoal::Measure => report.candidates.iter().filter_map(required).collect(),
        LoadGoal::Goodput { .. } => report.candidates.iter().filter_map(searched).collect(),
    };
    let all = |word| verdicts.iter().all(|verdict| *verdict == word);
    if verdicts.is_empty() || verdicts.contains(&Verdict::Meets) {
        Exit::Ok
    } else if all(Verdict::Fails) {
        Exit::NoCandidate
    } else {
        Exit::Undecided
    }
}

/// All budgets of a candidate together; `None` = none was asked for.
fn required(candidate: &trilemma_domain::LoadCandidateReport) -> Option<Verdict> {
    let stage = candidate.stages.first()?;
    let required: Vec<&SloVerdict> = stage.verdicts.iter().filter(|one| one.required).collect();
    (!required.is_empty()).then(|| Verdict::all(required.iter().map(|one| one.verdict)))
}

fn searched(candidate: &trilemma_domain::LoadCandidateReport) -> Option<Verdict> {
    let found = candidate.goodput.as_ref()?;
    Some(match (found.holds_per_s, found.breaks_per_s) {
        (Some(_), _) => Verdict::Meets,
        (None, Some(_)) if found.undecided_per_s.is_empty() => Verdict::Fails,
        (None, _) => Verdict::Undecided,
    })
}
