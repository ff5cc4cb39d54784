use super::*;

fn purse(
    folder: &std::path::Path,
    limit: &str,
    period: Period,
    now_us: i64,
) -> (Purse, trilemma_store::ledger::Session) {
    let file = LedgerFile::open(&folder.join("gateway.db")).unwrap();
    let budget = ServeBudget {
        limit: limit.parse().unwrap(),
        period,
    };
    let unleased = Unleased::open(
        &[(String::new(), budget)],
        "0.000001".parse().unwrap(),
        &file,
        now_us,
    )
    .unwrap();
    let (ledger, session) = file.begin(now_us).unwrap();
    (unleased.with(ledger), session)
}

/// A moment, and no patience.
fn at(now_us: i64) -> (i64, Instant) {
    (now_us, Instant::now())
}

#[test]
fn periods_are_calendar_periods() {
    // 2026-11-29 is day 20,786.
    assert_eq!(period_of(Period::Day, 20_786), (20_786, 20_787));
    assert_eq!(period_of(Period::Month, 20_786), (20_758, 20_788));
    assert_eq!(period_of(Period::Total, 20_786), (i64::MIN, i64::MAX));
}

#[tokio::test]
async fn what_is_spent_and_reserved_never_passes_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let (purse, session) = purse(folder.path(), "0.00001", Period::Total, 0);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(purse.reserve("", NanoUsd(3_000), at(0)).await.unwrap());
    }
    let error = purse.reserve("", NanoUsd(3_000), at(0)).await.unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, BudgetError::Reserved { .. }) && text.contains("reserved by calls"),
        "{text}"
    );
    // What is too much for all that is not spent waits for nobody.
    let hour = (0, Instant::now() + std::time::Duration::from_secs(3_600));
    let error = purse.reserve("", NanoUsd(10_001), hour).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("0.00001 USD of the gateway's budget are left"),
        "{error}"
    );
    held.pop().unwrap().settle(NanoUsd(100));
    held.push(purse.reserve("", NanoUsd(3_000), at(0)).await.unwrap());
    // A reservation that gets lost counts in full.
    drop(held);
    let [(_, [spent, reserved, _])] = purse.standing().try_into().unwrap();
    assert_eq!((spent.0, reserved.0), (9_100, 0));
    drop(purse);
    session.end(1).unwrap();
}

#[tokio::test]
async fn a_session_that_died_counts_by_its_leases_until_reconciled() {
    let folder = tempfile::tempdir().unwrap();
    let (first, session) = purse(folder.path(), "1", Period::Total, 0);
    first
        .reserve("", NanoUsd(1_500), at(0))
        .await
        .unwrap()
        .settle(NanoUsd(7));
    // The process dies: the session never ends, its lock goes with it.
    drop(first);
    drop(session);
    let path = folder.path().join("gateway.db");
    let file = LedgerFile::open(&path).unwrap();
    assert_eq!(file.spent(None, 0).unwrap(), NanoUsd(1_500));
    assert_eq!(file.crashed().unwrap().len(), 1);
    assert_eq!(file.reconcile(5).unwrap(), 1);
    assert_eq!(file.spent(None, 0).unwrap(), NanoUsd(0));
}

#[tokio::test]
async fn a_new_period_starts_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (purse, session) = purse(folder.path(), "0.000002", Period::Day, 0);
    let held = purse.reserve("", NanoUsd(2_000), at(0)).await.unwrap();
    assert!(purse.reserve("", NanoUsd(1), at(0)).await.is_err());
    let next = purse
        .reserve("", NanoUsd(1_000), at(US_PER_DAY))
        .await
        .unwrap();
    held.settle(NanoUsd(2_000));
    next.settle(NanoUsd(1_000));
    let [(_, [spent, ..])] = purse.standing().try_into().unwrap();
    assert_eq!(spent, NanoUsd(1_000));
    drop(purse);
    session.end(1).unwrap();
}

/// Those that wait are served in turn, however small the later ones are.
#[tokio::test]
async fn who_waits_gets_what_comes_back_in_turn() {
    let folder = tempfile::tempdir().unwrap();
    let (purse, session) = purse(folder.path(), "0.00001", Period::Total, 0);
    let purse = Arc::new(purse);
    let first = purse.reserve("", NanoUsd(6_000), at(0)).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let patient = (0, Instant::now() + std::time::Duration::from_secs(600));
    let mut waiting = Vec::new();
    for (n, worst) in [(1, 8_000), (2, 1_000), (3, 9_000)] {
        let (own, order) = (Arc::clone(&purse), Arc::clone(&order));
        waiting.push(tokio::spawn(async move {
            let hold = own.reserve("", NanoUsd(worst), patient).await.unwrap();
            order.lock().unwrap().push(n);
            hold.settle(NanoUsd(0));
        }));
        while purse.scopes[""].n_waiting.load(Ordering::Relaxed) < n {
            tokio::task::yield_now().await;
        }
    }
    assert!(order.lock().unwrap().is_empty());
    // One who gives up is no obstacle.
    let brief = (0, Instant::now() + std::time::Duration::from_millis(5));
    let error = purse.reserve("", NanoUsd(1), brief).await.unwrap_err();
    assert!(matches!(error, BudgetError::Reserved { .. }), "{error}");
    first.settle(NanoUsd(0));
    for one in waiting {
        one.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
    let [(_, [spent, reserved, _])] = purse.standing().try_into().unwrap();
    assert_eq!((spent.0, reserved.0), (0, 0));
    drop(Arc::into_inner(purse));
    session.end(1).unwrap();
}

#[tokio::test]
async fn nobody_hears_what_is_left_of_the_budget_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = LedgerFile::open(&folder.path().join("gateway.db")).unwrap();
    let budget = |limit: &str| ServeBudget {
        limit: limit.parse().unwrap(),
        period: Period::Total,
    };
    let budgets = [
        (String::new(), budget("0.000123")),
        ("team".to_owned(), budget("0.00045")),
    ];
    let lease = "0.000001".parse().unwrap();
    let unleased = Unleased::open(&budgets, lease, &file, 0).unwrap();
    let (ledger, session) = file.begin(0).unwrap();
    let purse = unleased.with(ledger);
    for (worst, expected) in [
        (200_000, "the gateway's budget does not cover that"),
        (500_000, "0.00045 USD of the budget of `team` are left"),
    ] {
        let error = purse.reserve("team", NanoUsd(worst), at(0)).await;
        let text = error.unwrap_err().to_string();
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("0.000123"), "{text}");
    }
    drop(purse);
    session.end(1).unwrap();
}
