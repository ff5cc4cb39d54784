//! The rules of a policy on a terminal: how many items each caught, and why one caught none.

use super::words::paragraph;
use crate::layout::{Side, Table, bullet, counted};
use crate::routing::rules::RuleCount;

/// A table, then a sentence for each rule that caught none; empty without rules.
pub(super) fn table(rules: &[RuleCount], n_items: usize, width: Option<usize>) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[("rule", Side::Left), ("n", Side::Right)]);
    for one in rules {
        table.push([one.name.clone(), one.n.to_string()]);
    }
    let title = format!(
        "Rules, each with how many of {} it decided:",
        counted(n_items as u64, "item")
    );
    let mut text = format!("\n{}{}", paragraph(&title, 0, width), table.draw(0, width));
    for line in none(rules) {
        text.push_str(&bullet(&line, 0, width));
        text.push('\n');
    }
    text
}

fn none(rules: &[RuleCount]) -> impl Iterator<Item = String> {
    rules.iter().filter_map(|one| {
        let why = one.caught_none.as_ref()?;
        Some(format!("rule `{}` caught none: {why}", one.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_that_caught_none_has_a_sentence() {
        let rule = |name: &str, n: usize| RuleCount {
            name: name.to_owned(),
            n,
            n_met: n,
            unmet: Vec::new(),
            caught_none: (n == 0).then(|| "no item meets its `tags`".to_owned()),
        };
        let text = table(&[rule("birds", 12), rule("typo", 0)], 30, None);
        assert!(text.contains("how many of 30 items it decided"), "{text}");
        assert!(text.contains("birds  12"), "{text}");
        assert!(
            text.contains("rule `typo` caught none: no item meets its `tags`"),
            "{text}"
        );
        assert_eq!(table(&[], 30, None), "");
    }
}
