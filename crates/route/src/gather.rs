//! From the trials of a run, as they stream in, to examples on which everybody has an outcome.
//!
//! In: candidates, items, and outcomes in any order. Out: [`Gathered`]: the examples, and by name what
//! was left out and why. A candidate that lacks too many items is left out as a whole; of the others
//! only items count on which all have a scored answer of known cost. A failed call is no wrong
//! answer: it leaves a gap.

use serde_json::Value;
use trilemma_domain::CandidateId;

use crate::policy::{Compare, Member};
use crate::train::{Example, Examples, Recorded};

/// A candidate with outcomes on less than this share of the best-covered one's items is left out.
const COVERAGE: f64 = 0.8;

/// A candidate that takes no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Who.
    pub candidate: CandidateId,
    /// Why, and what would help: a fragment after its name.
    pub reason: String,
}

/// What a run has for routing.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// Items on which every candidate of [`Examples::members`] has an outcome.
    pub examples: Examples,
    /// For each of those candidates its place among the ones that were given.
    pub member_places: Vec<usize>,
    /// For each of those items its place among the ones that were given.
    pub row_places: Vec<usize>,
    /// Candidates that take no part.
    pub left_out: Vec<LeftOut>,
    /// Items of the run.
    pub n_items: usize,
    /// Items left out because somebody who takes part has no scored answer of known cost on them.
    pub n_incomplete: usize,
    /// Outcomes whose waiting time is not recorded, among those that count.
    pub n_untimed: usize,
}

/// Takes outcomes as they come.
#[derive(Debug)]
pub struct Gather {
    members: Vec<Member>,
    rows: Vec<Example>,
    /// Row by row, member by member.
    cells: Vec<Option<Recorded>>,
    refused: Vec<Option<String>>,
    /// Who gives labels.
    labels: Vec<bool>,
}

impl Gather {
    /// Begins with the candidates and the items; outcomes that the items have already are dropped.
    #[must_use]
    pub fn new(members: Vec<Member>, rows: Vec<Example>) -> Self {
        let n_cells = members.len() * rows.len();
        Self {
            refused: vec![None; members.len()],
            labels: vec![false; members.len()],
            cells: vec![None; n_cells],
            members,
            rows,
        }
    }

    /// Leaves a candidate out; the first reason is kept.
    pub fn refuse(&mut self, member: usize, reason: impl Into<String>) {
        if let Some(refused) = self.refused.get_mut(member) {
            refused.get_or_insert_with(|| reason.into());
        }
    }

    /// Says that what a candidate made of items are labels, and no answers.
    pub fn gives_labels(&mut self, member: usize) {
        if let Some(slot) = self.labels.get_mut(member) {
            *slot = true;
        }
    }

    /// Takes what one candidate made of one item; further outcomes of a pair are repeats of the first.
    pub fn put(&mut self, member: usize, row: usize, outcome: Recorded) {
        if member < self.members.len()
            && let Some(cell) = self.cells.get_mut(row * self.members.len() + member)
        {
            match cell {
                Some(first) => first.again.push(outcome),
                None => *cell = Some(outcome),
            }
        }
    }

    /// Puts together what everybody has.
    #[must_use]
    pub fn finish(mut self, extract: Option<Value>, compare: Compare) -> Gathered {
        self.refuse_sparse();
        let m = self.members.len();
        let keep: Vec<bool> = self.refused.iter().map(Option::is_none).collect();
        let is_label: Vec<bool> = (self.labels.iter().zip(&keep))
            .filter_map(|(is_label, keep)| keep.then_some(*is_label))
            .collect();
        let n_items = self.rows.len();
        let mut cells = self.cells.into_iter();
        let (mut rows, mut row_places) = (Vec::new(), Vec::new());
        for (place, row) in self.rows.into_iter().enumerate() {
            // All of them are taken, so that the next row begins where it should.
            let own: Vec<Option<Recorded>> = (cells.by_ref().take(m).zip(&keep))
                .filter(|(_, keep)| **keep)
                .map(|(cell, _)| cell)
                .collect();
            let outcomes: Option<Vec<Recorded>> = own.into_iter().collect();
            let (labels, outcomes) = apart(outcomes.unwrap_or_default(), &is_label);
            if !outcomes.is_empty() {
                rows.push(Example {
                    outcomes,
                    labels,
                    ..row
                });
                row_places.push(place);
            }
        }
        let untimed = |row: &Example| {
            let times = row.outcomes.iter().chain(&row.labels);
            times.filter(|one| one.seconds.is_none()).count()
        };
        let (mut members, mut member_places) = (Vec::new(), Vec::new());
        let (mut left_out, mut classifiers) = (Vec::new(), Vec::new());
        let all = self.members.into_iter().zip(self.refused).zip(self.labels);
        for (place, ((member, refused), is_label)) in all.enumerate() {
            match refused {
                None if is_label => classifiers.push(member),
                None => {
                    members.push(member);
                    member_places.push(place);
                }
                Some(reason) => left_out.push(LeftOut {
                    candidate: member.id,
                    reason,
                }),
            }
        }
        Gathered {
            n_incomplete: n_items - rows.len(),
            n_untimed: rows.iter().map(untimed).sum(),
            n_items,
            left_out,
            member_places,
            row_places,
            examples: Examples {
                members,
                rows,
                extract,
                compare,
                embedder: None,
                classifiers,
            },
        }
    }

    fn refuse_sparse(&mut self) {
        let m = self.members.len();
        let has = |member: usize| {
            let own = self.cells.iter().skip(member).step_by(m.max(1));
            own.filter(|cell| cell.is_some()).count()
        };
        let open = |member: &usize| self.refused.get(*member).is_some_and(Option::is_none);
        let counts: Vec<(usize, usize)> = (0..m).filter(open).map(|one| (one, has(one))).collect();
        let most = counts.iter().map(|one| one.1).max().unwrap_or(0);
        let n = self.rows.len();
        for (member, count) in counts {
            if count == 0 || (count as f64) < COVERAGE * most as f64 {
                self.refuse(
                    member,
                    format!("has scored answers of known cost on {count} of {n} items"),
                );
            }
        }
    }
}

/// Labels and answers apart, each in their order.
fn apart(all: Vec<Recorded>, is_label: &[bool]) -> (Vec<Recorded>, Vec<Recorded>) {
    let (mut labels, mut answers) = (Vec::new(), Vec::new());
    for (one, is_label) in all.into_iter().zip(is_label) {
        if *is_label {
            labels.push(one);
        } else {
            answers.push(one);
        }
    }
    (labels, answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Observation;
    use crate::train::About;

    fn row(idx: usize) -> Example {
        Example {
            id: idx.to_string(),
            text: "q".to_owned(),
            task: None,
            group: None,
            about: About::default(),
            embedded: None,
            labels: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    fn outcome(name: &str, idx: usize) -> Recorded {
        Recorded {
            observation: Observation::text(name, "a"),
            quality: 1.0,
            cost_usd: idx as f64,
            seconds: (name == "a").then_some(1.0),
            again: Vec::new(),
        }
    }

    #[test]
    fn only_what_everybody_has_counts_and_the_rest_is_named() {
        let members = ["a", "b", "raced", "refused"].map(Member::named).to_vec();
        let mut gather = Gather::new(members, (0..10).map(row).collect());
        for idx in 0..10 {
            gather.put(0, idx, outcome("a", idx));
            if idx != 3 {
                gather.put(1, idx, outcome("b", idx));
            }
            if idx < 4 {
                gather.put(2, idx, outcome("raced", idx));
            }
            gather.put(3, idx, outcome("refused", idx));
        }
        gather.put(1, 0, outcome("b", 70));
        gather.put(9, 0, outcome("nobody", 0));
        gather.put(0, 99, outcome("a", 99));
        gather.refuse(3, "has another prompt");
        let found = gather.finish(None, Compare::Loose);
        let names: Vec<&str> = found
            .examples
            .members
            .iter()
            .map(|one| one.id.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(found.member_places, [0, 1]);
        assert_eq!(found.row_places, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
        assert_eq!(found.examples.rows.len(), 9);
        // Behind a gap, everybody still has the outcome of the right item.
        for row in &found.examples.rows {
            let idx: f64 = row.id.parse().unwrap();
            let costs: Vec<f64> = row.outcomes.iter().map(|one| one.cost_usd).collect();
            assert_eq!(costs, [idx, idx]);
            let names: Vec<&str> = (row.outcomes.iter())
                .map(|one| one.observation.candidate.as_str())
                .collect();
            assert_eq!(names, ["a", "b"]);
        }
        let again = |row: &Example| row.outcomes[1].again.len();
        assert_eq!(found.examples.rows.iter().map(again).sum::<usize>(), 1);
        assert_eq!(found.examples.rows[0].outcomes[1].again[0].cost_usd, 70.0);
        assert_eq!(
            (found.n_items, found.n_incomplete, found.n_untimed),
            (10, 1, 9)
        );
        let reasons: Vec<&str> = found
            .left_out
            .iter()
            .map(|one| one.reason.as_str())
            .collect();
        assert_eq!(
            reasons,
            [
                "has scored answers of known cost on 4 of 10 items",
                "has another prompt"
            ]
        );
    }

    #[test]
    fn labels_stand_beside_answers_and_are_demanded_like_them() {
        let members = ["namer", "a", "b"].map(Member::named).to_vec();
        let mut gather = Gather::new(members, (0..10).map(row).collect());
        gather.gives_labels(0);
        for idx in 0..10 {
            for (member, name) in ["namer", "a", "b"].into_iter().enumerate() {
                if (member, idx) != (0, 7) {
                    gather.put(member, idx, outcome(name, idx));
                }
            }
        }
        let found = gather.finish(None, Compare::Loose);
        let examples = &found.examples;
        assert_eq!(examples.classifiers, [Member::named("namer")]);
        assert_eq!(examples.members, ["a", "b"].map(Member::named));
        assert_eq!(found.member_places, [1, 2]);
        assert_eq!((examples.rows.len(), found.n_incomplete), (9, 1));
        for row in &examples.rows {
            assert_eq!((row.labels.len(), row.outcomes.len()), (1, 2));
            assert_eq!(row.labels[0].observation.candidate.as_str(), "namer");
        }
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let found = Gather::new(Vec::new(), vec![row(0)]).finish(None, Compare::Loose);
        assert_eq!((found.examples.rows.len(), found.n_incomplete), (0, 1));
        let found =
            Gather::new(vec![Member::named("a")], vec![row(0)]).finish(None, Compare::Loose);
        assert_eq!(found.left_out.len(), 1);
        assert!(found.examples.members.is_empty());
    }
}
