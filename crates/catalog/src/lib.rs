//! `trilemma-catalog`.
