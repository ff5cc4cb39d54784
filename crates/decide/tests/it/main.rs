//! Decisions on hand-made, random and recorded trials.

#[cfg(test)]
mod among;
mod cases;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod data;
#[cfg(test)]
mod designs;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod missing;
#[cfg(test)]
mod mixes;
#[cfg(test)]
mod preflight;
#[cfg(test)]
mod reviews;
#[cfg(test)]
mod speed;
#[cfg(test)]
mod support;
