//! `trilemma-project`.
