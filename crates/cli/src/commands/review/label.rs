//! `trilemma review label`: answers one after the other, one key each.

use trilemma_domain::HumanWord;

use super::cards::{Card, cards};
use super::desk::Desk;
use super::keyboard::{Key, Keyboard};
use crate::args::Common;
use crate::exit::Exit;
use crate::hint;
use crate::printer::Printer;

/// Who labels what.
#[derive(Debug, clap::Args)]
pub(crate) struct LabelArgs {
    #[command(flatten)]
    desk: super::Desk,
}

const KEYS: &str = "[p] pass  [f] fail  [s] skip  [u] undo  [q] quit";

/// Runs the command.
pub(crate) fn run(args: &LabelArgs, common: &Common, printer: Printer) -> anyhow::Result<Exit> {
    let bench = super::open(common, args.desk.run.as_deref())?;
    let cards = cards(&bench, &args.desk.candidates)?;
    let reviewer = args.desk.reviewer();
    let mut desk = Desk::new(&bench.store, &bench.run, reviewer.clone(), cards)?;
    let mut keyboard = Keyboard::open();
    let n_before = desk.n_cards() - desk.n_open();
    if n_before > 0 {
        printer.say(&format!(
            "{reviewer} has labelled {n_before} of {} answers; going on",
            desk.n_cards()
        ));
    }
    sit(&mut desk, &mut keyboard, printer)?;
    tell(&desk, &bench.run, &reviewer, printer)?;
    let named = args.desk.run.as_deref().map(hint::word).unwrap_or_default();
    let next = if desk.n_open() > 0 {
        "review label"
    } else {
        "review status"
    };
    printer.next(&common.command(format!("{next} {named}").trim_end()));
    Ok(Exit::Ok)
}

fn sit(desk: &mut Desk<'_>, keyboard: &mut Keyboard, printer: Printer) -> anyhow::Result<()> {
    while let Some((idx, card)) = desk.next() {
        printer.say(&shown(
            card,
            desk.n_cards() - desk.n_open() + 1,
            desk.n_cards(),
        ));
        loop {
            match keyboard.next()? {
                Key::Word(word) => {
                    desk.say(idx, word)?;
                    printer.say(&format!("→ {}", word.name()));
                    break;
                }
                Key::Undo => {
                    if desk.undo()? {
                        printer.say("→ taken back");
                        break;
                    }
                    printer.say("nothing of this sitting to take back");
                }
                Key::Quit => return Ok(()),
                Key::Unknown => printer.say(KEYS),
            }
        }
    }
    // A slip at the very last card can still be mended at a terminal or in the same input.
    printer.say("all answers have a word; [u] undo, any other key ends");
    if keyboard.next()? == Key::Undo && desk.undo()? {
        printer.say("→ taken back");
        return sit(desk, keyboard, printer);
    }
    Ok(())
}

/// A card as text. Nothing in it tells the candidate.
fn shown(card: &Card, turn: usize, n_cards: usize) -> String {
    let mut text = format!(
        "\n─── answer {turn} of {n_cards} · item {} ───\n{}\n",
        card.item, card.input
    );
    if let Some(expected) = &card.expected {
        text.push_str(&format!("\n─── expected ───\n{expected}\n"));
    }
    if !card.criteria.is_empty() {
        text.push_str("\n─── criteria ───\n");
        for criterion in &card.criteria {
            text.push_str(&format!("- {criterion}\n"));
        }
    }
    let answer = if card.answer.is_empty() {
        "(an empty answer)"
    } else {
        &card.answer
    };
    text.push_str(&format!("\n─── answer ───\n{answer}\n\n{KEYS}"));
    text
}

fn tell(
    desk: &Desk<'_>,
    run: &trilemma_domain::RunId,
    reviewer: &str,
    printer: Printer,
) -> anyhow::Result<()> {
    let count = |word| desk.count(word);
    let (pass, fail, skipped) = (
        count(HumanWord::Pass),
        count(HumanWord::Fail),
        count(HumanWord::Skipped),
    );
    if printer.json() {
        return printer.value(&serde_json::json!({
            "run": run, "reviewer": reviewer, "n_answers": desk.n_cards(),
            "n_pass": pass, "n_fail": fail, "n_skipped": skipped, "n_open": desk.n_open(),
        }));
    }
    printer.data(&format!(
        "{reviewer}: {pass} pass, {fail} fail, {skipped} skipped, {} of {} answers left",
        desk.n_open(),
        desk.n_cards()
    ));
    Ok(())
}
