//! Conditions of rules.
//!
//! Everything given must hold; nothing given always holds. A condition on a fact that the request
//! does not state (its tier, its time) does not hold, and neither does its opposite within `none`:
//! `none` asks that none of its conditions hold, so an unstated fact satisfies it.

use std::collections::BTreeSet;

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

/// What a request carries beside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// At least one image.
    Image,
    /// At least one document.
    File,
    /// Tools on offer.
    Tools,
}

/// A range, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// At least this; `None` = no lower end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// At most this; `None` = no upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

impl Between {
    /// Whether a number lies in the range.
    #[must_use]
    pub fn holds(self, number: u64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Characters of the text that is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chars: Option<Between>,
    /// Its words (runs of characters that are not white space).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<Between>,
    /// Estimated tokens of the whole request, history included: a quarter of its characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<Between>,
    /// A regular expression that occurs in the text (Rust syntax, linear time).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matches: Option<String>,
    /// One of these occurs in the text, in any case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contains: Vec<String>,
    /// The request has one of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The user's tier is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_tier: Vec<String>,
    /// The task is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub task: Vec<String>,
    /// The route is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub route: Vec<String>,
    /// The request carries one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub carries: Vec<Modality>,
    /// Hours of the day, UTC: `"08:00-18:30"`, the end excluded; `"22:00-06:00"` spans midnight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Days of the week, UTC: `mon` to `sun`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<String>,
    /// At least one of these conditions holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<When>,
    /// None of these conditions holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub none: Vec<When>,
}

impl When {
    /// Adds every route that it asks for.
    pub(crate) fn routes<'a>(&'a self, all: &mut BTreeSet<&'a str>) {
        all.extend(self.route.iter().map(String::as_str));
        let within = self.any.iter().chain(&self.none);
        within.for_each(|when| when.routes(all));
    }
}

/// Reads `HH:MM-HH:MM` as minutes of the day.
pub(crate) fn parse_hours(text: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hours, minutes) = text.trim().split_once(':')?;
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(hours) || !digits(minutes) {
            return None;
        }
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        let total = hours * 60 + minutes;
        (minutes < 60 && total <= 24 * 60).then_some(total)
    };
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    (from != to).then_some((from, to))
}

/// Reads `mon` to `sun`.
pub(crate) fn parse_day(text: &str) -> Option<Weekday> {
    Some(match text.to_ascii_lowercase().as_str() {
        "mon" => Weekday::Monday,
        "tue" => Weekday::Tuesday,
        "wed" => Weekday::Wednesday,
        "thu" => Weekday::Thursday,
        "fri" => Weekday::Friday,
        "sat" => Weekday::Saturday,
        "sun" => Weekday::Sunday,
        _ => return None,
    })
}
