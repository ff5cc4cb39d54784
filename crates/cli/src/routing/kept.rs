//! What training made of a run, kept from one command to the next.
//!
//! In: all that a proposal is made of, by content: outcomes, settings, whose place is whose, the program itself. Out: the
//! proposal that an earlier command made of the very same. Training is a pure function, so what is kept says what
//! training would say; where anything differs, its name is another one. It lies in files beside the store, holds no
//! query and no answer, and may be removed at any time. What cannot be read or is not whole is trained anew, and where
//! nothing can be written nothing is kept.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use trilemma_decide::{DecisionInput, Mix, Routing};
use trilemma_domain::Fingerprint;
use trilemma_route::Options;

use super::Material;
use crate::env;

/// Version of what is kept; another one is another name.
const FORMAT: u32 = 1;
/// Proposals that are kept, the newest.
const MOST: usize = 32;
/// Bytes beyond which a file is not one of these.
const MOST_BYTES: u64 = 16 << 20;

/// A proposal, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What was found.
    pub(super) routing: Routing,
    /// The mix, or a sentence that says why none is proposed.
    pub(super) mix: Result<Mix, String>,
}

/// Where proposals of one store are kept.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    folder: PathBuf,
}

/// The name of a proposal: a hash of everything that it depends on. `places` are those of members and examples in the
/// decision, `words` what else it says.
pub(super) fn name(
    (material, options): (&Material, &Options),
    input: &DecisionInput,
    (places, words): (&impl std::fmt::Debug, &impl std::fmt::Debug),
) -> Fingerprint {
    let examples = &material.gathered.examples;
    let mut print = Fingerprint::builder()
        .field("routed mix")
        .field(FORMAT.to_be_bytes())
        .field(env!("CARGO_PKG_VERSION"))
        .field(program())
        .field(format!("{options:?}"))
        .field(format!(
            "{:?} {:?}",
            material.gathered.member_places, places
        ))
        .field(format!("{words:?}"))
        .field(format!(
            "{:?} {:?} {:?} {:?} {:?}",
            examples.members,
            examples.extract,
            examples.compare,
            examples.embedder,
            examples.classifiers
        ));
    // Texts and figures are written out in full, each number so that it reads back as itself.
    for row in &examples.rows {
        print = print.field(format!("{row:?}"));
    }
    for candidate in &input.candidates {
        print = print.field(candidate.id.as_str());
    }
    for item in &input.items {
        print = print.field(item.id.as_str());
    }
    print.finish()
}

/// Which build of the program this is: another one may train otherwise under the same version.
fn program() -> String {
    let known = env::program().and_then(|path| {
        let data = fs_err::metadata(path).ok()?;
        let since = data.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH);
        Some(format!("{} {:?}", data.len(), since.ok()?))
    });
    known.unwrap_or_default()
}

impl Shelf {
    /// That of a store.
    pub(super) fn beside(store: &Path) -> Self {
        Self {
            folder: store.with_file_name("routed"),
        }
    }

    /// What was kept under a name; `None` = nothing that is whole.
    pub(super) fn get(&self, name: &Fingerprint) -> Option<Kept> {
        let path = self.path(name);
        let data = fs_err::metadata(&path).ok()?;
        if !data.is_file() || data.len() > MOST_BYTES {
            return None;
        }
        let text = fs_err::read_to_string(path).ok()?;
        let (print, body) = text.split_once('\n')?;
        if print.parse::<Fingerprint>().ok()? != sum(name, body) {
            return None;
        }
        serde_json::from_str(body).ok()
    }

    /// Keeps a proposal, unless it would not come back as it is.
    pub(super) fn put(&self, name: &Fingerprint, kept: &Kept) {
        let Ok(body) = serde_json::to_string(kept) else {
            return;
        };
        let is_whole = serde_json::from_str::<Kept>(&body).is_ok_and(|read| read == *kept);
        if !is_whole
            || body.len() as u64 >= MOST_BYTES
            || fs_err::create_dir_all(&self.folder).is_err()
        {
            return;
        }
        let path = self.path(name);
        // Another process may keep the same at the same time: each writes a whole file, one of them stays.
        let own = path.with_extension(format!("{}.new", std::process::id()));
        let text = format!("{}\n{body}", sum(name, &body));
        if fs_err::write(&own, text).is_err() || fs_err::rename(&own, &path).is_err() {
            let _ = fs_err::remove_file(&own);
        }
        self.forget();
    }

    /// Removes the oldest beyond [`MOST`], and nothing that is not one of these files.
    fn forget(&self) {
        let Ok(entries) = fs_err::read_dir(&self.folder) else {
            return;
        };
        let mut all: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let stem = path.file_stem()?.to_str()?.split('.').next()?;
                stem.parse::<Fingerprint>().ok()?;
                let data = fs_err::metadata(&path).ok().filter(|data| data.is_file())?;
                Some((data.modified().ok()?, path))
            })
            .collect();
        all.sort();
        let n_old = all.len().saturating_sub(MOST);
        for (_, path) in all.into_iter().take(n_old) {
            let _ = fs_err::remove_file(path);
        }
    }

    fn path(&self, name: &Fingerprint) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}

/// What shows that a file is whole, and kept under its own name.
fn sum(name: &Fingerprint, body: &str) -> Fingerprint {
    Fingerprint::builder()
        .field(name.as_bytes())
        .field(body)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(reason: &str) -> Kept {
        let routing = serde_json::json!({
            "candidate": null, "reason": null, "kind": "query", "target": "-1 points", "n": 3, "n_items": 3,
            "n_folds": 5, "plan": ["`a`"], "area": null, "above_mix": null, "singles": [], "mix": [], "curve": [],
            "oracle": null, "items": [], "n_items_left_out": 0, "next": null,
        });
        Kept {
            routing: serde_json::from_value(routing).unwrap(),
            mix: Err(reason.to_owned()),
        }
    }

    #[test]
    fn what_is_whole_comes_back_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::beside(&folder.path().join("trilemma.db"));
        let (name, other) = (Fingerprint::of(b"a"), Fingerprint::of(b"b"));
        assert_eq!(shelf.get(&name), None);
        shelf.put(&name, &kept("too few"));
        assert_eq!(shelf.get(&name), Some(kept("too few")));
        assert_eq!(shelf.get(&other), None);
        let path = shelf.path(&name);
        let whole = fs_err::read(&path).unwrap();
        // Every file that is cut, changed in a byte, or lies under another name.
        for n in 0..whole.len() {
            fs_err::write(&path, &whole[..n]).unwrap();
            assert_eq!(shelf.get(&name), None, "{n}");
            let mut changed = whole.clone();
            changed[n] ^= 1;
            fs_err::write(&path, &changed).unwrap();
            assert_eq!(shelf.get(&name), None, "{n}");
        }
        fs_err::write(shelf.path(&other), &whole).unwrap();
        assert_eq!(shelf.get(&other), None);
        fs_err::write(&path, [0xff, b'\n', 0xff]).unwrap();
        assert_eq!(shelf.get(&name), None);
        fs_err::remove_file(&path).unwrap();
        fs_err::create_dir(&path).unwrap();
        assert_eq!(shelf.get(&name), None);
        // Something in the way is no reason to fail.
        shelf.put(&name, &kept("too few"));
        assert_eq!(shelf.get(&name), None);
    }

    #[test]
    fn the_oldest_go_and_strangers_stay() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::beside(&folder.path().join("trilemma.db"));
        let names: Vec<Fingerprint> = (0..MOST as u32 + 5)
            .map(|idx| Fingerprint::of(&idx.to_be_bytes()))
            .collect();
        shelf.put(&names[0], &kept("0"));
        let stranger = shelf.folder.join("notes.json");
        fs_err::write(&stranger, "mine").unwrap();
        for name in &names {
            shelf.put(name, &kept("x"));
        }
        assert!(stranger.exists());
        let n = names
            .iter()
            .filter(|name| shelf.get(name).is_some())
            .count();
        assert_eq!(n, MOST);
        assert!(shelf.get(&names[MOST + 4]).is_some());
    }
}
