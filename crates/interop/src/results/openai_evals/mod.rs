//! OpenAI Evals: what the hosted product's API gives, and event logs of the open-source tool.
//!
//! Hosted: pages of output items (`eval.run.output_item`) as `GET /v1/evals/{id}/runs/{id}/output_items`
//! answers them, their elements a line each, and the rows that promptfoo's exporter makes of them
//! (promptfoo 0.121.20). A run (`eval.run`) holds no rows, but OpenAI's own counts. A candidate is a
//! run, named by its model; an item is the content of `datasource_item` or `item`.
//! Event logs: a `spec` line, then events of a sample each; `match` and `metrics` hold the scores.
//!
//! Source: OpenAI's API reference and the types of openai-python, read on 2026-11-29.

mod events;
mod hosted;
mod read;

pub(super) use read::{read_document, read_lines};
