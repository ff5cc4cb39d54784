//! Which items of a run are decided on: all, or those of one side of a split.

use std::collections::HashMap;
use std::ops::ControlFlow;

use anyhow::{Context as _, anyhow};
use trilemma_decide::ItemFacts;
use trilemma_domain::{Item, ItemId};
use trilemma_golden::Side;
use trilemma_store::{RunManifest, Store};

use crate::context::{Context, InputError};
use crate::split::Part;

/// The items of a run that are decided on.
pub(crate) struct Sample {
    pub(crate) items: Vec<ItemFacts>,
    /// Which items of the run they are, ascending.
    pub(crate) chosen: Vec<usize>,
    n_items: usize,
    pub(crate) part: Option<Part>,
}

impl Sample {
    /// Picks the items of a side, or all that were measured.
    ///
    /// # Errors
    /// [`InputError`] when the run holds no item of that side.
    pub(crate) fn of(
        context: &Context,
        store: &Store,
        manifest: &RunManifest,
        split: Option<Side>,
    ) -> anyhow::Result<Self> {
        let recorded = Part::recorded(manifest);
        let wanted = split.map(|side| match &recorded {
            Some(part) => part.other(side),
            None => Part::of(&context.project, side),
        });
        let is_chosen = |facts: &ItemFacts| {
            let part = wanted.as_ref();
            part.is_none_or(|part| part.has(&facts.id, facts.cluster.as_deref()))
        };
        let (chosen, items): (Vec<usize>, Vec<ItemFacts>) = items(store, manifest)?
            .into_iter()
            .enumerate()
            .filter(|(_, facts)| is_chosen(facts))
            .unzip();
        if let (Some(part), true) = (&wanted, items.is_empty()) {
            return Err(anyhow!(InputError(format!(
                "failed to find an item of `{}` in run {}; hint: it may have been measured on the \
                 other side, see `trilemma runs show {}`",
                part.name(),
                manifest.run,
                manifest.run
            ))));
        }
        Ok(Self {
            items,
            chosen,
            n_items: manifest.items.len(),
            part: wanted.or(recorded),
        })
    }

    /// Where each item of the run is among those that are decided on.
    pub(crate) fn places(&self) -> Vec<Option<u32>> {
        let mut places = vec![None; self.n_items];
        for (new, old) in (0u32..).zip(&self.chosen) {
            if let Some(place) = places.get_mut(*old) {
                *place = Some(new);
            }
        }
        places
    }
}

/// All items of a run in its own order.
///
/// # Errors
/// As the store gives them; also when the store lacks an item.
pub(crate) fn items(store: &Store, manifest: &RunManifest) -> anyhow::Result<Vec<ItemFacts>> {
    let mut known: HashMap<ItemId, ItemFacts> = HashMap::with_capacity(manifest.items.len());
    let mut broken = None;
    store.items(&manifest.golden, |id, body| {
        match serde_json::from_str::<Item>(body) {
            Ok(item) => {
                let extras = item.extras.into_inner();
                let facts = ItemFacts {
                    id: item.id,
                    weight: item.weight,
                    cluster: extras.cluster,
                    tags: extras.tags,
                };
                known.insert(id, facts);
                ControlFlow::Continue(())
            }
            Err(error) => {
                broken = Some(anyhow!("read item `{id}` of the store: {error}"));
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = broken {
        return Err(error);
    }
    let in_order = manifest.items.iter().map(|id| {
        known
            .remove(id)
            .with_context(|| format!("find item `{id}` in the store"))
    });
    in_order.collect()
}
