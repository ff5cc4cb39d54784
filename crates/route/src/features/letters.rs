//! What kind a character is, and how it looks when case and white space do not matter.
//!
//! Both are looked up in a table for ASCII, which is most of most texts; the rest asks Unicode's properties.

/// Kinds of marks that are counted one by one: the first kinds.
pub(super) const N_MARKS: u8 = 9;
/// All kinds, and some room, so that any kind has a place in a table of this length.
pub(super) const N_KINDS: usize = 16;

/// The kind of a question mark.
pub(super) const QUESTION: u8 = 3;
/// A letter that is not a capital.
pub(super) const LETTER: u8 = 9;
/// A capital letter.
pub(super) const CAPITAL: u8 = 10;
/// White space.
pub(super) const WHITE: u8 = 11;
/// What ends a sentence, and is no question mark.
pub(super) const END: u8 = 12;
/// A digit of ASCII.
pub(super) const DIGIT: u8 = 13;
/// An apostrophe, which is also a part of words. It counts as [`QUOTE`].
pub(super) const APOSTROPHE: u8 = 14;
/// Everything else.
const OTHER: u8 = 15;
/// Quotation marks but the apostrophe.
pub(super) const QUOTE: u8 = 4;

/// What is known of an ASCII character.
#[derive(Clone, Copy)]
struct Ascii {
    kind: u8,
    folded: u8,
    is_of_word: bool,
}

/// Of each ASCII character; bytes above stand for letters of other alphabets.
const ASCII: [Ascii; 256] = {
    let mut table = [Ascii {
        is_of_word: true,
        ..ascii(0)
    }; 256];
    let mut code = 0;
    while code < 128 {
        #[expect(
            clippy::indexing_slicing,
            reason = "while it is compiled; a place that is not there would not compile"
        )]
        {
            table[code] = ascii(code as u8);
        }
        code += 1;
    }
    table
};

const fn ascii(byte: u8) -> Ascii {
    let kind = match byte {
        b'+' | b'*' | b'=' | b'<' | b'>' | b'/' | b'^' => 0,
        b'(' | b')' | b'[' | b']' | b'{' | b'}' => 1,
        b',' => 2,
        b'?' => QUESTION,
        b'"' | b'`' => QUOTE,
        b'$' => 5,
        b'%' => 6,
        b'\\' | b'_' => 7,
        b':' | b';' => 8,
        b'a'..=b'z' => LETTER,
        b'A'..=b'Z' => CAPITAL,
        b'\t'..=b'\r' | b' ' => WHITE,
        b'.' | b'!' => END,
        b'0'..=b'9' => DIGIT,
        b'\'' => APOSTROPHE,
        _ => OTHER,
    };
    Ascii {
        kind,
        folded: match kind {
            WHITE => b' ',
            _ => byte.to_ascii_lowercase(),
        },
        is_of_word: matches!(kind, LETTER | CAPITAL | DIGIT),
    }
}

#[inline]
fn known(byte: u8) -> Ascii {
    ASCII.get(usize::from(byte)).copied().unwrap_or(ascii(0))
}

/// The kind of a character, below [`N_KINDS`].
#[inline]
pub(super) fn kind(c: char) -> u8 {
    if c.is_ascii() {
        kind_of_ascii(c as u8)
    } else {
        beyond(c)
    }
}

/// The kind of an ASCII character.
#[inline]
pub(super) fn kind_of_ascii(byte: u8) -> u8 {
    known(byte).kind
}

#[cold]
fn beyond(c: char) -> u8 {
    if c.is_uppercase() {
        CAPITAL
    } else if c.is_alphabetic() {
        LETTER
    } else if c.is_whitespace() {
        WHITE
    } else if matches!(c, '€' | '£') {
        5
    } else {
        OTHER
    }
}

/// A character in lower case as one byte; any white space is a space. Letters and digits beyond ASCII share the upper
/// half, neighbours of one alphabet apart; what else lies beyond shares the control characters.
#[inline]
pub(super) fn folded(c: char) -> u8 {
    if c.is_ascii() {
        folded_ascii(c as u8)
    } else {
        folded_beyond(c)
    }
}

/// An ASCII character in lower case; any white space is a space.
#[inline]
pub(super) fn folded_ascii(byte: u8) -> u8 {
    known(byte).folded
}

#[cold]
fn folded_beyond(c: char) -> u8 {
    let lower = c.to_lowercase().next().unwrap_or(c);
    // Neighbours keep apart, and blocks are moved against each other.
    let mixed = (lower as u32).wrapping_add((lower as u32 >> 7).wrapping_mul(37));
    if lower.is_ascii() {
        folded_ascii(lower as u8)
    } else if c.is_whitespace() {
        b' '
    } else if c.is_alphanumeric() {
        0x80 | (mixed % 0x80) as u8
    } else {
        1 + (mixed % 8) as u8
    }
}

/// Whether a folded character is a letter or a digit.
#[inline]
pub(super) fn is_of_word(folded: u8) -> bool {
    known(folded).is_of_word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_one_alphabet_are_told_apart() {
        for alphabet in [
            "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            "αβγδεζηθικλμνξοπρσςτυφχψω",
            "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
            "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
            "äöüßàáâãåæçèéêëìíîïñòóôõøùúûýÿ",
        ] {
            let codes: std::collections::BTreeSet<u8> = alphabet.chars().map(folded).collect();
            assert_eq!(codes.len(), alphabet.chars().count(), "{alphabet}");
        }
    }

    #[test]
    fn tables_say_what_the_standard_library_says() {
        for c in char::MIN..=char::MAX {
            let kind = kind(c);
            assert_eq!(matches!(kind, LETTER | CAPITAL), c.is_alphabetic(), "{c:?}");
            assert_eq!(kind == CAPITAL, c.is_uppercase(), "{c:?}");
            assert_eq!(kind == WHITE, c.is_whitespace(), "{c:?}");
            assert_eq!(kind == DIGIT, c.is_ascii_digit(), "{c:?}");
            let lower = c.to_lowercase().next().unwrap();
            assert_eq!(folded(c), folded(lower), "{c:?}");
            if c.is_whitespace() {
                assert_eq!(folded(c), b' ', "{c:?}");
            } else if c.is_ascii() {
                assert_eq!(u32::from(folded(c)), u32::from(lower), "{c:?}");
            }
            assert_eq!(is_of_word(folded(c)), c.is_alphanumeric(), "{c:?}");
        }
    }
}
