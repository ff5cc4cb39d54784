//! Reports of whole decisions, in every format.

#[cfg(test)]
mod content;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod html;
#[cfg(test)]
mod money;
#[cfg(test)]
mod support;
