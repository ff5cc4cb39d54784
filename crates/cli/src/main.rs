//! `trilemma`: choose the right LLM for a production system, and prove the choice.
//!
//! One file per command. This is the only place that prints, reads the environment and the clock,
//! and sets exit codes.

mod args;
mod clock;
mod commands;
mod content;
mod context;
mod decision;
mod env;
mod exit;
mod golden;
mod inspection;
mod keys;
mod layout;
mod lineup;
mod places;
mod plan;
mod printer;
mod progress;
mod session;
mod show;
mod tokens;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let printer = printer::Printer::new(args.json, args.quiet, env::no_color());
    match commands::run(args, printer) {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.tell(&format!("error: {error:#}"));
            context::exit_of(&error).into()
        }
    }
}
