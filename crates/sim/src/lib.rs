//! `trilemma-sim`.
