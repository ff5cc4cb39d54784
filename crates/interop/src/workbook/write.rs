//! Writes a workbook of one sheet.
//!
//! Every cell is an inline string in the format "text" with a quote prefix, so no program takes it for a formula,
//! not even after somebody has edited it. Characters that XML cannot hold, and texts that look like their
//! escapes, are written as `_xHHHH_`. Longer texts than a cell may hold are cut, and say so.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Most UTF-16 units of a cell.
const MAX_CELL_UNITS: usize = 32_767;
/// Most rows of a sheet, the header included.
const MAX_ROWS: usize = 1_048_576;

/// The words that a column offers to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices<'a> {
    /// Position of the column, from 0.
    pub column: usize,
    /// The words; none holds a comma or a quotation mark.
    pub words: &'a [&'a str],
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#;
const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="review" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
/// Style 1: text, wrapped, at the top of its cell; style 2: the same, bold.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs></styleSheet>"#;

/// Returns the bytes of a workbook: a header that stays in view, and rows of texts.
///
/// The same input gives the same bytes. `None` = more rows than a sheet can hold.
#[must_use]
pub fn write_workbook(
    header: &[&str],
    rows: &[Vec<String>],
    choices: Option<Choices<'_>>,
) -> Option<Vec<u8>> {
    if rows.len() >= MAX_ROWS {
        return None;
    }
    let mut archive = Archive::default();
    archive.add("[Content_Types].xml", TYPES);
    archive.add("_rels/.rels", ROOT);
    archive.add("xl/workbook.xml", BOOK);
    archive.add("xl/_rels/workbook.xml.rels", BOOK_RELS);
    archive.add("xl/styles.xml", STYLES);
    archive.add("xl/worksheets/sheet1.xml", &sheet(header, rows, choices));
    Some(archive.finish())
}

fn sheet(header: &[&str], rows: &[Vec<String>], choices: Option<Choices<'_>>) -> String {
    let mut xml = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15" defaultColWidth="24"/><sheetData>"#,
    );
    row(&mut xml, 1, header.iter().copied(), 2);
    for (number, cells) in (2..).zip(rows) {
        row(&mut xml, number, cells.iter().map(String::as_str), 1);
    }
    xml.push_str("</sheetData>");
    if let Some(choices) = choices
        && !rows.is_empty()
    {
        let column = column_name(choices.column);
        // Writing to a string cannot fail.
        let _ = write!(
            xml,
            r#"<dataValidations count="1"><dataValidation type="list" allowBlank="1" showErrorMessage="1" sqref="{column}2:{column}{}"><formula1>"{}"</formula1></dataValidation></dataValidations>"#,
            rows.len() + 1,
            choices.words.join(",")
        );
    }
    xml.push_str("</worksheet>");
    xml
}

fn row<'a>(xml: &mut String, number: usize, cells: impl Iterator<Item = &'a str>, style: u8) {
    let _ = write!(xml, r#"<row r="{number}">"#);
    for (column, text) in cells.enumerate() {
        let name = column_name(column);
        let _ = write!(
            xml,
            r#"<c r="{name}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">"#
        );
        push_text(xml, &fitting(text));
        xml.push_str("</t></is></c>");
    }
    xml.push_str("</row>");
}

/// A to Z, AA to ZZ and on.
fn column_name(mut column: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'A' + (column % 26) as u8));
        match (column / 26).checked_sub(1) {
            Some(left) => column = left,
            None => return name,
        }
    }
}

/// As much of a text as a cell may hold.
fn fitting(text: &str) -> String {
    if text.encode_utf16().count() <= MAX_CELL_UNITS {
        return text.to_owned();
    }
    let note = "… [cut: a cell holds no more]";
    let room = MAX_CELL_UNITS - note.encode_utf16().count();
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= room
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.push_str(note);
    cut
}

/// Writes a text so that it comes back character for character.
fn push_text(xml: &mut String, text: &str) {
    for (at, c) in text.char_indices() {
        match c {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            // What may be read as the start of an escape has to be escaped itself.
            '_' if text.get(at + 1..).is_some_and(|rest| rest.starts_with('x')) => {
                xml.push_str("_x005F_");
            }
            '\n' | '\t' => xml.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(xml, "_x{:04X}_", c as u32);
            }
            c => xml.push(c),
        }
    }
}

/// A ZIP archive in the making (APPNOTE 6.3.10), without dates.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    n_members: u16,
}

impl Archive {
    fn add(&mut self, name: &str, text: &str) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        // Writing to memory cannot fail.
        let packed = match encoder.write_all(text.as_bytes()) {
            Ok(()) => encoder.finish().unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let mut crc = flate2::Crc::new();
        crc.update(text.as_bytes());
        let offset = size(self.bytes.len());
        // Version 2.0, names in UTF-8, Deflate, 1980-01-01.
        let mut head = Vec::new();
        for part in [20_u16, 0x0800, 8, 0, 0x21] {
            head.extend(part.to_le_bytes());
        }
        for part in [crc.sum(), size(packed.len()), size(text.len())] {
            head.extend(part.to_le_bytes());
        }
        head.extend((name.len() as u16).to_le_bytes());
        head.extend(0_u16.to_le_bytes());
        self.bytes.extend(*b"PK\x03\x04");
        self.bytes.extend(&head);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(packed);
        self.directory.extend(*b"PK\x01\x02");
        self.directory.extend(20_u16.to_le_bytes());
        self.directory.extend(head);
        // No comment, disk 0, no attributes.
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.n_members += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let start = size(self.bytes.len());
        let length = size(self.directory.len());
        self.bytes.extend(self.directory);
        self.bytes.extend(*b"PK\x05\x06");
        self.bytes.extend([0; 4]);
        self.bytes.extend(self.n_members.to_le_bytes());
        self.bytes.extend(self.n_members.to_le_bytes());
        self.bytes.extend(length.to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

fn size(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
