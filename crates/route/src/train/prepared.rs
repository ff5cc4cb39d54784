//! What a fit to queries looks at, computed once for all items.
//!
//! In: examples. Out: pieces, surface features, tasks, groups, vectors as they came, qualities and costs, by item.

use std::sync::Arc;

use super::examples::{Example, Examples};
use crate::features::{Hashed, N_HASH, N_SURFACE, surface};
use crate::learn::Row;

/// Features of all items, computed once.
pub(crate) struct Prepared {
    pub(super) pieces: Vec<Row>,
    pub(super) surface: Vec<Vec<f64>>,
    pub(super) tasks: Vec<String>,
    /// Every task that an item names, also where it is the only one.
    pub(super) named_tasks: Vec<String>,
    /// Group of each item.
    pub(super) groups: Vec<usize>,
    pub(super) task_of: Vec<Option<usize>>,
    pub(super) n_outputs: usize,
    /// Interleaved qualities.
    pub(super) quality: Vec<f32>,
    pub(super) log_cost: Vec<Vec<f64>>,
    /// `None` = nobody makes any.
    pub(super) vectors: Option<Raw>,
}

/// Vectors of all items, as they came.
pub(super) struct Raw {
    pub(super) of_items: Vec<Option<Arc<[f32]>>>,
    /// Numbers of each.
    pub(super) dimensions: usize,
}

impl Prepared {
    /// Looks at every item.
    pub(crate) fn of(examples: &Examples) -> Self {
        let tasks = examples.tasks();
        let position = |task: &Option<String>| {
            task.as_ref()
                .and_then(|task| tasks.iter().position(|known| known == task))
        };
        let n_outputs = examples.members.len();
        let all = || 0..n_outputs;
        Self {
            pieces: (examples.rows.iter())
                .map(|row| Hashed::of(&row.text).columns())
                .collect(),
            surface: examples.rows.iter().map(|row| surface(&row.text)).collect(),
            task_of: examples
                .rows
                .iter()
                .map(|row| position(&row.task))
                .collect(),
            quality: (examples.rows.iter())
                .flat_map(|row| all().map(|member| row.quality(member) as f32))
                .collect(),
            log_cost: all()
                .map(|member| {
                    let log = |cost: f64| cost.max(1e-12).ln();
                    examples
                        .rows
                        .iter()
                        .map(|row| log(row.cost(member)))
                        .collect()
                })
                .collect(),
            vectors: examples.embedder.as_ref().map(|embedder| {
                let vector = |row: &Example| Some(Arc::clone(&row.embedded.as_ref()?.vector));
                Raw {
                    of_items: examples.rows.iter().map(vector).collect(),
                    dimensions: embedder.dimensions,
                }
            }),
            named_tasks: examples.named_tasks(),
            groups: examples.groups(),
            tasks,
            n_outputs,
        }
    }

    pub(super) fn n_columns(&self) -> usize {
        N_HASH + N_SURFACE + self.tasks.len()
    }

    pub(super) fn quality_of(&self, row: usize) -> &[f32] {
        let from = row * self.n_outputs;
        self.quality
            .get(from..from + self.n_outputs)
            .unwrap_or_default()
    }

    pub(super) fn surface_of(&self, row: usize) -> &[f64] {
        self.surface.get(row).map_or(&[], Vec::as_slice)
    }
}
