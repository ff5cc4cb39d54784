//! Tests that documents name: each must exist, so that a formula never loses its proof unseen.

use std::path::Path;

use anyhow::Context as _;

/// Documents that name tests as `crate/path.rs::module::test`.
const DOCUMENTS: [&str; 2] = ["docs/methods.md", "docs/why.md"];

pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut complaints = Vec::new();
    for document in DOCUMENTS {
        let text = fs_err::read_to_string(root.join(document)).context("read a document")?;
        for (file, test) in named(&text) {
            let Ok(code) = fs_err::read_to_string(root.join("crates").join(file)) else {
                complaints.push(format!("{document}: there is no file `crates/{file}`"));
                continue;
            };
            if !code.contains(&format!("fn {test}(")) {
                complaints.push(format!("{document}: `crates/{file}` has no test `{test}`"));
            }
        }
    }
    Ok(complaints)
}

/// The file and the function of each name in backticks.
fn named(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('`').skip(1).step_by(2).filter_map(|quoted| {
        let (file, path) = quoted.split_once(".rs::")?;
        let test = path.rsplit("::").next()?;
        let end = file.len() + ".rs".len();
        Some((quoted.get(..end)?, test))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_backticks_are_found() {
        let text = "See `a/b.rs::works` and\n`c.rs::tests::holds`, not `d.rs` or `e::f`.";
        let found: Vec<_> = named(text).collect();
        assert_eq!(found, [("a/b.rs", "works"), ("c.rs", "holds")]);
    }
}
