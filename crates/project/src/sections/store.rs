//! `[store]`: where results are kept.

use std::path::PathBuf;

use toml::de::DeValue;

use crate::project::StoreLocation;
use crate::section::Section;

/// Reads `[store]`.
pub(crate) fn store(section: &Section<'_>) -> StoreLocation {
    let is_table = section
        .entries()
        .any(|(name, value)| name.value == "url" && matches!(value.get_ref(), DeValue::Table(_)));
    if is_table {
        let Some(table) = section.section("url") else {
            return StoreLocation::Default;
        };
        let env = table.required_string("env", "the name of an environment variable");
        table.finish();
        return env.map_or(StoreLocation::Default, |found| {
            StoreLocation::Env(found.value)
        });
    }
    section
        .string("url")
        .map_or(StoreLocation::Default, |found| {
            StoreLocation::Path(PathBuf::from(found.value))
        })
}
