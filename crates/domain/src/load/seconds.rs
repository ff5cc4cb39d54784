//! Spans of time as a number of seconds, which every reader of JSON understands.

use std::time::Duration;

use serde::{Deserialize as _, Deserializer, Serializer};

/// Writes seconds.
pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(span.as_secs_f64())
}

/// Reads seconds; negative and endless ones are errors.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    span(f64::deserialize(deserializer)?)
}

fn span<E: serde::de::Error>(seconds: f64) -> Result<Duration, E> {
    Duration::try_from_secs_f64(seconds).map_err(E::custom)
}

/// The same where there may be none.
pub(super) mod optional {
    use super::{Deserializer, Duration, Serializer, span};
    use serde::Deserialize as _;

    /// Writes seconds or null.
    pub(in super::super) fn serialize<S: Serializer>(
        found: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match found {
            Some(found) => serializer.serialize_some(&found.as_secs_f64()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads seconds or null.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        Option::<f64>::deserialize(deserializer)?
            .map(span)
            .transpose()
    }
}
