//! Tests of the store through its public face, in one binary.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod embeddings;
#[cfg(test)]
mod judgements;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod load;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod records;
#[cfg(test)]
mod reviews;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod scoring;
#[cfg(test)]
mod size;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod support;
