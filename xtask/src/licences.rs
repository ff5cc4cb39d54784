//! Licences of all dependencies against the list in `deny.toml`, and no source but the registry.
//!
//! The same rule that `cargo deny check licenses sources` applies, without having to build it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Gives one line per dependency that is not allowed.
pub(crate) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let allowed = allowed(root)?;
    let output = Command::new("cargo")
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
        ])
        .current_dir(root)
        .output()
        .context("run cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .context("read the packages")?;
    let mut complaints = Vec::new();
    for package in packages {
        let text = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let (name, licence, source) = (text("name"), text("license"), text("source"));
        if !source.is_empty() && !source.starts_with("registry+") {
            complaints.push(format!(
                "{name}: comes from {source}, not from the registry"
            ));
        }
        if !source.is_empty() && !is_allowed(licence, &allowed) {
            complaints.push(format!(
                "{name}: licence `{licence}` is not allowed by deny.toml"
            ));
        }
    }
    Ok(complaints)
}

fn allowed(root: &Path) -> anyhow::Result<BTreeSet<String>> {
    let table: toml::Table = fs_err::read_to_string(root.join("deny.toml"))?.parse()?;
    let list = table
        .get("licenses")
        .and_then(|section| section.get("allow"))
        .and_then(toml::Value::as_array)
        .context("find `licenses.allow` in deny.toml")?;
    Ok(list
        .iter()
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect())
}

/// Whether an SPDX expression (`OR`, `AND`, `WITH`, brackets, and the old `/`) can be satisfied.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        allowed,
    };
    !words.is_empty() && parser.either() && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a BTreeSet<String>,
}

impl Parser<'_> {
    fn take(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn either(&mut self) -> bool {
        let mut ok = self.both();
        while self.take("OR") {
            ok |= self.both();
        }
        ok
    }

    fn both(&mut self) -> bool {
        let mut ok = self.one();
        while self.take("AND") {
            ok &= self.one();
        }
        ok
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let ok = self.either();
            return self.take(")") && ok;
        }
        let Some((name, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        if self.take("WITH") {
            let Some((exception, rest)) = self.words.split_first() else {
                return false;
            };
            self.words = rest;
            return self.allowed.contains(&format!("{name} WITH {exception}"));
        }
        self.allowed.contains(*name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_spdx_expressions() {
        let allowed: BTreeSet<String> = ["MIT", "Unicode-3.0"]
            .into_iter()
            .map(str::to_owned)
            .collect();
        let check = |text: &str| is_allowed(text, &allowed);
        assert!(check("MIT"));
        assert!(check("Apache-2.0/MIT"));
        assert!(check("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(check("Apache-2.0 WITH LLVM-exception OR MIT"));
        assert!(!check("GPL-3.0"));
        assert!(!check("MIT AND GPL-3.0"));
        assert!(!check(""));
        assert!(!check("(MIT"));
    }

    /// Cargo may have to fetch what only other platforms need, so users' tests leave it out.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "tests learn from the environment how far to go"
    )]
    fn slow_every_licence_is_allowed() {
        if std::env::var_os("TRILEMMA_SLOW_TESTS").is_none_or(|value| value.is_empty()) {
            println!("skipped: TRILEMMA_SLOW_TESTS is not set");
            return;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(check(&root).unwrap(), [""; 0]);
    }
}
