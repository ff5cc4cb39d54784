//! Checked against `tiktoken-rs`, a copy of OpenAI's own code.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use tiktoken_rs::CoreBPE;

use super::*;
use crate::tokens::MAX_PIECE_BYTES;

static TIKTOKEN: LazyLock<CoreBPE> = LazyLock::new(|| tiktoken_rs::o200k_base().unwrap());

fn lengths(text: &str) -> Vec<usize> {
    let mut lengths = Vec::new();
    each_token(text, |len| lengths.push(len));
    lengths
}

#[track_caller]
fn check(text: &str) {
    let theirs: Vec<usize> = TIKTOKEN
        .encode_ordinary(text)
        .iter()
        .map(|&token| TIKTOKEN.decode_bytes(&[token]).unwrap().len())
        .collect();
    assert_eq!(lengths(text), theirs, "{text:?}");
    assert_eq!(count_tokens(text), theirs.len() as u64);
    let pieces = pieces(text);
    assert_eq!(pieces.len(), theirs.len());
    let mut rest = text;
    for &len in pieces.iter() {
        // Panics within a character.
        (_, rest) = rest.split_at(usize::from(len));
    }
    assert_eq!(rest, "");
}

#[test]
fn known_texts() {
    for text in [
        "",
        " ",
        "\n",
        "Hello, world",
        "naïve café 🦀🏳️‍🌈 日本語",
        "a\0b\u{200d}",
        "<|endoftext|>",
        "  let x = vec![1, 22, 333, 4444];\r\n\r\n\t// done  ",
        "I'LL we'Re it's ſ 'ſ x'ſ",
        "ǅungla ʰa ǅʰ",
        "e\u{301}\u{301}\u{301}",
        "\u{1680}\u{2003}\u{85}x \u{a0} y",
        "ไม่มีช่องว่างระหว่างคำในภาษาไทยซึ่งทำให้แบ่งคำยาก",
        "=====================================================/\r\n//",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        check(text);
    }
}

#[test]
fn long_pieces_up_to_the_limit_are_exact() {
    check(&"ab".repeat(MAX_PIECE_BYTES / 2));
    check(&"日本".repeat(MAX_PIECE_BYTES / 6));
    check(&" ".repeat(MAX_PIECE_BYTES - 1));
}

#[test]
fn hostile_texts_take_linear_time() {
    for unit in [
        "a", " ", "日", "\n ", "A", "'", "1", "\u{301}", "aA ", "\u{fffd}",
    ] {
        let text = unit.repeat((1 << 18) / unit.len());
        let n = count_tokens(&text);
        assert!(n > 0 && n <= text.len() as u64);
    }
    let text = "a".repeat(1 << 20);
    // Eight letters are a token; one more for each cut at most.
    let n = count_tokens(&text);
    let exact = (1 << 20) / 8;
    assert!(
        (exact..=exact + 2 * (text.len() / MAX_PIECE_BYTES) as u64).contains(&n),
        "{n}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn white_space_letters_and_signs(text in "[ \t\r\n\u{a0}aZbé'sS1٣日/.!🦀\u{301}ǅʰ]{0,60}") {
        check(&text);
    }

    #[test]
    fn words(text in "([A-Za-z]{1,12}[ ,.\n]{1,2}){0,40}") {
        check(&text);
    }
}

#[test]
fn data_recorded_answers_have_the_tokens_of_tiktoken() {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests learn from it where the data are"
    )]
    let Some(data) = std::env::var_os("TRILEMMA_TEST_DATA") else {
        eprintln!("skipped: TRILEMMA_TEST_DATA is not set");
        return;
    };
    let folder = Path::new(&data).join("zeroeval-gsm8k/responses");
    let mut n_checked = 0;
    for entry in fs_err::read_dir(folder).unwrap() {
        let text = fs_err::read_to_string(entry.unwrap().path()).unwrap();
        // All of them take half a minute without optimisation.
        for line in text.lines().step_by(20) {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let output = row["output"].as_str().unwrap();
            let theirs = TIKTOKEN.encode_ordinary(output).len() as u64;
            assert_eq!(count_tokens(output), theirs, "{output:?}");
            n_checked += 1;
        }
    }
    assert!(n_checked > 500, "{n_checked}");
}
