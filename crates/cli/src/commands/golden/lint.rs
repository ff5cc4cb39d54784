//! `trilemma golden lint`.

use std::fmt::Write as _;

use trilemma_domain::{Item, ScorerSpec, TaskKind};
use trilemma_golden::{
    ContextWindow, Finding, GoldenSet, LintContext, Severity, SizeGuide, lint, size_guide,
};
use trilemma_project::Project;
use trilemma_score::{ExpectedUse, SCORERS};
use trilemma_stats::Confidence;

use super::columns::{GoldenFile, Opened};
use crate::args::Common;
use crate::commands::words::task_kind;
use crate::context::Context;
use crate::exit::Exit;
use crate::hint;
use crate::layout::{bullet, counted, one_line, terminal_width, wrap};
use crate::plan::MarginQuestion;
use crate::printer::Printer;
use crate::tokens;

/// What to look at.
#[derive(Debug, clap::Args)]
pub(crate) struct LintArgs {
    #[command(flatten)]
    golden: GoldenFile,
    /// Kind of task (default: the project's).
    #[arg(long, value_name = "KIND", value_parser = task_kind())]
    task: Option<TaskKind>,
    /// Margin that must be decidable, as a share such as 0.05 (default: the project's).
    #[arg(long, value_name = "SHARE")]
    margin: Option<f64>,
}

/// Runs the command.
pub(crate) fn run(args: &LintArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let margin = args.margin.filter(|margin| *margin > 0.0 && *margin < 1.0);
    if args.margin.is_some() && margin.is_none() {
        return Err(anyhow::anyhow!(crate::context::InputError(
            "failed to read `--margin`; hint: a share between 0 and 1, such as 0.05".to_owned()
        )));
    }
    let opened = args.golden.open(common)?;
    let wishes = LintWishes {
        task: args.task,
        margin,
    };
    let findings = findings(opened.context.as_ref(), &opened.set, &wishes);
    let has_errors = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let held = held(opened.context.as_ref());
    let guide = size_guide(opened.set.items(), None, held).ok();
    if printer.json() {
        printer.value(&serde_json::json!({
            "file": opened.file,
            "fingerprint": opened.set.fingerprint(),
            "n_items": opened.set.len(),
            "findings": findings,
            "size": guide,
            "warnings": opened.set.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        printer.data(&words(&opened.set, &findings, guide.as_ref()));
        printer.next(&next(args, &opened, has_errors, common));
    }
    Ok(if has_errors { Exit::Usage } else { Exit::Ok })
}

fn next(args: &LintArgs, opened: &Opened, has_errors: bool, common: &Common) -> String {
    let file = hint::path(&opened.file);
    match (&opened.context, has_errors) {
        (Some(_), true) if args.golden.is_project() => {
            format!("mend the errors, then: {}", common.command("golden lint"))
        }
        (_, true) => {
            let again = common.command(&format!("golden lint {file}"));
            format!("mend the errors, then: {again}")
        }
        (Some(_), false) => common.command("check"),
        (None, false) => common.command(&format!("init --golden {file}")),
    }
}

/// What is asked of the lint instead of what the project says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LintWishes {
    /// Kind of task.
    pub(crate) task: Option<TaskKind>,
    /// Margin that must be decidable.
    pub(crate) margin: Option<f64>,
}

/// How surely "not worse" is to be shown: over all candidates of the project, or of one.
fn held(context: Option<&Context>) -> Confidence {
    context.map_or(Confidence::P95, |context| {
        MarginQuestion::of(&context.project).held
    })
}

/// What speaks against a golden set, as far as the project is known that it is for.
pub(crate) fn findings(
    context: Option<&Context>,
    set: &GoldenSet,
    wishes: &LintWishes,
) -> Vec<Finding> {
    let project = context.map(|context| &context.project);
    let windows = context.map(windows).unwrap_or_default();
    let margin = wishes
        .margin
        .or_else(|| MarginQuestion::of(project?).margin);
    let count: &dyn Fn(&str) -> u64 = &tokens::count;
    let known = LintContext {
        task: wishes
            .task
            .or_else(|| project.map(|project| project.task.kind)),
        needs_expected: needs_expected(project, set),
        windows: &windows,
        extra_tokens: context.map_or(0, extra_tokens),
        // Counting is only worth its time where something is compared with it.
        count_tokens: (!windows.is_empty()).then_some(count),
        margin,
        held: held(context),
    };
    lint(set, &known)
}

/// Whether a counting scorer compares with what is expected, unless criteria stand in for it.
fn needs_expected(project: Option<&Project>, set: &GoldenSet) -> bool {
    let Some(project) = project else {
        let has_criteria = |item: &Item| !item.extras.criteria.is_empty();
        return !set.items().iter().all(has_criteria);
    };
    project
        .scorers
        .iter()
        .filter(|spec| spec.weight > 0.0)
        .any(compares)
}

fn compares(spec: &ScorerSpec) -> bool {
    let kind = SCORERS.iter().find(|kind| kind.name == spec.kind);
    match kind.map(|kind| kind.needs.expected) {
        None | Some(ExpectedUse::Unused | ExpectedUse::Optional) => false,
        Some(ExpectedUse::UnlessOption) => {
            // The options that take its place.
            !["values", "pattern"]
                .iter()
                .any(|name| spec.options.contains_key(*name))
        }
        Some(ExpectedUse::Required) => true,
    }
}

/// Context windows of the candidates, as far as the catalog states them.
fn windows(context: &Context) -> Vec<ContextWindow> {
    context
        .project
        .candidates
        .iter()
        .filter_map(|candidate| {
            let found = context.catalog.get(candidate.identity.as_ref()?).ok()??;
            Some(ContextWindow {
                candidate: candidate.id.to_string(),
                tokens: found.model.limits.context?,
            })
        })
        .collect()
}

/// The longest prompt template, and the room that the candidates ask for their answers.
fn extra_tokens(context: &Context) -> u64 {
    let prompt = |one: &trilemma_domain::Candidate| {
        one.prompt
            .as_ref()
            .map_or(0, |prompt| tokens::count(&prompt.source))
    };
    let answer = |one: &trilemma_domain::Candidate| {
        u64::from(one.params.max_output_tokens.unwrap_or_default())
    };
    context
        .project
        .candidates
        .iter()
        .map(|one| prompt(one) + answer(one))
        .max()
        .unwrap_or(0)
}

fn words(set: &GoldenSet, findings: &[Finding], guide: Option<&SizeGuide>) -> String {
    let width = terminal_width();
    let mut text = format!(
        "{}: {} items, fingerprint {}\n",
        one_line(set.source()),
        set.len(),
        set.fingerprint().short()
    );
    for warning in set.warnings() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", bullet(&warning.to_string(), 0, width));
    }
    for finding in findings {
        text.push('\n');
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let line = format!("{severity} [{}]: {}", finding.code.name(), finding.message);
        let _ = writeln!(text, "{}", wrap(&line, 0, width.unwrap_or(100)));
        if !finding.items.is_empty() {
            let names: Vec<String> = finding.items.iter().map(ToString::to_string).collect();
            let more = match finding.n_items.saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let line = format!("items: {}{more}", names.join(", "));
            let _ = writeln!(text, "{}", wrap(&line, 2, width.unwrap_or(100)));
        }
        let line = format!("hint: {}", finding.hint);
        let _ = writeln!(text, "{}", wrap(&line, 2, width.unwrap_or(100)));
    }
    text.push('\n');
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let _ = writeln!(
        text,
        "{}, {}, {}",
        counted(count(Severity::Error) as u64, "error"),
        counted(count(Severity::Warning) as u64, "warning"),
        counted(count(Severity::Note) as u64, "note")
    );
    if let Some(guide) = guide {
        let margin = guide.proposed_margin().map_or_else(
            || "is too small to decide \"not worse\" with any margin".to_owned(),
            |margin| {
                let points = format!("{:.1}", margin * 100.0);
                format!(
                    "decides \"not worse\" with a margin from {} points on",
                    points.trim_end_matches(".0")
                )
            },
        );
        let line = format!(
            "this set shows differences between candidates from {} points on, and {margin} (80 % chance)",
            points(
                guide.detectable_difference.low,
                guide.detectable_difference.high
            ),
        );
        let _ = writeln!(text, "{}", wrap(&line, 0, width.unwrap_or(100)));
    }
    text
}

fn points(low: f64, high: f64) -> String {
    let (low, high) = (
        format!("{:.1}", low * 100.0),
        format!("{:.1}", high * 100.0),
    );
    if low == high {
        low
    } else {
        format!("{low} to {high}")
    }
}
