use proptest::prelude::*;

use super::*;

#[test]
fn shows_control_characters_and_stops_reordering() {
    assert_eq!(one_line("a\u{1b}[31mb\0\u{9b}c", 99), "a␛[31mb␀\u{fffd}c");
    assert_eq!(
        one_line("x\u{202e}y\u{2066}z\u{e0041}", 99),
        "x\u{fffd}y\u{fffd}z\u{fffd}"
    );
    assert_eq!(one_line("a\r\n\tb", 99), "a   b");
    assert_eq!(several_lines("a\r\nb\rc\n\td"), "a\nb␍c\n\td");
}

#[test]
fn cuts_with_an_ellipsis_only_when_too_long() {
    assert_eq!(one_line("abcd", 4), "abcd");
    assert_eq!(one_line("abcde", 4), "abc…");
    assert_eq!(one_line("", 4), "");
}

#[test]
fn neutralises_formulas_and_quotes_cells() {
    let check = |text: &str, expected: &str| assert_eq!(csv_cell(text), expected);
    check("gpt-4o", "gpt-4o");
    check("=1+1", "\"'=1+1\"");
    check("  @x", "\"'  @x\"");
    check("\t=1", "\"' =1\"");
    check("-2", "\"'-2\"");
    check("＝cmd", "\"'＝cmd\"");
    check("\"=", "\"'\"\"=\"");
    check(" \" =", "\"' \"\" =\"");
    check("a,\"b\"", "\"a,\"\"b\"\"\"");
    // A name that begins with an apostrophe is told from a guarded one.
    check("'=1+1", "\"''=1+1\"");
    check("it's", "\"it's\"");
}

#[test]
fn numbers_stay_with_their_units() {
    assert_eq!(
        typeset("-2.1 points (-4.0 to +0.3, n = 12) in 5 s, 3 stages, gpt-4 of 95 %"),
        "−2.1\u{a0}points (−4.0 to +0.3, n\u{a0}=\u{a0}12) in 5\u{a0}s, 3 stages, gpt-4 of 95\u{a0}%"
    );
}

#[test]
fn names_in_sentences_become_code() {
    assert_eq!(html_prose("use `a<b` now"), "use <code>a&lt;b</code> now");
    assert_eq!(
        markdown_prose("use `gpt-4o` or `a|b`"),
        "use `gpt-4o` or “a\\|b”"
    );
    assert_eq!(html_prose("odd ` tick"), "odd <code> tick</code>");
}

#[test]
fn markdown_shows_what_was_written() {
    assert_eq!(
        markdown_inline("a|b `c` <b>@me #1 https://x www.y"),
        "a\\|b \\`c\\` &lt;b&gt;&#64;me &#35;1 https&#58;//x www&#46;y"
    );
}

#[test]
fn json_keeps_its_meaning() {
    let text = serde_json::to_string("</script><!-- & \u{2028}\u{2029} -->").unwrap();
    let safe = json_block(&text);
    assert!(!safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
    let back: String = serde_json::from_str(&safe).unwrap();
    assert_eq!(back, "</script><!-- & \u{2028}\u{2029} -->");
}

proptest! {
    #[test]
    fn no_markup_survives(text in any::<String>()) {
        let escaped = escape(&text);
        prop_assert!(!escaped.contains(['<', '>', '"', '\'']));
    }

    #[test]
    fn no_control_character_survives(text in any::<String>(), max in 1usize..50) {
        let line = one_line(&text, max);
        prop_assert!(line.chars().count() <= max);
        prop_assert!(!line.chars().any(char::is_control));
        prop_assert!(!several_lines(&text).chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
    }

    #[test]
    fn no_cell_starts_a_formula(text in any::<String>()) {
        let cell = csv_cell(&text);
        let shown = cell.trim_start_matches(|c: char| c == '"' || c.is_whitespace());
        prop_assert!(!shown.starts_with(['=', '+', '-', '@']), "{cell}");
    }
}
