//! What every source file must look like.

use std::path::{Path, PathBuf};

/// Most code lines of a file, tests not counted.
const MAX_CODE_LINES: usize = 500;
/// Most lines of tests inside the file they test.
const MAX_INLINE_TEST_LINES: usize = 200;

/// A source file of ours.
pub(crate) struct Source {
    /// Path from the root of the repository, with forward slashes.
    pub(crate) path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/benches/")
    }

    /// Lines before the inline tests.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = &str> {
        let is_test = self.is_test();
        self.text
            .lines()
            .take_while(move |line| !is_test && !line.starts_with("#[cfg(test)]"))
    }

    fn n_inline_test_lines(&self) -> usize {
        let mut lines = self
            .text
            .lines()
            .skip_while(|line| !line.starts_with("#[cfg(test)]"));
        match (lines.next(), lines.next()) {
            // `mod tests;` lives elsewhere.
            (Some(_), Some(second)) if second.ends_with('{') => lines.count(),
            _ => 0,
        }
    }

    /// The crate and the top-level module that the file belongs to.
    pub(crate) fn top_module(&self) -> Option<(&str, &str)> {
        let rest = self.path.strip_prefix("crates/")?;
        let (package, rest) = rest.split_once("/src/")?;
        let module = rest.split('/').next()?.trim_end_matches(".rs");
        (module != "lib" && module != "main").then_some((package, module))
    }
}

/// Reads all Rust files of the repository.
pub(crate) fn rust_sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for top in ["crates", "xtask"] {
        walk(root, &root.join(top), &mut sources)?;
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn walk(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> anyhow::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path: PathBuf = entry?.path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                walk(root, &path, sources)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs_err::read_to_string(&path)?;
            let short = path.strip_prefix(root).unwrap_or(&path);
            sources.push(Source {
                path: short.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
    Ok(())
}

/// Complains of files without module docs, of large ones, and of untidy lines.
pub(crate) fn check(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let path = &source.path;
        let first = source.text.lines().next().unwrap_or_default();
        if !first.starts_with("//!") && !source.is_test() {
            complaints.push(format!("{path}: begins without `//!` documentation"));
        }
        let n_code = source
            .product_lines()
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"))
            .count();
        if n_code > MAX_CODE_LINES {
            complaints.push(format!(
                "{path}: {n_code} code lines, more than {MAX_CODE_LINES}"
            ));
        }
        let n_tests = source.n_inline_test_lines();
        if n_tests > MAX_INLINE_TEST_LINES {
            complaints.push(format!(
                "{path}: {n_tests} lines of inline tests; move them to `tests.rs` beside it"
            ));
        }
        let is_index = path.ends_with("/lib.rs") || path.ends_with("/mod.rs");
        let holds_logic = source.product_lines().any(|line| {
            line.starts_with("fn ") || line.starts_with("pub fn ") || line.starts_with("impl")
        });
        if is_index && holds_logic && !path.starts_with("xtask/") {
            complaints.push(format!(
                "{path}: holds logic; `lib.rs` and `mod.rs` only name their modules"
            ));
        }
        if source.text.lines().any(|line| line.ends_with([' ', '\t'])) {
            complaints.push(format!("{path}: has trailing spaces"));
        }
        if path.matches('/').count() > 5 && !source.is_test() {
            complaints.push(format!("{path}: lies too deep"));
        }
    }
    complaints
}
