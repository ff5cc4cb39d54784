//! What one row of the table of extraction steps says, and what a built step does.
//!
//! In: nothing. Out: the record and the trait that `steps` and the step modules share.

use std::borrow::Cow;
use std::fmt::Debug;
use std::panic::RefUnwindSafe;

use serde::Serialize;

use crate::option_doc::OptionDoc;
use crate::options::Options;

/// One kind of extraction step.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct StepKind {
    /// The name that a project writes as `step`.
    pub name: &'static str,
    /// What it leaves, one line.
    pub doc: &'static str,
    /// Its options; `optional` comes on top.
    pub options: &'static [OptionDoc],
    /// The option that the part after the colon of the short form `"name:argument"` sets; `None` =
    /// the short form is the bare name.
    pub argument: Option<&'static str>,
    /// A step in its short or table form, as TOML.
    pub example: &'static str,
    /// Makes the step; `None` = the problems are in the reader.
    #[serde(skip)]
    pub(crate) build: fn(&mut Options<'_>) -> Option<Box<dyn Step>>,
}

/// A built step.
pub(crate) trait Step: Debug + Send + Sync + RefUnwindSafe {
    /// What the step leaves of `text`; `None` = it found nothing.
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>>;
}

/// A step that needs no options: a plain function.
pub(crate) struct Plain(pub(crate) for<'t> fn(&'t str) -> Option<Cow<'t, str>>);

impl Debug for Plain {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Plain")
    }
}

impl Step for Plain {
    fn apply<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        (self.0)(text)
    }
}
