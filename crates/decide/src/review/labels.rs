//! Labels as a decision takes them.

use crate::mix::{Mix, Mixed};

/// What people said of a run's answers, and which items their labels stand for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reviews {
    /// Stratum of each item, numbered from 0, in the order of the decision's items; `None` = labels do not
    /// stand for it. Within a stratum the labelled items are a random part.
    pub strata: Vec<Option<usize>>,
    /// One entry per labelled answer.
    pub labels: Vec<AnswerLabel>,
}

/// What people said of one candidate's answer to one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnswerLabel {
    /// Position of the candidate.
    pub candidate: usize,
    /// Position of the item.
    pub item: usize,
    /// Share of the people who pass it, in [0, 1]; those who could not say do not count.
    pub passes: f64,
}

impl Reviews {
    /// Whether there is anything to correct by.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Gives a mix the labels of the answers that it gave.
    pub(crate) fn mirror(&mut self, mix: &Mix, candidate: usize) {
        let own = |label: &AnswerLabel| {
            let is_given = matches!(
                mix.items.get(label.item)?,
                Mixed::Served { answered_by, .. } if *answered_by == label.candidate
            );
            is_given.then_some(AnswerLabel {
                candidate,
                ..*label
            })
        };
        let labels: Vec<AnswerLabel> = self.labels.iter().filter_map(own).collect();
        self.labels.extend(labels);
    }

    /// The label of an answer.
    pub(crate) fn of(&self, candidate: usize) -> impl Iterator<Item = &AnswerLabel> {
        self.labels
            .iter()
            .filter(move |label| label.candidate == candidate)
    }
}
