//! Whether a rule's condition holds for a request.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use super::node::Pattern;
use crate::policy::{Between, Modality};
use crate::request::RequestView;

/// A condition, made ready to run; the fields are those of [`crate::When`].
#[derive(Debug, Default)]
pub(super) struct Test {
    pub(super) chars: Option<Between>,
    pub(super) words: Option<Between>,
    pub(super) context_tokens: Option<Between>,
    pub(super) matches: Option<Pattern>,
    pub(super) contains: Option<Pattern>,
    pub(super) tags: Vec<String>,
    pub(super) user_tier: Vec<String>,
    pub(super) task: Vec<String>,
    pub(super) route: Vec<String>,
    pub(super) carries: Vec<Modality>,
    /// Minutes of the day: from, and up to but without.
    pub(super) hours: Option<(u16, u16)>,
    pub(super) days: Vec<Weekday>,
    pub(super) any: Vec<Test>,
    pub(super) none: Vec<Test>,
}

impl Test {
    /// Whether everything that is asked for holds; what is cheap to find out comes first.
    pub(super) fn holds(&self, request: &RequestView<'_>) -> bool {
        among(&self.task, request.task)
            && among(&self.route, request.route)
            && among(&self.user_tier, request.user_tier)
            && (self.tags.is_empty() || self.tags.iter().any(|tag| request.tags.contains(tag)))
            && (self.carries.is_empty()
                || (self.carries.iter()).any(|carried| request.modalities.contains(carried)))
            && self.time_holds(request)
            && self
                .context_tokens
                .is_none_or(|range| range.holds(request.context_tokens()))
            && self
                .chars
                .is_none_or(|range| range.holds(request.text.chars().count() as u64))
            && self
                .words
                .is_none_or(|range| range.holds(request.text.split_whitespace().count() as u64))
            && found(self.contains.as_ref(), &request.text)
            && found(self.matches.as_ref(), &request.text)
            && (self.any.is_empty() || self.any.iter().any(|test| test.holds(request)))
            && !self.none.iter().any(|test| test.holds(request))
    }

    /// What keeps the condition from holding, in words; empty where it holds.
    pub(super) fn misses(&self, request: &RequestView<'_>) -> Vec<String> {
        let mut found = Vec::new();
        for (wanted, fact, name) in [
            (&self.task, request.task, "task"),
            (&self.route, request.route, "route"),
            (&self.user_tier, request.user_tier, "user tier"),
        ] {
            if !among(wanted, fact) {
                let now = fact.map_or_else(|| "none".to_owned(), |fact| format!("`{fact}`"));
                found.push(format!("{name} {} (now {now})", any_of(wanted)));
            }
        }
        if !self.tags.is_empty() && !self.tags.iter().any(|tag| request.tags.contains(tag)) {
            found.push(format!("tag {}", any_of(&self.tags)));
        }
        let carries = |one: &Modality| request.modalities.contains(one);
        if !self.carries.is_empty() && !self.carries.iter().any(carries) {
            found.push("an image, file or tools as it asks for".to_owned());
        }
        if !self.time_holds(request) {
            found.push("another time".to_owned());
        }
        for (range, number, name) in [
            (
                self.context_tokens,
                request.context_tokens(),
                "tokens of context",
            ),
            (
                self.chars,
                request.text.chars().count() as u64,
                "characters",
            ),
            (
                self.words,
                request.text.split_whitespace().count() as u64,
                "words",
            ),
        ] {
            if let Some(range) = range.filter(|range| !range.holds(number)) {
                let wanted = match (range.min, range.max) {
                    (Some(min), _) if number < min => format!("at least {min}"),
                    (_, max) => format!("at most {}", max.unwrap_or(u64::MAX)),
                };
                found.push(format!("{wanted} {name} (now {number})"));
            }
        }
        if !self::found(self.contains.as_ref(), &request.text) {
            found.push("one of its words".to_owned());
        }
        if !self::found(self.matches.as_ref(), &request.text) {
            found.push("a text that its expression matches".to_owned());
        }
        if !self.any.is_empty() && !self.any.iter().any(|test| test.holds(request)) {
            found.push("one of its alternatives".to_owned());
        }
        if self.none.iter().any(|test| test.holds(request)) {
            found.push("nothing of what it excludes".to_owned());
        }
        found
    }

    /// Every condition that is stated, by the name of its setting, and whether it holds.
    pub(super) fn parts(&self, request: &RequestView<'_>) -> Vec<(&'static str, bool)> {
        let n_chars = || request.text.chars().count() as u64;
        let n_words = || request.text.split_whitespace().count() as u64;
        let time = match (self.hours.is_some(), self.days.is_empty()) {
            (true, true) => "hours",
            (false, false) => "days",
            (true, false) => "hours and days",
            (false, true) => "",
        };
        let range = |wanted: Option<Between>, number: &dyn Fn() -> u64| {
            wanted.is_none_or(|range| range.holds(number()))
        };
        let all = [
            (
                "task",
                !self.task.is_empty(),
                among(&self.task, request.task),
            ),
            (
                "route",
                !self.route.is_empty(),
                among(&self.route, request.route),
            ),
            (
                "user_tier",
                !self.user_tier.is_empty(),
                among(&self.user_tier, request.user_tier),
            ),
            (
                "tags",
                !self.tags.is_empty(),
                self.tags.iter().any(|tag| request.tags.contains(tag)),
            ),
            (
                "carries",
                !self.carries.is_empty(),
                (self.carries.iter()).any(|carried| request.modalities.contains(carried)),
            ),
            (time, !time.is_empty(), self.time_holds(request)),
            (
                "context_tokens",
                self.context_tokens.is_some(),
                range(self.context_tokens, &|| request.context_tokens()),
            ),
            ("chars", self.chars.is_some(), range(self.chars, &n_chars)),
            ("words", self.words.is_some(), range(self.words, &n_words)),
            (
                "contains",
                self.contains.is_some(),
                found(self.contains.as_ref(), &request.text),
            ),
            (
                "matches",
                self.matches.is_some(),
                found(self.matches.as_ref(), &request.text),
            ),
            (
                "any",
                !self.any.is_empty(),
                self.any.iter().any(|test| test.holds(request)),
            ),
            (
                "none",
                !self.none.is_empty(),
                !self.none.iter().any(|test| test.holds(request)),
            ),
        ];
        let stated = all.into_iter().filter(|(_, is_stated, _)| *is_stated);
        stated.map(|(name, _, holds)| (name, holds)).collect()
    }

    fn time_holds(&self, request: &RequestView<'_>) -> bool {
        if self.hours.is_none() && self.days.is_empty() {
            return true;
        }
        let Some(time) = request.time else {
            return false;
        };
        let civil = TimeZone::UTC.to_datetime(time);
        let minute = i32::from(civil.hour()) * 60 + i32::from(civil.minute());
        let in_hours = self.hours.is_none_or(|(from, to)| {
            let (from, to) = (i32::from(from), i32::from(to));
            if from < to {
                (from..to).contains(&minute)
            } else {
                minute >= from || minute < to
            }
        });
        in_hours && (self.days.is_empty() || self.days.contains(&civil.weekday()))
    }
}

/// Whether a stated fact is one of those asked for; no one asked for = any will do.
fn among(wanted: &[String], fact: Option<&str>) -> bool {
    wanted.is_empty() || fact.is_some_and(|fact| wanted.iter().any(|name| name == fact))
}

fn any_of(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" or ")
}

fn found(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}
