//! Closed sets of words on the command line: the same words as in files.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use trilemma_domain::{Capability, Stakes, TaskKind};
use trilemma_golden::Side;

/// Reads a kind of task.
pub(crate) fn task_kind() -> impl TypedValueParser<Value = TaskKind> {
    words(&TaskKind::ALL.map(|kind| (kind.name(), kind)))
}

/// Reads an ability.
pub(crate) fn capability() -> impl TypedValueParser<Value = Capability> {
    words(&Capability::ALL.map(|one| (one.name(), one)))
}

/// Reads a side of a split golden set.
pub(crate) fn split_side() -> impl TypedValueParser<Value = Side> {
    words(&[("dev", Side::Dev), ("holdout", Side::Holdout)])
}

/// Reads how much a wrong answer hurts.
pub(crate) fn stakes() -> impl TypedValueParser<Value = Stakes> {
    words(&[Stakes::Low, Stakes::Medium, Stakes::High].map(|one| (stakes_name(one), one)))
}

/// The word for stakes in files.
pub(crate) fn stakes_name(stakes: Stakes) -> &'static str {
    match stakes {
        Stakes::Low => "low",
        Stakes::Medium => "medium",
        Stakes::High => "high",
    }
}

fn words<T>(table: &[(&'static str, T)]) -> impl TypedValueParser<Value = T> + use<T>
where
    T: Copy + Send + Sync + 'static,
{
    let table = table.to_vec();
    let names: Vec<&'static str> = table.iter().map(|(name, _)| *name).collect();
    PossibleValuesParser::new(names).try_map(move |typed| {
        let hit = table.iter().find(|(name, _)| *name == typed);
        hit.map(|(_, value)| *value).ok_or("not one of the words")
    })
}
