//! A file cut into its tables, so that each row is parsed when it is first asked for.
//!
//! In: TOML text. Out: where each table begins, what kind of row it is and its id. Cutting looks at how lines begin
//! and parses the sources alone: thousands of rows cost a start next to nothing. A heading stands alone on its line,
//! `[[model]]`; what TOML allows beyond that is refused with the way to write it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr_iter, memmem};

use crate::check::{Place, Sources};
use crate::error::CatalogError;
use crate::raw::{
    RawFile, RawGpu, RawModel, RawProvider, RawRateTier, RawTier, RawTokenizer, SCHEMA_VERSION,
};
use crate::source::Source;

/// What a table is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Source,
    Provider,
    Model,
    Tier,
    Tokenizer,
    Gpu,
    Limit,
}

const KINDS: [(&str, Kind); 7] = [
    ("model", Kind::Model),
    ("source", Kind::Source),
    ("provider", Kind::Provider),
    ("tier", Kind::Tier),
    ("tokenizer", Kind::Tokenizer),
    ("gpu", Kind::Gpu),
    ("limit", Kind::Limit),
];

/// A table of a file.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    /// Of providers and models; empty for all others.
    pub(crate) id: Box<str>,
    line: usize,
    body: Range<usize>,
}

/// A file in tables.
#[derive(Debug)]
pub(crate) struct Sheet {
    file: Arc<str>,
    text: Cow<'static, str>,
    sources: Arc<Sources>,
    tables: Vec<Table>,
    /// Tables that are in none of the lists, and why.
    problems: Vec<CatalogError>,
}

impl Sheet {
    /// Cuts a file. What is wrong with its head, its sources or an id is kept as a problem.
    pub(crate) fn cut(file: &str, text: Cow<'static, str>) -> Self {
        let mut sheet = Self {
            file: file.into(),
            text,
            sources: Arc::default(),
            tables: Vec::new(),
            problems: Vec::new(),
        };
        let mut cuts = cuts(&sheet.text);
        let end = sheet.text.len();
        let head = 0..cuts.first().map_or(end, |cut| cut.start);
        if let Err(problem) = sheet.head(head) {
            sheet.problems.push(problem);
            return sheet;
        }
        let mut sources = Sources::new();
        let ends: Vec<usize> = cuts
            .iter()
            .skip(1)
            .map(|cut| cut.start)
            .chain([end])
            .collect();
        for (cut, end) in cuts.drain(..).zip(ends) {
            let mut table = Table {
                kind: cut.kind,
                id: "".into(),
                line: cut.line,
                body: cut.start..end,
            };
            let read = match cut.kind {
                Kind::Source => sheet.source(&table, &mut sources),
                Kind::Provider | Kind::Model => sheet.id(&table).map(|id| table.id = id),
                Kind::Tier | Kind::Tokenizer | Kind::Gpu | Kind::Limit => Ok(()),
            };
            match read {
                Ok(()) => sheet.tables.push(table),
                Err(problem) => sheet.problems.push(problem),
            }
        }
        sheet.sources = Arc::new(sources);
        sheet
    }

    /// What is wrong with tables that are in none of the lists.
    pub(crate) fn problems(&self) -> &[CatalogError] {
        &self.problems
    }

    /// The name used in messages.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The tables of a kind, in the order of the file.
    pub(crate) fn tables(&self, kind: Kind) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(move |table| table.kind == kind)
    }

    /// Where a table stands.
    pub(crate) fn place(&self, table: &Table) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: table.line,
            sources: Arc::clone(&self.sources),
        }
    }

    /// Whether a name may stand anywhere in the file.
    pub(crate) fn may_state(&self, name: &memmem::Finder<'_>) -> bool {
        let text = self.text.as_bytes();
        name.find(text).is_some() || memchr::memchr(b'\\', text).is_some()
    }

    /// Whether one of some texts may stand in a table: looking spares the parsing of the others.
    pub(crate) fn may_hold(&self, table: &Table, texts: &[memmem::Finder<'_>]) -> bool {
        let body = self.body(table).as_bytes();
        let mut texts = texts.iter();
        // What has an escape in it is not written as it is called.
        texts.any(|text| text.find(body).is_some()) || memchr::memchr(b'\\', body).is_some()
    }

    pub(crate) fn provider(&self, table: &Table) -> Result<RawProvider, CatalogError> {
        let raw = self.one(table, |raw| raw.provider)?;
        self.same_id(table, &raw.id).map(|()| raw)
    }

    pub(crate) fn model(&self, table: &Table) -> Result<RawModel, CatalogError> {
        let raw = self.one(table, |raw| raw.model)?;
        self.same_id(table, &raw.id).map(|()| raw)
    }

    pub(crate) fn tier(&self, table: &Table) -> Result<RawTier, CatalogError> {
        self.one(table, |raw| raw.tier)
    }

    pub(crate) fn tokenizer(&self, table: &Table) -> Result<RawTokenizer, CatalogError> {
        self.one(table, |raw| raw.tokenizer)
    }

    pub(crate) fn gpu(&self, table: &Table) -> Result<RawGpu, CatalogError> {
        self.one(table, |raw| raw.gpu)
    }

    pub(crate) fn limit(&self, table: &Table) -> Result<RawRateTier, CatalogError> {
        self.one(table, |raw| raw.limit)
    }

    fn body(&self, table: &Table) -> &str {
        self.text.get(table.body.clone()).unwrap_or_default()
    }

    fn one<T>(&self, table: &Table, pick: fn(RawFile) -> Vec<T>) -> Result<T, CatalogError> {
        let raw = self.parse(table)?;
        let is_one = raw.n_rows() == 1 && raw.source.is_empty();
        match pick(raw).pop() {
            Some(row) if is_one => Ok(row),
            Some(_) | None => Err(self.misplaced(table)),
        }
    }

    fn misplaced(&self, table: &Table) -> CatalogError {
        self.place(table).error(
            "a table",
            "holds more than its heading says",
            "begin each row with a line of its own, such as `[[model]]`, and each source with `[source.KEY]`",
        )
    }

    /// The id that was found by looking is the one that is parsed.
    fn same_id(&self, table: &Table, id: &str) -> Result<(), CatalogError> {
        if *table.id == *id {
            return Ok(());
        }
        Err(self.place(table).error(
            format!("row `{id}`"),
            "has its `id` where it is not looked for",
            "write `id = \"…\"` on the line below the heading",
        ))
    }

    fn head(&self, range: Range<usize>) -> Result<(), CatalogError> {
        let head = Table {
            kind: Kind::Source,
            id: "".into(),
            line: 1,
            body: range,
        };
        let raw = self.parse(&head)?;
        if raw.n_rows() > 0 || !raw.source.is_empty() {
            return Err(self.misplaced(&head));
        }
        let problem = match raw.schema_version {
            Some(SCHEMA_VERSION) => return Ok(()),
            Some(other) => format!("is {other}"),
            None => "is missing".to_owned(),
        };
        let hint = format!(
            "this version of trilemma reads {SCHEMA_VERSION}: `schema_version = {SCHEMA_VERSION}` is the first line"
        );
        Err(self.place(&head).error("schema_version", problem, hint))
    }

    fn source(&self, table: &Table, sources: &mut Sources) -> Result<(), CatalogError> {
        let raw = self.parse(table)?;
        if raw.n_rows() > 0 {
            return Err(self.misplaced(table));
        }
        for (key, raw) in raw.source {
            let source = Source {
                key: key.clone(),
                title: raw.title,
                url: raw.url,
                date: raw.date,
            };
            if sources.insert(key.clone(), Arc::new(source)).is_some() {
                return Err(self.place(table).error(
                    format!("source `{key}`"),
                    "stands twice in the file",
                    "keep one of the two",
                ));
            }
        }
        Ok(())
    }

    fn id(&self, table: &Table) -> Result<Box<str>, CatalogError> {
        let is_model = table.kind == Kind::Model;
        let id: Box<str> = match plain_id(self.body(table)) {
            Some(id) => id.into(),
            // Written otherwise than anybody does: the parser knows.
            None if is_model => self.one(table, |raw| raw.model)?.id.into(),
            None => self.one(table, |raw| raw.provider)?.id.into(),
        };
        if is_model && !id.contains('/') {
            return Err(self.place(table).error(
                format!("model `{id}`"),
                "has an id without provider",
                "write `provider/model`, such as `openai/gpt-4o-2024-08-06`",
            ));
        }
        Ok(id)
    }

    /// Parses a table; unknown keys and wrong types are errors with line and column of the file.
    fn parse(&self, table: &Table) -> Result<RawFile, CatalogError> {
        let body = self.body(table);
        toml::from_str(body).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(body.len());
            let before = body.as_bytes().get(..at).unwrap_or_default();
            let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
            let line: String = body
                .get(start..)
                .and_then(|rest| rest.lines().next())
                .unwrap_or_default()
                .chars()
                .take(MAX_SHOWN)
                .collect();
            CatalogError::Syntax {
                file: self.file.to_string(),
                line: table.line + memchr_iter(b'\n', before).count(),
                column: at - start + 1,
                problem: format!("{} in `{}`", error.message().trim_end(), line.trim()),
            }
        })
    }
}

/// Characters of a line that a message shows.
const MAX_SHOWN: usize = 120;

/// Quotes of strings over several lines.
const BASIC: &[u8] = b"\"\"\"";
const LITERAL: &[u8] = b"'''";

/// Where a table begins.
struct Cut {
    kind: Kind,
    start: usize,
    line: usize,
}

/// Finds the lines on which tables begin.
fn cuts(text: &str) -> Vec<Cut> {
    let bytes = text.as_bytes();
    let has_long = [BASIC, LITERAL]
        .iter()
        .any(|quotes| memmem::find(bytes, quotes).is_some());
    let mut inside: Option<&'static [u8]> = None;
    let mut cuts: Vec<Cut> = Vec::new();
    let mut start = 0;
    let ends = memchr_iter(b'\n', bytes).chain([bytes.len()]);
    for (idx, end) in ends.enumerate() {
        let line = bytes.get(start..end).unwrap_or_default();
        if inside.is_none()
            && line.trim_ascii_start().first() == Some(&b'[')
            && let Some(kind) = heading(line, cuts.last().map(|cut| cut.kind))
        {
            cuts.push(Cut {
                kind,
                start,
                line: idx + 1,
            });
        }
        if has_long {
            inside = string_open_after(line, inside);
        }
        start = end + 1;
    }
    cuts
}

/// The kind of table that a heading begins; `None` = it begins none, such as `[model.lifecycle]` within a model.
fn heading(line: &[u8], current: Option<Kind>) -> Option<Kind> {
    let line = line.trim_ascii_start().strip_prefix(b"[")?;
    let (line, is_list) = match line.strip_prefix(b"[") {
        Some(rest) => (rest, true),
        None => (line, false),
    };
    let line = line.trim_ascii_start();
    let hit = KINDS.iter().find_map(|(name, kind)| {
        let rest = line.strip_prefix(name.as_bytes())?.trim_ascii_start();
        Some((*kind, *rest.first()?))
    });
    let (kind, next) = hit.filter(|(_, next)| matches!(next, b']' | b'.'))?;
    let is_new = kind == Kind::Source || current != Some(kind) || (is_list && next == b']');
    is_new.then_some(kind)
}

/// The quotes of a string over several lines that is open after a line, given those before it.
fn string_open_after(line: &[u8], mut inside: Option<&'static [u8]>) -> Option<&'static [u8]> {
    let mut rest = line;
    while let Some(first) = rest.first() {
        let mut step = 1;
        match inside {
            Some(BASIC) if *first == b'\\' => step = 2,
            Some(quotes) if rest.starts_with(quotes) => (inside, step) = (None, 3),
            Some(_) => {}
            None if *first == b'#' => break,
            None if rest.starts_with(BASIC) => (inside, step) = (Some(BASIC), 3),
            None if rest.starts_with(LITERAL) => (inside, step) = (Some(LITERAL), 3),
            None if matches!(first, b'"' | b'\'') => step = short_string(rest),
            None => {}
        }
        rest = rest.get(step..).unwrap_or_default();
    }
    inside
}

/// Bytes of a string of one line, quotes included.
fn short_string(text: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' if text.first() == Some(&b'"') => at += 2,
            _ if Some(byte) == text.first() => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The id of a table where it is written as everybody does: `id = "…"`, before any heading within the table.
fn plain_id(body: &str) -> Option<&str> {
    for line in body.lines().skip(1) {
        let line = line.trim_start();
        if line.starts_with('[') {
            return None;
        }
        let value = line
            .strip_prefix("id")
            .and_then(|rest| rest.trim_start().strip_prefix('='));
        if let Some(value) = value {
            let (id, after) = value.trim_start().strip_prefix('"')?.split_once('"')?;
            let after = after.trim_start();
            let is_alone = after.is_empty() || after.starts_with('#');
            return (is_alone && !id.contains('\\')).then_some(id);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "schema_version = 1\n";

    fn cut(text: &str) -> Sheet {
        Sheet::cut("mine.toml", Cow::Owned(format!("{HEAD}{text}")))
    }

    fn ids(sheet: &Sheet) -> Vec<&str> {
        sheet.tables(Kind::Model).map(|table| &*table.id).collect()
    }

    #[test]
    fn strings_over_lines_hide_no_heading_and_make_none() {
        let sheet = cut(
            "[source.a] # \"\"\"\ntitle = \"\"\"\n[[model]]\n\\\"\"\"\n[[model]]\n\"\"\"\n  [[ model ]]\nid = \"a/b\"\n[source.b]\ntitle = '''\n[[model]]'''\n[[model]] # c\nid = \"a/c\" # d\nname = 'a\"\"\"'\n[model.limits]\ncontext = 5\n[[model.price]]\nid = 1\n[[model]]\n\"id\" = \"a/\\u0064\"\n",
        );
        assert_eq!(sheet.problems(), []);
        assert_eq!(ids(&sheet), ["a/b", "a/c", "a/d"]);
        assert_eq!(sheet.sources.len(), 2);
        let lines: Vec<usize> = sheet.tables(Kind::Model).map(|table| table.line).collect();
        assert_eq!(lines, [8, 13, 20]);
    }

    #[test]
    fn what_is_written_otherwise_is_refused_with_the_way() {
        for text in [
            "[[model]]\nid = \"a/b\"\n[[\"model\"]]\nid = \"a/c\"\n",
            "[[model]]\nname = '''\nid = \"a/b\"\n'''\nid = \"a/c\"\n",
        ] {
            let sheet = cut(text);
            let table = sheet.tables(Kind::Model).next().unwrap();
            let said = sheet.model(table).unwrap_err().to_string();
            assert!(said.contains("hint: "), "{said}");
        }
        let inline = cut("model = [{ id = \"a/b\" }]\n");
        assert!(inline.problems()[0].to_string().contains("`[[model]]`"));
        let twice = cut("[source.a]\ntitle = \"x\"\n[source.a]\ntitle = \"y\"\n");
        assert!(twice.problems()[0].to_string().contains("twice"));
    }

    #[test]
    fn a_syntax_error_names_its_line_in_the_file() {
        let sheet = cut("\n[[model]]\nid = \"a/b\"\n\n  nam = 5\n");
        let table = sheet.tables(Kind::Model).next().unwrap();
        let said = sheet.model(table).unwrap_err().to_string();
        assert!(said.contains("line 6, column 3"), "{said}");
        assert!(said.contains("`nam = 5`"), "{said}");
    }
}
