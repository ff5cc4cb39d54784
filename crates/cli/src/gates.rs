//! The race for requirements, as a project asks for it.
//!
//! In: requirements, candidates, a run that was begun. Out: what `trilemma_bench` needs for the race: the tests that
//! quality requirements come down to, who is ruled out by a stated fact, and the decision on whom it completed.

use anyhow::anyhow;
use trilemma_bench::{BenchError, GateRace, Standing};
use trilemma_decide::preflight::{rank_by, strictest};
use trilemma_decide::{CandidateResult, Decision, DecisionInput, Preference};
use trilemma_domain::{CandidateId, Estimand, Margin, Reference, Requirements, RunId, Verdict};
use trilemma_golden::GoldenSet;
use trilemma_stats::race::{Allowed, Bar, Claim};
use trilemma_store::{RunManifest, Store};

use crate::context::{Context, InputError};
use crate::decision::{self, DecideOptions};
use crate::field::{self, Field};

/// Share of the permitted error that a race against the best may spend on keeping the best.
pub(crate) const LET_GO: f64 = 0.2;

/// Refuses what such a race cannot answer, before anything is spent.
///
/// # Errors
/// [`InputError`] that says what to do instead.
pub(crate) fn refuse(context: &Context, golden: &GoldenSet) -> anyhow::Result<()> {
    fault(context, golden).map_or(Ok(()), |fault| {
        Err(anyhow!(InputError(format!(
            "failed to race for a candidate that meets every requirement: {fault}"
        ))))
    })
}

/// Why such a race cannot answer what the project asks, and what to do instead; `None` = it can.
pub(crate) fn fault(context: &Context, golden: &GoldenSet) -> Option<&'static str> {
    let wanted = &context.project.requirements;
    if wanted.pass_rate.is_none() && wanted.not_worse_than.is_none() {
        Some(
            "no quality requirement is set that it could race for; hint: set `pass_rate` or `not_worse_than` under \
         [requirements], or race for the best pass rate by `--adaptive=calibrated`",
        )
    } else if is_against_best(wanted) && !crate::adaptive::counts_alike(golden) {
        Some(
            "who may be the best is told only where items are independent and count alike, but these share clusters or \
         differ in weight; hint: name a candidate (`candidate = \"incumbent\"`), or run without --adaptive",
        )
    } else {
        None
    }
}

/// Whether candidates are compared with whichever is the best.
pub(crate) fn is_against_best(wanted: &Requirements) -> bool {
    let bar = wanted.not_worse_than.as_ref();
    bar.is_some_and(|bar| bar.reference == Reference::Best)
}

/// What ranks a candidate, less is better.
fn value(decision: &Decision, own: &CandidateResult) -> Option<f64> {
    match decision.preference {
        Preference::CostPerQuery => Some(own.cost.per_query.as_ref()?.value.to_f64()),
        Preference::CostPerAccepted => Some(own.cost.per_accepted.as_ref()?.value.to_f64()),
        Preference::PassRate => Some(1.0 - own.pass_rate.as_ref()?.value),
        Preference::Latency => Some(own.latency.e2e_ms.as_ref()?.p50.value),
    }
}

/// Where the decision on some candidates is taken.
pub(crate) struct Bench<'a> {
    pub(crate) context: &'a Context,
    pub(crate) store: &'a Store,
    pub(crate) run: &'a RunId,
    pub(crate) options: DecideOptions,
}

impl Bench<'_> {
    /// Takes the decision on these candidates of the run, as it is recorded now.
    pub(crate) fn judge(&self, arms: &[u32]) -> Result<Vec<Standing>, BenchError> {
        let decision = self.decide(arms).map_err(|error| {
            BenchError::Defect(format!("the decision on part of a race failed: {error:#}"))
        })?;
        let standings = decision.candidates.iter();
        Ok(standings
            .map(|own| Standing {
                verdict: own.verdict,
                fails: own
                    .gates
                    .iter()
                    .find(|gate| gate.verdict == Verdict::Fails)
                    .map(|gate| gate.gate.label()),
                value: value(&decision, own),
            })
            .collect())
    }

    fn decide(&self, arms: &[u32]) -> anyhow::Result<Decision> {
        let manifest = self.store.manifest(self.run)?;
        let field = Field::among(self.context, &manifest, arms);
        let of_run = (self.store, &manifest);
        decision::decide_on(self.context, of_run, self.options, &field, |_| {})
    }
}

/// Lines the race up.
pub(crate) fn race<'a>(
    bench: &'a Bench<'a>,
    judge: &'a trilemma_bench::Judge<'a>,
) -> anyhow::Result<GateRace<'a>> {
    let manifest = bench.store.manifest(bench.run)?;
    let input = decision::input_of(bench.context, bench.store, &manifest, bench.options)?;
    let ruled_out = ruled_out(&input)?;
    let wanted = &input.requirements;
    let labels = field::labels(bench.context, &manifest);
    let enters = |idx: &u32| labels.get(*idx as usize) != Some(&true) && !ruled_out.contains(idx);
    let all = 0..u32::try_from(input.candidates.len())?;
    let n_entered = all.filter(enters).count();
    // A reference that is compared with nobody cannot be claimed falsely.
    let is_plain = wanted.pass_rate.is_none() && wanted.latency.is_none() && wanted.cost.is_none();
    let n_family = n_entered.saturating_sub(usize::from(is_plain)).max(1);
    let is_contest = is_against_best(wanted);
    let claim = |confidence: f64| match wanted.estimand {
        Estimand::GoldenSet => Some(Claim::OfSet),
        Estimand::Production => {
            let kept = if is_contest { 1.0 - LET_GO } else { 1.0 };
            strictest(1.0 - (1.0 - confidence) * kept, n_family).map(Claim::OfSource)
        }
    };
    let mut bars = Vec::new();
    if let Some(bar) = &wanted.pass_rate
        && let Some(claim) = claim(bar.confidence)
    {
        let min = bar.min;
        bars.push(Bar::PassRate { min, claim });
    }
    if let Some(bar) = &wanted.not_worse_than
        && let Some(claim) = claim(bar.confidence)
    {
        let allowed = match bar.margin {
            Margin::Absolute(points) => Allowed::Points(points),
            Margin::Ratio(share) => Allowed::Share(share),
        };
        bars.push(if is_contest {
            let let_go = LET_GO * (1.0 - bar.confidence);
            Bar::NotWorseThanBest {
                allowed,
                claim,
                let_go,
            }
        } else {
            Bar::NotWorse {
                reference: reference(&manifest, &input, &bar.reference)?,
                allowed,
                claim,
            }
        });
    }
    let confidences = [
        wanted.pass_rate.map(|bar| bar.confidence),
        wanted.not_worse_than.as_ref().map(|bar| bar.confidence),
    ];
    let confidence = confidences.into_iter().flatten().fold(1.0, f64::min);
    Ok(GateRace {
        bars,
        ruled_out,
        rank_by: rank_by(input.preference),
        // As it was written, without the dust of a subtraction.
        alpha: ((1.0 - confidence) * 1e9).round() / 1e9,
        judge,
    })
}

/// Candidates that a stated fact rules out, whatever they answer.
pub(crate) fn ruled_out(input: &DecisionInput) -> anyhow::Result<Vec<u32>> {
    let stated = (0u32..).zip(trilemma_decide::stated(input)?);
    Ok(stated
        .filter(|(_, verdict)| *verdict == Verdict::Fails)
        .map(|(idx, _)| idx)
        .collect())
}

fn reference(
    manifest: &RunManifest,
    input: &DecisionInput,
    reference: &Reference,
) -> anyhow::Result<usize> {
    let place = match reference {
        Reference::Incumbent => input.incumbent,
        Reference::Candidate(id) => position(manifest, id),
        Reference::Best => None,
    };
    place.ok_or_else(|| {
        anyhow!(InputError(
            "failed to find the candidate that others are compared with; hint: name it as `incumbent` under [task] \
             or among the candidates"
                .to_owned()
        ))
    })
}

fn position(manifest: &RunManifest, id: &CandidateId) -> Option<usize> {
    let mut ids = manifest.candidates.iter().map(|one| &one.candidate.id);
    ids.position(|one| one == id)
}
