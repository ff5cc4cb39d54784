//! The policy file as a whole.
//!
//! One JSON object, self-contained: with it and the candidates' keys, every decision can be made
//! again. Its hash covers everything else in it, so a file can be told from its changed copy.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trilemma_domain::{Candidate, CandidateId, Fingerprint, ModelName, Target, UsdPerMtok};

use super::plan::Plan;
use super::problem::PolicyError;

/// The newest version of the format that this program reads, and the one that it writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Which text of a request features and rules read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// The last user message of the rendered request.
    #[default]
    LastUser,
    /// A field of the item's or the request's metadata.
    Field(String),
}

/// The prices that the policy's costs rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberPrice {
    /// USD per million uncached input tokens.
    pub input: UsdPerMtok,
    /// USD per million output tokens.
    pub output: UsdPerMtok,
    /// The price row's name, or `contract`.
    pub row: String,
    /// Where the row was read; `None` = a contract of one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// When somebody last looked there; `None` as `source`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Date>,
}

/// What one candidate did alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alone {
    /// Mean quality with its 95 % interval: `[point, low, high]`.
    pub quality: [f64; 3],
    /// Mean USD per query.
    pub cost_usd: f64,
    /// Its 95 % interval, low and high; both are the mean where all items cost the same. `None` = an older version wrote the
    /// file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd_interval: Option<[f64; 2]>,
    /// Items.
    pub n: usize,
}

/// One candidate that the policy may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name in the project.
    pub id: CandidateId,
    /// The pinned model; `None` = the catalog does not know it, or the file is hand-written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelName>,
    /// Hash of everything that shapes its answers ([`measured_binding`]); `None` = never measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Fingerprint>,
    /// Hash of its prompt template; `None` = the request as it is, or never measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Fingerprint>,
    /// Names of the models that answered, as the vendor wrote them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub served: Vec<String>,
    /// The prices that held; `None` = unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<MemberPrice>,
    /// What it did alone; `None` = never measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<Alone>,
}

impl Member {
    /// Names a candidate of which nothing was measured.
    #[must_use]
    pub fn named(id: impl Into<CandidateId>) -> Self {
        Self {
            id: id.into(),
            model: None,
            binding: None,
            prompt: None,
            served: Vec::new(),
            price: None,
            alone: None,
        }
    }
}

/// Where a trained policy comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The run whose trials it was fitted on.
    pub run: String,
    /// The day whose prices hold.
    pub as_of: Date,
    /// Hash of the golden set.
    pub golden: Fingerprint,
    /// The side of the golden set that it was fitted on: `dev` or `holdout`; `None` = all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Items that it was fitted on.
    pub n_fit: usize,
    /// Items that it was judged on.
    pub n_judged: usize,
    /// The seed of split and folds.
    pub seed: u64,
}

/// What a policy gives over the best single candidate, on items that it was not fitted on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Whether it is shown, with 95 % confidence, to cost less or to be better.
    pub shown: bool,
    /// What it saves and gains, with intervals.
    pub words: String,
}

/// What was measured of the policy on items that it was not fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// Figures by name, each with its interval: `[point, low, high]`.
    pub figures: BTreeMap<String, [f64; 3]>,
    /// The quality-cost curve, cheapest first.
    pub curve: Vec<CurvePoint>,
    /// Items that the figures rest on.
    pub n: usize,
    /// Why routing is not shown to be worth anything; `None` = it is, with 95 % confidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abstained: Option<String>,
    /// What it gives over the best single candidate; `None` = an older version wrote the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<Given>,
    /// What was asked for, and whether it is kept; `None` = nothing was, or an older version wrote the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<AskedFor>,
}

/// How a figure lies to what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The interval lies on the right side.
    Kept,
    /// The interval lies on the wrong side.
    Missed,
    /// The interval contains the target, or there is none.
    NotSettled,
}

/// A target, and how the policy stands to it on items that it was not fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedFor {
    /// The target.
    pub target: String,
    /// Whether its interval lies on the right side, on the wrong one, or contains the target.
    pub standing: Standing,
    /// The same in words, with the figure.
    pub words: String,
}

/// What one target came to on items that its thresholds had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurvePoint {
    /// The target.
    pub target: String,
    /// Mean USD per query, every call included.
    pub cost_usd: f64,
    /// Mean quality with its 95 % interval: `[point, low, high]`.
    pub quality: [f64; 3],
}

/// Between what the figures of a served policy should lie. Outside of it the policy no longer does
/// what was measured: measure and train again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Longest text, in characters, that it was fitted on.
    pub max_chars: u64,
    /// Tasks that it was fitted on; empty = items named none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// Share of requests that take a second step: 95 % interval.
    pub escalated: [f64; 2],
    /// USD per query: 95 % interval.
    pub cost_usd: [f64; 2],
    /// Quality: 95 % interval.
    pub quality: [f64; 2],
}

/// A routing policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Version of the format.
    pub schema_version: u32,
    /// What people call it.
    pub name: String,
    /// Hash of everything else in the file; `None` = written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Fingerprint>,
    /// Which text features and rules read.
    #[serde(default)]
    pub reads: Reads,
    /// Who may be asked.
    pub candidates: Vec<Member>,
    /// What is done.
    pub plan: Plan,
    /// Who is asked, in this order, when the one that the plan wants has failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<CandidateId>,
    /// Where it comes from; `None` = written by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What it is worth; `None` = nobody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// Between what its figures should lie when it serves; `None` = nobody measured it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
}

impl Policy {
    /// Makes a policy of a plan, without fallback, origin or figures.
    #[must_use]
    pub fn new(name: impl Into<String>, candidates: Vec<Member>, plan: Plan) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            name: name.into(),
            hash: None,
            reads: Reads::LastUser,
            candidates,
            plan,
            fallback: Vec::new(),
            origin: None,
            measured: None,
            guard: None,
        }
    }

    /// Lists everyone whom it may ask for an answer or a label, once each, the fallback chain included.
    #[must_use]
    pub fn asks(&self) -> Vec<CandidateId> {
        let mut all = Vec::new();
        self.plan.asks(&mut all);
        all.extend(self.fallback.iter().cloned());
        let mut seen = BTreeSet::new();
        all.retain(|id| seen.insert(id.clone()));
        all
    }

    /// Lists the routes that its rules ask for, in the order of their names.
    #[must_use]
    pub fn routes(&self) -> BTreeSet<&str> {
        let mut all = BTreeSet::new();
        self.plan.routes(&mut all);
        all
    }

    /// Lists who makes vectors, once each, with the number of their numbers.
    #[must_use]
    pub fn embedders(&self) -> Vec<(&CandidateId, usize)> {
        let mut found = Vec::new();
        self.plan.embeddings(&mut found);
        let mut seen = BTreeSet::new();
        found
            .into_iter()
            .filter(|one| seen.insert(&one.by))
            .map(|one| (&one.by, one.dimensions))
            .collect()
    }

    /// Lists the members but for those who make vectors.
    pub fn answerers(&self) -> impl Iterator<Item = &Member> {
        let makers = self.embedders();
        let is_maker = move |one: &Member| makers.iter().any(|(maker, _)| **maker == one.id);
        self.candidates.iter().filter(move |one| !is_maker(one))
    }

    /// Reads a file; [`crate::Router::new`] says whether it can work.
    ///
    /// # Errors
    /// [`PolicyError`]: not a policy, of a newer version, or changed since it was hashed.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let unreadable = |error: serde_json::Error| PolicyError::Unreadable {
            line: error.line(),
            column: error.column(),
            message: said(&error),
        };
        let value: Value = serde_json::from_str(text).map_err(unreadable)?;
        // Records could be read from a list of their fields, too.
        if !value.is_object() {
            return Err(PolicyError::Unreadable {
                line: 1,
                column: 1,
                message: "it is no JSON object".to_owned(),
            });
        }
        // Before its fields: a newer format may have others.
        let found = value.get("schema_version").and_then(Value::as_u64);
        if let Some(found) = found.filter(|found| *found > u64::from(SCHEMA_VERSION)) {
            return Err(PolicyError::Version {
                found: u32::try_from(found).unwrap_or(u32::MAX),
                known: SCHEMA_VERSION,
            });
        }
        let policy: Self = serde_json::from_str(text).map_err(unreadable)?;
        if let Some(stated) = policy.hash {
            let found = policy.content_hash();
            if stated != found {
                return Err(PolicyError::Changed {
                    stated: stated.short(),
                    found: found.short(),
                });
            }
        }
        Ok(policy)
    }

    /// Hashes everything but the field `hash`, whatever the order and the spacing of the file.
    #[must_use]
    pub fn content_hash(&self) -> Fingerprint {
        let bare = Self {
            hash: None,
            ..self.clone()
        };
        let mut text = String::new();
        canonical(&bare.to_value(), &mut text);
        Fingerprint::of(text.as_bytes())
    }

    /// Writes the file with its hash, indented, with a final line break.
    #[must_use]
    pub fn write(&self) -> String {
        let sealed = Self {
            hash: Some(self.content_hash()),
            ..self.clone()
        };
        format!("{:#}\n", sealed.to_value())
    }

    fn to_value(&self) -> Value {
        // Every map of a policy has texts as keys, and every number of it is finite.
        serde_json::to_value(self).unwrap_or(Value::Null)
    }
}

/// Writes JSON so that equal contents give equal texts: keys in order, no spaces, fractions with ten
/// significant digits (a reader may be off in the last of seventeen).
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                canonical(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for value in list {
                canonical(value, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => out.push_str(&format!("{float:.9e}")),
            _ => out.push_str(&number.to_string()),
        },
        Value::Null | Value::Bool(_) | Value::String(_) => out.push_str(&value.to_string()),
    }
}

/// The reader's words without the position that it appends.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// Hashes what shapes a candidate's answers: provider, dialect, model, prompt, parameters, answer
/// format and tool choice. The address, prices and streaming are left out: they change no answer.
///
/// A live candidate whose hash differs from the policy's is not the one that was measured.
#[must_use]
pub fn measured_binding(candidate: &Candidate) -> Fingerprint {
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    let prompt = candidate.prompt.as_ref();
    Fingerprint::builder()
        .field(&candidate.target.provider)
        .field(candidate.target.dialect.name())
        .field(&candidate.target.model)
        .field(prompt.map_or("", |prompt| prompt.source.as_str()))
        .field(json(serde_json::to_string(&candidate.params)))
        .field(json(serde_json::to_string(&candidate.response_format)))
        .field(json(serde_json::to_string(&candidate.tool_choice)))
        .finish()
}

/// Hashes what shapes the vectors of a model for embeddings: provider, dialect and model. The address and the price are left
/// out: they change no vector; how many numbers it has stands in the plan.
#[must_use]
pub fn embedder_binding(target: &Target) -> Fingerprint {
    Fingerprint::builder()
        .field("embeddings")
        .field(&target.provider)
        .field(target.dialect.name())
        .field(&target.model)
        .finish()
}
