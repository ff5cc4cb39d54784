//! `trilemma-score`.
