//! `trilemma-cost`.
