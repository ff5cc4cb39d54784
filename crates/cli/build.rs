//! Has the program laid out so that little of it is read and held where it runs for long.
//!
//! In: what is built where. Out: arguments of the linker.
//!
//! - A position-independent program of this size holds tens of thousands of addresses to relocate, 24 bytes each; packed
//!   (`DT_RELR`) they take a twelfth of the room on disk, and fewer pages are read at each start. GNU's C library reads them
//!   from 2.36 on, so they are packed only if this machine, for which it is built, has that one.
//! - What the gateway runs is a sixth of the code. `link/early.txt` names it, and a release build keeps it together, so that the
//!   pages which are resident are full of it. Only where the linker is the one that comes with Rust's compiler.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told everything by the environment"
)]

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Names of functions, by groups; written by `benchmarks/early.py`.
const EARLY: &str = "link/early.txt";

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    let of_cargo = |name: &str| std::env::var(name).unwrap_or_default();
    let is_native = of_cargo("HOST") == of_cargo("TARGET");
    let is_gnu =
        of_cargo("CARGO_CFG_TARGET_OS") == "linux" && of_cargo("CARGO_CFG_TARGET_ENV") == "gnu";
    if is_native && is_gnu && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    println!("cargo::rerun-if-changed={EARLY}");
    let is_known = of_cargo("TARGET") == "x86_64-unknown-linux-gnu";
    if is_native && is_known && of_cargo("PROFILE") == "release" && has_rusts_linker(of_cargo) {
        let script = Path::new(&of_cargo("OUT_DIR")).join("early.ld");
        std::fs::write(&script, early(&std::fs::read_to_string(EARLY)?))?;
        println!("cargo::rustc-link-arg-bins=-T{}", script.display());
    }
    Ok(())
}

/// Whether no flag chooses a linker (`-C linker`, `-C link-arg=-fuse-ld`): since Rust 1.90 this target is linked by LLD, which comes with the compiler.
fn has_rusts_linker(of_cargo: impl Fn(&str) -> String) -> bool {
    let flags = of_cargo("CARGO_ENCODED_RUSTFLAGS");
    of_cargo("RUSTC_LINKER").is_empty() && !flags.contains("link")
}

/// A script that adds one section before all other code; what it does not name stays where it was.
fn early(names: &str) -> String {
    let mut script = "SECTIONS {\n.text.early : {\n".to_owned();
    for group in names.split("\n\n") {
        script.push_str("*(\n");
        for name in group.lines() {
            // The compiler puts functions that it takes for rare apart.
            let _always = writeln!(script, ".text.{name} .text.unlikely.{name}");
        }
        script.push_str(")\n");
    }
    script.push_str("}\n} INSERT BEFORE .text;\n");
    script
}

/// Version of the C library, as `glibc 2.36`; `None` = it does not say.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf")
        .arg("GNU_LIBC_VERSION")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
