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
        held.push(purse.reserve("", NanoUsd(3_000), 0).await.unwrap());
    }
    let error = purse.reserve("", NanoUsd(3_000), 0).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("0.000001 USD of the gateway's budget"),
        "{error}"
    );
    held.pop().unwrap().settle(NanoUsd(100));
    held.push(purse.reserve("", NanoUsd(3_000), 0).await.unwrap());
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
        .reserve("", NanoUsd(1_500), 0)
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
    let held = purse.reserve("", NanoUsd(2_000), 0).await.unwrap();
    assert!(purse.reserve("", NanoUsd(1), 0).await.is_err());
    let next = purse.reserve("", NanoUsd(1_000), US_PER_DAY).await.unwrap();
    held.settle(NanoUsd(2_000));
    next.settle(NanoUsd(1_000));
    let [(_, [spent, ..])] = purse.standing().try_into().unwrap();
    assert_eq!(spent, NanoUsd(1_000));
    drop(purse);
    session.end(1).unwrap();
}
