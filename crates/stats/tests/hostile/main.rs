//! Whatever comes in, what goes out is an error or finite numbers, soon and without a panic.

#[cfg(test)]
mod tests;
