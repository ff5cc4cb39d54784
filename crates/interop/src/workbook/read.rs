//! Reads the first sheet of a workbook.
//!
//! In: a file. Out: its rows as texts, each with its number in the sheet. Members are unpacked one at a time, of
//! bounded size and never to disk (`container::zip`); what they come to as texts is bounded too, because a small
//! file can name one long text a million times. Entities of a document's own are not resolved.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::container::zip::{Archive, Member};
use crate::error::InteropError;

/// Most bytes of a sheet or of its texts, unpacked.
const MAX_PART_BYTES: usize = 64 << 20;
/// Most bytes of all texts of the rows.
const MAX_TEXT_BYTES: usize = 256 << 20;
/// Columns beyond this are not read.
const MAX_COLUMNS: usize = 256;

const NO_WORKBOOK: &str = "save the sheet as .xlsx, or as CSV UTF-8";

/// Returns the rows of the first sheet: the number of each in the sheet, from 1, and its texts by column. Empty
/// cells are empty texts; empty rows may be left out.
///
/// # Errors
/// [`InteropError::Io`]; [`InteropError::Broken`] for what is no workbook, is damaged, or is larger than any sheet
/// that people fill in.
pub fn read_workbook(path: &Path) -> Result<Vec<(u64, Vec<String>)>, InteropError> {
    let (mut archive, members) = Archive::open(path, Arc::new(AtomicU64::new(0)))?;
    let mut book = Book {
        path,
        archive: &mut archive,
        members: &members,
    };
    let sheet = book.first_sheet()?;
    let texts = match book.optional("xl/sharedStrings.xml")? {
        Some(xml) => texts(&xml).map_err(|reason| book.broken(reason))?,
        None => Vec::new(),
    };
    let xml = book.part(&sheet)?;
    rows(&xml, &texts).map_err(|reason| book.broken(reason))
}

struct Book<'a> {
    path: &'a Path,
    archive: &'a mut Archive,
    members: &'a [Member],
}

impl Book<'_> {
    fn broken(&self, reason: impl Into<String>) -> InteropError {
        InteropError::broken(self.path, reason, NO_WORKBOOK)
    }

    fn optional(&mut self, name: &str) -> Result<Option<String>, InteropError> {
        let Some(member) = self.members.iter().find(|one| &*one.name == name) else {
            return Ok(None);
        };
        let bytes = self.archive.read(member);
        let bytes = bytes.map_err(|reason| self.broken(format!("`{name}` {reason}")))?;
        if bytes.len() > MAX_PART_BYTES {
            let mib = MAX_PART_BYTES >> 20;
            return Err(self.broken(format!("`{name}` is larger than {mib} MiB")));
        }
        let text = String::from_utf8(bytes);
        text.map(Some)
            .map_err(|_| self.broken(format!("`{name}` is not UTF-8")))
    }

    fn part(&mut self, name: &str) -> Result<String, InteropError> {
        self.optional(name)?
            .ok_or_else(|| self.broken(format!("it has no `{name}`")))
    }

    /// The member that holds the first sheet.
    fn first_sheet(&mut self) -> Result<String, InteropError> {
        let book = self.part("xl/workbook.xml")?;
        let id = attribute_of(&book, "sheet", &["r:id"], |_| true);
        let id = id.map_err(|reason| self.broken(reason))?;
        let rels = self.part("xl/_rels/workbook.xml.rels")?;
        let target = match id {
            Some(id) => attribute_of(&rels, "Relationship", &["Target"], |start| {
                attribute(start, "Id").as_deref() == Some(&id)
            })
            .map_err(|reason| self.broken(reason))?,
            None => None,
        };
        let target = target.ok_or_else(|| self.broken("it has no sheet"))?;
        // A target is relative to the workbook's folder, or absolute.
        Ok(match target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("xl/{target}"),
        })
    }
}

/// An attribute of the first element of this name that is wanted.
fn attribute_of(
    xml: &str,
    element: &str,
    names: &[&str],
    is_wanted: impl Fn(&BytesStart<'_>) -> bool,
) -> Result<Option<String>, String> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) | Event::Empty(start)
                if start.local_name().as_ref() == element && is_wanted(&start) =>
            {
                return Ok(names.iter().find_map(|name| attribute(&start, name)));
            }
            Event::Eof => return Ok(None),
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = start.try_get_attribute(name).ok()??;
    let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?;
    Some(value.into_owned())
}

/// The texts that cells refer to by number.
fn texts(xml: &str) -> Result<Vec<String>, String> {
    let mut reader = Reader::from_str(xml);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) if start.local_name().as_ref() == "si" => {
                texts.push(rich_text(&mut reader, "si")?);
            }
            Event::Empty(start) if start.local_name().as_ref() == "si" => texts.push(String::new()),
            Event::Eof => return Ok(texts),
            _ => {}
        }
    }
}

/// The text of all runs up to the end of an element; readings aids (`rPh`) are left out.
fn rich_text(reader: &mut Reader<&[u8]>, element: &str) -> Result<String, String> {
    let mut text = String::new();
    let (mut in_text, mut in_aid) = (false, false);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => match start.local_name().as_ref() {
                "t" => in_text = true,
                "rPh" => in_aid = true,
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "t" => in_text = false,
                "rPh" => in_aid = false,
                name if name == element => return Ok(unescaped(&text)),
                _ => {}
            },
            event if in_text && !in_aid => push(&mut text, &event)?,
            Event::Eof => return Err("a text has no end".to_owned()),
            _ => {}
        }
    }
}

/// Adds what an event says as text.
fn push(text: &mut String, event: &Event<'_>) -> Result<(), String> {
    match event {
        Event::Text(part) => text.push_str(&part.xml10_content()),
        Event::CData(part) => text.push_str(&part.xml10_content()),
        Event::GeneralRef(reference) => text.push(resolved(reference)?),
        Event::Eof => return Err("a text has no end".to_owned()),
        _ => {}
    }
    Ok(())
}

fn resolved(reference: &BytesRef<'_>) -> Result<char, String> {
    if let Some(c) = reference
        .resolve_char_ref()
        .map_err(|error| error.to_string())?
    {
        return Ok(c);
    }
    match &*reference.xml10_content() {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err("it defines entities of its own".to_owned()),
    }
}

/// Whether a text starts with `_xHHHH_`.
fn is_escape(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('_')
        && chars.next() == Some('x')
        && (0..4).all(|_| chars.next().is_some_and(|c| c.is_ascii_hexdigit()))
        && chars.next() == Some('_')
}

/// Resolves `_xHHHH_` (ECMA-376 part 1, 22.9.2.19).
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let code = from
            .get(2..6)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code.filter(|_| is_escape(from)).and_then(char::from_u32) {
            Some(c) => {
                plain.push(c);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                plain.push('_');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// All rows of a sheet.
fn rows(xml: &str, texts: &[String]) -> Result<Vec<(u64, Vec<String>)>, String> {
    let mut reader = Reader::from_str(xml);
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    let mut left = MAX_TEXT_BYTES;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) if start.local_name().as_ref() == "row" => {
                let before = rows.last().map_or(0, |(number, _)| *number);
                let number = attribute(&start, "r").and_then(|number| number.parse().ok());
                let cells = cells(&mut reader, texts, &mut left)?;
                rows.push((number.unwrap_or(before + 1), cells));
            }
            Event::Eof => return Ok(rows),
            _ => {}
        }
    }
}

/// The cells of a row up to its end.
fn cells(
    reader: &mut Reader<&[u8]>,
    texts: &[String],
    left: &mut usize,
) -> Result<Vec<String>, String> {
    let mut found: HashMap<usize, String> = HashMap::new();
    let mut next = 0;
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) if start.local_name().as_ref() == "c" => {
                let column = attribute(&start, "r").and_then(|name| column_of(&name));
                let column = column.unwrap_or(next);
                next = column.saturating_add(1);
                let kind = attribute(&start, "t").unwrap_or_default();
                let text = cell(reader, &kind, texts)?;
                let taken = left.checked_sub(text.len());
                *left = taken.ok_or("its texts come to more than 256 MiB")?;
                if column < MAX_COLUMNS {
                    found.insert(column, text);
                }
            }
            Event::Empty(start) if start.local_name().as_ref() == "c" => {
                let column = attribute(&start, "r").and_then(|name| column_of(&name));
                next = column.unwrap_or(next).saturating_add(1);
            }
            Event::End(end) if end.local_name().as_ref() == "row" => {
                let width = found.keys().max().map_or(0, |last| last + 1);
                let text = |column| found.remove(&column).unwrap_or_default();
                return Ok((0..width).map(text).collect());
            }
            Event::Eof => return Err("a row has no end".to_owned()),
            _ => {}
        }
    }
}

/// The text of a cell up to its end.
fn cell(reader: &mut Reader<&[u8]>, kind: &str, texts: &[String]) -> Result<String, String> {
    let (mut value, mut inline, mut in_value) = (String::new(), None, false);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => match start.local_name().as_ref() {
                "v" => in_value = true,
                "is" => inline = Some(rich_text(reader, "is")?),
                _ => {}
            },
            Event::End(end) => match end.local_name().as_ref() {
                "v" => in_value = false,
                "c" => break,
                _ => {}
            },
            Event::Eof => return Err("a cell has no end".to_owned()),
            event if in_value => push(&mut value, &event)?,
            _ => {}
        }
    }
    Ok(match (kind, inline) {
        (_, Some(text)) => text,
        ("s", None) => {
            let text = value
                .trim()
                .parse()
                .ok()
                .and_then(|at: usize| texts.get(at));
            text.ok_or("a cell refers to a text that does not exist")?
                .clone()
        }
        ("b", None) => if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
        ("str", None) => unescaped(&value),
        _ => value,
    })
}

/// The column of a cell's name such as `AB12`, from 0.
fn column_of(name: &str) -> Option<usize> {
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic);
    let (n, column) = letters.fold((0, 0_usize), |(n, column), letter| {
        let digit = usize::from(letter.to_ascii_uppercase() - b'A') + 1;
        (n + 1, column.saturating_mul(26).saturating_add(digit))
    });
    if (1..=3).contains(&n) {
        column.checked_sub(1)
    } else {
        None
    }
}
