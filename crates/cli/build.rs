//! Has relative relocations packed where the C library can read them.
//!
//! In: what is built where. Out: an argument of the linker. A position-independent program of this size holds tens of
//! thousands of addresses to relocate, 24 bytes each; packed (`DT_RELR`) they take a twelfth of the room on disk, and fewer
//! pages are read at each start. GNU's C library reads them from 2.36 on, so they are packed only if this machine, for
//! which it is built, has that one.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told everything by the environment"
)]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of_cargo = |name: &str| std::env::var(name).unwrap_or_default();
    let is_native = of_cargo("HOST") == of_cargo("TARGET");
    let is_gnu =
        of_cargo("CARGO_CFG_TARGET_OS") == "linux" && of_cargo("CARGO_CFG_TARGET_ENV") == "gnu";
    if is_native && is_gnu && glibc().is_some_and(|version| version >= (2, 36)) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
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
