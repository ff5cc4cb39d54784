//! The data files that are part of the binary.
//!
//! Texts only: nothing is parsed before a question needs it. `catalog/README.md` says how they are
//! kept; `catalog/LICENSES` names whose data they carry.

use std::borrow::Cow;

use crate::sheet::Sheet;

/// A data file of the binary.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builtin {
    /// Name for messages.
    pub(crate) file: &'static str,
    /// The only provider of its models; `None` = no models in it.
    pub(crate) provider: Option<&'static str>,
    /// The text.
    pub(crate) text: &'static str,
}

impl Builtin {
    /// The text, cut into tables.
    pub(crate) fn sheet(&self) -> Sheet {
        Sheet::cut(self.file, Cow::Borrowed(self.text))
    }
}

macro_rules! builtin {
    ($($provider:literal),* $(,)?) => {
        &[$(Builtin {
            file: concat!("catalog/", $provider, ".toml"),
            provider: Some($provider),
            text: include_str!(concat!("../../../catalog/", $provider, ".toml")),
        }),*]
    };
}

/// One file per provider, in the order in which they are listed.
pub(crate) const PROVIDERS: &[Builtin] = builtin![
    "openai",
    "anthropic",
    "google",
    "mistral",
    "xai",
    "deepseek",
    "alibaba",
    "moonshot",
    "zai",
    "cohere",
    "groq",
    "cerebras",
    "together",
    "fireworks",
    "deepinfra",
    "azure",
    "open-weights",
];

/// Size classes.
pub(crate) const TIERS: Builtin = Builtin {
    file: "catalog/tiers.toml",
    provider: None,
    text: include_str!("../../../catalog/tiers.toml"),
};

/// Tokenizer families.
pub(crate) const TOKENIZERS: Builtin = Builtin {
    file: "catalog/tokenizers.toml",
    provider: None,
    text: include_str!("../../../catalog/tokenizers.toml"),
};

/// GPUs with dated prices.
pub(crate) const GPUS: Builtin = Builtin {
    file: "catalog/gpus.toml",
    provider: None,
    text: include_str!("../../../catalog/gpus.toml"),
};

/// Rate limits by tier.
pub(crate) const LIMITS: Builtin = Builtin {
    file: "catalog/limits.toml",
    provider: None,
    text: include_str!("../../../catalog/limits.toml"),
};
