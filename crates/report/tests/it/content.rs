//! Embedded items in the page.

use trilemma_report::{ContentAnswer, ContentBuilder, ContentItem, Report, item_order};

use crate::support::{decided, elements, export};

#[test]
fn contested_items_come_first_and_each_once() {
    let decision = decided();
    let order = item_order(&decision, 120);
    let contested: Vec<usize> = decision
        .disagreements
        .items
        .iter()
        .map(|one| one.item_idx)
        .collect();
    assert!(contested.len() > 10);
    assert!(order.starts_with(&contested));
    let mut sorted = order;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..120).collect::<Vec<_>>());
    assert_eq!(item_order(&decision, 0), Vec::<usize>::new());
}

#[test]
fn the_page_states_what_is_left_out_and_cut() {
    let mut builder = ContentBuilder::new(100_000);
    for idx in 0..40 {
        let item = ContentItem {
            id: format!("item-{idx}"),
            input: "x".repeat(30_000),
            answers: vec![ContentAnswer {
                output: Some("answer".to_owned()),
                ..ContentAnswer::default()
            }],
            ..ContentItem::default()
        };
        builder.push(&item, 5);
    }
    let content = builder.finish();
    let decision = decided();
    let mut report = Report::new(&decision);
    report.content = Some(&content);
    let page = export("html", &report);
    elements(&page);
    assert!(page.contains("4 items with inputs and outputs."));
    assert!(page.contains("36 items did not fit"));
    assert!(page.contains("4 texts cut at 20,000 characters"));
    assert!(page.contains("needs JavaScript"));
    // Without content the page has no browser at all.
    assert!(!export("html", &Report::new(&decision)).contains("id=\"browser\""));
}
