//! What few items have, kept apart so that an item without it takes no room for it.
//!
//! In: the rare fields of an item. Out: one pointer, null where all of them are empty. A golden set
//! of 100,000 items is held in memory for the whole run; seven empty containers in each would be 15 MB.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::chat::Tool;

static NONE: LazyLock<ItemExtras> = LazyLock::new(ItemExtras::default);

/// The fields of an item that most golden sets leave empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemExtras {
    /// Criteria for a judge, in words.
    pub criteria: Vec<String>,
    /// Labels for slices.
    pub tags: Vec<String>,
    /// Items that are not independent of each other share one cluster.
    pub cluster: Option<String>,
    /// How hard it is, in the team's own words.
    pub difficulty: Option<String>,
    /// Tools on offer in this case.
    pub tools: Vec<Tool>,
    /// Anything else; templates can use it.
    pub metadata: Map<String, Value>,
}

impl ItemExtras {
    fn is_empty(&self) -> bool {
        *self == *NONE
    }
}

/// A pointer to [`ItemExtras`] that allocates nothing while they are empty.
///
/// It reads and writes like the fields themselves. Writing allocates, so ask
/// [`Self::is_empty`] before a visit that would change nothing.
#[derive(Clone, Default)]
pub struct Extras(Option<Box<ItemExtras>>);

impl Extras {
    /// Whether every field is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|extras| extras.is_empty())
    }

    /// Gives the fields to keep.
    #[must_use]
    pub fn into_inner(self) -> ItemExtras {
        self.0.map(|extras| *extras).unwrap_or_default()
    }
}

impl From<ItemExtras> for Extras {
    fn from(extras: ItemExtras) -> Self {
        Self((!extras.is_empty()).then(|| Box::new(extras)))
    }
}

impl Deref for Extras {
    type Target = ItemExtras;

    fn deref(&self) -> &ItemExtras {
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Extras {
    fn deref_mut(&mut self) -> &mut ItemExtras {
        self.0.get_or_insert_default()
    }
}

impl PartialEq for Extras {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Extras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_take_no_room_and_equal_each_other() {
        assert_eq!(size_of::<Extras>(), size_of::<usize>());
        let none = Extras::default();
        assert!(none.is_empty() && none.tags.is_empty() && none.cluster.is_none());
        assert!(Extras::from(ItemExtras::default()).0.is_none());
        let mut touched = none.clone();
        touched.tags.push("x".to_owned());
        assert_ne!(touched, none);
        touched.tags.clear();
        assert!(touched.is_empty());
        assert_eq!(touched, none);
        assert_eq!(format!("{touched:?}"), format!("{none:?}"));
    }

    #[test]
    fn what_goes_in_comes_out() {
        let fields = ItemExtras {
            cluster: Some("c".to_owned()),
            ..ItemExtras::default()
        };
        let extras = Extras::from(fields.clone());
        assert!(!extras.is_empty());
        assert_eq!(extras.cluster.as_deref(), Some("c"));
        assert_eq!(extras.into_inner(), fields);
        assert_eq!(Extras::default().into_inner(), ItemExtras::default());
    }
}
