//! `trilemma-bench`.
