//! The hard filters: each gate is met, failed, or left undecided by what no source states.

use trilemma_domain::{PrivacyRequirement, TrainingUse};

use super::estimate::QueryCost;
use super::question::Question;
use super::reason::{Caution, Exclusion, Gap};
use crate::catalog::Found;
use crate::entry::{ModelKind, Pin, Reasoning, Stated};
use crate::lifecycle::LifecycleState;
use crate::price::Staleness;
use crate::terms::{CommercialUse, Training};

/// Region of a server that the user runs: wherever that is.
const SELF: &str = "self";

/// What the gates say about one model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Judgement {
    pub(crate) fails: Vec<Exclusion>,
    pub(crate) gaps: Vec<Gap>,
}

/// Runs every gate, not only up to the first failure: people want to hear all reasons.
pub(crate) fn judge(
    found: &Found<'_>,
    question: &Question<'_>,
    cost: Option<&QueryCost>,
) -> Judgement {
    let mut judged = Judgement::default();
    lifecycle(found, question, &mut judged);
    sizes(found, question, &mut judged);
    for capability in &question.requirements.capabilities {
        let capability = *capability;
        match found.model.has(capability) {
            Stated::Yes => {}
            Stated::No => judged.fails.push(Exclusion::Lacks { capability }),
            Stated::Unknown => judged.gaps.push(Gap::Ability { capability }),
        }
    }
    if let Some(privacy) = &question.requirements.privacy {
        terms(found, privacy, &mut judged);
        hosting(found, privacy, &mut judged);
    }
    price(question, cost, &mut judged);
    judged
}

fn lifecycle(found: &Found<'_>, question: &Question<'_>, judged: &mut Judgement) {
    let lifecycle = &found.model.lifecycle;
    let horizon = question.until();
    match lifecycle.at(question.as_of) {
        LifecycleState::NotYetReleased { from } => {
            judged.fails.push(Exclusion::NotYetReleased { from });
        }
        LifecycleState::ShutDown { since, exact } => judged.fails.push(Exclusion::ShutDown {
            since,
            exact,
            replacement: lifecycle.replacement.clone(),
        }),
        LifecycleState::Ending { by, .. } if by <= horizon => {
            judged.fails.push(Exclusion::EndsInsideHorizon {
                by,
                horizon,
                replacement: lifecycle.replacement.clone(),
            });
        }
        LifecycleState::Ending { .. } | LifecycleState::Active => {}
    }
}

fn sizes(found: &Found<'_>, question: &Question<'_>, judged: &mut Judgement) {
    if let Some(needed) = question.requirements.context {
        match found.model.limits.context {
            Some(has) if has < needed => judged.fails.push(Exclusion::Context { needed, has }),
            Some(_) => {}
            None => judged.gaps.push(Gap::Context),
        }
    }
    let tokens = question.tokens;
    if found.model.fits(tokens.input, tokens.output) == Stated::No {
        judged.fails.push(Exclusion::TokensDoNotFit {
            input: tokens.input,
            output: tokens.output,
        });
    }
}

fn terms(found: &Found<'_>, privacy: &PrivacyRequirement, judged: &mut Judgement) {
    let terms = found.terms();
    if privacy.training == Some(TrainingUse::Forbidden) {
        match terms.map(|terms| (terms.training, terms)) {
            Some((Training::No, _)) => {}
            Some((Training::Yes, terms)) => judged.fails.push(Exclusion::TrainsOnData {
                source: terms.provenance.to_string(),
            }),
            Some((Training::Unknown, _)) | None => judged.gaps.push(Gap::Training),
        }
    }
    if privacy.regions.is_empty() {
        return;
    }
    match terms.and_then(|terms| terms.regions.as_ref().map(|regions| (regions, terms))) {
        None => judged.gaps.push(Gap::Regions),
        Some((offered, terms)) => {
            let wanted = |offered: &String| {
                offered == SELF
                    || privacy
                        .regions
                        .iter()
                        .any(|region| region.eq_ignore_ascii_case(offered))
            };
            if !offered.iter().any(wanted) {
                judged.fails.push(Exclusion::Region {
                    wanted: privacy.regions.clone(),
                    offered: offered.clone(),
                    source: terms.provenance.to_string(),
                });
            }
        }
    }
}

fn hosting(found: &Found<'_>, privacy: &PrivacyRequirement, judged: &mut Judgement) {
    if !privacy.self_hosted {
        return;
    }
    if found.model.kind != ModelKind::OpenWeights {
        judged.fails.push(Exclusion::NotSelfHosted);
        return;
    }
    match &found.model.licence {
        None => judged.gaps.push(Gap::Licence),
        Some(licence) => match licence.commercial {
            Some(CommercialUse::Yes | CommercialUse::Conditional) => {}
            Some(CommercialUse::No) => judged.fails.push(Exclusion::LicenceForbids {
                licence: licence.id.clone(),
            }),
            None => judged.gaps.push(Gap::Licence),
        },
    }
}

fn price(question: &Question<'_>, cost: Option<&QueryCost>, judged: &mut Judgement) {
    let Some(ceiling) = question.ceiling() else {
        return;
    };
    match cost {
        None => judged.gaps.push(Gap::Price { ceiling }),
        Some(cost) if cost.low > ceiling => judged.fails.push(Exclusion::TooDear {
            per_query: cost.low,
            ceiling,
        }),
        Some(_) => {}
    }
}

/// What to know about a model whatever the gates say; `later` is the estimate after an announced
/// price change inside the horizon.
pub(crate) fn cautions(
    found: &Found<'_>,
    question: &Question<'_>,
    cost: Option<&QueryCost>,
    later: Option<&QueryCost>,
) -> Vec<Caution> {
    let mut list = Vec::new();
    if found.is_moving() {
        list.push(Caution::MovingName {
            snapshot: found.model.id.to_string(),
        });
    } else if found.model.pin == Pin::Unpinned {
        list.push(Caution::Unpinned);
    }
    match cost {
        None if found.model.kind == ModelKind::Api => list.push(Caution::PriceUnknown),
        None => {}
        Some(cost) => {
            match cost.row.staleness(question.as_of) {
                Staleness::Fresh => {}
                Staleness::Ageing { days } | Staleness::Stale { days } => {
                    list.push(Caution::OldPrice { days });
                }
            }
            if let Some(on) = cost.row.to.filter(|on| *on <= question.until()) {
                let to = later.map(|later| later.high);
                if to != Some(cost.high) {
                    list.push(Caution::PriceChange {
                        on,
                        from: cost.high,
                        to,
                    });
                }
            }
        }
    }
    if matches!(
        found.model.parameters.reasoning,
        Some(Reasoning::Default | Reasoning::Always)
    ) {
        list.push(Caution::HiddenReasoning);
    }
    list.extend(promises(found, question));
    if let LifecycleState::Ending { by, .. } = found.model.lifecycle_at(question.as_of) {
        list.push(Caution::Ends { by });
    }
    list
}

/// Conditions under which data terms and licences hold, where the project relies on them.
fn promises(found: &Found<'_>, question: &Question<'_>) -> Vec<Caution> {
    let Some(privacy) = &question.requirements.privacy else {
        return Vec::new();
    };
    let relies = privacy.training == Some(TrainingUse::Forbidden) || !privacy.regions.is_empty();
    let condition = found
        .terms()
        .filter(|_| relies)
        .and_then(|terms| terms.conditions.clone())
        .map(|text| Caution::TermsCondition { text });
    let licence = found
        .model
        .licence
        .as_ref()
        .filter(|licence| {
            privacy.self_hosted && licence.commercial == Some(CommercialUse::Conditional)
        })
        .map(|licence| Caution::LicenceCondition {
            licence: licence.id.clone(),
        });
    condition.into_iter().chain(licence).collect()
}
