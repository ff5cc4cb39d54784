//! From the models that pass to three to five proposals in an order.
//!
//! Within a role, models are ranked by known price, then by how obvious their vendor is, then by
//! distance from the size class that suits the task, then by cost; a vendor gets one place per role
//! until the others had theirs. Roles per stakes: high = three flagships, a workhorse, an economy
//! model; medium = a flagship, two workhorses, a second flagship, an economy model; low or busy =
//! two economy models, a workhorse, a flagship, another economy model.

use std::cmp::Ordering;

use trilemma_domain::{ModelName, Stakes, Usd};

use super::estimate::{QueryCost, estimate};
use super::gates::{Judgement, cautions, judge};
use super::question::Question;
use super::reason::{Caution, Exclusion, Gap, Inclusion, Passed};
use crate::catalog::{Catalog, Found};
use crate::entry::{ModelKind, Role};
use crate::error::CatalogError;
use crate::tier::{Tier, TierRow};

/// A candidate worth measuring.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// Which model.
    pub id: ModelName,
    /// Its name for people.
    pub name: String,
    /// Estimate per query; `None` = price unknown.
    pub cost: Option<QueryCost>,
    /// Why it is proposed.
    pub because: Vec<Inclusion>,
    /// What to know about it.
    pub cautions: Vec<Caution>,
}

/// A model with the reasons for its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged<R> {
    /// Which model.
    pub id: ModelName,
    /// The reasons; at least one.
    pub reasons: Vec<R>,
}

/// A model that the user named: kept whatever is said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// The name as given.
    pub name: String,
    /// The model that it means; `None` = unknown to the catalog.
    pub id: Option<ModelName>,
    /// What would have excluded it.
    pub fails: Vec<Exclusion>,
    /// What no source decides.
    pub gaps: Vec<Gap>,
    /// What to know about it.
    pub cautions: Vec<Caution>,
    /// Why it is not in the catalog, with the nearest names.
    pub problem: Option<String>,
}

/// The answer; every model of the catalog is in exactly one of the first four lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shortlist {
    /// At most five, in the order in which to try them.
    pub proposals: Vec<Proposal>,
    /// Models that pass every gate but are not proposed.
    pub passed_over: Vec<Judged<Passed>>,
    /// Models that fail no gate and leave at least one undecided.
    pub undecided: Vec<Judged<Gap>>,
    /// Models that fail a gate.
    pub excluded: Vec<Judged<Exclusion>>,
    /// Models that the user named, in the user's order.
    pub named: Vec<Named>,
}

struct Entry<'a> {
    found: Found<'a>,
    cost: Option<QueryCost>,
}

impl Entry<'_> {
    fn id(&self) -> &ModelName {
        &self.found.model.id
    }

    fn usd(&self) -> Option<Usd> {
        self.cost.as_ref().map(|cost| cost.high)
    }
}

/// Proposes three to five candidates, fewer where fewer pass.
///
/// A pure function of catalog and question: the same input gives the same output. A lower price
/// ceiling never lets a model pass that did not pass before.
///
/// # Errors
/// Only for catalog rows that cannot be read.
pub fn shortlist(catalog: &Catalog, question: &Question<'_>) -> Result<Shortlist, CatalogError> {
    let mut list = Shortlist {
        named: named(catalog, question)?,
        ..Shortlist::default()
    };
    let mut passing = Vec::new();
    for found in catalog.models()? {
        let cost = estimate(catalog, &found, question, question.as_of)?;
        let Judgement { fails, gaps } = judge(&found, question, cost.as_ref());
        let id = found.model.id.clone();
        if !fails.is_empty() {
            list.excluded.push(Judged { id, reasons: fails });
        } else if !gaps.is_empty() {
            list.undecided.push(Judged { id, reasons: gaps });
        } else {
            passing.push(Entry { found, cost });
        }
    }
    let tiers = catalog.tiers()?;
    let (mut open, passed) = withdraw(passing, question);
    list.passed_over = passed;
    let wanted = wanted_tier(tiers, question);
    open.sort_by(|a, b| order(a, b, wanted));
    let (chosen, rest) = choose(open, question);
    list.passed_over.extend(rest.iter().map(|entry| Judged {
        id: entry.id().clone(),
        reasons: vec![Passed::OthersFirst],
    }));
    list.proposals = propose(catalog, question, tiers, chosen)?;
    Ok(list)
}

fn named(catalog: &Catalog, question: &Question<'_>) -> Result<Vec<Named>, CatalogError> {
    let mut list = Vec::new();
    for name in question.named {
        let found = match catalog.find(name, question.as_of) {
            Ok(found) => found,
            Err(error @ (CatalogError::UnknownModel { .. } | CatalogError::Ambiguous { .. })) => {
                list.push(Named {
                    name: name.clone(),
                    id: None,
                    fails: Vec::new(),
                    gaps: Vec::new(),
                    cautions: Vec::new(),
                    problem: Some(format!("failed to {error}")),
                });
                continue;
            }
            Err(error) => return Err(error),
        };
        let cost = estimate(catalog, &found, question, question.as_of)?;
        let Judgement { fails, gaps } = judge(&found, question, cost.as_ref());
        let mut notes = notes(catalog, &found, question, cost.as_ref())?;
        if let Some(by) = newer(catalog, &found, question)? {
            notes.push(Caution::Superseded { by });
        }
        list.push(Named {
            name: name.clone(),
            id: Some(found.model.id.clone()),
            fails,
            gaps,
            cautions: notes,
            problem: None,
        });
    }
    Ok(list)
}

/// Newest model of the same line that is to be had on the day, if it is another one.
fn newer(
    catalog: &Catalog,
    found: &Found<'_>,
    question: &Question<'_>,
) -> Result<Option<String>, CatalogError> {
    let Some(line) = &found.model.line else {
        return Ok(None);
    };
    let start = |found: &Found<'_>| found.model.lifecycle.start();
    let best = catalog
        .models()?
        .into_iter()
        .filter(|other| other.model.id.provider == found.model.id.provider)
        .filter(|other| other.model.line.as_ref() == Some(line))
        .filter(|other| start(other).is_some_and(|from| from <= question.as_of))
        .max_by_key(start);
    Ok(best
        .filter(|best| start(best) > start(found))
        .map(|best| best.model.id.to_string()))
}

fn notes(
    catalog: &Catalog,
    found: &Found<'_>,
    question: &Question<'_>,
    cost: Option<&QueryCost>,
) -> Result<Vec<Caution>, CatalogError> {
    let later = match cost.and_then(|cost| cost.row.to) {
        Some(on) if on <= question.until() => estimate(catalog, found, question, on)?,
        _ => None,
    };
    Ok(cautions(found, question, cost, later.as_ref()))
}

/// Takes out what nobody asked to host, what is made for other tasks, and what a newer model of
/// its line stands in for.
fn withdraw<'a>(
    passing: Vec<Entry<'a>>,
    question: &Question<'_>,
) -> (Vec<Entry<'a>>, Vec<Judged<Passed>>) {
    let hosting = question
        .requirements
        .privacy
        .as_ref()
        .is_some_and(|privacy| privacy.self_hosted);
    let verdicts: Vec<Option<Passed>> = passing
        .iter()
        .map(|entry| {
            if entry.found.model.kind == ModelKind::OpenWeights && !hosting {
                return Some(Passed::NeedsHosting);
            }
            let tasks = &entry.found.model.only_for;
            if !tasks.is_empty() && !tasks.contains(&question.task) {
                return Some(Passed::Specialised {
                    tasks: tasks.clone(),
                });
            }
            successor(entry, &passing).map(|by| Passed::Superseded { by })
        })
        .collect();
    let (mut open, mut passed) = (Vec::new(), Vec::new());
    for (entry, verdict) in passing.into_iter().zip(verdicts) {
        match verdict {
            None => open.push(entry),
            Some(reason) => passed.push(Judged {
                id: entry.id().clone(),
                reasons: vec![reason],
            }),
        }
    }
    (open, passed)
}

/// How much dearer a newer model may be and still stand in for an older one of its line.
const STANDS_IN_UP_TO: f64 = 1.5;

/// A newer model of the same line that passes too, priced if this one is and not much dearer.
fn successor(entry: &Entry<'_>, passing: &[Entry<'_>]) -> Option<String> {
    let line = entry.found.model.line.as_ref()?;
    let start = |entry: &Entry<'_>| entry.found.model.lifecycle.start();
    passing
        .iter()
        .filter(|other| other.id().provider == entry.id().provider)
        .filter(|other| other.found.model.line.as_ref() == Some(line))
        .filter(|other| start(other) > start(entry))
        .filter(|other| match (entry.usd(), other.usd()) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) => new.to_f64() <= old.to_f64() * STANDS_IN_UP_TO,
        })
        .max_by_key(|other| start(other))
        .map(|other| other.id().to_string())
}

/// The smallest class that suits the task; one class more where stakes are high.
fn wanted_tier(tiers: &[TierRow], question: &Question<'_>) -> Tier {
    let suits = tiers
        .iter()
        .find(|row| row.suits.contains(&question.task))
        .map_or(Tier::Mid, |row| row.tier);
    match (question.stakes, suits) {
        (Stakes::High, Tier::Small) => Tier::Mid,
        (Stakes::High, Tier::Mid | Tier::Large) => Tier::Large,
        (Stakes::Low | Stakes::Medium, tier) => tier,
    }
}

fn order(a: &Entry<'_>, b: &Entry<'_>, wanted: Tier) -> Ordering {
    let distance = |entry: &Entry<'_>| match entry.found.model.tier {
        Some(tier) => (tier as u8).abs_diff(wanted as u8),
        None => u8::MAX,
    };
    let key = |entry: &Entry<'_>| {
        (
            entry.cost.is_none(),
            entry.found.provider.standing,
            distance(entry),
            entry.usd(),
        )
    };
    key(a).cmp(&key(b)).then_with(|| a.id().cmp(b.id()))
}

/// Roles in the order in which places are given.
fn places(question: &Question<'_>) -> [Role; 5] {
    use Role::{Economy, Flagship, Workhorse};
    if question.cheap_first() {
        return [Economy, Economy, Workhorse, Flagship, Economy];
    }
    match question.stakes {
        Stakes::High => [Flagship, Flagship, Flagship, Workhorse, Economy],
        Stakes::Low | Stakes::Medium => [Flagship, Workhorse, Workhorse, Flagship, Economy],
    }
}

/// Gives each place to the best model of its role, preferring vendors that have no place yet for
/// that role; a place that its role cannot fill goes to the best of the weaker roles, preferring
/// vendors without any place. The same weights are proposed once. At least three places are filled
/// if as many models are open.
fn choose<'a>(
    mut open: Vec<Entry<'a>>,
    question: &Question<'_>,
) -> (Vec<Entry<'a>>, Vec<Entry<'a>>) {
    let mut chosen: Vec<Entry<'a>> = Vec::new();
    for place in places(question) {
        let exact = |entry: &Entry<'_>| entry.found.model.role == Some(place);
        let weaker = |entry: &Entry<'_>| entry.found.model.role.is_some_and(|role| role < place);
        if let Some(idx) = best(&open, &chosen, exact).or_else(|| best(&open, &chosen, weaker)) {
            chosen.push(open.remove(idx));
        }
    }
    while chosen.len() < 3 && !open.is_empty() {
        chosen.push(open.remove(0));
    }
    if question.cheap_first() {
        chosen.sort_by_key(|entry| (entry.cost.is_none(), entry.usd()));
    } else {
        chosen.sort_by_key(|entry| std::cmp::Reverse(entry.found.model.role));
    }
    (chosen, open)
}

/// Position of the first fitting model: a priced one of a vendor without a fitting place, else a
/// priced one, else any.
fn best(
    open: &[Entry<'_>],
    chosen: &[Entry<'_>],
    fits: impl Fn(&Entry<'_>) -> bool,
) -> Option<usize> {
    let vendor_has_one = |entry: &Entry<'_>| {
        chosen
            .iter()
            .any(|other| fits(other) && other.id().provider == entry.id().provider)
    };
    let weights = |entry: &Entry<'_>| entry.found.model.weights.clone();
    let repeats = |entry: &Entry<'_>| {
        weights(entry).is_some() && chosen.iter().any(|other| weights(other) == weights(entry))
    };
    let first = |also: &dyn Fn(&Entry<'_>) -> bool| {
        open.iter()
            .position(|entry| fits(entry) && !repeats(entry) && also(entry))
    };
    first(&|entry| entry.cost.is_some() && !vendor_has_one(entry))
        .or_else(|| first(&|entry| entry.cost.is_some()))
        .or_else(|| first(&|_| true))
}

fn propose(
    catalog: &Catalog,
    question: &Question<'_>,
    tiers: &[TierRow],
    chosen: Vec<Entry<'_>>,
) -> Result<Vec<Proposal>, CatalogError> {
    let front = chosen
        .iter()
        .filter(|entry| entry.found.model.role >= Some(Role::Flagship))
        .min_by_key(|entry| entry.found.provider.standing)
        .map(|entry| (entry.id().to_string(), entry.usd()));
    let mut proposals = Vec::new();
    for entry in chosen {
        let notes = notes(catalog, &entry.found, question, entry.cost.as_ref())?;
        proposals.push(Proposal {
            id: entry.id().clone(),
            name: entry.found.model.name.clone(),
            because: because(&entry, front.as_ref(), question, tiers),
            cautions: notes,
            cost: entry.cost,
        });
    }
    Ok(proposals)
}

fn because(
    entry: &Entry<'_>,
    front: Option<&(String, Option<Usd>)>,
    question: &Question<'_>,
    tiers: &[TierRow],
) -> Vec<Inclusion> {
    let model = entry.found.model;
    let mut list = Vec::new();
    match model.role {
        Some(Role::Flagship | Role::Premium) => list.push(Inclusion::FrontRunner),
        Some(role @ (Role::Workhorse | Role::Economy)) => list.push(Inclusion::Role { role }),
        None => {}
    }
    if question.cheap_first() && model.role == Some(Role::Economy) {
        list.push(Inclusion::CheapFirst);
    }
    if let Some((than, Some(dear))) = front
        && let Some(own) = entry.usd()
        && own < *dear
        && own > Usd::ZERO
    {
        list.push(Inclusion::Cheaper {
            than: than.clone(),
            times: dear.to_f64() / own.to_f64(),
        });
    }
    let suiting = tiers
        .iter()
        .find(|row| Some(row.tier) == model.tier && row.suits.contains(&question.task));
    if let Some(row) = suiting {
        list.push(Inclusion::SuitsTask {
            tier: row.tier,
            task: question.task,
            source: row.provenance.source.to_string(),
        });
    }
    list
}
