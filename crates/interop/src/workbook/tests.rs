use std::io::Write as _;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::*;

fn saved(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sheet.xlsx");
    fs_err::write(&path, bytes).unwrap();
    (folder, path)
}

fn back(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let choices = Choices {
        column: 1,
        words: &["pass", "fail"],
    };
    let bytes = write_workbook(&["id", "verdict"], rows, Some(choices)).unwrap();
    let (_folder, path) = saved(&bytes);
    let read = read_workbook(&path).unwrap();
    let numbers: Vec<u64> = read.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=rows.len() as u64 + 1).collect::<Vec<_>>());
    read.into_iter().skip(1).map(|(_, cells)| cells).collect()
}

#[test]
fn odd_texts_come_back_as_texts() {
    let odd = [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "'quoted",
        "<b>&amp;</b>",
        "_x0041_",
        "_x005F_x0041_",
        "_xZZZZ_",
        "_x0041\u{0}",
        "a\u{0}b\u{7}\u{1b}",
        "\r\n\t x ",
        "  ",
        "é漢😀",
        "]]>",
        "\u{ffff}",
    ];
    let rows: Vec<Vec<String>> = odd
        .iter()
        .map(|text| vec!["i".to_owned(), (*text).to_owned()])
        .collect();
    assert_eq!(back(&rows), rows);
}

#[test]
fn a_cell_is_text_in_a_text_format() {
    let rows = [vec!["=1+1".to_owned(), String::new()]];
    let bytes = write_workbook(&["id", "verdict"], &rows, None).unwrap();
    let (_folder, path) = saved(&bytes);
    let (mut archive, members) =
        crate::container::zip::Archive::open(&path, Default::default()).unwrap();
    let sheet = members
        .iter()
        .find(|one| one.name.ends_with("sheet1.xml"))
        .unwrap();
    let xml = String::from_utf8(archive.read(sheet).unwrap()).unwrap();
    assert!(
        !xml.contains("<f>") && xml.contains(r#"s="1" t="inlineStr""#),
        "{xml}"
    );
    let styles = members
        .iter()
        .find(|one| one.name.ends_with("styles.xml"))
        .unwrap();
    let xml = String::from_utf8(archive.read(styles).unwrap()).unwrap();
    assert!(xml.contains(r#"numFmtId="49""#) && xml.contains(r#"quotePrefix="1""#));
}

#[test]
fn too_long_texts_are_cut_and_say_so() {
    let long = "😀".repeat(20_000);
    let cell = back(&[vec![long]]).remove(0).remove(0);
    assert!(cell.ends_with("[cut: a cell holds no more]"));
    assert!(cell.encode_utf16().count() <= 32_767 && cell.chars().count() > 16_000);
}

/// A workbook with these parts, packed without any care.
fn book(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for (name, text) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        let packed = encoder.finish().unwrap();
        let offset = bytes.len() as u32;
        let mut head = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        head.extend((packed.len() as u32).to_le_bytes());
        head.extend((text.len() as u32).to_le_bytes());
        head.extend((name.len() as u16).to_le_bytes());
        head.extend([0, 0]);
        bytes.extend(*b"PK\x03\x04");
        bytes.extend(&head);
        bytes.extend(name.as_bytes());
        bytes.extend(packed);
        directory.extend(*b"PK\x01\x02\x14\x00");
        directory.extend(head);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(*b"PK\x05\x06\0\0\0\0");
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend((parts.len() as u16).to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

const BOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="s" r:id="x7"/></sheets></workbook>"#;
const RELS: &str =
    r#"<Relationships><Relationship Id="x7" Target="worksheets/one.xml"/></Relationships>"#;

fn with_sheet(sheet: &str, texts: &str) -> Result<Vec<(u64, Vec<String>)>, crate::InteropError> {
    let bytes = book(&[
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", RELS),
        ("xl/sharedStrings.xml", texts),
        ("xl/worksheets/one.xml", sheet),
    ]);
    let (_folder, path) = saved(&bytes);
    read_workbook(&path)
}

#[test]
fn what_spreadsheet_programs_write_is_read() {
    // Shared and rich texts, numbers, truth values, a formula's last result, gaps in rows and columns.
    let texts = "<sst><si><t>id</t></si><si><r><t>ver</t></r><r><t>dict</t></r><rPh><t>x</t></rPh></si><si/></sst>";
    let sheet = r#"<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c>
        <x:c r="C1" t="s"><x:v>1</x:v></x:c></x:row><x:row r="5"><x:c r="A5"><x:v>42</x:v></x:c><x:c r="B5" s="1"/>
        <x:c r="C5" t="b"><x:v>1</x:v></x:c><x:c r="D5" t="str"><x:f>A1&amp;"p"</x:f><x:v>pass</x:v></x:c></x:row>
        </x:sheetData></x:worksheet>"#;
    let texts_of = |cells: &[&str]| {
        cells
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        with_sheet(sheet, texts).unwrap(),
        [
            (1, texts_of(&["id", "", "verdict"])),
            (5, texts_of(&["42", "", "TRUE", "pass"])),
        ]
    );
}

#[test]
fn bombs_and_damage_are_told_not_unpacked() {
    let huge = format!("<worksheet>{}</worksheet>", " ".repeat(65 << 20));
    let said = with_sheet(&huge, "<sst/>").unwrap_err().to_string();
    assert!(
        said.contains("larger than 64 MiB") && said.contains("hint:"),
        "{said}"
    );
    // One long text, named again and again.
    let texts = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1 << 20));
    let row = r#"<row><c t="s"><v>0</v></c></row>"#.repeat(300);
    let said = with_sheet(&format!("<worksheet>{row}</worksheet>"), &texts)
        .unwrap_err()
        .to_string();
    assert!(said.contains("more than 256 MiB"), "{said}");
    // Entities that would multiply.
    let lol =
        r#"<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>"#;
    let said = with_sheet("<worksheet/>", lol).unwrap_err().to_string();
    assert!(said.contains("entities of its own"), "{said}");
    for sheet in [
        "<worksheet><row><c><v>1",
        "<worksheet><row>",
        r#"<row><c t="s"><v>9</v></c></row>"#,
        "<a></b>",
    ] {
        assert!(with_sheet(sheet, "<sst/>").is_err(), "{sheet}");
    }
    for bytes in [&b""[..], b"PK\x05\x06", b"id,verdict\n1,pass\n"] {
        let (_folder, path) = saved(bytes);
        assert!(read_workbook(&path).is_err());
    }
    let (_folder, path) = saved(&book(&[("xl/workbook.xml", BOOK)]));
    assert!(read_workbook(&path).is_err());
}

proptest! {
    #[test]
    fn every_text_comes_back(texts in prop::collection::vec("\\PC{0,12}|[_x0-9A-F\\n<&;'=]{0,12}", 1..5)) {
        let rows = vec![texts];
        prop_assert_eq!(back(&rows), rows);
    }

    #[test]
    fn a_damaged_workbook_never_panics(at in 0_usize..2_000, byte in 0_u8..=255) {
        let rows = [vec!["a".to_owned(), "pass".to_owned()]];
        let mut bytes = write_workbook(&["id", "verdict"], &rows, None).unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        let (_folder, path) = saved(&bytes);
        let _ = read_workbook(&path);
    }
}
