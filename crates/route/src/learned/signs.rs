//! What a judge looks at beside agreement and lengths, where it was recorded.
//!
//! Each sign is one number, in standard deviations from its mean over the items of the training, cut at
//! three; one that is not there counts as the mean. Texts are read by the same estimates that read
//! queries ([`QueryModel`]): what they say of the quality of the large candidate less that of the first
//! answer.

use serde::{Deserialize, Serialize};

use super::query::{Query, QueryModel, Sight};
use crate::observe::Outcome;

/// One sign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Sign {
    /// Mean log-probability of the first answer's first tokens: its mean and standard deviation.
    Logprob([f64; 2]),
    /// Share of those asked who say what the first one does: its mean and standard deviation.
    Votes([f64; 2]),
    /// What the text of the first answer says of the gain.
    Answer(Box<Reader>),
    /// What the query says of it.
    Query(Box<Reader>),
}

/// Reads a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reader {
    /// Mean and standard deviation of the expected gain on items that the estimates had not seen.
    pub gain: [f64; 2],
    /// Qualities of two candidates: the one that answers first, and the large one.
    pub model: QueryModel,
}

/// What signs are taken from.
pub(crate) struct Look<'a> {
    /// The query.
    pub(crate) query: &'a str,
    /// Its task.
    pub(crate) task: Option<&'a str>,
    /// The first answer; `None` = there is none.
    pub(crate) first: Option<&'a Outcome>,
    /// The parts that are compared, of everyone asked.
    pub(crate) gists: &'a [Option<String>],
}

/// A sign made ready to run.
#[derive(Debug)]
pub(crate) struct ReadySign {
    scale: [f64; 2],
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Logprob,
    Votes,
    Answer(Query),
    Query(Query),
}

impl ReadySign {
    /// Makes it ready.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(sign: &Sign) -> Result<Self, String> {
        let (scale, kind) = match sign {
            Sign::Logprob(scale) => (*scale, Kind::Logprob),
            Sign::Votes(scale) => (*scale, Kind::Votes),
            Sign::Answer(reader) => (reader.gain, Kind::Answer(reader.ready()?)),
            Sign::Query(reader) => (reader.gain, Kind::Query(reader.ready()?)),
        };
        if !scale.iter().all(|one| one.is_finite()) {
            return Err("has a sign without a finite mean and standard deviation".to_owned());
        }
        Ok(Self { scale, kind })
    }

    /// In standard deviations from the mean; 0 where there is nothing to look at.
    pub(crate) fn value(&self, look: &Look<'_>) -> f64 {
        let raw = match &self.kind {
            Kind::Logprob => look.first.and_then(logprob),
            Kind::Votes => Some(votes(look.gists)),
            Kind::Answer(model) => (look.first.and_then(text)).map(|text| gain(model, text, look)),
            Kind::Query(model) => Some(gain(model, look.query, look)),
        };
        raw.map_or(0.0, |raw| standard(raw, self.scale))
    }

    /// Before any answer is there: what the query says; the mean of all else.
    pub(crate) fn before(&self, look: &Look<'_>) -> f64 {
        match self.kind {
            Kind::Query(_) => self.value(look),
            Kind::Logprob | Kind::Votes | Kind::Answer(_) => 0.0,
        }
    }

    /// Whether it reads texts and its training has not seen this task.
    pub(crate) fn is_unseen(&self, task: Option<&str>) -> bool {
        match &self.kind {
            Kind::Answer(model) | Kind::Query(model) => model.unseen(task).is_some(),
            Kind::Logprob | Kind::Votes => false,
        }
    }
}

impl Reader {
    fn ready(&self) -> Result<Query, String> {
        if self.model.quality.len() != 2 {
            let n = self.model.quality.len();
            return Err(format!("reads texts for {n} candidates, not 2"));
        }
        if self.model.embedding.is_some() {
            return Err("reads texts by an embedding, which nobody makes of answers".to_owned());
        }
        Query::new(&self.model).map_err(|faults| {
            let told = |(place, message): &(String, String)| format!("{place} {message}");
            let all: Vec<String> = faults.iter().map(told).collect();
            all.join(", ")
        })
    }
}

fn gain(model: &Query, text: &str, look: &Look<'_>) -> f64 {
    let sight = Sight {
        text,
        task: look.task,
        vector: None,
    };
    match model.raw_quality(sight).as_slice() {
        [first, large] => large - first,
        _ => 0.0,
    }
}

/// In standard deviations from the mean, cut at three.
pub(crate) fn standard(raw: f64, scale: [f64; 2]) -> f64 {
    super::standard_row(&[raw], &[scale])
        .first()
        .copied()
        .unwrap_or(0.0)
}

/// The recorded log-probability of an answer.
pub(crate) fn logprob(outcome: &Outcome) -> Option<f64> {
    match outcome {
        Outcome::Answered { logprob, .. } => *logprob,
        Outcome::Failed | Outcome::Embedded { .. } => None,
    }
}

/// The text of an answer.
pub(crate) fn text(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Answered { text, .. } => Some(text),
        Outcome::Failed | Outcome::Embedded { .. } => None,
    }
}

/// Share of those asked who say what the first one does; 0 where it says nothing.
pub(crate) fn votes(gists: &[Option<String>]) -> f64 {
    let Some(Some(first)) = gists.first() else {
        return 0.0;
    };
    let n = gists
        .iter()
        .flatten()
        .filter(|other| *other == first)
        .count();
    n as f64 / gists.len() as f64
}
