//! Recorded outcomes of real models, where the folder of test data is there.

use std::path::PathBuf;

use crate::{items, read_one};

#[expect(
    clippy::disallowed_methods,
    reason = "tests find recorded data through the environment"
)]
fn data_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TRILEMMA_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: TRILEMMA_TEST_DATA is not set");
    }
    folder
}

#[test]
fn data_the_eight_models_have_their_published_numbers_of_right_answers() {
    let Some(data) = data_folder() else { return };
    let (mut gathered, _) = read_one(&data.join("routing/zeroeval_gsm_8models.csv"));
    assert_eq!((gathered.n_items, gathered.n_trials()), (1_319, 8 * 1_319));
    assert_eq!((gathered.n_problems, gathered.unpaired.len()), (0, 0));
    let passed = |name: &str| {
        let idx = gathered
            .candidates
            .iter()
            .position(|one| one.name == name)
            .unwrap();
        gathered.tallies[idx].n_passed
    };
    // Published accuracies of ZeroEval: 96.21, 96.66 (their rounding), 88.78 %.
    assert_eq!(passed("gpt-4o-2024-08-06"), 1_269);
    assert_eq!(passed("claude-3-5-sonnet-20241022"), 1_275);
    assert_eq!(passed("claude-3-haiku-20240307"), 1_171);
    assert_eq!(items(&mut gathered)[0].id, "gsm8k-main-test-#0");
}
