//! Who is who: names, standing and the order in which candidates are listed.

use trilemma_decide::{CandidateResult, Conclusion, Decision};
use trilemma_domain::Verdict;

use super::table::Cell;
use crate::chart::Shape;
use crate::number::RateDigits;
use crate::text::one_line;

/// Most characters of a name.
const MAX_NAME_CHARS: usize = 80;

/// The candidates of a decision, ready to be listed.
pub(crate) struct Cast<'a> {
    /// The decision.
    pub(crate) decision: &'a Decision,
    /// Positions in listing order: the chosen one, then those that meet everything, the undecided,
    /// the failing, each in the order of preference.
    pub(crate) order: Vec<usize>,
    /// The recommended or provisional candidate.
    pub(crate) chosen: Option<usize>,
    /// Decimals of rates.
    pub(crate) digits: RateDigits,
}

impl<'a> Cast<'a> {
    /// Lists the candidates.
    pub(crate) fn of(decision: &'a Decision) -> Self {
        let chosen = match decision.conclusion {
            Conclusion::Decided { recommended, .. } => Some(recommended),
            Conclusion::NoCandidate { .. } => None,
            Conclusion::Undecided { provisional, .. } => provisional,
        };
        let mut order: Vec<usize> = decision.ranking.iter().map(|rank| rank.candidate).collect();
        let missing: Vec<usize> = (0..decision.candidates.len())
            .filter(|idx| !order.contains(idx))
            .collect();
        order.extend(missing);
        order.retain(|idx| *idx < decision.candidates.len());
        order.sort_by_key(|idx| {
            let verdict = decision.candidates.get(*idx).map(|one| one.verdict);
            let standing = match verdict {
                Some(Verdict::Meets) => 0_u8,
                Some(Verdict::Undecided) => 1,
                Some(Verdict::Fails) | None => 2,
            };
            (Some(*idx) != chosen, standing)
        });
        let widths = decision
            .candidates
            .iter()
            .filter_map(|one| one.pass_rate.as_ref())
            .filter_map(|figure| Some(figure.high? - figure.low?));
        Self {
            decision,
            order,
            chosen,
            digits: RateDigits::for_widths(widths),
        }
    }

    /// The candidates in listing order, with their positions.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (usize, &'a CandidateResult)> + '_ {
        let candidates = &self.decision.candidates;
        self.order
            .iter()
            .filter_map(|idx| Some((*idx, candidates.get(*idx)?)))
    }

    /// The candidate at a position.
    pub(crate) fn candidate(&self, idx: usize) -> Option<&'a CandidateResult> {
        self.decision.candidates.get(idx)
    }

    /// The name of the candidate at a position.
    pub(crate) fn name(&self, idx: usize) -> String {
        self.candidate(idx)
            .map_or_else(|| format!("#{idx}"), name_of)
    }

    /// What it is besides its name: `recommended`, `in use today`, …; empty = nothing.
    pub(crate) fn role(&self, idx: usize) -> String {
        let decided = matches!(self.decision.conclusion, Conclusion::Decided { .. });
        let chosen = (Some(idx) == self.chosen).then_some(if decided {
            "recommended"
        } else {
            "provisional"
        });
        let incumbent = (Some(idx) == self.decision.incumbent).then_some("in use today");
        let roles: Vec<&str> = [chosen, incumbent].into_iter().flatten().collect();
        roles.join(", ")
    }

    /// The first cell of a candidate's row.
    pub(crate) fn name_cell(&self, idx: usize) -> Cell {
        Cell::words(self.name(idx))
            .with_sub(self.role(idx))
            .with_class("name")
    }

    /// The mark that stands for the candidate.
    pub(crate) fn shape(&self, idx: usize) -> Shape {
        let verdict = self.candidate(idx).map(|one| one.verdict);
        let decided = matches!(self.decision.conclusion, Conclusion::Decided { .. });
        match verdict {
            _ if Some(idx) == self.chosen && decided => Shape::Chosen,
            _ if Some(idx) == self.chosen => Shape::Provisional,
            Some(Verdict::Meets) => Shape::Meets,
            Some(Verdict::Fails) => Shape::Fails,
            Some(Verdict::Undecided) | None => Shape::Undecided,
        }
    }
}

/// The name of a candidate, safe to put into a sentence.
pub(crate) fn name_of(candidate: &CandidateResult) -> String {
    one_line(candidate.id.as_str(), MAX_NAME_CHARS)
}
