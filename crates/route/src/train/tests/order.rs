//! Many items, sorted by task or not.

use super::{came_to, cascade_of, one_answer, options, pair_of};
use crate::learned::Sign;
use crate::train::{Example, Examples, Options, train};

/// More items than are read; the later tasks are worse answered by the cheap one. Sorted by task.
fn sorted() -> Examples {
    let mut all = pair_of(1_800);
    for (idx, row) in all.rows.iter_mut().enumerate() {
        let task = idx / 450;
        row.task = Some(format!("task {task}"));
        row.id = format!("item {idx:04}");
        // Short, so that many can be read in a test.
        let word = if row.outcomes[0].quality > 0.5 {
            "so"
        } else {
            "um"
        };
        row.outcomes[0].observation =
            crate::observe::Observation::text("tiny", format!("{word} {}", idx % 7));
        row.text = format!("{} {}", ["why", "how"][idx % 3 / 2], idx % 11);
    }
    all
}

fn turned(all: &Examples) -> Examples {
    let mut rows: Vec<Example> = all.rows.clone();
    rows.reverse();
    rows.rotate_left(777);
    Examples {
        rows,
        ..all.clone()
    }
}

#[test]
fn of_many_sorted_items_all_tasks_are_read_and_their_order_does_not_matter() {
    let all = sorted();
    let policy = train(&all, &one_answer(true)).policy;
    let (n, signs) = cascade_of(&policy);
    assert_eq!(n, 1);
    let knows_all = |sign: &Sign| match sign {
        Sign::Answer(reader) | Sign::Query(reader) => reader.model.tasks.len() == 4,
        _ => false,
    };
    assert!(signs.iter().all(knows_all));
    let again = train(&turned(&all), &one_answer(true)).policy;
    assert_eq!(policy.content_hash(), again.content_hash());
    let (quality, cost) = came_to(&policy, &all);
    assert!(quality > 0.9 && cost < 0.0015, "{quality} {cost}");
}

#[test]
fn a_policy_by_the_query_is_that_of_the_items_in_any_order() {
    let all = sorted();
    let wanted = Options {
        seed: 3,
        ..options(false)
    };
    let [policy, again] = [&all, &turned(&all)].map(|all| train(all, &wanted).policy);
    assert_eq!(policy.content_hash(), again.content_hash());
}
