//! All figures of a run as one Parquet file: the table of the CSV export, with types.
//!
//! Null = unknown, never 0. Money is a decimal of nine places. Rows are held until a group of them is
//! full, and groups are compressed by Snappy, which every reader knows.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::row::{ExportHead, ExportRow, RowExport};

/// Rows of one group.
const GROUP: usize = 5_000;
/// Digits of an amount of nano-dollars in 64 bits, and those behind the point.
const MONEY: (i32, i32) = (18, 9);

/// Writes the table.
pub struct ParquetExport<W: Write> {
    out: W,
    sink: Sink,
    writer: Option<SerializedFileWriter<Sink>>,
    head: ExportHead,
    columns: Vec<Column>,
    n_rows: usize,
}

/// What the writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Column {
    name: String,
    values: Values,
}

/// The values of a column since the last group.
enum Values {
    Text(Vec<Option<ByteArray>>),
    Whole(Vec<Option<i64>>),
    Money(Vec<Option<i64>>),
    Number(Vec<Option<f64>>),
    Flag(Vec<Option<bool>>),
}

/// Makes a column's values, none so far.
type Empty = fn() -> Values;

const TEXT: Empty = || Values::Text(Vec::new());
const WHOLE: Empty = || Values::Whole(Vec::new());
const NUMBER: Empty = || Values::Number(Vec::new());
const FLAG: Empty = || Values::Flag(Vec::new());

/// Columns before those of the scorers, in the order in which `cells` fills them.
const COLUMNS: [(&str, Empty); 19] = [
    ("run", TEXT),
    ("candidate", TEXT),
    ("model", TEXT),
    ("item", TEXT),
    ("repeat", WHOLE),
    ("score", NUMBER),
    ("pass", FLAG),
    ("error", TEXT),
    ("output", TEXT),
    ("input_tokens", WHOLE),
    ("input_tokens_cache_read", WHOLE),
    ("output_tokens", WHOLE),
    ("reasoning_tokens", WHOLE),
    ("cost_usd", || Values::Money(Vec::new())),
    ("ttft_ms", NUMBER),
    ("latency_ms", NUMBER),
    ("n_attempts", WHOLE),
    ("replayed", FLAG),
    ("tags", TEXT),
];

/// One value on its way into a column.
enum Cell {
    Text(Option<String>),
    Whole(Option<u64>),
    Money(Option<i64>),
    Number(Option<f64>),
    Flag(Option<bool>),
}

impl<W: Write> ParquetExport<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// As the writer gives them.
    pub fn new(out: W, head: ExportHead) -> io::Result<Self> {
        let fixed = COLUMNS.iter().map(|(name, values)| Column {
            name: (*name).to_owned(),
            values: values(),
        });
        let own = head.scorers.iter().map(|label| Column {
            name: format!("score:{label}"),
            values: NUMBER(),
        });
        let columns: Vec<Column> = fixed.chain(own).collect();
        let fields = columns
            .iter()
            .map(|column| column.field().map(Arc::new))
            .collect::<Result<Vec<_>, _>>()
            .map_err(broken)?;
        let schema = Type::group_type_builder("trials")
            .with_fields(fields)
            .build()
            .map_err(broken)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("trilemma {}", head.version))
            .build();
        let sink = Sink::default();
        let writer =
            SerializedFileWriter::new(sink.clone(), Arc::new(schema), Arc::new(properties))
                .map_err(broken)?;
        Ok(Self {
            out,
            sink,
            writer: Some(writer),
            head,
            columns,
            n_rows: 0,
        })
    }

    fn cells(&self, row: &ExportRow<'_>) -> Vec<Cell> {
        let candidate = self.head.candidates.get(row.candidate);
        let text = |text: &str| Cell::Text(Some(text.to_owned()));
        let usage = row.usage.as_ref();
        let millis = |time: Option<std::time::Duration>| {
            Cell::Number(time.map(|time| time.as_secs_f64() * 1_000.0))
        };
        let mut cells = vec![
            text(&self.head.run),
            Cell::Text(candidate.map(|(name, _, _)| name.clone())),
            Cell::Text(candidate.map(|(_, model, _)| model.clone())),
            text(row.item.id.as_str()),
            Cell::Whole(Some(u64::from(row.repeat))),
            Cell::Number(row.score),
            Cell::Flag(row.pass),
            Cell::Text(row.error.clone()),
            Cell::Text(row.output.map(str::to_owned)),
            Cell::Whole(usage.map(trilemma_domain::Usage::input_total)),
            Cell::Whole(usage.and_then(|usage| usage.cache_read)),
            Cell::Whole(usage.map(|usage| usage.output)),
            Cell::Whole(usage.and_then(|usage| usage.reasoning)),
            Cell::Money(row.cost.map(|cost| cost.0)),
            millis(row.ttft),
            millis(row.latency),
            Cell::Whole(Some(row.n_attempts as u64)),
            Cell::Flag(Some(row.replayed)),
            text(&row.item.extras.tags.join("|")),
        ];
        cells.extend(row.scores.iter().map(|score| Cell::Number(score.value)));
        cells
    }

    /// Writes the rows that are held as one group.
    fn write_group(&mut self) -> io::Result<()> {
        let Some(writer) = self.writer.as_mut().filter(|_| self.n_rows > 0) else {
            return Ok(());
        };
        let mut group = writer.next_row_group().map_err(broken)?;
        for column in &mut self.columns {
            let mut open = group
                .next_column()
                .map_err(broken)?
                .ok_or_else(|| io::Error::other("the schema has fewer columns"))?;
            column.values.write(&mut open).map_err(broken)?;
            open.close().map_err(broken)?;
        }
        group.close().map_err(broken)?;
        self.n_rows = 0;
        self.out.write_all(&self.sink.take())
    }
}

impl<W: Write> RowExport for ParquetExport<W> {
    fn row(&mut self, row: &ExportRow<'_>) -> io::Result<()> {
        let cells = self.cells(row);
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.values.push(cell);
        }
        self.n_rows += 1;
        if self.n_rows == GROUP {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_group()?;
        if let Some(writer) = self.writer.take() {
            writer.close().map_err(broken)?;
        }
        self.out.write_all(&self.sink.take())?;
        self.out.flush()
    }
}

impl Column {
    fn field(&self) -> Result<Type, ParquetError> {
        let physical = match &self.values {
            Values::Text(_) => Physical::BYTE_ARRAY,
            Values::Whole(_) | Values::Money(_) => Physical::INT64,
            Values::Number(_) => Physical::DOUBLE,
            Values::Flag(_) => Physical::BOOLEAN,
        };
        let builder = Type::primitive_type_builder(&self.name, physical)
            .with_repetition(Repetition::OPTIONAL);
        match &self.values {
            Values::Text(_) => builder.with_logical_type(Some(LogicalType::String)).build(),
            Values::Money(_) => builder
                .with_logical_type(Some(LogicalType::decimal(MONEY.1, MONEY.0)))
                .with_precision(MONEY.0)
                .with_scale(MONEY.1)
                .build(),
            Values::Whole(_) | Values::Number(_) | Values::Flag(_) => builder.build(),
        }
    }
}

impl Values {
    fn push(&mut self, cell: Cell) {
        match (self, cell) {
            (Self::Text(values), Cell::Text(value)) => {
                values.push(value.map(|text| ByteArray::from(text.into_bytes())));
            }
            (Self::Whole(values), Cell::Whole(value)) => {
                values.push(value.and_then(|value| i64::try_from(value).ok()));
            }
            (Self::Money(values), Cell::Money(value)) => values.push(value),
            (Self::Number(values), Cell::Number(value)) => values.push(value),
            (Self::Flag(values), Cell::Flag(value)) => values.push(value),
            // Cells are made in the order of the columns; what does not fit is unknown.
            (Self::Text(values), _) => values.push(None),
            (Self::Whole(values) | Self::Money(values), _) => values.push(None),
            (Self::Number(values), _) => values.push(None),
            (Self::Flag(values), _) => values.push(None),
        }
    }

    /// Writes the values and forgets them.
    fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Text(values) => {
                let (levels, known) = parts(values);
                let writer = column.typed::<ByteArrayType>();
                writer.write_batch(&known, Some(&levels), None)?;
            }
            Self::Whole(values) | Self::Money(values) => {
                let (levels, known) = parts(values);
                let writer = column.typed::<Int64Type>();
                writer.write_batch(&known, Some(&levels), None)?;
            }
            Self::Number(values) => {
                let (levels, known) = parts(values);
                let writer = column.typed::<DoubleType>();
                writer.write_batch(&known, Some(&levels), None)?;
            }
            Self::Flag(values) => {
                let (levels, known) = parts(values);
                let writer = column.typed::<BoolType>();
                writer.write_batch(&known, Some(&levels), None)?;
            }
        }
        Ok(())
    }
}

/// Which values are there (1) and which are not (0), and those that are.
fn parts<T>(values: &mut Vec<Option<T>>) -> (Vec<i16>, Vec<T>) {
    let values = std::mem::take(values);
    let levels = values
        .iter()
        .map(|value| i16::from(value.is_some()))
        .collect();
    (levels, values.into_iter().flatten().collect())
}

fn broken(error: ParquetError) -> io::Error {
    io::Error::other(error.to_string())
}
