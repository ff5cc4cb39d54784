//! Blanks a key in a body that comes piece by piece, also where it is split over pieces.
//!
//! In: the pieces as they come. Out: the same bytes with `***` in place of each whole key, whatever the pieces.
//! Of a piece only its end is kept back, and only where it begins a key: it goes out with the next piece, or at
//! the body's end. A body in which the key does not begin anywhere passes byte for byte and piece by piece.

use bytes::Bytes;
use memchr::memmem::Finder;

use crate::redact::{MASK, worth_masking};
use crate::secret::Secret;

/// Blanks a key in one body.
#[derive(Debug, Default)]
pub struct Veil {
    /// `None` = there is no key, or none that is worth it.
    key: Option<Finder<'static>>,
    /// The end of what came, which begins a key.
    held: Vec<u8>,
}

impl Veil {
    pub(crate) fn new(secret: Option<&Secret>) -> Self {
        Self {
            key: worth_masking(secret).map(|key| Finder::new(key).into_owned()),
            held: Vec::new(),
        }
    }

    /// Takes the next piece, and gives what may go out.
    pub fn push(&mut self, piece: Bytes) -> Bytes {
        let Some(key) = &self.key else {
            return piece;
        };
        if self.held.is_empty() {
            let n_held = beginning(&piece, key.needle());
            if n_held == 0 && key.find(&piece).is_none() {
                return piece;
            }
        }
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(&piece);
        let mut out = Vec::with_capacity(all.len());
        let mut rest = all.as_slice();
        while let Some((before, after)) = key
            .find(rest)
            .and_then(|at| Some((rest.get(..at)?, rest.get(at + key.needle().len()..)?)))
        {
            out.extend_from_slice(before);
            out.extend_from_slice(MASK.as_bytes());
            rest = after;
        }
        let (passes, held) = rest.split_at(rest.len() - beginning(rest, key.needle()));
        out.extend_from_slice(passes);
        self.held.extend_from_slice(held);
        Bytes::from(out)
    }

    /// Gives what was kept back: the body has ended, and it is no key.
    pub fn rest(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.held))
    }
}

/// How many bytes at the end of a text begin a key without ending it.
fn beginning(text: &[u8], key: &[u8]) -> usize {
    let (Some(first), Some(last)) = (key.first(), text.last()) else {
        return 0;
    };
    // Events end with a line, and no key holds one: mostly this is all.
    if *last == b'\n' {
        return 0;
    }
    let start = text.len().saturating_sub(key.len() - 1);
    let window = text.get(start..).unwrap_or_default();
    memchr::memchr_iter(*first, window)
        .filter_map(|at| window.get(at..))
        .find(|tail| key.starts_with(tail))
        .map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use trilemma_wire::client::KeyKind;

    fn veil(key: &str) -> Veil {
        let secret = Secret::new(key, KeyKind::ApiKey, "https://a.example").unwrap();
        Veil::new(Some(&secret))
    }

    /// What goes out piece by piece, and at the end.
    fn pieces(key: &str, pieces: &[&str]) -> Vec<String> {
        let mut veil = veil(key);
        let mut out: Vec<Bytes> = pieces
            .iter()
            .map(|piece| veil.push(Bytes::copy_from_slice(piece.as_bytes())))
            .collect();
        out.push(veil.rest());
        let texts = out.iter();
        texts
            .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn only_what_begins_a_key_is_kept_back() {
        let check = |came: &[&str], went: &[&str]| assert_eq!(pieces("sk-123456", came), went);
        check(&["it is sk-12", "3456!"], &["it is ", "***!", ""]);
        check(&["s", "k", "-123456"], &["", "", "***", ""]);
        check(&["sk-12", "sk-123456"], &["", "sk-12***", ""]);
        check(&["sk-12", "x"], &["", "sk-12x", ""]);
        check(&["yes", " it is"], &["ye", "s it i", "s"]);
        check(
            &["data: sk-1\n\n", "23456"],
            &["data: sk-1\n\n", "23456", ""],
        );
        check(&["sk-123456sk-1", "23456"], &["***", "***", ""]);
        check(&["", "sk-123456", ""], &["", "***", "", ""]);
    }

    #[test]
    fn short_keys_and_none_pass() {
        assert_eq!(pieces("sk-12", &["sk-12"]), ["sk-12", ""]);
        let piece = Bytes::from_static(b"sk-123456");
        assert_eq!(Veil::new(None).push(piece.clone()), piece);
    }

    #[test]
    fn a_piece_without_a_key_is_not_copied() {
        let piece = Bytes::from_static(b"data: {\"sk\":\"sk-\"}\n\n");
        let passed = veil("sk-123456").push(piece.clone());
        assert_eq!(passed.as_ptr(), piece.as_ptr());
    }

    proptest! {
        /// Few letters, so that parts of keys come up everywhere, overlapping too.
        #[test]
        fn a_split_changes_nothing(
            key in "[ab]{6,9}",
            parts in prop::collection::vec("[ab\n]{0,7}", 0..6),
            cuts in prop::collection::vec(0usize..80, 0..8),
        ) {
            let text = parts.join(&key);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let came: Vec<&str> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
            let went = pieces(&key, &came).concat();
            prop_assert!(!went.contains(&key));
            prop_assert_eq!(went, text.replace(&key, "***"));
        }

        #[test]
        fn text_without_the_key_passes_to_the_byte(text in "[sk\\-0-9é\n ]{0,60}", cut in 0usize..60) {
            let key = "sk-0123456789";
            prop_assume!(!text.contains(key));
            let cut = (cut.min(text.len())..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap();
            let mut veil = veil(key);
            let mut out = veil.push(Bytes::copy_from_slice(&text.as_bytes()[..cut])).to_vec();
            out.extend_from_slice(&veil.push(Bytes::copy_from_slice(&text.as_bytes()[cut..])));
            out.extend_from_slice(&veil.rest());
            prop_assert_eq!(out, text.as_bytes());
        }
    }
}
