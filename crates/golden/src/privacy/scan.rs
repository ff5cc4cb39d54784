//! Patterns of personal data, and what is done with what they find.
//!
//! In: a text. Out: places in ascending order that do not overlap, or the text with each place replaced
//! by its kind in brackets. All patterns run in time linear in the text.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::numbers;

/// What a place in a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalDataKind {
    /// A key, token, password or private key.
    Secret,
    /// An e-mail address.
    Email,
    /// A bank account (IBAN).
    Iban,
    /// A payment card number.
    Card,
    /// A national id; so far the social security number of the United States.
    NationalId,
    /// A public network address.
    IpAddress,
    /// A telephone number.
    Phone,
}

impl PersonalDataKind {
    /// The name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Email => "e-mail address",
            Self::Iban => "bank account",
            Self::Card => "card number",
            Self::NationalId => "national id",
            Self::IpAddress => "network address",
            Self::Phone => "telephone number",
        }
    }

    /// What stands in its place in a redacted text.
    #[must_use]
    pub fn placeholder(self) -> &'static str {
        match self {
            Self::Secret => "[secret]",
            Self::Email => "[email]",
            Self::Iban => "[iban]",
            Self::Card => "[card]",
            Self::NationalId => "[national id]",
            Self::IpAddress => "[ip address]",
            Self::Phone => "[phone]",
        }
    }
}

/// One place that looks like personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalData {
    /// What it looks like.
    pub kind: PersonalDataKind,
    /// Where it stands, in bytes of the text.
    pub range: Range<usize>,
}

/// Patterns in order of precedence: of two that overlap, the earlier one is kept.
const PATTERNS: [(PersonalDataKind, &str); 15] = [
    (
        PersonalDataKind::Secret,
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?s:.{0,8000}?-----END [A-Z ]{0,20}PRIVATE KEY-----)?",
    ),
    (
        PersonalDataKind::Secret,
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    ),
    (PersonalDataKind::Secret, r"\bsk-[A-Za-z0-9_-]{20,}"),
    (PersonalDataKind::Secret, r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    (
        PersonalDataKind::Secret,
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|xox[abeprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}|[sr]k_live_[0-9A-Za-z]{16,})",
    ),
    (
        PersonalDataKind::Secret,
        r#"(?i)\b(?:password|passwd|pwd|passwort|secret|api[_-]?key|access[_-]?token)["']?\s{0,3}[:=]\s{0,3}["']?[^\s"',;]{6,}"#,
    ),
    (
        PersonalDataKind::Secret,
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,64}:[^\s/@]{1,128}@",
    ),
    (
        PersonalDataKind::Email,
        r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z]{2,24}\b",
    ),
    (
        PersonalDataKind::Iban,
        r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}",
    ),
    (PersonalDataKind::Card, r"\b[0-9](?:[ -]?[0-9]){12,18}\b"),
    (
        PersonalDataKind::NationalId,
        r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",
    ),
    (
        PersonalDataKind::IpAddress,
        r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
    ),
    (
        PersonalDataKind::IpAddress,
        r"\b[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){3,7}\b",
    ),
    (
        PersonalDataKind::Phone,
        r"\+[0-9](?:[ ()./-]{0,2}[0-9]){6,14}\b",
    ),
    (
        PersonalDataKind::Phone,
        r"(?:\([0-9]{3}\) ?|\b[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}\b",
    ),
];

static COMPILED: LazyLock<Vec<(PersonalDataKind, Regex)>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .filter_map(|&(kind, pattern)| Some((kind, Regex::new(pattern).ok()?)))
        .collect()
});

/// Finds what looks like personal data or secrets, in the order of the text.
#[must_use]
pub fn find_personal_data(text: &str) -> Vec<PersonalData> {
    // By start; places do not overlap, so ends ascend as well.
    let mut found: BTreeMap<usize, PersonalData> = BTreeMap::new();
    for (kind, pattern) in COMPILED.iter() {
        for hit in pattern.find_iter(text) {
            let Some(len) = confirmed_len(*kind, text, hit.range()) else {
                continue;
            };
            let range = hit.start()..hit.start() + len;
            let before = found.range(..range.end).next_back();
            if before.is_none_or(|(_, place)| place.range.end <= range.start) {
                found.insert(range.start, PersonalData { kind: *kind, range });
            }
        }
    }
    found.into_values().collect()
}

/// Replaces what looks like personal data or secrets; `None` where there is nothing to replace.
#[must_use]
pub fn redact(text: &str) -> Option<String> {
    let places = find_personal_data(text);
    if places.is_empty() {
        return None;
    }
    let mut redacted = String::with_capacity(text.len());
    let mut end = 0;
    for place in places {
        redacted.push_str(text.get(end..place.range.start).unwrap_or_default());
        redacted.push_str(place.kind.placeholder());
        end = place.range.end;
    }
    redacted.push_str(text.get(end..).unwrap_or_default());
    Some(redacted)
}

/// How many bytes of a hit are personal data; `None` where check digits or ranges say that none are.
fn confirmed_len(kind: PersonalDataKind, text: &str, range: Range<usize>) -> Option<usize> {
    let hit = text.get(range.clone())?;
    let confirmed = match kind {
        PersonalDataKind::Iban => return numbers::iban_len(hit),
        // "The secret: nothing" is a sentence: after a word, only what has a digit counts.
        PersonalDataKind::Secret => {
            let named = hit.contains([':', '=']) && !hit.contains("://");
            !named || hit.contains(|c: char| c.is_ascii_digit())
        }
        PersonalDataKind::Email => !is_example(hit),
        PersonalDataKind::Card => numbers::is_card(hit),
        PersonalDataKind::NationalId => numbers::is_us_ssn(hit),
        PersonalDataKind::IpAddress => {
            // A longer row of dotted numbers is a version or a section, not an address.
            let follows = text.get(range.end..).unwrap_or_default();
            let precedes = text.get(..range.start).unwrap_or_default();
            let longer = precedes.ends_with(['.', ':', '-'])
                || (follows.starts_with(['.', ':'])
                    && follows
                        .chars()
                        .nth(1)
                        .is_some_and(|c| c.is_ascii_hexdigit()));
            !longer && numbers::is_public_ip(hit)
        }
        PersonalDataKind::Phone => numbers::is_phone(hit),
    };
    confirmed.then_some(hit.len())
}

/// Whether an address is at a domain reserved for examples (RFC 2606).
fn is_example(email: &str) -> bool {
    let domain = email
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    ["example.com", "example.org", "example.net", "example"]
        .iter()
        .any(|reserved| {
            domain
                .strip_suffix(reserved)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, redacted: &str) {
        let found = redact(text);
        assert_eq!(found.as_deref().unwrap_or(text), redacted);
        // What has been redacted once has nothing left.
        assert_eq!(redact(redacted), None, "{redacted}");
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn shapes_are_found() {
        check(
            "Mail jo.doe+x@mail.acme.co.uk, please.",
            "Mail [email], please.",
        );
        check(
            "Pay to DE89 3704 0044 0532 0130 00 NOW",
            "Pay to [iban] NOW",
        );
        check("card 4111-1111-1111-1111.", "card [card].");
        check("SSN 123-45-6789", "SSN [national id]");
        check("from 85.214.132.117: hello", "from [ip address]: hello");
        check(
            "at 2a00:1450:4001:82a:0:0:0:200e now",
            "at [ip address] now",
        );
        check(
            "call +49 (0)30 1234-567 or (415) 555-2671",
            "call [phone] or [phone]",
        );
        check("two a@b.de, c@d.fr", "two [email], [email]");
    }

    #[test]
    fn secrets_are_found() {
        // Put together here, so that scanners of repositories do not take them for real ones.
        let long = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7c";
        for secret in [
            format!("sk-{long}"),
            format!("AK{}{}", "IA", "ABCDEFGHIJKLMNOP"),
            format!("ghp_{long}"),
            format!("eyJ{long}.eyJ{long}.{long}"),
            "password: hunter22".to_owned(),
            "API_KEY=\"0123456789abcdef\""
                .trim_end_matches('"')
                .to_owned(),
            format!(
                "-----BEGIN {0} KEY-----\nabc\n-----END {0} KEY-----",
                "RSA PRIVATE"
            ),
        ] {
            check(&format!("x {secret} y"), "x [secret] y");
        }
    }

    #[test]
    fn ordinary_texts_pass() {
        for text in [
            "Janet sells 16 eggs for $2 each; order 1234567812345670 shipped on 2024-11-23 at 12:30:45.",
            "Version 1.2.3.4.5 of host 10.0.0.1, see section 8.8.8.8.8",
            "me@example.com and x@mail.example.org are examples; user@localhost too",
            "The secret: nothing. A password is needed.",
            "AB12 is a gate, ISBN 978-3-16-148410-0, 555-1234",
            "fn a::b::c::d() {} // 00:1A:2B:3C:4D:5E",
        ] {
            assert_eq!(find_personal_data(text), [], "{text}");
        }
    }
}
