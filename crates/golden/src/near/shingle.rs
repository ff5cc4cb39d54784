//! Overlapping runs of characters as numbers.
//!
//! In: a text. Out: a 64-bit hash per run of five characters, after lower-casing and collapsing white
//! space. A text of fewer than five characters is one run.

/// Characters in a run.
const RUN_CHARS: usize = 5;

/// Calls `take` with the hash of every run.
pub(crate) fn runs(text: &str, take: &mut dyn FnMut(u64)) {
    let mut window = [0_u32; RUN_CHARS];
    let mut seen = 0_usize;
    let mut push = |c: char| {
        window.rotate_left(1);
        if let Some(last) = window.last_mut() {
            *last = c as u32;
        }
        seen += 1;
        if seen >= RUN_CHARS {
            take(hash(&window));
        }
    };
    let mut after_space = true;
    for c in text.chars() {
        if c.is_whitespace() {
            if !after_space {
                push(' ');
            }
            after_space = true;
        } else {
            after_space = false;
            if c.is_ascii() {
                push(c.to_ascii_lowercase());
            } else {
                c.to_lowercase().for_each(&mut push);
            }
        }
    }
    if seen > 0 && seen < RUN_CHARS {
        take(hash(&window));
    }
}

/// FNV-1a over the characters, finished as SplitMix64, so that all bits depend on all characters.
fn hash(window: &[u32; RUN_CHARS]) -> u64 {
    let folded = window.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &c| {
        (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(folded)
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
