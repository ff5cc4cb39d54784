//! `trilemma-grade`.
