//! `trilemma review sample`: draw the items whose labels buy most precision.

use std::collections::BTreeMap;

use trilemma_decide::review::{DEFAULT_LABELLED_ITEMS, draw};
use trilemma_domain::ReviewItem;

use super::signals::signals;
use crate::args::Common;
use crate::exit::Exit;
use crate::hint;
use crate::printer::Printer;

/// How many items to draw.
#[derive(Debug, clap::Args)]
pub(crate) struct SampleArgs {
    /// The run (default: the latest).
    run: Option<String>,
    /// Items to draw beside those drawn before.
    #[arg(long, short, default_value_t = DEFAULT_LABELLED_ITEMS)]
    n: usize,
    /// Seed of the draw (default: the run's).
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the command.
pub(crate) fn run(args: &SampleArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let bench = super::open(common, args.run.as_deref())?;
    let manifest = bench.store.manifest(&bench.run)?;
    let before = bench.store.review_items(&bench.run)?;
    let n_before = n_drawn(&before);
    let items = draw(
        &before,
        &signals(&bench.context, (&bench.store, &bench.run))?,
        manifest.scores.pass_threshold.value(),
        args.n,
        // A later draw of the same run must not repeat the order of the first.
        args.seed
            .unwrap_or(manifest.seed)
            .wrapping_add(n_before as u64),
    )?;
    bench.store.put_review_items(&bench.run, &items)?;
    let strata = strata(&items);
    if printer.json() {
        let rows: Vec<_> = strata
            .iter()
            .map(|(name, (n_items, n_drawn))| {
                serde_json::json!({ "stratum": name, "n_items": n_items, "n_drawn": n_drawn })
            })
            .collect();
        printer.value(&serde_json::json!({
            "run": bench.run,
            "n_items": items.len(),
            "n_drawn": n_drawn(&items),
            "n_new": n_drawn(&items) - n_before,
            "strata": rows,
        }))?;
    } else {
        printer.data(&format!(
            "run {}: {} of {} items are in the queue, {} of them new\n",
            bench.run,
            n_drawn(&items),
            items.len(),
            n_drawn(&items) - n_before
        ));
        for (name, (n_items, n_drawn)) in &strata {
            printer.data(&format!("  {n_drawn:>4} of {n_items:>5}  {name}"));
        }
    }
    let named = args.run.as_deref().map(hint::word).unwrap_or_default();
    printer.next(&common.command(format!("review label {named}").trim_end()));
    Ok(Exit::Ok)
}

fn n_drawn(items: &[ReviewItem]) -> usize {
    items.iter().filter(|item| item.place.is_some()).count()
}

fn strata(items: &[ReviewItem]) -> BTreeMap<String, (usize, usize)> {
    let mut strata: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for item in items {
        let slot = strata.entry(item.stratum.clone()).or_default();
        slot.0 += 1;
        slot.1 += usize::from(item.place.is_some());
    }
    strata
}
