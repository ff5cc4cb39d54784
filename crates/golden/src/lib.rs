//! `trilemma-golden`.
