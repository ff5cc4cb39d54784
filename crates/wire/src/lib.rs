//! `trilemma-wire`.
