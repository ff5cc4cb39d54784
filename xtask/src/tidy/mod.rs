//! Policy as tests: who may import whom, how large files grow, what every file must say, which tests
//! documents may name.

mod docs;
mod files;
mod imports;
mod table;

use std::path::Path;

/// Runs every check; gives one line per complaint.
pub(crate) fn all(root: &Path) -> anyhow::Result<Vec<String>> {
    let sources = files::rust_sources(root)?;
    let mut complaints = imports::crates(root)?;
    complaints.extend(imports::modules(&sources));
    complaints.extend(files::check(&sources));
    complaints.extend(docs::check(root)?);
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn the_house_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let complaints = super::all(&root).unwrap();
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }
}
