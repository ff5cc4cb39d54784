//! Recorded outcomes in the form that training and evaluation need.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use trilemma_domain::CandidateId;

use crate::learned::Sight;
use crate::observe::Observation;
use crate::policy::{Compare, Member, Modality, Policy};
use crate::request::RequestView;

/// Most candidates whose quality is estimated from queries.
const MOST_ESTIMATED: usize = 8;

/// What rules may ask of an item beside its text and task; nothing stated by default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct About {
    /// Characters of the whole request, system message and history included; `None` = those of the
    /// text.
    pub context_chars: Option<usize>,
    /// The route by which it comes in.
    pub route: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Class of the user.
    pub user_tier: Option<String>,
    /// When it is asked.
    pub time: Option<Timestamp>,
    /// What it carries beside text.
    pub modalities: Vec<Modality>,
}

/// What one candidate made of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its answer, as the step function will see it.
    pub observation: Observation,
    /// Quality in [0, 1]: 1 for a pass.
    pub quality: f64,
    /// What the call cost in USD, at least zero.
    pub cost_usd: f64,
    /// How long it took; `None` = not recorded.
    pub seconds: Option<f64>,
    /// What the same candidate answered when it was asked the same again; these have none of their own.
    pub again: Vec<Recorded>,
}

/// One item with everybody's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The item's id.
    pub id: String,
    /// The text that features read.
    pub text: String,
    /// Its task, where items belong to several.
    pub task: Option<String>,
    /// Items that are not independent share one: they stand in the same fold, and are drawn together.
    /// `None` = independent of all others.
    pub group: Option<String>,
    /// What else rules may ask for.
    pub about: About,
    /// By candidate, in the order of [`Examples::members`].
    pub outcomes: Vec<Recorded>,
    /// Its vector; `None` = it has no text, nobody was asked, or the call failed.
    pub embedded: Option<Embedded>,
    /// What those said who give labels, in the order of [`Examples::classifiers`]; their quality means nothing.
    pub labels: Vec<Recorded>,
}

/// Items on which every candidate has an outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Examples {
    /// The candidates.
    pub members: Vec<Member>,
    /// The items.
    pub rows: Vec<Example>,
    /// From an answer to what is compared; `None` = the trimmed text.
    pub extract: Option<Value>,
    /// When two answers are the same.
    pub compare: Compare,
    /// Who makes vectors of the items' texts; `None` = nobody.
    pub embedder: Option<Embedder>,
    /// Who gives labels: they answer nothing, so that nobody is compared with them and nothing is given of them.
    pub classifiers: Vec<Member>,
}

/// Who makes vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedder {
    /// As the policy will name it.
    pub member: Member,
    /// Numbers of a vector.
    pub dimensions: usize,
}

/// The vector of one item's text, and what one call for it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedded {
    /// As it came.
    pub vector: Arc<[f32]>,
    /// Input tokens; `None` = not reported.
    pub input_tokens: Option<u64>,
    /// What the call costs in USD, at least zero.
    pub cost_usd: f64,
    /// How long a call for one text takes; `None` = not measured.
    pub seconds: Option<f64>,
}

impl Example {
    /// The request as policies see it.
    #[must_use]
    pub fn view(&self) -> RequestView<'_> {
        let bare = RequestView::of_text(self.text.as_str());
        RequestView {
            task: self.task.as_deref(),
            context_chars: self.about.context_chars.unwrap_or(bare.context_chars),
            route: self.about.route.as_deref(),
            tags: &self.about.tags,
            user_tier: self.about.user_tier.as_deref(),
            time: self.about.time,
            modalities: self.about.modalities.clone(),
            ..bare
        }
    }

    /// What a candidate came to when it was asked for the nth time, from 0; the last that is recorded where
    /// it was not asked as often.
    pub(crate) fn draw(&self, member: usize, nth: usize) -> Option<&Recorded> {
        let first = self.outcomes.get(member)?;
        let again = nth.min(first.again.len()).checked_sub(1);
        again.map_or(Some(first), |at| first.again.get(at))
    }

    /// What making its vector costs; zero where it has none.
    pub(crate) fn embedding_cost(&self) -> f64 {
        self.embedded.as_ref().map_or(0.0, |one| one.cost_usd)
    }

    /// What a fit looks at.
    pub(crate) fn sight(&self) -> Sight<'_> {
        Sight {
            text: &self.text,
            task: self.task.as_deref(),
            vector: self.embedded.as_ref().map(|one| &*one.vector),
        }
    }

    pub(crate) fn quality(&self, member: usize) -> f64 {
        self.outcomes.get(member).map_or(0.0, |one| one.quality)
    }

    pub(crate) fn cost(&self, member: usize) -> f64 {
        self.outcomes.get(member).map_or(0.0, |one| one.cost_usd)
    }
}

impl Examples {
    /// The items at some positions.
    #[must_use]
    pub fn subset(&self, rows: &[usize]) -> Self {
        Self {
            rows: rows
                .iter()
                .filter_map(|row| self.rows.get(*row).cloned())
                .collect(),
            ..self.clone()
        }
    }

    /// The outcomes of some candidates, by their places.
    #[must_use]
    pub fn only(&self, members: &[usize]) -> Self {
        let of = |row: &Example| Example {
            outcomes: (members.iter())
                .filter_map(|member| row.outcomes.get(*member).cloned())
                .collect(),
            ..row.clone()
        };
        Self {
            members: (members.iter())
                .filter_map(|member| self.members.get(*member).cloned())
                .collect(),
            rows: self.rows.iter().map(of).collect(),
            ..self.clone()
        }
    }

    /// The group of each item, numbered in order of appearance; an item without one is a group of its
    /// own.
    #[must_use]
    pub fn groups(&self) -> Vec<usize> {
        let every: Vec<usize> = (0..self.rows.len()).collect();
        self.clusters(&every)
    }

    /// Every task that an item names, in order of name.
    #[must_use]
    pub fn named_tasks(&self) -> Vec<String> {
        let tasks = self.rows.iter().filter_map(|row| row.task.clone());
        tasks.collect::<BTreeSet<String>>().into_iter().collect()
    }

    /// Known tasks, in order of name; empty when there are fewer than two.
    #[must_use]
    pub fn tasks(&self) -> Vec<String> {
        let tasks = self.named_tasks();
        if tasks.len() < 2 { Vec::new() } else { tasks }
    }

    /// A policy with everyone who gives labels for it among its candidates.
    #[must_use]
    pub fn with_classifiers(&self, mut policy: Policy) -> Policy {
        let wanted: Vec<CandidateId> = policy.plan.gives_labels().into_iter().cloned().collect();
        for member in &self.classifiers {
            let is_there = policy.candidates.iter().any(|one| one.id == member.id);
            if wanted.contains(&member.id) && !is_there {
                policy.candidates.push(member.clone());
            }
        }
        policy
    }

    pub(crate) fn id(&self, member: usize) -> CandidateId {
        (self.members.get(member)).map_or_else(|| CandidateId::new(""), |one| one.id.clone())
    }

    /// Mean of something over the items; zero without items.
    pub(crate) fn mean(&self, of: impl Fn(&Example) -> f64) -> f64 {
        self.rows.iter().map(of).sum::<f64>() / self.rows.len().max(1) as f64
    }

    /// The best single candidate; among equally good ones the cheapest.
    #[must_use]
    pub fn best_single(&self) -> usize {
        let of = |member: usize| {
            (
                self.mean(|row| row.quality(member)),
                self.mean(|row| row.cost(member)),
            )
        };
        (0..self.members.len())
            .reduce(|best, one| {
                let ((q, c), (best_q, best_c)) = (of(one), of(best));
                if q > best_q || (q >= best_q && c < best_c) {
                    one
                } else {
                    best
                }
            })
            .unwrap_or(0)
    }

    /// Who is asked when another has failed: the cheapest of those that cannot be told from the best, then the others,
    /// the best first and among equally good ones the cheapest.
    #[must_use]
    pub fn fallback(&self) -> Vec<CandidateId> {
        let anchor = self.anchor();
        let mut others: Vec<(usize, f64, f64)> = (0..self.members.len())
            .filter(|member| *member != anchor)
            .map(|member| {
                let quality = self.mean(|row| row.quality(member));
                (member, quality, self.mean(|row| row.cost(member)))
            })
            .collect();
        others.sort_by(|(_, q, c), (_, other_q, other_c)| {
            other_q.total_cmp(q).then(c.total_cmp(other_c))
        });
        let others = others.into_iter().map(|(member, ..)| member);
        std::iter::once(anchor)
            .chain(others)
            .map(|member| self.id(member))
            .collect()
    }

    /// Candidates whose quality is worth estimating from queries, at most [`MOST_ESTIMATED`]: the large one,
    /// those that no cheaper one beats, then the best of the rest.
    pub(crate) fn worth_estimating(&self, anchor: usize) -> Vec<usize> {
        let n = self.members.len();
        if n <= MOST_ESTIMATED {
            return (0..n).collect();
        }
        let quality: Vec<f64> = (0..n)
            .map(|one| self.mean(|row| row.quality(one)))
            .collect();
        let cost: Vec<f64> = (0..n).map(|one| self.mean(|row| row.cost(one))).collect();
        let of = |values: &[f64], one: usize| values.get(one).copied().unwrap_or(0.0);
        let is_beaten = |one: usize| {
            (0..n).any(|other| {
                of(&cost, other) < of(&cost, one) && of(&quality, other) >= of(&quality, one)
            })
        };
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| {
            let rank = |one: usize| (one != anchor, is_beaten(one));
            let better = of(&quality, *b).total_cmp(&of(&quality, *a));
            rank(*a).cmp(&rank(*b)).then(better).then(a.cmp(b))
        });
        order.truncate(MOST_ESTIMATED);
        order.sort_unstable();
        order
    }

    /// The cheapest candidate within one standard error of the best: what few items cannot tell
    /// apart is not worth its price (the one-standard-error rule of Breiman et al. 1984).
    pub(crate) fn anchor(&self) -> usize {
        let best = self.best_single();
        let n = self.rows.len().max(2) as f64;
        let is_near = |member: &usize| {
            let gap = self.mean(|row| row.quality(best) - row.quality(*member));
            let variance =
                self.mean(|row| (row.quality(best) - row.quality(*member) - gap).powi(2));
            gap <= (variance / n).sqrt()
        };
        let cost = |member: usize| self.mean(|row| row.cost(member));
        (0..self.members.len())
            .filter(is_near)
            .reduce(|a, b| if cost(b) < cost(a) { b } else { a })
            .unwrap_or(best)
    }
}
