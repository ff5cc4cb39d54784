//! Near-duplicates: texts that are the same but for small changes.
//!
//! In: texts. Out: groups of positions. Method: each text is lower-cased, white space collapsed, and cut
//! into overlapping runs of five characters; the similarity of two texts is the share of runs they have
//! in common (Jaccard). It is estimated from the 128 smallest run hashes of each (bottom-k sketch,
//! exact for texts of at most 128 different runs); pairs to compare come from minima by banding, so that
//! time grows with the number of texts and not with its square. Runs that stand in more than a fifth of
//! all texts are boilerplate (instructions repeated in each item) and do not count.
//! Sources: A. Broder, "On the resemblance and containment of documents" (1997); P. Li, A. Owen,
//! C.-H. Zhang, "One permutation hashing" (2012); A. Shrivastava, "Optimal densification" (2017).

mod group;
mod shingle;
mod sketch;

pub(crate) use group::near_duplicate_groups;
