//! `trilemma golden split`: which items prompts may be tuned on, and which only measure.

use std::path::PathBuf;

use anyhow::anyhow;
use trilemma_domain::Item;
use trilemma_golden::{SplitOptions, split, write_jsonl};

use super::columns::GoldenFile;
use crate::args::Common;
use crate::context::InputError;
use crate::exit::Exit;
use crate::hint;
use crate::layout::one_line;
use crate::places;
use crate::printer::Printer;

/// How to part the items.
#[derive(Debug, clap::Args)]
pub(crate) struct SplitArgs {
    #[command(flatten)]
    golden: GoldenFile,
    /// Share of the items that only measure, from 0 to 1 (default: the project's, else 0.5).
    #[arg(long, value_name = "SHARE")]
    holdout: Option<f64>,
    /// Parts the same items otherwise (default: the project's name).
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
    /// Write dev.jsonl and holdout.jsonl into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write over files that exist.
    #[arg(long, requires = "out")]
    force: bool,
}

/// Runs the command.
pub(crate) fn run(args: &SplitArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let opened = args.golden.open(common)?;
    let of_project = opened
        .context
        .as_ref()
        .map(|context| context.project.task.holdout_share);
    let share = args.holdout.or(of_project).unwrap_or(0.5);
    if !(0.0..=1.0).contains(&share) {
        return Err(anyhow!(InputError(format!(
            "failed to part the items: the share {share} is not between 0 and 1"
        ))));
    }
    let salt = args.salt.clone().unwrap_or_else(|| {
        opened
            .context
            .as_ref()
            .map_or_else(String::new, |context| context.project.task.name.clone())
    });
    let items = opened.set.items();
    let parted = split(
        items,
        &SplitOptions {
            holdout_share: share,
            salt: salt.clone(),
        },
    );
    let of = |positions: &[usize]| -> Vec<&Item> {
        positions.iter().filter_map(|idx| items.get(*idx)).collect()
    };
    let (dev, holdout) = (of(&parted.dev), of(&parted.holdout));
    if let Some(folder) = &args.out {
        write(args, folder, [("dev", &dev), ("holdout", &holdout)])?;
    }
    if printer.json() {
        let ids = |items: &[&Item]| -> Vec<String> {
            items.iter().map(|item| item.id.to_string()).collect()
        };
        printer.value(&serde_json::json!({
            "holdout_share": share,
            "salt": salt,
            "dev": ids(&dev),
            "holdout": ids(&holdout),
        }))?;
        return Ok(Exit::Ok);
    }
    printer.say(&format!(
        "{} items: {} dev, {} holdout; the split holds when items are added or moved",
        items.len(),
        dev.len(),
        holdout.len()
    ));
    if let Some(folder) = &args.out {
        let folder = one_line(&folder.display().to_string());
        printer.say(&format!(
            "wrote {folder}/dev.jsonl and {folder}/holdout.jsonl"
        ));
        printer.say("tune prompts on dev.jsonl only, and measure on holdout.jsonl");
        printer.next(&measure(args, common));
    } else {
        let mut text = String::new();
        for (side, items) in [("dev", &dev), ("holdout", &holdout)] {
            for item in items {
                text.push_str(&format!("{side}\t{}\n", one_line(item.id.as_str())));
            }
        }
        printer.data(&text);
        printer.next(&next(args, &opened.file, common));
    }
    Ok(Exit::Ok)
}

fn next(args: &SplitArgs, file: &std::path::Path, common: &Common) -> String {
    if args.golden.is_project() {
        return common.command("golden split --out DIR");
    }
    common.command(&format!("golden split {} --out DIR", hint::path(file)))
}

/// A project measures on the holdout side by itself; a file is looked at before it is named there.
fn measure(args: &SplitArgs, common: &Common) -> String {
    match &args.out {
        Some(folder) if !args.golden.is_project() => {
            let file = hint::path(&folder.join("holdout.jsonl"));
            common.command(&format!("golden lint {file}"))
        }
        _ => common.command("check --split holdout"),
    }
}

fn write(
    args: &SplitArgs,
    folder: &std::path::Path,
    sides: [(&str, &Vec<&Item>); 2],
) -> anyhow::Result<()> {
    let path = |side: &str| folder.join(format!("{side}.jsonl"));
    // Neither file is written where one of them is in the way.
    let in_the_way = sides
        .iter()
        .map(|(side, _)| path(side))
        .find(|path| path.exists());
    if let Some(path) = in_the_way.filter(|_| !args.force) {
        return Err(anyhow!(InputError(format!(
            "failed to write {}: it exists; hint: --force writes over it",
            path.display()
        ))));
    }
    fs_err::create_dir_all(folder)?;
    for (side, items) in sides {
        let mut lines = Vec::new();
        write_jsonl(items.iter().copied(), &mut lines)?;
        places::write_file(&path(side), lines)?;
    }
    Ok(())
}
