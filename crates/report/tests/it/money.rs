//! The money part: what it shows, and that odd figures neither break a chart nor read as nothing.

use trilemma_cost::outlook::TokensPerDay;
use trilemma_report::{Report, format};

use crate::support::{decided, elements, export, with_outlook};

fn section(page: &str) -> &str {
    let from = page.find("<section id=\"money\"").unwrap();
    let to = page.find("<section id=\"figures\"").unwrap();
    &page[from..to]
}

#[test]
fn it_stands_only_where_traffic_is_stated() {
    let without = export("html", &Report::new(&decided()));
    assert!(!without.contains("id=\"money\""));
    let page = export("html", &Report::new(&with_outlook()));
    let money = section(&page);
    for id in ["month-chart", "ledger-chart", "tornado", "staircase-1"] {
        assert!(money.contains(&format!("<figure id=\"{id}\">")), "{id}");
    }
    let text = export("terminal", &Report::new(&with_outlook()));
    assert!(text.contains("Money over 12 months"), "{text}");
}

#[test]
fn every_month_has_its_range_its_source_and_its_day() {
    let decision = with_outlook();
    let money = export("markdown", &Report::new(&decision));
    let table = money.split("## A month of production").nth(1).unwrap();
    let table = table.split("## ").next().unwrap();
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let rows: Vec<&str> = lines.skip(2).collect();
    assert_eq!(rows.len(), decision.candidates.len());
    for row in &rows {
        assert!(row.contains("(checked 20"), "{row}");
        assert!(row.matches('–').count() >= 3, "{row}");
    }
}

/// Sums that overflow, volumes without end, and candidates without any figure.
#[test]
fn odd_figures_are_drawn_or_left_out() {
    let mut decision = with_outlook();
    let outlook = decision.outlook.as_mut().unwrap();
    for (idx, one) in outlook.candidates.iter_mut().enumerate() {
        match idx {
            0 => {
                one.bill = None;
                one.owning = None;
                one.left_out = None;
            }
            1 => {
                let owning = one.owning.as_mut().unwrap();
                owning.swings[0].low = f64::NAN;
                owning.swings[0].high = f64::INFINITY;
                owning.simulated = None;
                owning.paid_by.clear();
            }
            _ => {}
        }
    }
    for servers in &mut outlook.servers {
        servers.traffic_tokens_per_day = Some(f64::NAN);
        for step in &mut servers.stairs {
            step.tokens_per_day = f64::INFINITY;
        }
        for crossing in &mut servers.against {
            crossing.usd_per_mtok = f64::NAN;
            crossing.likely = TokensPerDay::From(f64::INFINITY);
        }
    }
    for name in ["html", "markdown", "terminal", "csv", "json", "junit"] {
        let bytes = format(name).unwrap().export(&Report::new(&decision));
        let text = String::from_utf8(bytes.unwrap()).unwrap();
        assert!(!text.contains("NaN") && !text.contains(">inf"), "{name}");
        if name == "html" {
            elements(&text);
        }
    }
}
