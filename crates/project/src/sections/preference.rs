//! `[preference]`: what ranks candidates that meet every requirement.

use trilemma_domain::Preference;

use crate::section::Section;

/// Reads `[preference]`.
pub(crate) fn preference(section: &Section<'_>) -> Preference {
    let words = Preference::ALL.map(|one| (one.name(), one));
    section.word("rank_by", &words).unwrap_or_default()
}
