//! The scenario as a file.
//!
//! In: TOML or JSON. Out: a checked [`Scenario`]. Unknown keys are errors. It reads no other file:
//! paths in it are for the caller to resolve and load.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::behaviour::Behaviour;
use super::fault::{FaultKind, FaultRule};
use super::spread::Spread;
use crate::error::SimError;

/// What a simulator does. `Scenario::default()` echoes to every model, at once, without faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Version of this format: 1.
    #[serde(default = "version")]
    pub schema_version: u32,
    /// Seed of everything drawn; the same seed and prompts give the same delays and answers, in
    /// whatever order they come.
    #[serde(default)]
    pub seed: u64,
    /// The behaviour of every model, where its own entry does not say otherwise.
    #[serde(default)]
    pub defaults: Behaviour,
    /// Behaviour by model name (Azure: deployment).
    #[serde(default)]
    pub models: BTreeMap<String, Behaviour>,
    /// Faults over the calls of all models that have none of their own.
    #[serde(default)]
    pub faults: Vec<FaultRule>,
    /// What happens to models that are neither in `models` nor recorded.
    #[serde(default)]
    pub other_models: OtherModels,
    /// The only key that is let in, in whichever header the dialect has it; `None` = any or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<String>,
    /// The golden set whose inputs are the prompts of recorded answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden: Option<PathBuf>,
    /// Files of recorded answers; the file's stem is the model's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replay: Vec<PathBuf>,
    /// How a prompt is joined to an item of the golden set.
    #[serde(default)]
    pub join: Join,
}

/// What happens to models that a scenario does not name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherModels {
    /// They are served where the scenario names no model and nothing is recorded; else status 404.
    #[default]
    Auto,
    /// They are served by `defaults`.
    Serve,
    /// Status 404.
    NotFound,
}

/// How a prompt is joined to an item of the golden set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// The last user message is the item's input, white space at both ends aside.
    #[default]
    Exact,
    /// Or it contains the input, as when a prompt template wraps it; the longest input wins.
    /// Such prompts are searched for every input, so this is slow for large golden sets.
    Contains,
}

fn version() -> u32 {
    1
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            schema_version: version(),
            seed: 0,
            defaults: Behaviour::default(),
            models: BTreeMap::new(),
            faults: Vec::new(),
            other_models: OtherModels::default(),
            api_key: None,
            golden: None,
            replay: Vec::new(),
            join: Join::default(),
        }
    }
}

impl Scenario {
    /// Reads a scenario: JSON when its first character is `{`, else TOML.
    ///
    /// # Errors
    /// [`SimError::Parse`] for text that is neither or has unknown keys, [`SimError::Scenario`] for
    /// values that make no sense.
    pub fn parse(text: &str) -> Result<Self, SimError> {
        let scenario: Self = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| error.to_string())
        } else {
            toml::from_str(text).map_err(|error| error.to_string())
        }
        .map_err(|message| SimError::Parse { message })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// Checks what types cannot.
    ///
    /// # Errors
    /// [`SimError::Scenario`] names the first value that makes no sense.
    pub fn check(&self) -> Result<(), SimError> {
        if self.schema_version != version() {
            return Err(bad("schema_version", "only version 1 is known"));
        }
        check_behaviour("defaults", &self.defaults)?;
        for (name, behaviour) in &self.models {
            check_behaviour(&format!("models.{name}"), behaviour)?;
        }
        check_faults("faults", &self.faults)
    }
}

fn bad(field: impl Into<String>, problem: &str) -> SimError {
    SimError::Scenario {
        field: field.into(),
        problem: problem.to_owned(),
    }
}

fn check_behaviour(at: &str, behaviour: &Behaviour) -> Result<(), SimError> {
    let spreads: [(&str, Option<Spread>); 4] = [
        ("head_ms", behaviour.head_ms),
        ("first_token_ms", behaviour.first_token_ms),
        ("gap_ms", behaviour.gap_ms),
        ("tokens_per_chunk", behaviour.tokens_per_chunk),
    ];
    for (name, spread) in spreads {
        if spread.is_some_and(|spread| !spread.is_valid()) {
            return Err(bad(
                format!("{at}.{name}"),
                "numbers must be finite and at least 0",
            ));
        }
    }
    let limits = behaviour.limits.unwrap_or_default();
    if limits.requests_per_minute == Some(0) || limits.tokens_per_minute == Some(0) {
        return Err(bad(
            format!("{at}.limits"),
            "a limit of 0 lets nothing through; leave it out for no limit",
        ));
    }
    let after = behaviour.drift.as_ref().and_then(|drift| drift.logprobs);
    let rules = [("logprobs", behaviour.logprobs), ("drift.logprobs", after)];
    for (name, rule) in rules {
        let is_sound = |x: f64| x.is_finite() && x >= 0.0;
        if rule.is_some_and(|rule| !is_sound(rule.noise) || !is_sound(rule.moved)) {
            return Err(bad(
                format!("{at}.{name}"),
                "numbers must be finite and at least 0",
            ));
        }
    }
    if let Some(factor) = behaviour.drift.as_ref().and_then(|d| d.delay_factor)
        && !(factor.is_finite() && factor >= 0.0)
    {
        return Err(bad(
            format!("{at}.drift.delay_factor"),
            "must be finite and at least 0",
        ));
    }
    behaviour.faults.as_ref().map_or(Ok(()), |faults| {
        check_faults(&format!("{at}.faults"), faults)
    })
}

fn check_faults(at: &str, faults: &[FaultRule]) -> Result<(), SimError> {
    for (idx, rule) in faults.iter().enumerate() {
        let field = |name: &str| format!("{at}[{idx}].{name}");
        let n_rules = usize::from(rule.per_100.is_some())
            + usize::from(rule.every.is_some())
            + usize::from(rule.first.is_some())
            + usize::from(rule.share.is_some());
        if n_rules != 1 {
            return Err(bad(
                field("kind"),
                "give exactly one of `per_100`, `every`, `first` and `share`",
            ));
        }
        if rule.every == Some(0) {
            return Err(bad(field("every"), "must be at least 1"));
        }
        if rule
            .share
            .is_some_and(|share| !(0.0..=1.0).contains(&share))
        {
            return Err(bad(field("share"), "must lie in [0, 1]"));
        }
        let seconds = [rule.retry_after_s, rule.stall_s];
        if seconds
            .into_iter()
            .flatten()
            .any(|s| !(0.0..=1e6).contains(&s))
        {
            return Err(bad(
                field("kind"),
                "`retry_after_s` and `stall_s` must lie in [0, 1000000]",
            ));
        }
        let has_status = matches!(
            rule.kind,
            FaultKind::RateLimited
                | FaultKind::ServerError
                | FaultKind::Unavailable
                | FaultKind::Overloaded
        );
        if rule.retry_after_s.is_some() && !has_status {
            return Err(bad(
                field("retry_after_s"),
                "only errors with a status say when to come back",
            ));
        }
    }
    let n_cards = faults
        .iter()
        .filter_map(|rule| rule.per_100)
        .fold(0, u32::saturating_add);
    if n_cards > 100 {
        return Err(bad(at, "the `per_100` numbers add up to more than 100"));
    }
    Ok(())
}
