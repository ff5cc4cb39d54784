//! Tests of the catalog through its public interface.

#[cfg(test)]
mod crosscheck;
#[cfg(test)]
mod data;
#[cfg(test)]
mod import;
#[cfg(test)]
mod infra;
#[cfg(test)]
mod reader;
#[cfg(test)]
mod roster;
#[cfg(test)]
mod shortlist;
#[cfg(test)]
mod support;
