//! Codes of the file format; none ever changes its meaning.

/// How far a trial is.
pub(crate) mod state {
    /// Failed attempts only; it goes on.
    pub(crate) const UNDER_WAY: i64 = 0;
    /// With an answer.
    pub(crate) const ANSWERED: i64 = 1;
    /// Ended without one.
    pub(crate) const FAILED: i64 = 2;
}

/// Where a trial's answer came from; codes up to `REPEATED` are calls of the run itself.
pub(crate) mod origin {
    /// Called in this run.
    pub(crate) const CALLED: i64 = 0;
    /// Called in this run, perhaps for the second time.
    pub(crate) const REPEATED: i64 = 1;
    /// An answer of an earlier identical call.
    pub(crate) const REPLAYED: i64 = 2;
    /// Brought in from another tool.
    pub(crate) const IMPORTED: i64 = 3;
}

/// What a scorer said.
pub(crate) mod score_kind {
    /// A score.
    pub(crate) const SCORED: i64 = 0;
    /// It does not apply to the item.
    pub(crate) const NOT_APPLICABLE: i64 = 1;
    /// It could not run.
    pub(crate) const COULD_NOT_RUN: i64 = 2;
}

/// A request's hash in two columns: 8 leading bytes, which are indexed, and the other 24.
pub(crate) mod request {
    use trilemma_domain::Fingerprint;

    /// Takes a hash apart.
    pub(crate) fn split(request: &Fingerprint) -> (i64, &[u8]) {
        let (lead, rest) = request
            .as_bytes()
            .split_first_chunk::<8>()
            .unwrap_or((&[0; 8], &[]));
        (i64::from_be_bytes(*lead), rest)
    }

    /// Puts it together again; `None` = damaged.
    pub(crate) fn join(lead: i64, rest: &[u8]) -> Option<Fingerprint> {
        let mut bytes = [0; 32];
        let (head, tail) = bytes.split_at_mut(8);
        head.copy_from_slice(&lead.to_be_bytes());
        if rest.len() != tail.len() {
            return None;
        }
        tail.copy_from_slice(rest);
        Some(Fingerprint::from_bytes(bytes))
    }
}
