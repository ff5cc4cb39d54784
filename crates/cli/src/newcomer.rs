//! Adding one model to an earlier run: only the new one is called.
//!
//! In: a project, a model, a run. Out: the project with the model beside the candidates of that run, or
//! why the others would have to be called again. Their answers are then replayed, as those of every
//! earlier identical call are.

use anyhow::anyhow;
use trilemma_domain::{Candidate, CandidateId, RunId};
use trilemma_store::{RunManifest, Store};

use crate::args::Common;
use crate::context::{Context, InputError};
use crate::golden;
use crate::layout::counted;
use crate::split::Part;

/// The project as the new run takes it.
pub(crate) struct Joined {
    pub(crate) context: Context,
    /// The part of the golden set that the earlier run measured; `None` = all of it.
    pub(crate) part: Option<Part>,
    /// What will be called, in words.
    pub(crate) text: String,
}

/// Puts a model beside the candidates of an earlier run.
///
/// # Errors
/// [`InputError`] where others than the new one would be called, because something that bears on their
/// calls has changed since.
pub(crate) fn join(
    context: &Context,
    common: &Common,
    (model, store, run): (&str, &Store, &RunId),
) -> anyhow::Result<Joined> {
    let manifest = store.manifest(run)?;
    let part = Part::recorded(&manifest);
    let is_listed = context
        .project
        .candidates
        .iter()
        .any(|one| one.id.as_str() == model);
    let added: Vec<String> = (!is_listed).then(|| model.to_owned()).into_iter().collect();
    let mut joined = context.with_candidates(common, &added)?;
    let before: Vec<&CandidateId> = context
        .project
        .candidates
        .iter()
        .map(|one| &one.id)
        .collect();
    let newcomer = joined
        .project
        .candidates
        .iter()
        .map(|one| &one.id)
        .find(|id| id.as_str() == model || !before.contains(id))
        .cloned()
        .ok_or_else(|| refused(format!("`{model}` is a candidate already")))?;
    check(&joined, &manifest, &newcomer)?;
    let golden = golden::read(&joined, part.as_ref())?;
    if golden.fingerprint() != manifest.golden {
        return Err(refused(format!(
            "the golden set has changed since run {run}"
        )));
    }
    joined.project.bench.repeats = manifest.repeats;
    joined.project.bench.seed = manifest.seed;
    joined.project.bench.cache = true;
    joined.project.bench.adaptive = None;
    // Those of candidates that are no longer in the project are not asked for.
    joined
        .project
        .candidates
        .retain(|one| one.id == newcomer || of(&manifest, &one.id).is_some());
    let n_each = manifest.items.len() as u64 * u64::from(manifest.repeats);
    let text = words(store, &manifest, (&newcomer, n_each))?;
    Ok(Joined {
        context: joined,
        part,
        text,
    })
}

/// Checks that the calls of everybody else are those of the earlier run.
fn check(joined: &Context, manifest: &RunManifest, newcomer: &CandidateId) -> anyhow::Result<()> {
    if of(manifest, newcomer).is_some() {
        return Err(refused(format!(
            "`{newcomer}` is in run {} already",
            manifest.run
        )));
    }
    if manifest.parameters.contains_key("adaptive") {
        return Err(refused(format!(
            "run {} was a race, in which not everybody was asked everything",
            manifest.run
        )));
    }
    for one in &joined.project.candidates {
        if one.id == *newcomer {
            continue;
        }
        let Some(recorded) = of(manifest, &one.id) else {
            return Err(refused(format!(
                "`{}` is not in run {} either",
                one.id, manifest.run
            )));
        };
        if calls_of(recorded) != calls_of(one) {
            return Err(refused(format!(
                "the calls of `{}` have changed since run {} (`trilemma runs show` tells what was \
                 asked)",
                one.id, manifest.run
            )));
        }
    }
    Ok(())
}

fn of<'a>(manifest: &'a RunManifest, id: &CandidateId) -> Option<&'a Candidate> {
    let records = manifest.candidates.iter().map(|record| &record.candidate);
    records.into_iter().find(|one| one.id == *id)
}

/// The candidate without what bears on no call.
fn calls_of(candidate: &Candidate) -> Candidate {
    Candidate {
        identity: None,
        price: None,
        ..candidate.clone()
    }
}

fn refused(why: String) -> anyhow::Error {
    anyhow!(InputError(format!(
        "failed to call only the new candidate: {why}; hint: put it into the project and run `trilemma \
         bench`, which calls what was not called before"
    )))
}

fn words(
    store: &Store,
    manifest: &RunManifest,
    (newcomer, n_each): (&CandidateId, u64),
) -> anyhow::Result<String> {
    let info = store.run(&manifest.run)?;
    let n_without = info.n_trials().saturating_sub(info.n_answered);
    let again = match n_without {
        0 => String::new(),
        n => format!(
            "; {} of that run without an answer {} tried again",
            counted(n, "trial"),
            if n == 1 { "is" } else { "are" }
        ),
    };
    Ok(format!(
        "adding `{newcomer}` to run {}: {} of it are called, the others are replayed{again}",
        manifest.run,
        counted(n_each, "trial"),
    ))
}
