//! The Porter stemmer with NLTK's extensions.
//!
//! In: a word of ASCII letters and digits in lower case. Out: its stem. Follows M. F. Porter, "An
//! algorithm for suffix stripping" (1980), with the departures that `nltk.stem.porter` 3.10.4
//! documents for its mode `NLTK_EXTENSIONS`, which rouge-score uses. The golden file
//! `rouge_l.json` checks it.

/// Irregular forms of NLTK's mode.
const IRREGULAR: &[(&str, &str)] = &[
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

const STEP_2: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
];

const STEP_3: &[(&str, &str)] = &[
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
];

const STEP_4: &[&str] = &[
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou",
    "ism", "ate", "iti", "ous", "ive", "ize",
];

/// Gives the stem of a word.
pub(crate) fn stem(word: &str) -> String {
    if let Some((_, irregular)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return (*irregular).to_owned();
    }
    if word.len() <= 2 {
        return word.to_owned();
    }
    let word = step_1a(word);
    let word = step_1b(&word);
    let word = step_1c(&word);
    let word = step_2(&word);
    let word = replace_first(&word, STEP_3, |stem| measure(stem) > 0);
    let word = step_4(&word);
    step_5(&word)
}

/// For each letter whether it is a consonant: no vowel, and `y` only at the start or after a vowel.
fn consonants(word: &str) -> Vec<bool> {
    let mut flags: Vec<bool> = Vec::with_capacity(word.len());
    for byte in word.bytes() {
        flags.push(match byte {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => flags.last().is_none_or(|before| !before),
            _ => true,
        });
    }
    flags
}

/// Porter's m: how often a vowel is followed by a consonant.
fn measure(stem: &str) -> usize {
    let flags = consonants(stem);
    flags
        .windows(2)
        .filter(|pair| **pair == [false, true])
        .count()
}

fn has_vowel(stem: &str) -> bool {
    consonants(stem).contains(&false)
}

fn ends_double_consonant(word: &str) -> bool {
    let mut last = word.bytes().rev();
    let double = last.next().is_some_and(|byte| last.next() == Some(byte));
    double && consonants(word).last() == Some(&true)
}

/// Porter's *o: consonant, vowel, consonant other than w, x, y; NLTK adds two-letter words of vowel
/// and consonant.
fn ends_cvc(word: &str) -> bool {
    match consonants(word).as_slice() {
        [false, true] => true,
        [.., true, false, true] => !word.ends_with(['w', 'x', 'y']),
        _ => false,
    }
}

/// Replaces the first suffix of `rules` that the word has, if the rest fulfils `condition`; no
/// further rule is tried then.
fn replace_first(word: &str, rules: &[(&str, &str)], condition: impl Fn(&str) -> bool) -> String {
    for (suffix, with) in rules {
        if let Some(stem) = word.strip_suffix(suffix) {
            return if condition(stem) {
                format!("{stem}{with}")
            } else {
                word.to_owned()
            };
        }
    }
    word.to_owned()
}

fn step_1a(word: &str) -> String {
    if word.len() == 4
        && let Some(stem) = word.strip_suffix("ies")
    {
        return format!("{stem}ie");
    }
    let rules = [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")];
    replace_first(word, &rules, |_| true)
}

fn step_1b(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ied") {
        let with = if word.len() == 4 { "ie" } else { "i" };
        return format!("{stem}{with}");
    }
    if let Some(stem) = word.strip_suffix("eed") {
        return if measure(stem) > 0 {
            format!("{stem}ee")
        } else {
            word.to_owned()
        };
    }
    let stem = ["ed", "ing"]
        .iter()
        .filter_map(|suffix| word.strip_suffix(suffix))
        .find(|stem| has_vowel(stem));
    let Some(stem) = stem else {
        return word.to_owned();
    };
    if ["at", "bl", "iz"].iter().any(|end| stem.ends_with(end)) {
        return format!("{stem}e");
    }
    if ends_double_consonant(stem) {
        let short = stem.get(..stem.len() - 1).unwrap_or(stem);
        let kept = if stem.ends_with(['l', 's', 'z']) {
            stem
        } else {
            short
        };
        return kept.to_owned();
    }
    if measure(stem) == 1 && ends_cvc(stem) {
        return format!("{stem}e");
    }
    stem.to_owned()
}

fn step_1c(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if stem.len() > 1 && consonants(stem).last() == Some(&true) => {
            format!("{stem}i")
        }
        Some(_) | None => word.to_owned(),
    }
}

fn step_2(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("alli")
        && measure(stem) > 0
    {
        return step_2(&format!("{stem}al"));
    }
    if STEP_2.iter().any(|(suffix, _)| word.ends_with(suffix)) {
        return replace_first(word, STEP_2, |stem| measure(stem) > 0);
    }
    // `logi` to `log`; the `l` belongs to the stem that is measured.
    match word.strip_suffix("ogi") {
        Some(stem) if stem.ends_with('l') && measure(stem) > 0 => format!("{stem}og"),
        Some(_) | None => word.to_owned(),
    }
}

fn step_4(word: &str) -> String {
    for suffix in STEP_4 {
        if let Some(stem) = word.strip_suffix(suffix) {
            let fits = measure(stem) > 1 && (*suffix != "ion" || stem.ends_with(['s', 't']));
            return if fits { stem } else { word }.to_owned();
        }
    }
    word.to_owned()
}

fn step_5(word: &str) -> String {
    let mut word = word;
    if let Some(stem) = word.strip_suffix('e') {
        let m = measure(stem);
        if m > 1 || (m == 1 && !ends_cvc(stem)) {
            word = stem;
        }
    }
    if word.ends_with("ll")
        && let Some(short) = word.get(..word.len() - 1)
        && measure(short) > 1
    {
        word = short;
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stems by NLTK; the script is `tests/golden/make.py`.
    #[test]
    fn golden_stems() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/porter.json")).unwrap();
        let cases = golden["cases"].as_array().unwrap();
        assert!(cases.len() > 100);
        for case in cases {
            let word = case["word"].as_str().unwrap();
            // rouge-score stems only longer words, but the stemmer itself is checked on all.
            assert_eq!(stem(word), case["stem"].as_str().unwrap(), "{word}");
        }
    }
}
