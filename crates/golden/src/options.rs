//! How a golden set is to be read: its format and which column means what.

use serde::{Deserialize, Serialize};

/// A file format of golden sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object per line.
    Jsonl,
    /// A JSON array of objects, or an object with such an array under `items`.
    Json,
    /// Comma-separated values with a header line (RFC 4180); `;` and tab are recognised.
    Csv,
    /// Apache Parquet; needs the feature `parquet`.
    Parquet,
}

impl Format {
    /// Recognises a format by the file's extension, in any case.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "jsonlines" => Some(Self::Jsonl),
            "json" => Some(Self::Json),
            "csv" | "tsv" => Some(Self::Csv),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }
}

/// Which column of the file holds which field of an item.
///
/// `None` means the field's own name (and for the input also `messages`). A name with dots reaches
/// into nested objects (`body.messages`) unless a column has exactly that name. Columns that no field
/// takes become metadata under their own name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// Column of the item's name.
    pub id: Option<String>,
    /// Column of what is asked.
    pub input: Option<String>,
    /// Column of the expected answer.
    pub expected: Option<String>,
    /// Column of the criteria for a judge.
    pub criteria: Option<String>,
    /// Column of the tags.
    pub tags: Option<String>,
    /// Column that dependent items share.
    pub cluster: Option<String>,
    /// Column of the difficulty.
    pub difficulty: Option<String>,
    /// Column of the weight.
    pub weight: Option<String>,
    /// Column of the tools on offer.
    pub tools: Option<String>,
    /// Column of an object whose members become metadata.
    pub metadata: Option<String>,
}

/// The fields of an item, in the words of a golden file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Input,
    Expected,
    Criteria,
    Tags,
    Cluster,
    Difficulty,
    Weight,
    Tools,
    Metadata,
}

impl Field {
    pub(crate) const ALL: [Self; 10] = [
        Self::Id,
        Self::Input,
        Self::Expected,
        Self::Criteria,
        Self::Tags,
        Self::Cluster,
        Self::Difficulty,
        Self::Weight,
        Self::Tools,
        Self::Metadata,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Input => "input",
            Self::Expected => "expected",
            Self::Criteria => "criteria",
            Self::Tags => "tags",
            Self::Cluster => "cluster",
            Self::Difficulty => "difficulty",
            Self::Weight => "weight",
            Self::Tools => "tools",
            Self::Metadata => "metadata",
        }
    }
}

impl ColumnMap {
    /// Gives the column that the user named for a field; `None` where its own name holds.
    pub(crate) fn mapped(&self, field: Field) -> Option<&str> {
        match field {
            Field::Id => self.id.as_deref(),
            Field::Input => self.input.as_deref(),
            Field::Expected => self.expected.as_deref(),
            Field::Criteria => self.criteria.as_deref(),
            Field::Tags => self.tags.as_deref(),
            Field::Cluster => self.cluster.as_deref(),
            Field::Difficulty => self.difficulty.as_deref(),
            Field::Weight => self.weight.as_deref(),
            Field::Tools => self.tools.as_deref(),
            Field::Metadata => self.metadata.as_deref(),
        }
    }

    /// Gives the column in which a field is looked for first.
    pub(crate) fn column(&self, field: Field) -> &str {
        self.mapped(field).unwrap_or(field.name())
    }
}

/// How a golden set is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format; `None` recognises it by the file's extension, else by its first bytes.
    pub format: Option<Format>,
    /// Which column means what.
    pub columns: ColumnMap,
}
