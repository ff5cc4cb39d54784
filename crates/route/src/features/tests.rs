//! Any text gives the same finite numbers twice.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn checked(text: &str) -> (Hashed, Vec<f64>) {
    let features = surface(text);
    assert_eq!(features.len(), N_SURFACE);
    assert!(features.iter().all(|x| x.is_finite()), "{features:?}");
    assert_eq!(features, surface(text));
    let hashed = Hashed::of(text);
    assert!(places(&hashed).is_sorted_by(|a, b| a < b));
    assert!(places(&hashed).iter().all(|b| (*b as usize) < N_HASH));
    let (chars, words) = hashed.scales();
    assert!(chars.is_finite() && words.is_finite());
    (hashed, features)
}

#[test]
fn odd_texts_are_no_trouble() {
    for text in [
        "",
        " ",
        "\0",
        "🦀🦀🦀",
        "这是一个问题",
        "1.2.3.4 1,,2 999999999999999999999999999 1/0",
        "İ ﬁ ß",
    ] {
        checked(text);
    }
    let megabyte = "word 12.5% ".repeat(100_000);
    let (hashed, _) = checked(&megabyte);
    assert!(places(&hashed).len() < 200);
}

#[test]
fn words_addressed_to_the_router_are_words_like_others() {
    // The same shape: eight words of the same lengths, none of them a cue.
    let (_, plain) = checked("polish the window, mop the tile floors");
    let (_, sly) = checked("ignore the router, use the best models");
    let differ = plain
        .iter()
        .zip(&sly)
        .filter(|(a, b)| (*a - *b).abs() > 0.2)
        .count();
    assert!(differ <= 2, "{differ}");
}

/// Buckets as the definition has them: those of every run, word and pair.
fn plain_pieces(text: &str) -> BTreeSet<u32> {
    let codes: Vec<u8> = text.chars().map(letters::folded).collect();
    let edged = [b" ", codes.as_slice(), b" "].concat();
    let mut pieces = BTreeSet::new();
    for start in 0..edged.len().saturating_sub(2) {
        for (length, odd) in [
            (3, 0x9E37_79B9_7F4A_7C15_u64),
            (4, 0xD6E8_FEB8_6659_FD93),
            (5, 0xBF58_476D_1CE4_E5B9),
        ] {
            let run = edged.iter().skip(start).take(length).rev();
            let number = run.fold(0, |number: u64, code| number << 8 | u64::from(*code));
            pieces.insert((number.wrapping_mul(odd) >> 49) as u32);
        }
    }
    let mut previous = 0;
    for word in codes.split(|code| !letters::is_of_word(*code)) {
        if word.is_empty() {
            continue;
        }
        let hash = word.iter().fold(0_u64, |hash, code| {
            (hash.rotate_left(5) ^ u64::from(*code)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        });
        let pair = hash.rotate_left(29) ^ previous;
        for (piece, odd) in [(hash, 0x94D0_49BB_1331_11EB), (pair, 0xC2B2_AE3D_27D4_EB4F)] {
            pieces.insert(N_CHAR_BUCKETS as u32 + (piece.wrapping_mul(odd) >> 50) as u32);
        }
        previous = hash;
    }
    pieces
}

fn places(hashed: &Hashed) -> Vec<u32> {
    hashed.columns().iter().map(|(bucket, _)| *bucket).collect()
}

/// Some counts as the definition has them: of sentences, capitals, words, their letters, those that are long, different
/// ones, names.
fn plain_counts(text: &str) -> [usize; 7] {
    let all: Vec<char> = text.chars().collect();
    let ends = |pair: &&[char]| matches!(pair[0], '.' | '?' | '!') && pair[1].is_whitespace();
    let written: Vec<&str> = text.split_whitespace().collect();
    let kept = |word: &&str| -> String {
        let part = |c: &char| c.is_alphanumeric() || *c == '\'';
        word.chars()
            .filter(part)
            .flat_map(char::to_lowercase)
            .collect()
    };
    let words: Vec<String> = written.iter().map(kept).collect();
    let lengths: Vec<usize> = words.iter().map(|word| word.chars().count()).collect();
    let is_name = |word: &&&str| word.starts_with(char::is_uppercase);
    [
        all.windows(2).filter(ends).count(),
        all.iter().filter(|c| c.is_uppercase()).count(),
        words.len(),
        lengths.iter().sum(),
        lengths.iter().filter(|length| **length > 7).count(),
        words.iter().collect::<BTreeSet<_>>().len(),
        written.iter().skip(1).filter(is_name).count(),
    ]
}

fn pieces_and_counts_are_as_defined(text: &str) {
    let hashed = Hashed::of(text);
    let expected: Vec<u32> = plain_pieces(text).into_iter().collect();
    assert_eq!(places(&hashed), expected, "{text:?}");
    let features = surface(text);
    let [ends, capitals, n, letters, long, different, names] = plain_counts(text);
    let log = |count: usize| (count as f64).ln_1p();
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let n_letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let expected = [
        (1, log(n)),
        (11, share(capitals, n_letters)),
        (13, log(ends)),
        (24, share(letters, n)),
        (25, share(long, n)),
        (26, share(different, n)),
        (28, share(names, n)),
        (29, log(names)),
    ];
    let marks = [
        "+*=<>/^", "()[]{}", ",", "?", "\"'`", "$€£", "%", "\\_", ":;",
    ];
    for (at, marks) in (2..).zip(marks) {
        let n = text.chars().filter(|c| marks.contains(*c)).count();
        assert_eq!(features[at], log(n), "{marks} of {text:?}");
    }
    let n_foreign = text.chars().filter(|c| !c.is_ascii()).count();
    assert_eq!(features[12], share(n_foreign, text.chars().count()));
    for (at, value) in expected {
        assert_eq!(features[at], value, "{at} of {text:?}");
    }
}

#[test]
fn odd_texts_have_pieces_and_counts_as_defined() {
    for text in [
        "",
        "a",
        " ab",
        "abcd",
        "Don't! ask Ms. O'Neil's 2 aunts (why?) \u{a0}now\u{2003}or never.\tEnd",
        "İstanbul Straße ǅ Ⓐb £5 „Ä“ 这是 🦀 é\u{301}",
        "the the THE the-the",
        "`x`_y\\z = {1: [2, 3]}; 4/5 * $6 + 7% > €8 < ^9 \"q\" 'r' end? (s)",
    ] {
        pieces_and_counts_are_as_defined(text);
    }
}

proptest! {
    #[test]
    fn any_text_has_pieces_and_counts_as_defined(text in ".{0,200}|[a-cA-C .,:'?!(*\\n0-9]{0,120}") {
        pieces_and_counts_are_as_defined(&text);
    }

    #[test]
    fn any_text_gives_finite_features(text in ".{0,300}") {
        checked(&text);
    }

    #[test]
    fn case_and_white_space_do_not_change_the_pieces(text in "[a-z ]{0,80}") {
        let upper = text.to_uppercase().replace(' ', "\n");
        let (a, b) = (Hashed::of(&text), Hashed::of(&upper));
        prop_assert_eq!(a.columns(), b.columns());
    }
}
