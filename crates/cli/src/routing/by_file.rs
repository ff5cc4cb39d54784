//! A run as the policy of a file meets it: outcomes of all whom it may ask, their labels and vectors.
//!
//! In: a run, a policy made ready. Out: the examples by which it can be replayed, or what they lack. Nobody is called.

use anyhow::anyhow;
use trilemma_domain::RunId;
use trilemma_route::{Policy, Router};
use trilemma_store::Store;

use super::vectors::{self, Maker, Stand};
use super::{Material, Part, gather, labels};
use crate::context::{Context, InputError};

/// Reads what a policy needs of a run.
///
/// # Errors
/// [`InputError`] where the run lacks one of its candidates, labels or vectors; else as the store gives them.
pub(crate) fn material(
    context: &Context,
    (store, run): (&Store, &RunId),
    router: &Router,
) -> anyhow::Result<Material> {
    let policy = router.policy();
    let names: Vec<String> = policy.answerers().map(|one| one.id.to_string()).collect();
    let needed = labels::of_policy(policy);
    let part = Part {
        only: &names,
        labels: &needed,
        ..Part::default()
    };
    let mut material = gather(context, (store, run), part)?;
    if let Some(maker) = Maker::of_policy(context, policy)? {
        let stand = vectors::attach(store, &maker, &mut material)?;
        if !stand.takes_part {
            return Err(without_vectors(&stand));
        }
    }
    demand_all(policy, &material)?;
    Ok(material)
}

/// A policy is not judged without somebody whom it may ask.
///
/// # Errors
/// [`InputError`] that names who is left out, and why.
pub(crate) fn demand_all(policy: &Policy, material: &Material) -> anyhow::Result<()> {
    let left_out = material.gathered.left_out.iter();
    let mut missing = left_out.filter(|one| {
        let mut members = policy.candidates.iter();
        members.any(|member| member.id == one.candidate)
    });
    match missing.next() {
        None => Ok(()),
        Some(one) => Err(anyhow!(InputError(format!(
            "failed to serve run {} by the policy: `{}` {}",
            material.manifest.run, one.candidate, one.reason
        )))),
    }
}

/// A policy that looks at vectors is not judged without them.
pub(crate) fn without_vectors(stand: &Stand) -> anyhow::Error {
    let reason = stand
        .lack()
        .unwrap_or_else(|| format!("no text can have one by `{}`", stand.by));
    anyhow!(InputError(format!(
        "failed to find the vectors that the policy looks at: {reason}"
    )))
}

/// Whether a policy was fitted on items that it is judged on.
pub(crate) fn is_fitted_on(policy: &Policy, material: &Material) -> bool {
    policy.origin.as_ref().is_some_and(|origin| {
        let other_side = (origin.split.as_deref().zip(material.split)).is_some_and(|(a, b)| a != b);
        origin.golden == material.manifest.golden && !other_side
    })
}
