//! A part of the golden set: `dev` to tune prompts on, `holdout` to measure on.
//!
//! Which side an item is on follows from the item, the project's name and its holdout share alone
//! (see `golden split`), so that a part holds when items are added. A run on a part says so in its
//! manifest.

use anyhow::anyhow;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trilemma_domain::ItemId;
use trilemma_golden::{GoldenSet, Side, SplitOptions, side_of};
use trilemma_project::Project;
use trilemma_store::RunManifest;

use crate::context::InputError;

/// Name of the setting in a manifest.
const PARAMETER: &str = "split";

/// One side of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    side: Side,
    holdout_share: f64,
    salt: String,
}

impl Part {
    /// A side of the project's golden set.
    pub(crate) fn of(project: &Project, side: Side) -> Self {
        Self {
            side,
            holdout_share: project.task.holdout_share,
            salt: project.task.name.clone(),
        }
    }

    /// The part that a run was measured on; `None` = the whole golden set.
    pub(crate) fn recorded(manifest: &RunManifest) -> Option<Self> {
        let recorded = manifest.parameters.get(PARAMETER)?;
        serde_json::from_value(recorded.clone()).ok()
    }

    /// A side of the same split.
    pub(crate) fn other(&self, side: Side) -> Self {
        Self {
            side,
            ..self.clone()
        }
    }

    /// What a manifest says of it.
    pub(crate) fn parameters(&self) -> Map<String, Value> {
        let value = serde_json::to_value(self).unwrap_or_default();
        Map::from_iter([(PARAMETER.to_owned(), value)])
    }

    /// Whether an item belongs to it.
    pub(crate) fn has(&self, id: &ItemId, cluster: Option<&str>) -> bool {
        let options = SplitOptions {
            holdout_share: self.holdout_share,
            salt: self.salt.clone(),
        };
        side_of(id, cluster, &options) == self.side
    }

    /// Leaves only its items in a golden set.
    ///
    /// # Errors
    /// [`InputError`] when none is left.
    pub(crate) fn cut(&self, golden: &mut GoldenSet) -> anyhow::Result<()> {
        let n_items = golden.len();
        golden.retain(|item| self.has(&item.id, item.extras.cluster.as_deref()));
        if golden.is_empty() {
            return Err(anyhow!(InputError(format!(
                "failed to find an item of `{}`: all {n_items} are on the other side; hint: change \
                 `holdout_share` under `[task]`",
                self.name()
            ))));
        }
        Ok(())
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        match self.side {
            Side::Dev => "dev",
            Side::Holdout => "holdout",
        }
    }
}

/// A command's words with the side that was asked for.
pub(crate) fn with_split(words: &str, side: Option<Side>) -> String {
    match side {
        None => words.to_owned(),
        Some(Side::Dev) => format!("{words} --split dev"),
        Some(Side::Holdout) => format!("{words} --split holdout"),
    }
}
