//! Names that answers carry: of models and of back ends, against those that were measured.
//!
//! In: for each candidate the names that the answers of its benchmark and baseline carried, and answers of
//! traffic as they come. Out: how many answers carried a name that was not among them, and each such name told
//! once. Sets are compared, not single names: some vendors answer one model from several back ends at once. A
//! candidate of which no name is known is not watched. Vendors' words are kept to a length and a number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use trilemma_domain::ChatResponse;

/// New names that are kept of one candidate and kind.
const MAX_NAMES: usize = 16;
/// Characters that are kept of a name.
const MAX_CHARS: usize = 128;

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// The model, as the vendor names what answered.
    ServedModel,
    /// The vendor's fingerprint of its back end.
    Fingerprint,
}

impl NameKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ServedModel, Self::Fingerprint];

    /// `served_model` or `fingerprint`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ServedModel => "served_model",
            Self::Fingerprint => "fingerprint",
        }
    }
}

/// The names that a candidate's measured answers carried, in the order of [`NameKind::ALL`]; an empty set = they
/// carried none, so that nothing can be new.
pub type MeasuredNames = [BTreeSet<String>; 2];

/// A name that the measured answers of a candidate did not carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnseenName<'a> {
    /// The candidate.
    pub candidate: &'a str,
    /// What the name is of.
    pub kind: NameKind,
    /// At most 128 characters of it, as the vendor wrote them.
    pub name: &'a str,
}

/// Is told each new name once.
pub type NameSink = Box<dyn Fn(&UnseenName<'_>) + Send + Sync>;

/// Watches the names of answers.
pub struct Names {
    by_candidate: BTreeMap<String, [Watched; 2]>,
    tell: NameSink,
}

struct Watched {
    kind: NameKind,
    measured: BTreeSet<String>,
    n_unseen: AtomicU64,
    unseen: Mutex<BTreeSet<String>>,
}

/// What was seen of one candidate and kind of name.
pub(crate) struct Standing<'a> {
    pub(crate) candidate: &'a str,
    pub(crate) kind: NameKind,
    /// Answers with a name that was not measured.
    pub(crate) n_unseen: u64,
    pub(crate) names: Vec<String>,
}

impl Names {
    /// Begins with what is known, by candidate.
    #[must_use]
    pub fn new(measured: BTreeMap<String, MeasuredNames>, tell: NameSink) -> Self {
        let watched = |(kind, measured)| Watched {
            kind,
            measured,
            n_unseen: AtomicU64::new(0),
            unseen: Mutex::default(),
        };
        let by_candidate = measured
            .into_iter()
            .map(|(id, [served, fingerprints])| {
                let [first, second] = NameKind::ALL;
                (id, [(first, served), (second, fingerprints)].map(watched))
            })
            .collect();
        Self { by_candidate, tell }
    }

    /// Looks at an answer of a candidate.
    pub(crate) fn saw(&self, candidate: &str, response: &ChatResponse) {
        let Some(both) = self.by_candidate.get(candidate) else {
            return;
        };
        for watched in both {
            let name = match watched.kind {
                NameKind::ServedModel => &response.served_model,
                NameKind::Fingerprint => &response.system_fingerprint,
            };
            if let Some(name) = name
                && watched.is_new(name)
            {
                let name: String = name.chars().take(MAX_CHARS).collect();
                (self.tell)(&UnseenName {
                    candidate,
                    kind: watched.kind,
                    name: &name,
                });
            }
        }
    }

    /// How it stands, of what is watched.
    pub(crate) fn standings(&self) -> Vec<Standing<'_>> {
        let all = self.by_candidate.iter().flat_map(|(candidate, both)| {
            both.iter()
                .filter(|watched| !watched.measured.is_empty())
                .map(move |watched| Standing {
                    candidate,
                    kind: watched.kind,
                    n_unseen: watched.n_unseen.load(Ordering::Relaxed),
                    names: watched.unseen().iter().cloned().collect(),
                })
        });
        all.collect()
    }
}

impl Watched {
    fn unseen(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.unseen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a name that was not measured; whether it is the first time, of as many as are kept.
    fn is_new(&self, name: &str) -> bool {
        if self.measured.is_empty() || name.is_empty() || self.measured.contains(name) {
            return false;
        }
        self.n_unseen.fetch_add(1, Ordering::Relaxed);
        let mut unseen = self.unseen();
        unseen.len() < MAX_NAMES && unseen.insert(name.chars().take(MAX_CHARS).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn answer(served: &str, fingerprint: &str) -> ChatResponse {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        ChatResponse {
            served_model: some(served),
            system_fingerprint: some(fingerprint),
            ..ChatResponse::default()
        }
    }

    fn watch(served: &[&str], fingerprints: &[&str]) -> (Names, Arc<Mutex<Vec<String>>>) {
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&told);
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let measured = BTreeMap::from([("a".to_owned(), [set(served), set(fingerprints)])]);
        let tell: NameSink = Box::new(move |one| {
            let words = format!("{} {} {}", one.candidate, one.kind.word(), one.name);
            kept.lock().unwrap().push(words);
        });
        (Names::new(measured, tell), told)
    }

    #[test]
    fn only_what_was_not_measured_is_told_and_once() {
        let (names, told) = watch(&["m-1", "m-1b"], &["fp-1"]);
        for (served, fingerprint) in [
            ("m-1", "fp-1"),
            ("m-1b", ""),
            ("m-2", "fp-1"),
            ("m-2", "fp-9"),
            ("", "fp-9"),
        ] {
            names.saw("a", &answer(served, fingerprint));
            names.saw("unknown", &answer(served, fingerprint));
        }
        let words = told.lock().unwrap().clone();
        assert_eq!(words, ["a served_model m-2", "a fingerprint fp-9"]);
        let counts: Vec<_> = names.standings().iter().map(|one| one.n_unseen).collect();
        assert_eq!(counts, [2, 2]);
    }

    #[test]
    fn what_carried_no_name_is_not_watched() {
        let (names, told) = watch(&["m-1"], &[]);
        names.saw("a", &answer("m-1", "fp-9"));
        assert!(told.lock().unwrap().is_empty());
        assert_eq!(names.standings().len(), 1);
    }

    #[test]
    fn hostile_names_are_bounded() {
        let (names, told) = watch(&["m-1"], &["fp"]);
        for idx in 0..1_000 {
            names.saw("a", &answer(&format!("{idx}{}", "é".repeat(10_000)), "fp"));
        }
        assert_eq!(told.lock().unwrap().len(), MAX_NAMES);
        let standing = names.standings();
        assert_eq!((standing[0].n_unseen, standing[0].names.len()), (1_000, 16));
        let is_short = |name: &String| name.chars().count() == MAX_CHARS;
        assert!(standing[0].names.iter().all(is_short));
    }
}
