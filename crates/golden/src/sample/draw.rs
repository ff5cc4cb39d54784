//! The draw itself: one pass to rank, one visit to each row that may be drawn.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde_json::Value;
use trilemma_domain::{Extras, Fingerprint, Item, ItemExtras, ItemId};

use super::options::{Redaction, Sample, SampleOptions, StratumCount, UNLABELLED};
use super::row::{Row, row};
use super::scan::Log;
use super::strata::{Entry, MAX_STRATA, Strata, allocate};
use crate::near::near_duplicate_groups;
use crate::privacy::{PersonalDataKind, find_personal_data, redact};
use crate::problem::{Collector, GoldenErrors, Problem};
use crate::read::interpret::generated_id;
use crate::text::{has_attachments, input_texts, map_texts};

/// Draws items from the log in the file `path`.
///
/// # Errors
/// The file cannot be read, holds no usable row, or `stratify_by` makes more than 1,000 strata. Single
/// rows that cannot be used are no error; they are counted in the result.
pub fn sample(path: &Path, options: &SampleOptions) -> Result<Sample, GoldenErrors> {
    let name = path.display().to_string();
    let fail = |problem: Problem| GoldenErrors::one(&*name, problem);
    let cannot = |error: std::io::Error| fail(Problem::new(error.to_string()));
    let mut log = Log::open(path, options.format)?;
    let mut strata = Strata::new(options.n, options.allocation);
    let mut problems = Collector::default();
    log.each(&mut |place, record| {
        match record.and_then(|record| row(record, options)) {
            Ok(row) => {
                let rank = rank(options.seed, row.fingerprint());
                if !strata.add(row.stratum, rank, place) {
                    return Err(too_many_strata(&options.stratify_by));
                }
            }
            Err(problem) => problems.push(problem),
        }
        Ok(())
    })
    .map_err(cannot)?
    .map_err(fail)?;
    let rows: u64 = strata.by_name.values().map(|stratum| stratum.rows).sum();
    if rows == 0 {
        problems.push(Problem::new("holds no usable row"));
        return Err(problems.into_errors(&name));
    }
    let skipped = problems.total() as u64;
    let drawn = draw(&mut log, &strata, options).map_err(cannot)?;
    let mut items = Vec::with_capacity(drawn.rows.len());
    let mut personal_data = BTreeMap::new();
    let mut ids = HashSet::new();
    for (row, entry) in drawn.rows {
        let mut item = item(row, entry);
        count_personal_data(&item, &mut personal_data);
        if options.redaction == Redaction::Replace {
            redact_item(&mut item);
        }
        name_item(&mut item, &mut ids);
        items.push(item);
    }
    Ok(Sample {
        items,
        rows,
        skipped,
        problems: problems.into_problems(),
        near_duplicates: drawn.near_duplicates,
        strata: drawn.strata,
        personal_data,
    })
}

/// The random rank of a request: the same seed and content always have the same.
fn rank(seed: u64, asked: Fingerprint) -> u64 {
    Fingerprint::builder()
        .field("trilemma-sample-v1")
        .field(seed.to_be_bytes())
        .field(asked.as_bytes())
        .finish()
        .leading_u64()
}

fn too_many_strata(columns: &[String]) -> Problem {
    Problem::new(format!(
        "`{}` has more than {MAX_STRATA} different values",
        columns.join("`, `")
    ))
    .hint("stratify by columns with few values, such as a category, a language or a route")
}

struct Drawn {
    rows: Vec<(Row, Entry)>,
    near_duplicates: usize,
    strata: Vec<StratumCount>,
}

/// One request that was read again.
struct Candidate {
    rank: u64,
    stratum_idx: usize,
    row: Row,
    entry: Entry,
}

fn draw(log: &mut Log, strata: &Strata, options: &SampleOptions) -> std::io::Result<Drawn> {
    let mut candidates = candidates(log, strata, options)?;
    // By rank, so that of near-duplicates the first is the one that may stay.
    candidates.sort_by_key(|candidate| candidate.rank);
    let groups = near_duplicate_groups(candidates.len(), &|idx, take| {
        if let Some(candidate) = candidates.get(idx)
            && !has_attachments(&candidate.row.input)
        {
            input_texts(&candidate.row.input, take);
        }
    });
    let passed_over: HashSet<usize> = groups
        .iter()
        .flat_map(|group| group.iter().skip(1).copied())
        .collect();
    let mut supply = vec![0_usize; strata.by_name.len()];
    let mut idx = 0;
    candidates.retain(|candidate| {
        let stays = !passed_over.contains(&idx);
        idx += 1;
        if let Some(supply) = supply.get_mut(candidate.stratum_idx).filter(|_| stays) {
            *supply += 1;
        }
        stays
    });
    let sizes: Vec<_> = strata
        .by_name
        .values()
        .map(|stratum| stratum.rows)
        .zip(supply)
        .collect();
    let given = allocate(options.n, options.allocation, &sizes);
    let mut left = given.clone();
    candidates.retain(|candidate| match left.get_mut(candidate.stratum_idx) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        Some(_) | None => false,
    });
    let counts = strata
        .by_name
        .iter()
        .zip(given)
        .map(|((name, stratum), drawn)| StratumCount {
            name: name.join(", "),
            rows: stratum.rows,
            drawn,
        })
        .collect();
    Ok(Drawn {
        rows: candidates
            .into_iter()
            .map(|candidate| (candidate.row, candidate.entry))
            .collect(),
        near_duplicates: passed_over.len(),
        strata: counts,
    })
}

/// Reads again what may be drawn: for each stratum somewhat more than its share.
fn candidates(
    log: &mut Log,
    strata: &Strata,
    options: &SampleOptions,
) -> std::io::Result<Vec<Candidate>> {
    let sizes: Vec<_> = strata
        .by_name
        .values()
        .map(|stratum| (stratum.rows, stratum.entries.len()))
        .collect();
    let shares = allocate(options.n, options.allocation, &sizes);
    let mut found = Vec::new();
    for (stratum_idx, (stratum, share)) in strata.by_name.values().zip(shares).enumerate() {
        for (&rank, &entry) in stratum.entries.iter().take(2 * share + 8) {
            // A row that has changed since the first pass is passed over.
            if let Ok(row) = log.at(entry.place)?.and_then(|record| row(record, options)) {
                found.push(Candidate {
                    rank,
                    stratum_idx,
                    row,
                    entry,
                });
            }
        }
    }
    Ok(found)
}

fn item(row: Row, entry: Entry) -> Item {
    let mut tags = vec![UNLABELLED.to_owned()];
    tags.extend(row.stratum);
    let mut metadata = row.metadata;
    metadata.insert("log_count".to_owned(), Value::from(entry.count));
    Item {
        extras: Extras::from(ItemExtras {
            tags,
            cluster: row.cluster,
            tools: row.tools,
            metadata,
            ..ItemExtras::default()
        }),
        ..Item::new(row.id.unwrap_or_default(), row.input)
    }
}

fn count_personal_data(item: &Item, counts: &mut BTreeMap<PersonalDataKind, usize>) {
    let mut kinds = Vec::new();
    let mut look = |text: &str| {
        kinds.extend(find_personal_data(text).into_iter().map(|place| place.kind));
    };
    input_texts(&item.input, &mut look);
    look(&Value::Object(item.extras.metadata.clone()).to_string());
    item.extras.tags.iter().for_each(|tag| look(tag));
    look(item.id.as_str());
    look(item.extras.cluster.as_deref().unwrap_or_default());
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        *counts.entry(kind).or_default() += 1;
    }
}

fn redact_item(item: &mut Item) {
    map_texts(item, &redact);
    for tag in &mut item.extras.tags {
        if let Some(redacted) = redact(tag) {
            *tag = redacted;
        }
    }
    if redact(item.id.as_str()).is_some() {
        item.id = ItemId::new(String::new());
    }
    // A cluster only has to be the same for the same; its name may go.
    if let Some(cluster) = item
        .extras
        .cluster
        .as_deref()
        .filter(|name| redact(name).is_some())
    {
        let name = Fingerprint::of(cluster.as_bytes()).short();
        item.extras.cluster = Some(format!("c-{name}"));
    }
}

/// Gives an item a name of its own where it has none or another has the same.
fn name_item(item: &mut Item, taken: &mut HashSet<ItemId>) {
    let stem = if item.id.as_str().is_empty() {
        generated_id(item)
    } else {
        item.id.to_string()
    };
    let mut id = ItemId::new(stem.clone());
    let mut count = 1_u64;
    while !taken.insert(id.clone()) {
        count += 1;
        id = ItemId::new(format!("{stem}-{count}"));
    }
    item.id = id;
}
