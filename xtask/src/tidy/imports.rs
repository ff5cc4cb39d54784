//! Who imports whom: between crates by their manifests, between modules by their `use` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context as _;

use super::files::Source;
use super::table::{ALLOWED, MAY_TEST_WITH_SIM};

/// Complains of dependencies that the table does not allow.
pub(crate) fn crates(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    for entry in fs_err::read_dir(root.join("crates"))? {
        let folder = entry?.path();
        let manifest = folder.join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let table: toml::Table = fs_err::read_to_string(&manifest)?
            .parse()
            .with_context(|| format!("parse {}", manifest.display()))?;
        if name == "cli" {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            complaints.push(format!("crate `{name}` is not in xtask's table of imports"));
            continue;
        };
        for dependency in ours(&table, "dependencies") {
            if !allowed.contains(&dependency.as_str()) {
                complaints.push(format!("crate `{name}` may not import `{dependency}`"));
            }
        }
        for dependency in ours(&table, "dev-dependencies") {
            let sim = dependency == "sim" && MAY_TEST_WITH_SIM.contains(&name.as_str());
            if !sim && !allowed.contains(&dependency.as_str()) {
                complaints.push(format!(
                    "the tests of `{name}` may not import `{dependency}`"
                ));
            }
        }
    }
    Ok(complaints)
}

fn ours(manifest: &toml::Table, section: &str) -> Vec<String> {
    manifest
        .get(section)
        .and_then(toml::Value::as_table)
        .map(|table| {
            table
                .keys()
                .filter_map(|name| name.strip_prefix("trilemma-").map(str::to_owned))
                .collect()
        })
        .unwrap_or_default()
}

/// Complains of top-level modules of one crate that import each other.
pub(crate) fn modules(sources: &[Source]) -> Vec<String> {
    let mut edges: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
    for source in sources {
        let Some((package, module)) = source.top_module() else {
            continue;
        };
        for line in source.product_lines() {
            for target in crate_paths(line) {
                if target != module {
                    edges
                        .entry(package)
                        .or_default()
                        .insert((module.to_owned(), target.to_owned()));
                }
            }
        }
    }
    let mut complaints = Vec::new();
    for (package, edges) in &edges {
        for (from, to) in edges {
            if from < to && edges.contains(&(to.clone(), from.clone())) {
                complaints.push(format!(
                    "{package}: modules `{from}` and `{to}` import each other"
                ));
            }
        }
    }
    complaints
}

/// Module names behind `crate::` in a line.
fn crate_paths(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        let (name, after) = rest.split_at(end);
        after.starts_with("::").then_some(name)
    })
}
