//! Whether a request that names a candidate deviates from what was measured; that it surely does not, from its bytes.
//!
//! In: a body as it came. Out: true where each field is one that shapes no answer, the value that was measured, or
//! plain texts that hold the measured prompt; false = it has to be read in neutral words to know (see `deviation`).
//! One pass, without an allocation where the answer is true: most requests of a team that serves what it measured.

use std::fmt;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ask::{Ask, Service};
use crate::deviation::{MeasuredRequests, SHAPELESS, compare};
use crate::job::Job;
use crate::prepare::decode;
use crate::upstream::{Named, Side};

/// Kinds of parts that are something else than text.
const OTHERS: [&[u8]; 8] = [
    b"\"image_url\"",
    b"\"image\"",
    b"\"input_image\"",
    b"\"file\"",
    b"\"input_file\"",
    b"\"document\"",
    b"\"input_audio\"",
    b"\"search_result\"",
];
/// Every part that is more than a string has one.
static KIND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"type\""));
/// Letters may be written so.
static ESCAPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u00"));

impl Job {
    /// Notes in what a request that names a candidate differs from what was measured.
    pub(crate) fn compare_named(&mut self, named: &Named) {
        if self.ask.service == Service::Embeddings {
            return;
        }
        let measured = self.gateway.measured();
        if is_plain(&self.ask, named, measured) {
            return;
        }
        let record = &mut self.record;
        match decode(&self.ask) {
            Ok(decoded) => compare(&self.ask, &decoded.chat, (named, measured), &mut |what| {
                record.unmeasured(what);
            }),
            // What only its vendor understands was not asked by a benchmark.
            Err(_) => record.unmeasured("request"),
        }
    }
}

/// Whether a request surely deviates in nothing from what was measured of the candidate that it names.
pub(crate) fn is_plain(ask: &Ask, named: &Named, measured: Option<&MeasuredRequests>) -> bool {
    let upstream = &named.upstream;
    let candidate = &upstream.parts.candidate;
    let Some(side) = upstream.side(ask.dialect) else {
        return false;
    };
    let fills = named.is_candidate || side.defaults.is_empty();
    let has_changed = measured.is_some_and(|measured| measured.has_changed(upstream.id()));
    if !fills || has_changed || candidate.response_format.is_some() {
        return false;
    }
    let mut seen = Seen {
        side,
        instructions: None,
        talk: None,
    };
    let mut reader = serde_json::Deserializer::from_slice(&ask.body);
    if reader.deserialize_map(&mut seen).is_err() {
        return false;
    }
    let (Some(talk), instructions) = (seen.talk, seen.instructions) else {
        return false;
    };
    let has = |text: &str, sign: &[u8]| memchr::memmem::find(text.as_bytes(), sign).is_some();
    let has_kinds = KIND.find(talk.as_bytes()).is_some();
    if hides_letters(talk) || (has_kinds && OTHERS.iter().any(|sign| has(talk, sign))) {
        return false;
    }
    match &upstream.prompt {
        Some(fixed) => fixed.are_surely_in(instructions.into_iter().chain([talk])),
        None => {
            let is_known = measured.is_none_or(MeasuredRequests::has_system);
            let has_system =
                instructions.is_some() || has(talk, b"\"system\"") || has(talk, b"\"developer\"");
            is_known || !has_system
        }
    }
}

/// Whether letters of ASCII are written as escapes, behind which a sign may hide.
fn hides_letters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut escapes = ESCAPE.find_iter(bytes);
    escapes.any(|at| matches!(bytes.get(at + 4), Some(b'6' | b'7')))
}

/// What was read of a body.
struct Seen<'a, 'de> {
    side: &'a Side,
    instructions: Option<&'de str>,
    talk: Option<&'de str>,
}

impl<'de> Visitor<'de> for &mut Seen<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<&str>()? {
            let value = map.next_value::<&RawValue>()?.get();
            match name {
                "messages" | "input" => self.talk = Some(value),
                "system" | "instructions" => self.instructions = Some(value),
                _ if SHAPELESS.contains(&name) => {}
                _ => {
                    let measured = self.side.defaults.iter().find(|(field, _)| field == name);
                    let is_same = match measured {
                        Some((_, json)) => json == value,
                        None => value == "null",
                    };
                    if !is_same {
                        return Err(A::Error::custom("it has to be read"));
                    }
                }
            }
        }
        Ok(())
    }
}
