//! `trilemma-decide`.
