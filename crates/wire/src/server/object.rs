//! Objects and nothing else.
//!
//! In: what a client wrote where a dialect has an object. Out: the record. A record could be read from a list of its fields,
//! too (`["user", "hello"]` for a message), which no vendor takes: such a list is an error.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// Reads an object.
pub(super) fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Only::deserialize(deserializer).map(|one: Only<T>| one.0)
}

/// Reads an object, or `null` for none.
pub(super) fn some_object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let one: Option<Only<T>> = Deserialize::deserialize(deserializer)?;
    Ok(one.map(|one| one.0))
}

/// Reads a list of objects.
pub(super) fn objects<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let all: Vec<Only<T>> = Deserialize::deserialize(deserializer)?;
    Ok(all.into_iter().map(|one| one.0).collect())
}

/// Reads a list of objects, or `null` for none.
pub(super) fn some_objects<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let all: Option<Vec<Only<T>>> = Deserialize::deserialize(deserializer)?;
    Ok(all.map(|all| all.into_iter().map(|one| one.0).collect()))
}

/// A record that is written as an object.
struct Only<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Only<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Only<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Only<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Only)
    }
}
