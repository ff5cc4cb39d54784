//! `trilemma shortlist`: three to five candidates worth measuring, and why not the others.

mod asked;
mod block;
mod json;
mod typical;
mod words;

use anyhow::anyhow;
use trilemma_catalog::{Caution, Proposal, Shortlist, shortlist};
use trilemma_domain::{Capability, Stakes, TaskKind};
use trilemma_golden::GoldenSet;

pub(crate) use asked::Asked;
use block::one_per_name;
pub(crate) use block::{candidate_tables, quoted};
pub(crate) use typical::Typical;

use crate::args::Common;
use crate::commands::words::{capability, stakes, task_kind};
use crate::context::{self, Context, InputError};
use crate::exit::Exit;
use crate::printer::Printer;

/// What the candidates are for; with a project, options replace what it says.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ShortlistArgs {
    /// Kind of task.
    #[arg(long, value_name = "KIND", value_parser = task_kind())]
    task: Option<TaskKind>,
    /// How much a wrong answer hurts.
    #[arg(long, value_name = "STAKES", value_parser = stakes())]
    stakes: Option<Stakes>,
    /// Region in which data must be processed, such as eu; may be repeated.
    #[arg(long, value_name = "REGION")]
    region: Vec<String>,
    /// The vendor may not train on the data.
    #[arg(long)]
    training_forbidden: bool,
    /// Only models on servers of your own.
    #[arg(long)]
    self_hosted: bool,
    /// Least context window, in tokens.
    #[arg(long, value_name = "TOKENS")]
    context: Option<u64>,
    /// Ability that is needed; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = capability())]
    capability: Vec<Capability>,
    /// Most that a query may cost, in US dollars, such as 0.002.
    #[arg(long, value_name = "USD")]
    max_query_usd: Option<String>,
    /// Queries on a mean day.
    #[arg(long, value_name = "N")]
    queries_per_day: Option<f64>,
    /// Tokens of an ordinary query (default: measured on the golden set, else 1500).
    #[arg(long, value_name = "TOKENS")]
    input_tokens: Option<u64>,
    /// Tokens of an ordinary answer (default: measured where it can be, else 300).
    #[arg(long, value_name = "TOKENS")]
    output_tokens: Option<u64>,
    /// For how many days the choice has to hold.
    #[arg(long, value_name = "DAYS", default_value_t = trilemma_catalog::DEFAULT_HORIZON_DAYS)]
    horizon: u16,
    /// List every model that was left out, with all reasons.
    #[arg(long)]
    all: bool,
    /// Print the proposals as TOML to paste into the project file.
    #[arg(long, conflicts_with = "all")]
    toml: bool,
}

/// Runs the command.
pub(crate) fn run(args: &ShortlistArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let asked = Asked::read(args, common)?;
    let catalog = context::catalog(common)?;
    let list = asked.shortlist(&catalog)?;
    let exit = if list.proposals.is_empty() {
        Exit::NoCandidate
    } else {
        Exit::Ok
    };
    if printer.json() {
        printer.value(&json::shortlist_json(&asked, &list))?;
        return Ok(exit);
    }
    if args.toml {
        printer.data(&candidate_tables(&catalog, &list.proposals));
        if exit == Exit::NoCandidate {
            let command = common.command("shortlist --all");
            printer.tell(&format!("no model passes; `{command}` says why"));
        }
        return Ok(exit);
    }
    printer.data(&words::shortlist_text(&asked, &list, args.all));
    let next = match (list.proposals.is_empty(), asked.has_project) {
        (true, _) => "relax a requirement, or name candidates yourself; --all says why each failed"
            .to_owned(),
        (false, true) if asked.named.is_empty() => common.command("select"),
        (false, true) => common.command("shortlist --toml"),
        (false, false) => common.command("init"),
    };
    printer.next(&next);
    Ok(exit)
}

/// Proposes candidates for a project that names none: `provider/model` and why.
///
/// # Errors
/// [`InputError`] when a catalog row cannot be read, or when no model passes the requirements.
pub(crate) fn propose(
    context: &Context,
    golden: &GoldenSet,
) -> anyhow::Result<Vec<(String, String)>> {
    let asked = Asked::of_project(context, Some(golden));
    let list = asked.shortlist(&context.catalog)?;
    let proposals = one_per_name(callable(&context.catalog, &list, context));
    if proposals.is_empty() {
        return Err(anyhow!(InputError(
            "failed to find a model that passes the requirements; hint: `trilemma shortlist --all` \
             says why each was left out, or name candidates yourself"
                .to_owned()
        )));
    }
    Ok(proposals
        .into_iter()
        .map(|proposal| (proposal.id.to_string(), why(proposal)))
        .collect())
}

/// Proposals whose provider has an address, in the catalog or the project.
fn callable<'a>(
    catalog: &trilemma_catalog::Catalog,
    list: &'a Shortlist,
    context: &Context,
) -> Vec<&'a Proposal> {
    let has_address = |name: &str| {
        context.project.providers.contains_key(name)
            || catalog
                .provider(name)
                .ok()
                .flatten()
                .is_some_and(|provider| provider.base_url.is_some())
    };
    list.proposals
        .iter()
        .filter(|proposal| has_address(&proposal.id.provider))
        .collect()
}

/// Why a model is proposed, on one line, with what to know about it.
pub(crate) fn why(proposal: &Proposal) -> String {
    let mut reasons: Vec<String> = proposal.because.iter().map(ToString::to_string).collect();
    if reasons.is_empty() {
        reasons.push("passes every requirement that can be looked up".to_owned());
    }
    reasons.extend(proposal.cautions.iter().map(Caution::to_string));
    reasons.join("; ")
}

impl Asked {
    /// Asks the catalog.
    ///
    /// # Errors
    /// [`InputError`] for rows that cannot be read.
    pub(crate) fn shortlist(
        &self,
        catalog: &trilemma_catalog::Catalog,
    ) -> anyhow::Result<Shortlist> {
        shortlist(catalog, &self.question())
            .map_err(|error| anyhow!(InputError(format!("failed to {error}"))))
    }
}
