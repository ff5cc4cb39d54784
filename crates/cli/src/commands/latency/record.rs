//! Recorded tests: listed, and worked out again without a call.

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use trilemma_domain::{LoadReport, LoadTestId};
use trilemma_load::{LoadError, ReportParts, read_stage, report};
use trilemma_store::{LoadTestInfo, Store};

use super::{LatencyArgs, output};
use crate::args::Common;
use crate::context::{Context, InputError, project_file};
use crate::exit::Exit;
use crate::layout::{Side, Table, counted, terminal_width};
use crate::places;
use crate::printer::Printer;

/// Works a test out from its record alone.
///
/// # Errors
/// As the store gives them.
pub(super) fn work_out(store: &Store, test: &LoadTestId) -> anyhow::Result<LoadReport> {
    let tests = store.load_tests()?;
    let info = tests.into_iter().find(|info| info.plan.test == *test);
    let plan = info
        .ok_or_else(|| anyhow!("find load test `{test}` in the store"))?
        .plan;
    let stages = store.load_stages(test)?;
    let started = Timestamp::from_microsecond(plan.created_us).unwrap_or_default();
    let parts = ReportParts {
        plan: &plan,
        stages: &stages,
        measured: TimeZone::UTC.to_datetime(started).date().to_string(),
        started: started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    };
    let found: Result<LoadReport, LoadError> =
        report(&parts, |stage_idx| read_stage(store, &plan, stage_idx));
    Ok(found?)
}

/// Tells a recorded test again.
pub(super) fn again(
    args: &LatencyArgs,
    common: &Common,
    named: &str,
    printer: Printer,
) -> anyhow::Result<Exit> {
    let store = open(args, common)?;
    let tests = store.load_tests()?;
    let is_it = |info: &&LoadTestInfo| named.is_empty() || info.plan.test.as_str() == named;
    let test = tests.iter().rfind(is_it).map(|info| info.plan.test.clone());
    let test = test.ok_or_else(|| {
        anyhow!(InputError(if named.is_empty() {
            "failed to find a load test; hint: `trilemma latency` makes one".to_owned()
        } else {
            format!("failed to find load test `{named}`; hint: `trilemma latency --list` shows what is there")
        }))
    })?;
    let report = work_out(&store, &test)?;
    output::tell(args, common, (&store, &report), printer)
}

/// Lists recorded tests, the oldest first.
pub(super) fn list(args: &LatencyArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let tests = open(args, common)?.load_tests()?;
    if printer.json() {
        let plans: Vec<_> = tests.iter().map(|info| &info.plan).collect();
        printer.value(&plans)?;
        return Ok(Exit::Ok);
    }
    let mut table = Table::new(&[
        ("test", Side::Left),
        ("candidates", Side::Left),
        ("stages", Side::Right),
    ]);
    for info in &tests {
        let names: Vec<&str> = info
            .plan
            .candidates
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        let open = info.n_stages - info.n_ended.min(info.n_stages);
        let cut = if open > 0 { " (cut off)" } else { "" };
        table.push([
            info.plan.test.to_string(),
            names.join(", "),
            format!("{}{cut}", info.n_stages),
        ]);
    }
    printer.data(&table.draw(0, terminal_width()));
    printer.say(&counted(tests.len() as u64, "load test"));
    printer.next(&common.command("latency --again=TEST --html latency.html"));
    Ok(Exit::Ok)
}

fn open(args: &LatencyArgs, common: &Common) -> anyhow::Result<Store> {
    let path = match (&common.project, args.whom.base_url.is_some()) {
        // Tests of endpoints without a project lie in the current folder.
        (None, true) => places::default_store(),
        (None, false) if !project_file(common).exists() => places::default_store(),
        (Some(_), _) | (None, false) => {
            let context = Context::open(common)?;
            places::store_path(&context.folder, &context.project)?
        }
    };
    Ok(Store::open_existing(&path)?)
}
