//! All rows of one provider, built-in and the user's, read when first asked for.

use std::collections::BTreeMap;

use crate::builtin::Builtin;
use crate::check::{self, Rows};
use crate::entry::{Model, Provider};
use crate::error::CatalogError;

/// Models of one provider in the order of the files.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub(crate) provider: Provider,
    pub(crate) models: Vec<Model>,
}

impl Shelf {
    /// Reads the built-in file, if there is one, and lays the user's rows over it.
    pub(crate) fn read(
        id: &str,
        builtin: Option<&Builtin>,
        overlays: &[Rows],
    ) -> Result<Self, CatalogError> {
        let base = builtin
            .map(|builtin| Rows::parse(builtin.file, builtin.text))
            .transpose()?;
        let files: Vec<&Rows> = base.iter().chain(overlays).collect();
        let mut provider = None;
        let mut models: Vec<Model> = Vec::new();
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        for rows in &files {
            for raw in rows.raw.provider.iter().filter(|raw| raw.id == id) {
                provider = Some(check::provider(rows, provider.take(), raw)?);
            }
            let mut seen = Vec::new();
            for raw in &rows.raw.model {
                if raw.id.split_once('/').is_some_and(|(first, _)| first != id) {
                    continue;
                }
                if seen.contains(&raw.id.as_str()) {
                    return Err(rows.error(
                        format!("model `{}`", raw.id),
                        "stands twice in the file",
                        "merge the two rows",
                    ));
                }
                seen.push(&raw.id);
                let position = positions.get(&raw.id).copied();
                let known = position.and_then(|idx| models.get(idx).cloned());
                let model = check::lay_over(rows, known, raw)?;
                check::validate(rows, &model)?;
                match position.and_then(|idx| models.get_mut(idx)) {
                    Some(slot) => *slot = model,
                    None => {
                        positions.insert(raw.id.clone(), models.len());
                        models.push(model);
                    }
                }
            }
        }
        let provider = provider.ok_or_else(|| CatalogError::Row {
            file: files
                .last()
                .map_or_else(String::new, |rows| rows.file.clone()),
            row: format!("models of `{id}`"),
            problem: "belong to a provider that no file describes".to_owned(),
            hint: format!("add [[provider]] with id = \"{id}\" and its dialect"),
        })?;
        Ok(Self { provider, models })
    }
}
