//! `trilemma`: choose the right LLM for a production system, and prove the choice.
//!
//! One file per command. This is the only place that prints, reads the environment and the clock,
//! and sets exit codes.

mod accepted;
mod adaptive;
mod args;
mod cells;
mod clock;
mod commands;
mod content;
mod context;
mod decision;
mod env;
mod exit;
mod failures;
mod field;
mod gates;
mod golden;
mod hint;
mod holding;
mod inspection;
mod judging;
mod keys;
mod layout;
mod lineup;
mod linting;
mod live_scorers;
mod names;
mod newcomer;
mod pins;
mod places;
mod plan;
mod policy_check;
mod policy_file;
mod printer;
mod progress;
mod redecide;
mod restore;
mod reviews;
mod routing;
mod sample;
mod session;
mod show;
mod size_class;
mod split;
mod tokens;
mod webhook;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let printer = printer::Printer::new(args.json, args.quiet, env::no_color());
    let done = commands::run(args, printer);
    if let Some(reason) = printer::lost() {
        printer.tell(&format!(
            "error: failed to write to standard output: {reason}"
        ));
    }
    match done {
        Ok(_) if printer::lost().is_some() => exit::Exit::Usage.into(),
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.tell(&format!("error: {}", context::words_of(&error)));
            // Whatever stops a command short is a matter of input or usage.
            exit::Exit::Usage.into()
        }
    }
}
