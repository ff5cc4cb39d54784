//! Which catalog files were accepted before, so that thousands of rows are not all checked again at each start.
//!
//! In: the text of a file, and what lies below it. Out: whether this very text was accepted there. What is remembered is
//! hashes alone, in the user's cache folder: no figure depends on it, a row is checked when it is asked for anyway.
//! Where the folder cannot be written, or holds anything else, every row is checked at each start.

use std::path::PathBuf;

use crate::env;

/// Texts below this size are checked faster than looked up.
const LEAST_BYTES: usize = 64 * 1024;
/// Hashes that are kept, the newest last.
const MOST: usize = 64;

/// A text on top of others, by hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Accepted {
    hash: u64,
    is_large: bool,
}

impl Accepted {
    /// Nothing but what this version of the program has built in.
    pub(crate) fn builtin() -> Self {
        Self {
            hash: mixed(0, env!("CARGO_PKG_VERSION").as_bytes()),
            is_large: false,
        }
    }

    /// One more text on top.
    pub(crate) fn with(self, text: &str) -> Self {
        Self {
            hash: mixed(self.hash, text.as_bytes()),
            is_large: text.len() >= LEAST_BYTES,
        }
    }

    /// Whether it was remembered.
    pub(crate) fn is_known(self) -> bool {
        self.is_large && remembered().contains(&self.line())
    }

    /// Remembers it; where that fails, it is checked again next time.
    pub(crate) fn remember(self) {
        let Some(file) = file().filter(|_| self.is_large) else {
            return;
        };
        let mut lines = remembered();
        lines.push(self.line());
        let newest = lines.split_off(lines.len().saturating_sub(MOST));
        // Another process may write at the same time: each writes a whole file, one of them stays.
        let own = file.with_extension(format!("{}.new", std::process::id()));
        let written = file
            .parent()
            .is_some_and(|folder| fs_err::create_dir_all(folder).is_ok())
            && fs_err::write(&own, newest.join("\n")).is_ok();
        if !written || fs_err::rename(&own, &file).is_err() {
            let _ = fs_err::remove_file(&own);
        }
    }

    fn line(self) -> String {
        format!("{:016x}", self.hash)
    }
}

fn file() -> Option<PathBuf> {
    let caches = match env::first(&["XDG_CACHE_HOME", "LOCALAPPDATA"]) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::text("HOME")?).join(".cache"),
    };
    Some(caches.join("trilemma").join("accepted-catalogs"))
}

fn remembered() -> Vec<String> {
    let text = file().and_then(|file| fs_err::read_to_string(file).ok());
    let lines = text.as_deref().unwrap_or_default().lines();
    lines.map(str::to_owned).collect()
}

/// A fast hash, eight bytes at a time; it need not withstand anybody.
fn mixed(seed: u64, bytes: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(29) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words
        .iter()
        .fold(mix(seed, bytes.len() as u64), |hash, word| {
            mix(hash, u64::from_le_bytes(*word))
        });
    let hash = rest
        .iter()
        .fold(hash, |hash, byte| mix(hash, u64::from(*byte)));
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_or_order_has_another_hash() {
        let on = |texts: &[&str]| {
            let bare = Accepted::builtin();
            texts.iter().fold(bare, |all, text| all.with(text)).hash
        };
        let long = "x".repeat(1_000);
        let almost = format!("{}y", "x".repeat(999));
        let all = [
            on(&[]),
            on(&[""]),
            on(&["a", "b"]),
            on(&["b", "a"]),
            on(&["ab"]),
            on(&[&long]),
            on(&[&almost]),
        ];
        for (idx, one) in all.iter().enumerate() {
            assert!(!all[..idx].contains(one), "{idx}");
        }
        assert_eq!(on(&[&long]), on(&[&long]));
    }

    #[test]
    fn small_texts_are_not_looked_up() {
        let small = Accepted::builtin().with("schema_version = 1\n");
        assert!(!small.is_large && !small.is_known());
        assert!(Accepted::builtin().with(&" ".repeat(LEAST_BYTES)).is_large);
    }
}
