use proptest::prelude::*;

use super::*;

proptest! {
    /// Packed columns of a damaged file: an answer or none, never a panic.
    #[test]
    fn noise_never_panics(mut noise: Vec<u8>, layout_fits: bool) {
        if let (true, Some(first)) = (layout_fits, noise.first_mut()) {
            *first = 1;
        }
        let words = Words::default();
        let mut reader = Reader::new(&noise);
        if let Some(Figures { end: End::Answered(answer), .. }) = read_figures(&mut reader, 0, None) {
            let _ = read_names(&mut reader, &answer, &words);
        }
        let _ = read_body(&mut Reader::new(&noise), &words);
        let _ = read_attempt(&mut Reader::new(&noise));
        let _ = read_failure(&mut Reader::new(&noise));
        let _ = read_usage(&mut Reader::new(&noise));
        let _ = read_timing(&mut Reader::new(&noise));
    }
}
