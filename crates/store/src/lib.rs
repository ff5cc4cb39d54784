//! `trilemma-store`.
