//! The policy in use: what its file and the benchmark promise of it, beside the requests that it decided.
//!
//! In: the project, a run, the tallies of the ledger. Out: its promise, and why nothing can be said of the rest.

use std::collections::BTreeMap;

use trilemma_domain::RunId;
use trilemma_gateway::LiveScorer;
use trilemma_route::{Policy, Router};
use trilemma_store::Store;

use super::promise::{self, Promise, Whose};
use super::replayed::{self, Replayed};
use super::tally::Tally;
use crate::context::Context;

/// Compares, and says what cannot be compared.
pub(super) fn promised(
    context: &Context,
    run: Option<(&Store, &RunId)>,
    (tallies, scorers): (&BTreeMap<Whose, Tally>, &[LiveScorer]),
) -> anyhow::Result<(Option<Promise>, Vec<String>)> {
    let mut without = Vec::new();
    let file = context.project.serve.policy.as_ref();
    let text = file.and_then(|file| fs_err::read_to_string(context.folder.join(file)).ok());
    let policy = text.as_deref().and_then(|text| Policy::read(text).ok());
    let at_hand = (policy.as_ref()).map(|policy| policy.content_hash().to_string());
    for whose in tallies.keys() {
        if let Whose::Policy(hash) = whose
            && at_hand.as_ref() != Some(hash)
        {
            let short = hash.get(..8).unwrap_or(hash);
            without.push(format!(
                "policy {short} decided some requests and is not the one in `serve.policy`: what it promised is not known"
            ));
        }
    }
    let tally = at_hand.and_then(|hash| tallies.get(&Whose::Policy(hash)));
    let (Some(policy), Some(text), Some(tally)) = (policy, text, tally) else {
        return Ok((None, without));
    };
    let has_more = tally.rests().next().is_some() || tally.scores().next().is_some();
    let replayed = if has_more {
        let found = replay(context, run, (&text, scorers))?;
        found
            .map_err(|reason| {
                without.push(format!(
                    "what `{}` is judged by has no figure of the benchmark beside it: {reason}",
                    policy.name
                ));
            })
            .ok()
    } else {
        None
    };
    Ok((Some(promise::of_policy(&policy, tally, replayed)), without))
}

/// What the policy does on the run; the inner error is why that cannot be said.
fn replay(
    context: &Context,
    run: Option<(&Store, &RunId)>,
    (text, scorers): (&str, &[LiveScorer]),
) -> anyhow::Result<Result<Replayed, String>> {
    let Some(run) = run else {
        return Ok(Err("nothing was measured here".to_owned()));
    };
    match Router::read(text) {
        Ok(router) => replayed::of_policy(context, run, (&router, scorers)),
        Err(error) => Ok(Err(format!("failed to {error}"))),
    }
}
