//! Checks that the house stays tidy.

fn main() {}
