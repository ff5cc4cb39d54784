//! `trilemma-stats`.
