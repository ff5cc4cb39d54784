//! `trilemma-provider`.
