//! Ledgers.

use serde_json::Value;
use trilemma_cost::tco::{Event, EventKind, LedgerPlan, Running, Switching};
use trilemma_domain::Usd;

use crate::data::{decimal, float, load};

fn switching(value: &Value) -> Switching {
    let figure = |name: &str| decimal(&value[name], 0);
    Switching {
        eval_items: figure("eval_items"),
        eval_models: figure("eval_models"),
        eval_runs: figure("eval_runs"),
        eval_usd_per_item: figure("eval_usd_per_item"),
        review_items: figure("review_items"),
        review_minutes: figure("review_minutes"),
        rate_usd_hour: figure("rate_usd_hour"),
        eng_days: figure("eng_days"),
        hours_per_day: figure("hours_per_day"),
        prompts: figure("prompts"),
        hours_per_prompt: figure("hours_per_prompt"),
        overlap_days: figure("overlap_days"),
    }
}

fn event(value: &Value) -> Event {
    Event {
        month: u32::try_from(value["month"].as_u64().unwrap()).unwrap(),
        kind: match value.get("price_mult") {
            Some(factor) => EventKind::Price(decimal(factor, 1)),
            None => EventKind::OneOff(Usd::new(decimal(&value["one_off"], 0))),
        },
        reason: String::new(),
    }
}

#[test]
fn data_ledgers_equal_the_vectors() {
    let Some(vectors) = load("tco.json") else {
        return;
    };
    for case in vectors["cases"].as_array().unwrap() {
        let id = case["id"].as_str().unwrap();
        let expected = &case["expected"];
        let month = |name: &str| Usd::new(decimal(&case[name], 0));
        let events = case["events"].as_array().cloned().unwrap_or_default();
        let plan = LedgerPlan {
            months: u32::try_from(case["months"].as_u64().unwrap()).unwrap(),
            growth: decimal(&case["growth"], 0),
            discount: decimal(&case["monthly_discount"], 0),
            one_off: switching(&case["switch"])
                .total(month("current_month_usd"))
                .unwrap(),
            run: Running {
                model: month("new_month_usd"),
                fixed: month("monitor_month_usd"),
            },
            events: events.iter().map(event).collect(),
            stay: Some(Running {
                model: month("current_month_usd"),
                fixed: month("current_monitor_month_usd"),
            }),
            stay_events: Vec::new(),
        };
        let ledger = plan.ledger().unwrap();
        // The file rounds to six decimals.
        let near = |what: &str, found: Usd, wanted: &Value| {
            let (found, wanted) = (found.to_f64(), float(wanted));
            let tolerance = 5.1e-7 + 1e-9 * wanted.abs();
            assert!(
                (found - wanted).abs() <= tolerance,
                "{id} {what}: {found} != {wanted}"
            );
        };
        near("one-off", ledger.one_off, &expected["one_off"]);
        near("total", ledger.total, &expected["total"]);
        near("present value", ledger.present_value, &expected["npv"]);
        near("stay", ledger.stay_total.unwrap(), &expected["stay_total"]);
        assert_eq!(
            ledger.payback_month.map(u64::from),
            expected["payback_month"].as_u64(),
            "{id}"
        );
        let rows = expected["ledger"].as_array().unwrap();
        assert_eq!(ledger.rows.len(), rows.len());
        for (found, wanted) in ledger.rows.iter().zip(rows) {
            near("run", found.run, &wanted["run"]);
            near("stay", found.stay.unwrap(), &wanted["stay"]);
            near(
                "saving",
                found.cumulative_saving.unwrap(),
                &wanted["cumulative_saving"],
            );
        }
    }
}
