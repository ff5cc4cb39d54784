//! `trilemma catalog doctor`: what is stale, ending or moving among the models that are used.
//!
//! Without a project and without names, all models that are to be had are looked at.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::anyhow;
use jiff::civil::Date;
use serde_json::json;
use trilemma_catalog::{Catalog, Found, LifecycleState, OnShutdown, Pin, Service, Staleness};

use super::facts::input_error;
use crate::args::Common;
use crate::context::{self, Context, InputError};
use crate::exit::Exit;
use crate::layout::{bullet, counted, terminal_width};
use crate::pins::{self, Pin as CandidatePin};
use crate::printer::Printer;

/// Whom to look at, and how far ahead.
#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Models to look at (default: the project's candidates and judges, else all).
    model: Vec<String>,
    /// For how many days the choice has to hold.
    #[arg(long, value_name = "DAYS", default_value_t = trilemma_catalog::DEFAULT_HORIZON_DAYS)]
    horizon: u16,
    /// Accept prices that nobody has looked at for more than 90 days.
    #[arg(long)]
    stale_ok: bool,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Severity {
    Wrong,
    Warning,
    Note,
}

impl Severity {
    fn name(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

struct Finding {
    severity: Severity,
    model: String,
    text: String,
}

/// Runs the command: exit code 2 when something is wrong, as in any other input.
pub(crate) fn run(args: &DoctorArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let as_of = context::as_of(common);
    let catalog = context::catalog(common)?;
    let (names, pins) = names(args, common)?;
    let is_survey = names.is_none();
    let mut findings = Vec::new();
    let n_looked_at = match &names {
        Some(names) => {
            for name in names {
                named(&catalog, name, (args, as_of), &mut findings);
            }
            names.len()
        }
        None => survey(&catalog, (args, as_of), &mut findings)?,
    };
    findings.extend(served(&pins));
    findings.sort_by(|a, b| (a.severity, &a.model).cmp(&(b.severity, &b.model)));
    let n_wrong = findings
        .iter()
        .filter(|one| one.severity == Severity::Wrong)
        .count();
    let exit = if n_wrong == 0 { Exit::Ok } else { Exit::Usage };
    if printer.json() {
        printer.value(&json!({
            "as_of": as_of,
            "horizon_days": args.horizon,
            "n_models": n_looked_at,
            "pins": pins,
            "findings": findings.iter().map(|one| json!({
                "severity": one.severity.name(),
                "model": one.model,
                "finding": one.text,
            })).collect::<Vec<_>>(),
        }))?;
        return Ok(exit);
    }
    let width = terminal_width();
    let mut text = format!(
        "{} looked at, as of {as_of}\n",
        counted(n_looked_at as u64, "model")
    );
    for one in &findings {
        let line = format!("{}: {}: {}", one.severity.name(), one.model, one.text);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", bullet(&line, 0, width));
    }
    if findings.is_empty() {
        text.push_str("nothing is stale, ending or moving\n");
    }
    if !pins.is_empty() {
        let _ = write!(text, "\n{}", pins::table(&pins, as_of).draw(0, width));
    }
    printer.data(&text);
    // A downloaded list confirms or corrects prices; the cost of ownership counts forced migrations.
    let next = if is_survey {
        "catalog update https://models.dev/api.json"
    } else {
        "tco"
    };
    printer.next(&common.command(next));
    Ok(exit)
}

/// The names to look at, `None` = everything; and the pins of the project, if it is one that is
/// looked at.
fn names(
    args: &DoctorArgs,
    common: &Common,
) -> anyhow::Result<(Option<Vec<String>>, Vec<CandidatePin>)> {
    if !args.model.is_empty() {
        return Ok((Some(args.model.clone()), Vec::new()));
    }
    let is_there = Path::new(&context::project_file(common)).exists();
    if common.project.is_none() && !is_there {
        return Ok((None, Vec::new()));
    }
    let context = Context::open(common)?;
    let project = &context.project;
    let judges = project.judges.values().flatten();
    let mut names: Vec<String> = project
        .candidates
        .iter()
        .chain(judges)
        .map(|candidate| {
            let wire = format!("{}/{}", candidate.target.provider, candidate.target.model);
            match &candidate.identity {
                // A name that the catalog knows may be an alias: look at it as it is called.
                Some(_) if context.catalog.find(&wire, context.as_of).is_ok() => wire,
                Some(identity) => identity.to_string(),
                None => wire,
            }
        })
        .collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(anyhow!(InputError(
            "failed to find a candidate in the project; hint: name models".to_owned()
        )));
    }
    Ok((Some(names), pins::pins(&context)?))
}

/// Models that answered though another was asked for.
fn served(pins: &[CandidatePin]) -> impl Iterator<Item = Finding> {
    let differing = pins.iter().filter(|pin| pin.differs);
    differing.map(|pin| Finding {
        severity: Severity::Warning,
        model: pin.candidate.to_string(),
        text: pins::complaints(std::slice::from_ref(pin)).concat(),
    })
}

fn named(
    catalog: &Catalog,
    name: &str,
    (args, as_of): (&DoctorArgs, Date),
    findings: &mut Vec<Finding>,
) {
    let mut add = |severity, text: String| {
        findings.push(Finding {
            severity,
            model: name.to_owned(),
            text,
        });
    };
    let found = match catalog.find(name, as_of) {
        Ok(found) => found,
        Err(error) => {
            let text =
                format!("unknown to the catalog, so price and end are too: failed to {error}");
            add(Severity::Warning, text);
            return;
        }
    };
    price(&found, (args, as_of), &mut add);
    lifecycle(&found, (args, as_of), &mut add);
    if found.is_moving() {
        let text = format!(
            "is an alias that its vendor moves; today it means {}: pin that snapshot",
            found.model.id
        );
        add(Severity::Warning, text);
    } else if found.model.pin == Pin::Unpinned {
        add(
            Severity::Note,
            "its vendor names no fixed snapshot: it may change behind the name".to_owned(),
        );
    }
}

fn price(
    found: &Found<'_>,
    (args, as_of): (&DoctorArgs, Date),
    add: &mut impl FnMut(Severity, String),
) {
    let Some(row) = found.model.price_at(as_of, Service::Standard, 1) else {
        add(
            Severity::Warning,
            "no source states a price on this day".to_owned(),
        );
        return;
    };
    match row.staleness(as_of) {
        Staleness::Fresh => {}
        Staleness::Ageing { days } => add(
            Severity::Warning,
            format!("its price was last looked at {days} days ago"),
        ),
        Staleness::Stale { days } if args.stale_ok => add(
            Severity::Warning,
            format!("its price was last looked at {days} days ago (accepted)"),
        ),
        Staleness::Stale { days } => add(
            Severity::Wrong,
            format!(
                "its price was last looked at {days} days ago: nothing is recommended on it without --stale-ok"
            ),
        ),
    }
}

fn lifecycle(
    found: &Found<'_>,
    (args, as_of): (&DoctorArgs, Date),
    add: &mut impl FnMut(Severity, String),
) {
    let dates = &found.model.lifecycle;
    let after = match &dates.on_shutdown {
        OnShutdown::Reroute { to } => format!("; calls are then answered by {to}, at its prices"),
        OnShutdown::Error | OnShutdown::Unknown => String::new(),
    };
    let instead = dates
        .replacement
        .as_ref()
        .map_or_else(String::new, |to| format!("; its vendor recommends {to}"));
    match found.model.lifecycle_at(as_of) {
        LifecycleState::ShutDown { since, .. } => add(
            Severity::Wrong,
            format!("shut down since {since}{after}{instead}"),
        ),
        LifecycleState::NotYetReleased { from } => {
            add(Severity::Wrong, format!("not to be had before {from}"))
        }
        LifecycleState::Ending { by, exact } => {
            let days = as_of.until(by).map_or(0, |span| span.get_days());
            let at_latest = if exact { "" } else { " at the latest" };
            let severity = if days <= i32::from(args.horizon) {
                Severity::Warning
            } else {
                Severity::Note
            };
            add(
                severity,
                format!("ends on {by}{at_latest}, in {days} days{after}{instead}"),
            );
        }
        LifecycleState::Active => {}
    }
}

/// Looks at every model that is to be had; those without findings are only counted.
fn survey(
    catalog: &Catalog,
    (args, as_of): (&DoctorArgs, Date),
    findings: &mut Vec<Finding>,
) -> anyhow::Result<usize> {
    let all = catalog.models().map_err(|error| input_error(&error))?;
    let mut n_models = 0;
    for found in all {
        let is_had = matches!(
            found.model.lifecycle_at(as_of),
            LifecycleState::Active | LifecycleState::Ending { .. }
        );
        // Open weights have no list price of their own, and no end.
        if !is_had || found.model.prices.is_empty() {
            continue;
        }
        n_models += 1;
        let mut add = |severity, text: String| {
            findings.push(Finding {
                severity,
                model: found.model.id.to_string(),
                text,
            });
        };
        price(&found, (args, as_of), &mut add);
        lifecycle(&found, (args, as_of), &mut add);
    }
    Ok(n_models)
}
