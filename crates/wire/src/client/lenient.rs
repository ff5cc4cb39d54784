//! Field types that never fail on a value of another type.
//!
//! Compatible servers put null, numbers, lists or objects where the vendor puts text. One odd
//! field must not lose an answer that was paid for, so these types read what they can and skip
//! the rest. In: JSON values. Out: borrowed text, counts, message content.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Text, or a number as text; borrowed where it holds no escapes. Anything else is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Word<'a>(Option<Cow<'a, str>>);

impl Word<'_> {
    /// The text; `None` = absent, empty, or of another type.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }

    /// The text; empty when there is none.
    pub(crate) fn or_empty(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A non-negative count; anything else is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<u64>);

/// A count above zero: vendors say 0 of what did not happen.
pub(crate) fn some(count: Option<u64>) -> Option<u64> {
    count.filter(|count| *count > 0)
}

/// Content of a message: text, nothing, or a list of typed parts (Mistral, several proxies).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content<'a> {
    Text(Cow<'a, str>),
    /// Rare, so it makes no chunk of a stream larger.
    Parts(Box<ContentTexts>),
}

/// What a list of typed parts holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ContentTexts {
    visible: String,
    reasoning: String,
}

impl Default for Content<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl Content<'_> {
    /// Visible text.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => &parts.visible,
        }
    }

    /// Reasoning found among the parts; empty when there is none.
    pub(crate) fn reasoning(&self) -> &str {
        match self {
            Self::Text(_) => "",
            Self::Parts(parts) => &parts.reasoning,
        }
    }
}

/// Reads text, or nothing from `null`, `true` and the like, for the visitors below.
macro_rules! skip_other_types {
    ($value:ty) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok(<$value>::default())
        }

        fn visit_bool<E>(self, _: bool) -> Result<$value, E> {
            Ok(<$value>::default())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok(<$value>::default())
        }
    };
}

fn skip_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word<'de>;

    skip_other_types!(Word<'de>);

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Word<'de>, E> {
        Ok(Word(Some(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
        Ok(Word(Some(Cow::Owned(text.to_owned()))))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
        Ok(Word(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Word<'de>, E> {
        Ok(Word(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Word<'de>, E> {
        Ok(Word(Some(Cow::Owned(number.to_string()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Word<'de>, A::Error> {
        skip_list(list)?;
        Ok(Word::default())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    skip_other_types!(Count);

    fn visit_str<E>(self, _: &str) -> Result<Count, E> {
        Ok(Count(None))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Count, E> {
        Ok(Count(Some(number)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Count, E> {
        Ok(Count(u64::try_from(number).ok()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Count, E> {
        // Whole numbers below 2^53 are exact; some servers write `12.0`.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let is_count = number.fract() == 0.0 && (0.0..EXACT).contains(&number);
        Ok(Count(is_count.then_some(number as u64)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Count, A::Error> {
        skip_list(list)?;
        Ok(Count(None))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

#[derive(Debug, Default, serde::Deserialize)]
struct ContentPart<'a> {
    #[serde(default, borrow)]
    text: Word<'a>,
    #[serde(default, borrow)]
    thinking: Content<'a>,
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    skip_other_types!(Content<'de>);

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Content<'de>, E> {
        Ok(Content::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content<'de>, E> {
        Ok(Content::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Content<'de>, E> {
        Ok(Content::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Content<'de>, E> {
        Ok(Content::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Content<'de>, E> {
        Ok(Content::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content<'de>, A::Error> {
        let mut parts = Box::<ContentTexts>::default();
        while let Some(part) = list.next_element::<ContentPart<'de>>()? {
            parts.visible.push_str(part.text.or_empty());
            parts.reasoning.push_str(part.thinking.text());
        }
        Ok(Content::Parts(parts))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

/// Parses a JSON object. Derived readers would also take a list for one, field by field.
///
/// # Errors
///
/// The parser's error, also when the JSON is no object.
pub(crate) fn from_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, serde_json::Error> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(serde::de::Error::custom("not an object"));
    }
    // Checked as a whole, which is faster than text by text.
    let json = std::str::from_utf8(json).map_err(serde::de::Error::custom)?;
    serde_json::from_str(json)
}

/// Parses JSON; when that fails for a byte sequence that is no UTF-8 or for half a surrogate pair,
/// repairs those with U+FFFD and parses again.
///
/// `parse` is called at most twice. It should change nothing before it knows that parsing worked.
///
/// # Errors
///
/// The parser's error, when the JSON itself is broken.
pub(crate) fn parse_repaired<R>(
    bytes: &[u8],
    parse: &mut dyn FnMut(&[u8]) -> Result<R, serde_json::Error>,
) -> Result<R, serde_json::Error> {
    match parse(bytes) {
        Ok(value) => Ok(value),
        Err(error) => match repaired(bytes) {
            Some(fixed) => parse(fixed.as_bytes()),
            None => Err(error),
        },
    }
}

/// The text with invalid bytes and lone surrogate escapes replaced; `None` = nothing to replace.
fn repaired(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut fixed = String::new();
    let mut rest = text.as_ref();
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        fixed.push_str(before);
        // An escaped backslash before the `u` makes it plain text.
        let n_backslashes = before
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\\')
            .count();
        let code = unit(escape).filter(|_| n_backslashes % 2 == 0);
        let n_used = match code {
            Some(0xD800..=0xDBFF) if is_low(escape.get(6..)) => push(&mut fixed, escape, 12),
            Some(0xD800..=0xDFFF) => {
                fixed.push('\u{FFFD}');
                6
            }
            Some(_) => push(&mut fixed, escape, 6),
            None => push(&mut fixed, escape, 2),
        };
        rest = escape.get(n_used..).unwrap_or_default();
    }
    fixed.push_str(rest);
    (fixed.as_bytes() != bytes).then_some(fixed)
}

fn push(fixed: &mut String, escape: &str, n_bytes: usize) -> usize {
    fixed.push_str(escape.get(..n_bytes).unwrap_or_default());
    n_bytes
}

/// Value of a leading `\uXXXX`.
fn unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    u32::from_str_radix(digits, 16).ok()
}

fn is_low(escape: Option<&str>) -> bool {
    matches!(escape.and_then(unit), Some(0xDC00..=0xDFFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(json: &str) -> Option<String> {
        let word: Word<'_> = serde_json::from_str(json).unwrap();
        word.text().map(str::to_owned)
    }

    #[test]
    fn words_take_text_and_numbers_only() {
        assert_eq!(word("\"a\\nb\"").as_deref(), Some("a\nb"));
        assert_eq!(word("429").as_deref(), Some("429"));
        assert_eq!(word("-1").as_deref(), Some("-1"));
        for json in ["null", "true", "\"\"", "[1,[2]]", "{\"a\":{}}"] {
            assert_eq!(word(json), None, "{json}");
        }
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        let count = |json: &str| serde_json::from_str::<Count>(json).unwrap().0;
        assert_eq!(count("12"), Some(12));
        assert_eq!(count("12.0"), Some(12));
        for json in ["-1", "1.5", "1e300", "null", "\"12\"", "[]", "{}", "false"] {
            assert_eq!(count(json), None, "{json}");
        }
    }

    #[test]
    fn content_may_be_a_list_of_parts() {
        let json = r#"[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"ok"}]"#;
        let content: Content<'_> = serde_json::from_str(json).unwrap();
        assert_eq!((content.text(), content.reasoning()), ("ok", "hm"));
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        let read = |bytes: &[u8]| {
            parse_repaired(bytes, &mut |bytes| serde_json::from_slice::<String>(bytes)).ok()
        };
        assert_eq!(read(b"\"a\xFFb\"").as_deref(), Some("a\u{FFFD}b"));
        assert_eq!(read(br#""x\ud83dy""#).as_deref(), Some("x\u{FFFD}y"));
        assert_eq!(
            read(br#""\ude00\ud83d\ude00\u0041""#).as_deref(),
            Some("\u{FFFD}\u{1F600}A")
        );
        assert_eq!(
            read(br#""\\ud83d\ud83d""#).as_deref(),
            Some("\\ud83d\u{FFFD}")
        );
        assert_eq!(read(br#""\u12""#), None);
        assert_eq!(read(b"\"open"), None);
    }
}
