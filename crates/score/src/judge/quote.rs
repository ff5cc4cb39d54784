//! Fences around text that a judge must read as data.
//!
//! In: texts of item and answer. Out: `<answer-3f2a…>` blocks whose tag occurs in none of the
//! texts, so that no text can close its own block or open another. The tag is a hash of the texts:
//! the same prompt on every run, and nothing that a candidate could write into its answer
//! beforehand. This stops forged structure; it cannot stop a judge from believing what it reads,
//! which is why the system message says what the blocks are and agreement with people is measured.

use trilemma_domain::Fingerprint;

/// A tag for one prompt.
#[derive(Debug)]
pub(super) struct Quoter {
    tag: String,
}

impl Quoter {
    /// Chooses a tag that occurs in none of `texts`.
    pub(super) fn new(texts: &[&str]) -> Self {
        let mut attempt = 0_u32;
        loop {
            let mut hash = Fingerprint::builder().field(attempt.to_be_bytes());
            for text in texts {
                hash = hash.field(text);
            }
            let tag = hash.finish().short();
            if !texts.iter().any(|text| text.contains(&tag)) {
                return Self { tag };
            }
            attempt = attempt.wrapping_add(1);
        }
    }

    /// The tag, for the system message.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    /// Puts a text between tags named `name`.
    pub(super) fn block(&self, name: &str, text: &str) -> String {
        let tag = &self.tag;
        // NUL and other control characters are refused by some vendors and never part of a task.
        let clean: String = text
            .chars()
            .filter(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\r'))
            .collect();
        format!("<{name}-{tag}>\n{clean}\n</{name}-{tag}>")
    }
}
