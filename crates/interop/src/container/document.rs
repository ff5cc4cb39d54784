//! One large JSON document, walked without holding it: members are skipped, taken whole, or
//! visited one by one where they are lists of rows.
//!
//! In: bytes. Out: the values that the visitor wants, as text. A value that is taken is at most one
//! row long; what is skipped is never held.

use std::fmt;
use std::ops::ControlFlow;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::bytes::{Bytes, Meter};

/// What to do with a member of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Pass over it.
    Skip,
    /// Hold it as a whole.
    Whole,
    /// Look at its own members.
    Members,
    /// It is a list: hold its elements one after the other.
    Each,
}

/// Who looks at the document.
pub(crate) trait Visit {
    /// What to do with the member at `path`; the document itself has the empty path.
    fn want(&mut self, path: &[String]) -> Want;
    /// A member that was wanted as a whole.
    fn whole(&mut self, path: &[String], json: &str);
    /// An element of a list that was wanted, with the line on which it begins.
    fn element(&mut self, path: &[String], line: u64, json: &str) -> ControlFlow<()>;
}

/// Walks the document. `Ok(false)` = the visitor broke off.
pub(crate) fn visit(
    bytes: Bytes,
    meter: &Meter,
    visitor: &mut dyn Visit,
) -> Result<bool, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_reader(bytes);
    let mut walk = Walk {
        visitor,
        meter,
        path: Vec::new(),
        is_broken_off: false,
    };
    let done = Node(&mut walk).deserialize(&mut deserializer);
    if walk.is_broken_off {
        return Ok(false);
    }
    done?;
    deserializer.end()?;
    Ok(true)
}

struct Walk<'a> {
    visitor: &'a mut dyn Visit,
    meter: &'a Meter,
    path: Vec<String>,
    is_broken_off: bool,
}

struct Node<'w, 'a>(&'w mut Walk<'a>);

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Node(walk) = self;
        walk.meter.mark();
        match walk.visitor.want(&walk.path) {
            Want::Skip => {
                // Skipped values may be of any size: nothing of them is held.
                deserializer.deserialize_any(Skip(walk.meter))
            }
            Want::Whole => {
                let raw = <Box<RawValue> as serde::Deserialize>::deserialize(deserializer)?;
                walk.visitor.whole(&walk.path, raw.get());
                Ok(())
            }
            Want::Members | Want::Each => deserializer.deserialize_any(Inside(walk)),
        }
    }
}

struct Inside<'w, 'a>(&'w mut Walk<'a>);

impl<'de> Visitor<'de> for Inside<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Inside(walk) = self;
        while let Some(key) = map.next_key::<String>()? {
            walk.path.push(key);
            map.next_value_seed(Node(walk))?;
            walk.path.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Inside(walk) = self;
        loop {
            walk.meter.mark();
            let line = walk.meter.lines() + 1;
            let Some(raw) = seq.next_element::<Box<RawValue>>()? else {
                return Ok(());
            };
            if walk.visitor.element(&walk.path, line, raw.get()).is_break() {
                walk.is_broken_off = true;
                return Err(serde::de::Error::custom("broken off"));
            }
        }
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

/// Passes over a value, member by member, so that its size does not count as one row's.
struct Skip<'a>(&'a Meter);

impl<'de> DeserializeSeed<'de> for Skip<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.mark();
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key::<IgnoredAny>()?.is_some() {
            map.next_value_seed(Skip(self.0))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Skip(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
