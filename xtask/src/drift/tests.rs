use super::canary::{Canary, Change, histories};

#[expect(
    clippy::disallowed_methods,
    reason = "tests learn from the environment how far to go"
)]
fn is_slow_run() -> bool {
    std::env::var_os("TRILEMMA_SLOW_TESTS").is_some_and(|value| !value.is_empty())
}

#[test]
fn slow_changes_are_found_and_nothing_is_cried() {
    if !is_slow_run() {
        return;
    }
    let quiet = histories(
        (0, 150),
        Canary {
            change: Change::None,
            from_day: 0,
        },
    );
    let n_false = quiet.iter().filter(|one| one.found_on.is_some()).count();
    // At most 2.5 %, which 150 histories exceed 10 times in less than one run of 500.
    assert!(n_false < 10, "{n_false}");
    assert!(quiet.iter().filter(|one| one.mcnemar_on.is_some()).count() > 20);
    for change in [Change::Everywhere, Change::SomeItems] {
        for (from_day, least) in [(0, 130), (30, 140)] {
            let found = histories((0, 150), Canary { change, from_day });
            let in_time = found.iter().filter(|one| {
                one.found_on
                    .is_some_and(|day| (from_day..from_day + 30).contains(&day))
            });
            let n = in_time.count();
            assert!(n >= least, "{change:?} from day {from_day}: {n} of 150");
        }
    }
}
