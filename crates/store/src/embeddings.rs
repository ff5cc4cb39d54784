//! Vectors of texts, asked for once: by model and text, with the calls that brought them.
//!
//! In: a call that is about to be made, and what it came to; vectors are committed together with the end of their
//! call. Out: vectors by the hash of their text, and the calls. They belong to no run and stay when runs go. A vector
//! that is there is never replaced.

use std::collections::HashMap;

use rusqlite::params;
use trilemma_domain::{Fingerprint, NanoUsd};

use crate::error::StoreError;
use crate::inner::{Fault, sound};
use crate::store::Store;

/// One call for vectors of some texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingCall {
    /// When it began, microseconds since 1970-01-01 UTC.
    pub started_us: i64,
    /// Texts in it.
    pub n_texts: u32,
    /// Characters of all of them.
    pub n_chars: u64,
    /// How it ended; `None` = the program ended before it did: it may have been made, and billed.
    pub end: Option<EmbeddingEnd>,
}

/// How a call for vectors ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingEnd {
    /// How long it took from the first byte sent, in microseconds; `None` = not measured.
    pub took_us: Option<u64>,
    /// Input tokens; `None` = not reported.
    pub input_tokens: Option<u64>,
    /// What it cost; `None` = unknown.
    pub cost: Option<NanoUsd>,
    /// Name of the model that answered, as the vendor wrote it.
    pub served: Option<String>,
    /// Why there are no vectors, in words; `None` = there are.
    pub failure: Option<String>,
}

/// A vector, and the call that brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVector {
    /// Its numbers, as they came.
    pub vector: Vec<f32>,
    /// The place of its call among those of [`Store::embedding_calls`].
    pub call_idx: usize,
}

/// A call that has begun; it is settled by [`Store::end_embedding_call`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingTicket(i64);

impl Store {
    /// Writes down that a call for vectors of a model is about to be made.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn begin_embedding_call(
        &self,
        model: &Fingerprint,
        call: &EmbeddingCall,
    ) -> Result<EmbeddingTicket, StoreError> {
        self.inner.write(|tx| {
            tx.prepare_cached(
                "INSERT INTO embedding_call (model, started_us, n_texts, n_chars) \
                 VALUES ($1, $2, $3, $4)",
            )?
            .execute(params![
                model.as_bytes(),
                call.started_us,
                call.n_texts,
                as_signed(call.n_chars),
            ])?;
            Ok(EmbeddingTicket(tx.last_insert_rowid()))
        })
    }

    /// Writes down how it ended, with the vectors that it brought, by the hash of their text; all at once.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn end_embedding_call(
        &self,
        ticket: EmbeddingTicket,
        end: &EmbeddingEnd,
        vectors: &[(Fingerprint, Vec<f32>)],
    ) -> Result<(), StoreError> {
        self.inner.write(|tx| {
            tx.prepare_cached(
                "UPDATE embedding_call SET is_over = 1, took_us = $1, input_tokens = $2, cost = $3, \
                 served = $4, failure = $5 WHERE call_no = $6",
            )?
            .execute(params![
                end.took_us.map(as_signed),
                end.input_tokens.map(as_signed),
                end.cost.map(|cost| cost.0),
                end.served.as_deref().map(str::as_bytes),
                end.failure.as_deref().map(str::as_bytes),
                ticket.0,
            ])?;
            let mut insert = tx.prepare_cached(
                "INSERT INTO embedding (model, text, call_no, vector) \
                 SELECT model, $1, call_no, $2 FROM embedding_call WHERE call_no = $3 \
                 ON CONFLICT (model, text) DO NOTHING",
            )?;
            for (text, vector) in vectors {
                let bytes: Vec<u8> = vector.iter().flat_map(|one| one.to_le_bytes()).collect();
                insert.execute(params![text.as_bytes(), bytes, ticket.0])?;
            }
            Ok(())
        })
    }

    /// Gives all calls for vectors of a model, in the order in which they began.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn embedding_calls(&self, model: &Fingerprint) -> Result<Vec<EmbeddingCall>, StoreError> {
        self.inner.read(|tx| {
            let numbered = calls(tx, model)?;
            Ok(numbered.into_iter().map(|(_, call)| call).collect())
        })
    }

    /// Gives the vectors of some texts by their hashes, as far as there are any, and all calls for vectors of the model.
    ///
    /// # Errors
    /// As the store gives them.
    pub fn embeddings(
        &self,
        model: &Fingerprint,
        texts: &[Fingerprint],
    ) -> Result<(HashMap<Fingerprint, StoredVector>, Vec<EmbeddingCall>), StoreError> {
        self.inner.read(|tx| {
            let numbered = calls(tx, model)?;
            let places: HashMap<i64, usize> = (numbered.iter().enumerate())
                .map(|(place, (number, _))| (*number, place))
                .collect();
            let mut statement = tx.prepare_cached(
                "SELECT call_no, vector FROM embedding WHERE model = $1 AND text = $2",
            )?;
            let mut found = HashMap::with_capacity(texts.len());
            for text in texts {
                let mut rows = statement.query(params![model.as_bytes(), text.as_bytes()])?;
                if let Some(row) = rows.next()? {
                    let number: i64 = row.get(0)?;
                    let bytes: Vec<u8> = row.get(1)?;
                    let place = places.get(&number).copied();
                    let vector = StoredVector {
                        vector: sound(numbers(&bytes), "a vector has a torn number")?,
                        call_idx: sound(place, "a vector has no call")?,
                    };
                    found.insert(*text, vector);
                }
            }
            let calls = numbered.into_iter().map(|(_, call)| call).collect();
            Ok((found, calls))
        })
    }
}

fn as_signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn numbers(bytes: &[u8]) -> Option<Vec<f32>> {
    let (whole, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        .then(|| whole.iter().map(|four| f32::from_le_bytes(*four)).collect())
}

fn calls(
    tx: &rusqlite::Transaction<'_>,
    model: &Fingerprint,
) -> Result<Vec<(i64, EmbeddingCall)>, Fault> {
    let mut statement = tx.prepare_cached(
        "SELECT call_no, started_us, n_texts, n_chars, is_over, took_us, input_tokens, cost, served, \
         failure FROM embedding_call WHERE model = $1 ORDER BY call_no",
    )?;
    let mut rows = statement.query([model.as_bytes()])?;
    let mut all = Vec::new();
    let words = |bytes: Option<Vec<u8>>| bytes.map(|it| String::from_utf8_lossy(&it).into_owned());
    while let Some(row) = rows.next()? {
        let count = |at: usize| -> rusqlite::Result<Option<u64>> {
            let read: Option<i64> = row.get(at)?;
            Ok(read.and_then(|one| u64::try_from(one).ok()))
        };
        let is_over: bool = row.get(4)?;
        let end = if is_over {
            Some(EmbeddingEnd {
                took_us: count(5)?,
                input_tokens: count(6)?,
                cost: row.get::<_, Option<i64>>(7)?.map(NanoUsd),
                served: words(row.get(8)?),
                failure: words(row.get(9)?),
            })
        } else {
            None
        };
        let call = EmbeddingCall {
            started_us: row.get(1)?,
            n_texts: row.get(2)?,
            n_chars: count(3)?.unwrap_or(0),
            end,
        };
        all.push((row.get(0)?, call));
    }
    Ok(all)
}
