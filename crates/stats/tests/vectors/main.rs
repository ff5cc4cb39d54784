//! Checks every method against figures of SciPy, statsmodels and NumPy.
//!
//! The figures are files of the test data folder that `TRILEMMA_TEST_DATA` names; without it these tests
//! say that they are skipped. Each `data_` test covers one file.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod coverage;
#[cfg(test)]
mod humans;
#[cfg(test)]
mod means;
#[cfg(test)]
mod multiplicity;
#[cfg(test)]
mod paired;
#[cfg(test)]
mod pairs;
#[cfg(test)]
mod power;
#[cfg(test)]
mod preference;
#[cfg(test)]
mod proportion;
#[cfg(test)]
mod quantile;
#[cfg(test)]
mod resample;
#[cfg(test)]
mod sequential;
#[cfg(test)]
mod support;
