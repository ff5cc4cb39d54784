//! Vectors of queries: which texts have one, what the others would cost, and the examples with them.
//!
//! In: a model for embeddings of the project, a run as routing sees it, and what the store has. Out: the examples with
//! their vectors, each with the price and the wait of one call for its text alone. Nobody is called: `route embed` does.

use std::collections::{BTreeMap, HashMap};

use anyhow::anyhow;
use trilemma_cost::Pricer;
use trilemma_domain::{Candidate, Fingerprint, ModelName, UsdPerMtok};
use trilemma_project::EmbeddingModel;
use trilemma_route::{
    Embedded, Embedder, Example, Examples, Member, MemberPrice, Observation, Policy, embedded_text,
    embedder_binding,
};
use trilemma_store::{EmbeddingCall, Store, StoredVector};

use super::Material;
use crate::context::{Context, InputError};
use crate::lineup;
use crate::places;

/// Fewest texts, as a share of those that can have one, whose vectors are there, or vectors take no part.
const COVERAGE: f64 = 0.8;
/// Characters of a token, about, where nobody counted.
const CHARS_PER_TOKEN: u64 = 4;

/// A model for embeddings of the project.
pub(crate) struct Maker {
    /// Described as a candidate.
    pub(crate) candidate: Candidate,
    /// `None` = its price is unknown.
    pub(crate) pricer: Option<Pricer>,
    price: Option<UsdPerMtok>,
    /// Hash of what shapes its vectors.
    pub(crate) binding: Fingerprint,
}

impl Maker {
    /// The one that a flag names, else the one of `[routing]`; `None` = neither names one.
    ///
    /// # Errors
    /// [`InputError`] for a name that the project does not have.
    pub(crate) fn named(context: &Context, name: Option<&str>) -> anyhow::Result<Option<Self>> {
        let own = context.project.routing.embedding.as_deref();
        let Some(name) = name.or(own) else {
            return Ok(None);
        };
        let models = &context.project.serve.embeddings;
        let Some(model) = models.iter().find(|one| one.id == name) else {
            let known: Vec<&str> = models.iter().map(|one| one.id.as_str()).collect();
            let hint = if known.is_empty() {
                "name it in `[[serve.embeddings]]` with `id`, `model` and `price`".to_owned()
            } else {
                format!("one of {}", known.join(", "))
            };
            return Err(anyhow!(InputError(format!(
                "failed to find the model for embeddings `{name}`; hint: {hint}"
            ))));
        };
        Self::of(context, model).map(Some)
    }

    /// The one that a policy names; `None` = it looks at no vectors.
    ///
    /// # Errors
    /// [`InputError`] where the project has no such model.
    pub(crate) fn of_policy(context: &Context, policy: &Policy) -> anyhow::Result<Option<Self>> {
        let makers = policy.embedders();
        let Some((id, _)) = makers.first() else {
            return Ok(None);
        };
        let member = policy.candidates.iter().find(|one| one.id == **id);
        let wanted = member.and_then(|one| one.binding);
        for model in &context.project.serve.embeddings {
            let maker = Self::of(context, model)?;
            let is_it = match wanted {
                Some(binding) => binding == maker.binding,
                None => maker.candidate.id == **id,
            };
            if is_it {
                // As the policy calls it.
                let candidate = Candidate {
                    id: (*id).clone(),
                    ..maker.candidate
                };
                return Ok(Some(Self { candidate, ..maker }));
            }
        }
        Err(anyhow!(InputError(format!(
            "failed to use the policy: its vectors are by `{id}`, which is no model of this project; hint: name it \
             in `[[serve.embeddings]]`, or train the policy anew"
        ))))
    }

    fn of(context: &Context, model: &EmbeddingModel) -> anyhow::Result<Self> {
        let (candidate, pricer) = lineup::embedder(context, model)?;
        Ok(Self {
            binding: embedder_binding(&candidate.target),
            price: model.price,
            candidate,
            pricer,
        })
    }

    /// USD of so many tokens; `None` = its price is unknown.
    pub(crate) fn usd(&self, tokens: f64) -> Option<f64> {
        let per_million = self.price?.of_tokens(1_000_000)?;
        Some(per_million.to_f64() * tokens / 1e6)
    }

    fn member(&self, served: Vec<String>) -> Member {
        let target = &self.candidate.target;
        Member {
            model: Some(ModelName {
                provider: target.provider.clone(),
                model: target.model.clone(),
            }),
            binding: Some(self.binding),
            served,
            price: self.price.map(|input| MemberPrice {
                input,
                // There is no output.
                output: UsdPerMtok::ZERO,
                row: "contract".to_owned(),
                source: None,
                checked: None,
            }),
            ..Member::named(self.candidate.id.clone())
        }
    }
}

/// Texts of examples that can have a vector, once each, by their hashes.
pub(crate) fn texts(rows: &[Example]) -> BTreeMap<Fingerprint, String> {
    let text = |row: &Example| embedded_text(&row.text).map(str::to_owned);
    let hashed = |text: String| (Fingerprint::of(text.as_bytes()), text);
    rows.iter().filter_map(text).map(hashed).collect()
}

/// About how many tokens so many characters have.
pub(crate) fn tokens(chars: u64) -> u64 {
    chars.div_ceil(CHARS_PER_TOKEN)
}

/// How it stands with the vectors of a run.
#[derive(Debug, Clone)]
pub(crate) struct Stand {
    /// Who makes them.
    pub(crate) by: String,
    /// Different texts that can have one.
    pub(crate) n_texts: usize,
    /// Those that have none.
    pub(crate) n_missing: usize,
    /// Tokens of those, about.
    pub(crate) n_tokens: u64,
    /// What they would cost in USD, about; `None` = the price is unknown.
    pub(crate) usd: Option<f64>,
    /// Those whose call said nothing of tokens, so that nobody knows what a query costs.
    pub(crate) n_uncounted: usize,
    /// Whether vectors take part.
    pub(crate) takes_part: bool,
}

impl Stand {
    /// What keeps vectors out, or makes them incomplete, in words after "vectors"; `None` = nothing.
    pub(crate) fn lack(&self) -> Option<String> {
        let Stand {
            by,
            n_texts,
            n_missing,
            n_tokens,
            ..
        } = self;
        let lack = if self.usd.is_none() {
            format!(
                "take no part: the price of `{by}` is unknown, and every query would pay it; state `price` in its \
                 `[[serve.embeddings]]` entry"
            )
        } else if *n_missing > 0 {
            let part = if self.takes_part {
                "those items are judged without"
            } else {
                "too many for them to take part"
            };
            format!(
                "{n_missing} of {n_texts} texts have none by `{by}` ({part}), about {n_tokens} tokens; \
                 `trilemma route embed {by}` asks for them"
            )
        } else if self.n_uncounted > 0 {
            format!(
                "`{by}` reported no tokens for {} of {n_texts} texts, so nobody knows what a query costs; have its \
                 endpoint report usage",
                self.n_uncounted
            )
        } else {
            return None;
        };
        Some(lack)
    }
}

/// Gives the examples of a run their vectors, where enough are there and their price is known.
///
/// # Errors
/// As the store gives them.
pub(crate) fn attach(
    store: &Store,
    maker: &Maker,
    material: &mut Material,
) -> anyhow::Result<Stand> {
    let examples = &mut material.gathered.examples;
    let texts = texts(&examples.rows);
    let hashes: Vec<Fingerprint> = texts.keys().copied().collect();
    let (found, calls) = store.embeddings(&maker.binding, &hashes)?;
    let missing = texts.iter().filter(|(hash, _)| !found.contains_key(*hash));
    let chars: u64 = missing.map(|(_, text)| text.chars().count() as u64).sum();
    let shelf = Shelf::new(maker, found, &calls);
    let priced = hashes
        .iter()
        .filter(|hash| shelf.usd(hash, &texts).is_some());
    let n_priced = priced.count();
    let n_texts = texts.len();
    let n_missing = n_texts - shelf.found.len();
    let stand = Stand {
        by: maker.candidate.id.to_string(),
        n_texts,
        n_missing,
        n_tokens: tokens(chars),
        usd: maker.usd(tokens(chars) as f64),
        n_uncounted: shelf.found.len() - shelf.n_counted(),
        takes_part: n_priced > 0 && n_priced as f64 >= COVERAGE * n_texts as f64,
    };
    if stand.takes_part {
        put(examples, &shelf, &texts);
    }
    Ok(stand)
}

/// The vector that is kept of a text, as the one who makes vectors for a policy gave it; `None` = there is none, or the
/// policy looks at none.
///
/// # Errors
/// As the store gives them.
pub(crate) fn kept(
    context: &Context,
    policy: &Policy,
    text: &str,
) -> anyhow::Result<Option<Observation>> {
    let path = places::store_path(&context.folder, &context.project)?;
    // Whoever the project cannot name has kept nothing here.
    let (Ok(Some(maker)), Some(text), true) = (
        Maker::of_policy(context, policy),
        embedded_text(text),
        path.is_file(),
    ) else {
        return Ok(None);
    };
    let hash = Fingerprint::of(text.as_bytes());
    let (mut found, calls) = Store::open_existing(&path)?.embeddings(&maker.binding, &[hash])?;
    Ok(found.remove(&hash).map(|one| {
        let end = calls.get(one.call_idx).and_then(|call| call.end.as_ref());
        let tokens = end.and_then(|end| end.input_tokens);
        Observation::embedded(maker.candidate.id, one.vector, tokens)
    }))
}

/// Vectors with what their calls took.
struct Shelf<'a> {
    maker: &'a Maker,
    found: HashMap<Fingerprint, StoredVector>,
    calls: &'a [EmbeddingCall],
    /// Waits of calls for one text, in seconds.
    waits: Vec<f64>,
}

impl<'a> Shelf<'a> {
    fn new(
        maker: &'a Maker,
        found: HashMap<Fingerprint, StoredVector>,
        calls: &'a [EmbeddingCall],
    ) -> Self {
        let wait = |call: &EmbeddingCall| {
            let end = call.end.as_ref().filter(|end| end.failure.is_none())?;
            (call.n_texts == 1).then_some(end.took_us? as f64 / 1e6)
        };
        Self {
            waits: calls.iter().filter_map(wait).collect(),
            maker,
            found,
            calls,
        }
    }

    /// Tokens of a text: its share of its call's, by characters.
    fn tokens(&self, hash: &Fingerprint, chars: usize) -> Option<f64> {
        let call = self.calls.get(self.found.get(hash)?.call_idx)?;
        let all = call.end.as_ref()?.input_tokens?;
        Some(all as f64 * chars as f64 / call.n_chars.max(1) as f64)
    }

    fn usd(&self, hash: &Fingerprint, texts: &BTreeMap<Fingerprint, String>) -> Option<f64> {
        let chars = texts.get(hash)?.chars().count();
        self.maker.usd(self.tokens(hash, chars)?)
    }

    fn n_counted(&self) -> usize {
        let is_counted = |hash: &&Fingerprint| self.tokens(hash, 1).is_some();
        self.found.keys().filter(is_counted).count()
    }

    /// The wait of a call for this text alone: its own, or that of another such call, each in its turn by the text's hash.
    fn seconds(&self, hash: &Fingerprint) -> Option<f64> {
        let call = self.calls.get(self.found.get(hash)?.call_idx)?;
        if call.n_texts == 1
            && let Some(took) = call.end.as_ref().and_then(|end| end.took_us)
        {
            return Some(took as f64 / 1e6);
        }
        let n = (self.waits.len() as u64).max(1);
        let place = usize::try_from(hash.leading_u64() % n).unwrap_or(0);
        self.waits.get(place).copied()
    }

    /// The length that most vectors have.
    fn dimensions(&self) -> Option<usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for one in self.found.values() {
            *counts.entry(one.vector.len()).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|(_, n)| *n)
            .map(|(length, _)| length)
    }

    fn served(&self) -> Vec<String> {
        let used = self.found.values().map(|one| one.call_idx);
        let names = used.filter_map(|idx| self.calls.get(idx)?.end.as_ref()?.served.clone());
        let names: std::collections::BTreeSet<String> = names.collect();
        names.into_iter().collect()
    }
}

fn put(examples: &mut Examples, shelf: &Shelf<'_>, texts: &BTreeMap<Fingerprint, String>) {
    for row in &mut examples.rows {
        row.embedded = embedded_text(&row.text).and_then(|text| {
            let hash = Fingerprint::of(text.as_bytes());
            let tokens = shelf.tokens(&hash, text.chars().count())?;
            Some(Embedded {
                cost_usd: shelf.usd(&hash, texts)?,
                vector: shelf.found.get(&hash)?.vector.as_slice().into(),
                input_tokens: Some(tokens.round() as u64),
                seconds: shelf.seconds(&hash),
            })
        });
    }
    examples.embedder = shelf.dimensions().map(|dimensions| Embedder {
        member: shelf.maker.member(shelf.served()),
        dimensions,
    });
}
