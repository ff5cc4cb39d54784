//! Checks that the house stays tidy: `cargo run -p xtask -- tidy`. The tests run the same checks.

mod tidy;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    match tidy::all(&root) {
        Ok(complaints) if complaints.is_empty() => ExitCode::SUCCESS,
        Ok(complaints) => {
            tell(&complaints.join("\n"));
            ExitCode::FAILURE
        }
        Err(error) => {
            tell(&format!("failed to check the house: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a developer's tool that speaks to the terminal"
)]
fn tell(text: &str) {
    eprintln!("{text}");
}
