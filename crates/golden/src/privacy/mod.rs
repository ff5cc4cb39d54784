//! Likely personal data and secrets in texts.
//!
//! In: a text. Out: places that look like an e-mail address, telephone or card number, bank account,
//! network address, national id or secret, and the text without them. Numbers count only where their
//! check digits are right, so that order numbers are not taken for cards. It finds shapes, not meaning:
//! names, postal addresses and health data pass, and a clean result is no proof.
//! Sources: ISO 7064 (IBAN, mod 97-10), ISO/IEC 7812 (card numbers, Luhn), SWIFT IBAN registry of 2025
//! (lengths), vendors' documented key prefixes.

mod numbers;
mod redactor;
mod scan;

pub use redactor::Redactor;
pub use scan::{PersonalData, PersonalDataKind, find_personal_data, redact};
