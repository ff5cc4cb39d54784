//! A routed mix as one more candidate of a decision.
//!
//! In: what a decision is taken from, and the answers of its run. Out: the decision's collector with the mix
//! behind the candidates, where routing is shown to be worth something, and [`Routing`]: what it is worth, or
//! why none is proposed. Each item is decided by policies that were trained on other folds; dependent items
//! share a fold. What was trained is kept (`kept`). A decision must not wait for it, so at most [`MOST_ITEMS`] items take part, and whether cheap
//! answers are compared or queries are read is settled beforehand.

use std::collections::BTreeSet;

use trilemma_decide::{
    Collector, DecisionInput, Figure, Mix, Mixed, RouteItem, RoutePoint, Routing, RoutingKind,
    Shown,
};
use trilemma_domain::{CandidateId, Usd, Verdict};
use trilemma_golden::Side;
use trilemma_route::{
    Appraisal, MIN_ITEMS, N_FOLDS, Options, Plan, Point, Policy, Router, Served, Standing, Study,
    Verdict as Worth,
};
use trilemma_store::{RunManifest, Store};

use super::kept::{self, Kept, Shelf};
use super::plan::plan_lines;
use super::target;
use super::{Material, Part, gather, options};
use crate::context::Context;
use crate::hint;
use crate::places;

/// Most items that take part; of more a random part does.
const MOST_ITEMS: usize = 2_000;
/// Most items times candidates of which queries are read: reading them is what takes time.
const MOST_QUERIES: usize = 3_000;
/// Share of items on which two cheap candidates must say the same for answers to be comparable.
const COMPARABLE: f64 = 0.1;
/// Most items that are listed.
const MOST_LISTED: usize = 500;
/// Name of the mix, unless a candidate has it.
const NAME: &str = "routed-mix";

/// Which decision is taken.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) context: &'a Context,
    pub(crate) store: &'a Store,
    pub(crate) manifest: &'a RunManifest,
    /// Part of the golden set; `None` = all of it.
    pub(crate) split: Option<Side>,
    /// Places of the run's candidates in the decision; `None` = not decided on.
    pub(crate) places: &'a [Option<u32>],
}

/// Puts a mix behind the candidates, unless the project says that none is to be proposed.
///
/// # Errors
/// Not for input that the run itself was made with.
pub(crate) fn propose(
    case: &Case<'_>,
    collector: Collector,
) -> anyhow::Result<(Collector, Option<Routing>)> {
    if !case.context.project.routing.propose {
        return Ok((collector, None));
    }
    let input = collector.input();
    if input.candidates.len() < 2 {
        return Ok((collector, None));
    }
    let mut routing = nothing(case, input);
    let (mix, reason) = match proposal(case, input, &mut routing) {
        Ok(mix) => (Some(mix), None),
        Err(reason) => (None, Some(reason)),
    };
    routing.reason = reason;
    let Some(mix) = mix else {
        return Ok((collector, Some(routing)));
    };
    routing.candidate = Some(input.candidates.len());
    Ok((collector.with_mix(mix)?, Some(routing)))
}

/// Nothing looked at yet.
fn nothing(case: &Case<'_>, input: &DecisionInput) -> Routing {
    Routing {
        candidate: None,
        reason: None,
        kind: None,
        target: case.context.project.routing.target.to_string(),
        n: 0,
        n_items: input.items.len(),
        n_folds: N_FOLDS,
        plan: Vec::new(),
        area: None,
        above_mix: None,
        escalated: None,
        singles: Vec::new(),
        mix: Vec::new(),
        curve: Vec::new(),
        oracle: None,
        items: Vec::new(),
        n_items_left_out: 0,
        next: None,
    }
}

/// Trains; a refusal is a sentence.
fn proposal(case: &Case<'_>, input: &DecisionInput, routing: &mut Routing) -> Result<Mix, String> {
    if !super::labels::of_rules(case.context).is_empty() {
        return Err("rules under `[routing]` ask for labels, which are not paid for here: `trilemma route eval` \
             pays them".to_owned());
    }
    let names = allowed(case, input)?;
    let part = Part {
        only: &names,
        labels: &[],
        split: case.split,
        most_items: Some(MOST_ITEMS),
    };
    let material =
        gather(case.context, (case.store, &case.manifest.run), part).map_err(|error| {
            let text = format!("{error:#}");
            text.lines().next().unwrap_or_default().to_owned()
        })?;
    let examples = &material.gathered.examples;
    routing.n = examples.rows.len();
    if examples.members.len() < 2 {
        return Err(alone(&material));
    }
    if examples.rows.len() < MIN_ITEMS {
        return Err(format!(
            "{} items with an answer of known cost by everybody who could take part are too few: {MIN_ITEMS} \
             are needed",
            examples.rows.len()
        ));
    }
    let kind = kind(&material)?;
    routing.kind = Some(kind);
    let mut wanted = options(case.context, &material, case.context.project.routing.target);
    wanted.cascades = kind == RoutingKind::Cascade;
    wanted.reads = false;
    wanted.labels = None;
    wanted.queries = kind == RoutingKind::Query;
    usable(&material, &wanted)?;
    let ways = Ways {
        decided: decided_places(case, &material),
        rows: material.row_items.clone(),
        incomplete: incomplete(&material),
    };
    let names: Vec<String> = if names.len() < input.candidates.len() {
        names
    } else {
        Vec::new()
    };
    let shelf = places::store_path(&case.context.folder, &case.context.project)
        .map(|store| Shelf::beside(&store))
        .ok();
    let known = (&ways, &(&names, kind, case.split, &*routing));
    let name = kept::name((&material, &wanted), input, known);
    if let Some(found) = shelf.as_ref().and_then(|shelf| shelf.get(&name)) {
        *routing = found.routing;
        return found.mix;
    }
    let study = Study::of(material.gathered, wanted);
    let mix = studied(case, (&study, &ways, &names), input, routing);
    if let Some(shelf) = shelf {
        let routing = routing.clone();
        shelf.put(
            &name,
            &Kept {
                routing,
                mix: mix.clone(),
            },
        );
    }
    mix
}

/// What a study comes to in the decision; a refusal is a sentence.
fn studied(
    case: &Case<'_>,
    (study, ways, names): (&Study, &Ways, &[String]),
    input: &DecisionInput,
    routing: &mut Routing,
) -> Result<Mix, String> {
    fill(routing, study, ways, input);
    if let Worth::Abstain { reason, .. } = &study.evaluation.verdict {
        return Err(reason.clone());
    }
    let policy = &study.trained.policy;
    let wanted = study.options.target;
    if let Some((_, reason)) = target::refusal(policy, study.trained.cost_usd, wanted) {
        return Err(reason);
    }
    let Some(unseen) = study.unseen() else {
        return Err("nothing was served by policies of this target".to_owned());
    };
    let against = unseen.against(wanted);
    if against.standing == Standing::Missed {
        return Err(format!("on items that policies had not seen, {against}"));
    }
    routing
        .plan
        .push(format!("on items that it had not seen, {against}"));
    let examples = &study.gathered.examples;
    let gives = unseen.gives(examples);
    if !gives.is_shown() {
        routing.plan.push(format!(
            "there it is not shown to give anything over `{}` alone: it {gives}",
            gives.best
        ));
    }
    let chosen = &study.evaluation.chosen;
    if chosen.iter().any(|way| *way != study.trained.way) {
        let names: Vec<&str> = chosen.iter().map(|way| target::way_name(*way)).collect();
        routing.plan.push(format!(
            "the figures are those of policies of five folds, which are: {}",
            target::counted_ways(&names)
        ));
    }
    routing.next = routing.kind.map(|kind| next(case, kind, names));
    Ok(mix(policy, unseen, ways, input))
}

/// Candidates that a request may go to: those that meet every requirement on stated facts.
fn allowed(case: &Case<'_>, input: &DecisionInput) -> Result<Vec<String>, String> {
    let stated = trilemma_decide::stated(input).map_err(|error| error.to_string())?;
    let names: Vec<String> = (input.candidates.iter().zip(stated))
        .filter(|(_, verdict)| *verdict == Verdict::Meets)
        .map(|(own, _)| own.id.to_string())
        .collect();
    if names.len() < 2 {
        return Err(format!(
            "{} of {} candidates meet every requirement on stated facts (data protection, context, abilities, \
             still offered, age of prices), and a request may go to no other",
            names.len(),
            case.places.iter().flatten().count()
        ));
    }
    Ok(names)
}

/// Why there are no two candidates.
fn alone(material: &Material) -> String {
    let left_out = material.gathered.left_out.iter();
    let reasons: Vec<String> = left_out
        .filter(|one| one.reason != "was not asked for")
        .take(3)
        .map(|one| {
            let reason = one.reason.split("; hint").next().unwrap_or_default();
            format!("`{}` {reason}", one.candidate)
        })
        .collect();
    format!(
        "fewer than two candidates can take part: {}",
        reasons.join(", ")
    )
}

/// What can be trained in a moment: cheap answers are compared where they can be, else queries are read where
/// they are few.
fn kind(material: &Material) -> Result<RoutingKind, String> {
    let examples = &material.gathered.examples;
    let can_agree = examples.agreement();
    if can_agree.is_some_and(|share| share >= COMPARABLE) {
        return Ok(RoutingKind::Cascade);
    }
    if examples.rows.len() * examples.members.len() <= MOST_QUERIES {
        return Ok(RoutingKind::Query);
    }
    let why = match can_agree {
        None => {
            "no two candidates cost less than a quarter of the large one, so no cheap answers can be compared"
        }
        Some(_) => {
            "the answers of cheap candidates never agree, so they cannot be compared (`extract` under \
                    `[routing]` names the part that matters)"
        }
    };
    Err(format!(
        "{why}, and to learn from this many queries takes more than a moment: `trilemma route eval` does"
    ))
}

/// Whether the project's rules can be used with those who take part.
fn usable(material: &Material, wanted: &Options) -> Result<(), String> {
    let members = material.gathered.examples.members.clone();
    let first = members
        .first()
        .map_or_else(|| CandidateId::new(""), |one| one.id.clone());
    let policy = Policy::new(wanted.name.clone(), members, Plan::Single(first.clone()));
    let policy = wanted.frame.around(policy, vec![first]);
    Router::new(policy).map(drop).map_err(|_| {
        "rules or fallback under `[routing]` name candidates that take no part: `trilemma route train` lists \
         them"
            .to_owned()
    })
}

/// Whose place is whose.
#[derive(Debug)]
struct Ways {
    /// Place in the decision by member.
    decided: Vec<usize>,
    /// Place in the decision by example.
    rows: Vec<usize>,
    /// Places of items that somebody has no result on.
    incomplete: BTreeSet<usize>,
}

impl Ways {
    fn member(&self, member: usize) -> Option<usize> {
        self.decided.get(member).copied()
    }
}

fn decided_places(case: &Case<'_>, material: &Material) -> Vec<usize> {
    let places = material.gathered.member_places.iter();
    places
        .filter_map(|place| case.places.get(*place).copied().flatten())
        .map(|place| place as usize)
        .collect()
}

/// Items that take part, but not with everybody's result.
fn incomplete(material: &Material) -> BTreeSet<usize> {
    let complete: BTreeSet<usize> = material.row_items.iter().copied().collect();
    let all = material.given_items.iter().copied();
    all.filter(|item| !complete.contains(item)).collect()
}

/// Writes down what was found.
fn fill(routing: &mut Routing, study: &Study, ways: &Ways, input: &DecisionInput) {
    let found = &study.evaluation;
    let points = |all: &[Point]| all.iter().filter_map(point).collect::<Vec<RoutePoint>>();
    routing.plan = plan_lines(&study.trained.policy);
    routing.area = found.area.as_ref().and_then(Figure::resampled);
    routing.singles = points(&found.singles);
    routing.mix = points(&found.mix);
    routing.curve = points(&found.curve);
    routing.oracle = found
        .baselines
        .iter()
        .find(|one| one.name == "oracle")
        .and_then(point);
    let Some(unseen) = study.unseen() else { return };
    routing.above_mix = unseen.above_mix.as_ref().and_then(Figure::resampled);
    routing.escalated = unseen.escalation.as_ref().and_then(Figure::resampled);
    let best = study.gathered.examples.best_single();
    let mut items: Vec<(u8, RouteItem)> = (unseen.served.iter().enumerate())
        .filter_map(|(row, served)| item(study, (row, served), best, (ways, input)))
        .collect();
    items.sort_by_key(|(order, one)| (*order, one.item));
    routing.n_items_left_out = items.len().saturating_sub(MOST_LISTED);
    routing.items = items
        .into_iter()
        .take(MOST_LISTED)
        .map(|one| one.1)
        .collect();
}

fn point(point: &Point) -> Option<RoutePoint> {
    Some(RoutePoint {
        name: point.name.clone(),
        usd_per_query: usd(point.cost_usd)?,
        usd_interval: point.cost.as_ref().and_then(Figure::resampled),
        pass_rate: Figure::resampled(point.interval.as_ref()?)?,
    })
}

fn usd(amount: f64) -> Option<Usd> {
    let amount = trilemma_cost::decimal_of(amount)?;
    Some(Usd::new(amount.round_dp(12).normalize()))
}

/// One item, with its place in the order: where the mix is wrong and the best single candidate right, the other
/// way round, escalated ones, the rest.
fn item(
    study: &Study,
    (row, served): (usize, &Served),
    best: usize,
    (ways, input): (&Ways, &DecisionInput),
) -> Option<(u8, RouteItem)> {
    let place = *ways.rows.get(row)?;
    let example = study.gathered.examples.rows.get(row)?;
    let passes = served.quality >= 1.0;
    let best_passes = example
        .outcomes
        .get(best)
        .is_some_and(|one| one.quality >= 1.0);
    let order = match (passes, best_passes) {
        (false, true) => 0,
        (true, false) => 1,
        _ if served.n_steps > 1 => 2,
        _ => 3,
    };
    let name = |members: &Vec<usize>| members.iter().filter_map(|one| ways.member(*one)).collect();
    let one = RouteItem {
        item: place,
        id: input.items.get(place)?.id.to_string(),
        asked: served.asked.iter().map(name).collect(),
        answered_by: served.answered_by.and_then(|one| ways.member(one)),
        passes,
        best_passes,
        usd: usd(served.cost_usd)?,
        why: served
            .why
            .last()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    Some((order, one))
}

/// What policies did on items that they had not seen, as a candidate.
fn mix(policy: &Policy, unseen: &Appraisal, ways: &Ways, input: &DecisionInput) -> Mix {
    let mut items = vec![Mixed::LeftOut; input.items.len()];
    for place in &ways.incomplete {
        if let Some(slot) = items.get_mut(*place) {
            *slot = Mixed::Incomplete;
        }
    }
    let mut parts: BTreeSet<usize> = BTreeSet::new();
    let place = |id: &CandidateId| input.candidates.iter().position(|one| one.id == *id);
    // Whom the policy of all items may ask counts too: a request may reach it.
    parts.extend(policy.asks().iter().filter_map(place));
    for (served, at) in unseen.served.iter().zip(&ways.rows) {
        let step = |step: &Vec<usize>| -> Vec<usize> {
            step.iter().filter_map(|one| ways.member(*one)).collect()
        };
        let asked: Vec<Vec<usize>> = served.asked.iter().map(step).collect();
        parts.extend(asked.iter().flatten());
        let Some(slot) = items.get_mut(*at) else {
            continue;
        };
        *slot = match served.answered_by.and_then(|one| ways.member(one)) {
            None => Mixed::Incomplete,
            Some(answered_by) => Mixed::Served {
                asked,
                answered_by,
                shown: if served.held_back {
                    Shown::AtTheEnd
                } else {
                    Shown::AsItComes
                },
            },
        };
    }
    Mix {
        id: free_name(input),
        plan: plan_lines(policy),
        parts: parts.into_iter().collect(),
        items,
    }
}

fn free_name(input: &DecisionInput) -> CandidateId {
    let is_taken = |name: &str| input.candidates.iter().any(|one| one.id.as_str() == name);
    let mut name = NAME.to_owned();
    while is_taken(&name) {
        name.push('-');
        name.push('x');
    }
    CandidateId::new(name)
}

/// What writes the policy that was trained on all items.
fn next(case: &Case<'_>, kind: RoutingKind, names: &[String]) -> String {
    let kind = match kind {
        RoutingKind::Cascade => "cascade",
        RoutingKind::Query => "query",
    };
    let mut words = format!("route train --kind {kind}");
    if !names.is_empty() {
        words.push_str(&format!(" --candidates {}", hint::word(&names.join(","))));
    }
    words.push_str(" -o policy.json");
    crate::split::with_split(&words, case.split)
}
