//! What a judge makes of the answers to one request, and how that is told.
//!
//! In: an expected gain and the threshold that it stands beside. Out: whether asking on is worth too little, and that in
//! words. Nothing is estimated here.

use std::fmt;

/// What asking on is expected to be worth, beside what it must be worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighing {
    /// Quality that asking the large candidate would gain over the first answer, expected.
    pub gain: f64,
    /// Its posterior standard deviation, of the mean over such answers; `None` = the file does not hold it.
    pub sd: Option<f64>,
    /// The gain per relative cost (expected cost of the large candidate ÷ its mean); a gain below zero as it is.
    pub score: f64,
    /// The first answer is given at or below this score.
    pub threshold: f64,
}

impl Weighing {
    /// Whether asking on is worth too little: the first answer is given.
    #[must_use]
    pub fn is_too_little(&self) -> bool {
        self.score <= self.threshold
    }
}

impl fmt::Display for Weighing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut n_digits = 2;
        // What is compared must not look the same where it is not.
        while n_digits < 6
            && self.score != self.threshold
            && signed(self.score, n_digits) == signed(self.threshold, n_digits)
        {
            n_digits += 2;
        }
        let gain = signed(self.gain, n_digits);
        write!(f, "asking on is expected to gain {gain} points")?;
        if let Some(sd) = self.sd {
            write!(f, " (posterior SD {:.2})", 100.0 * sd)?;
        }
        if self.gain > 0.0 {
            let score = signed(self.score, n_digits);
            write!(f, ", {score} per usual cost of asking on")?;
        }
        let side = if self.is_too_little() {
            "not above"
        } else {
            "above"
        };
        let threshold = signed(self.threshold, n_digits);
        write!(f, ", which is {side} the threshold of {threshold}")
    }
}

/// Points with their sign; nothing is no less than nothing.
fn signed(share: f64, n_digits: usize) -> String {
    let text = format!("{:+.n_digits$}", 100.0 * share);
    let is_nothing = text.chars().all(|c| matches!(c, '-' | '0' | '.'));
    if is_nothing {
        text.replacen('-', "+", 1)
    } else {
        text
    }
}
