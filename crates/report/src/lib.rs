//! `trilemma-report`.
