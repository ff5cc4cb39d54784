//! Two catalogs side by side: which models came, and which facts differ.

use serde::Serialize;
use trilemma_catalog::{Catalog, CatalogError, Found, Tier};
use trilemma_domain::ModelName;

use super::facts::{Fact, facts, price_facts, provider_facts, tier_facts, tokenizer_facts};

/// A fact that differs; `None` = it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// What it belongs to and its name.
    pub(crate) fact: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// What differs about one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// The model's id, or `size class mid`, `provider x`, `tokenizer y`.
    pub(crate) row: String,
    /// Whether the row is new.
    pub(crate) is_new: bool,
    pub(crate) changes: Vec<Change>,
}

/// Compares all rows.
pub(crate) fn compare(before: &Catalog, after: &Catalog) -> Result<Vec<Difference>, CatalogError> {
    let mut differences = Vec::new();
    for id in after.provider_ids() {
        if let (Some(new), old) = (after.provider(id)?, before.provider(id)?) {
            let old = old.map(provider_facts).unwrap_or_default();
            let is_new = old.is_empty();
            let row = format!("provider {id}");
            differences.extend(difference(row, is_new, &old, &provider_facts(new)));
        }
    }
    for found in after.models()? {
        let old = before.get(&found.model.id)?;
        let facts_of = |found: &Found<'_>| {
            let mut all = facts(found);
            all.extend(price_facts(found.model));
            all
        };
        let before = old.as_ref().map(facts_of).unwrap_or_default();
        let id: &ModelName = &found.model.id;
        differences.extend(difference(
            id.to_string(),
            old.is_none(),
            &before,
            &facts_of(&found),
        ));
    }
    for tier in Tier::ALL {
        let rows = |catalog: &Catalog| {
            let row = catalog.tier(tier)?;
            Ok::<_, CatalogError>(row.map(tier_facts).unwrap_or_default())
        };
        let (old, new) = (rows(before)?, rows(after)?);
        let row = format!("size class {}", tier.name());
        differences.extend(difference(row, old.is_empty(), &old, &new));
    }
    let known = before.tokenizers()?;
    for tokenizer in after.tokenizers()? {
        let old = known.iter().find(|known| known.id == tokenizer.id);
        let old = old.map(tokenizer_facts).unwrap_or_default();
        let row = format!("tokenizer {}", tokenizer.id);
        differences.extend(difference(
            row,
            old.is_empty(),
            &old,
            &tokenizer_facts(tokenizer),
        ));
    }
    Ok(differences)
}

fn difference(row: String, is_new: bool, before: &[Fact], after: &[Fact]) -> Option<Difference> {
    let mut changes = Vec::new();
    let mut old: Vec<&Fact> = before.iter().collect();
    for fact in after {
        // Names may repeat (aliases): equal facts are paired first.
        if let Some(at) = old.iter().position(|known| *known == fact) {
            old.remove(at);
            continue;
        }
        let same_name = old.iter().position(|known| {
            known.group == fact.group && known.name == fact.name && !after.contains(known)
        });
        changes.push(Change {
            fact: full_name(fact),
            before: same_name.map(|at| old.remove(at).value.clone()),
            after: Some(fact.value.clone()),
        });
    }
    changes.extend(old.into_iter().map(|fact| Change {
        fact: full_name(fact),
        before: Some(fact.value.clone()),
        after: None,
    }));
    (!changes.is_empty()).then_some(Difference {
        row,
        is_new,
        changes,
    })
}

fn full_name(fact: &Fact) -> String {
    format!("{}: {}", fact.group.to_lowercase(), fact.name)
}
