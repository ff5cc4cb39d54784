use std::io::Write;
use std::path::Path;

use serde_json::json;
use trilemma_domain::{Expected, Input, Message, Part, Role};

use crate::{ColumnMap, Format, GoldenErrors, GoldenSet, ReadOptions, read, read_from};

fn options(format: Format) -> ReadOptions {
    ReadOptions {
        format: Some(format),
        ..ReadOptions::default()
    }
}

fn get(format: Format, bytes: impl AsRef<[u8]>) -> Result<GoldenSet, GoldenErrors> {
    read_from(bytes.as_ref(), "test", &options(format))
}

fn set(format: Format, bytes: impl AsRef<[u8]>) -> GoldenSet {
    get(format, bytes).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Every problem as `line:column field: message | hint`.
fn problems(format: Format, bytes: impl AsRef<[u8]>) -> Vec<String> {
    get(format, bytes)
        .expect_err("must be refused")
        .problems
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Checks that the only problem starts with `start` and its hint holds `hint`.
#[track_caller]
fn check_refused(format: Format, bytes: impl AsRef<[u8]>, start: &str, hint: &str) {
    let found = problems(format, bytes);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with(start), "{}", found[0]);
    assert!(found[0].contains(hint), "{}", found[0]);
}

/// Checks what the JSON of one input becomes.
#[track_caller]
fn check_input(input: &str, wanted: Input) {
    let set = set(Format::Jsonl, format!(r#"{{"id":"a","input":{input}}}"#));
    assert_eq!(set.items()[0].input, wanted);
}

#[track_caller]
fn check_expected(expected: &str, wanted: Option<Expected>) {
    let line = format!(r#"{{"id":"a","input":"x","expected":{expected}}}"#);
    assert_eq!(set(Format::Jsonl, line).items()[0].expected, wanted);
}

fn user(parts: Vec<Part>) -> Input {
    Input::Messages(vec![Message {
        role: Role::User,
        parts,
    }])
}

fn part(text: &str) -> Part {
    Part::Text { text: text.into() }
}

#[test]
fn all_formats_give_the_same_set() {
    let jsonl = r#"{"id":"1","input":"two + two","expected":"4","tags":["sum","easy"],"cluster":"c","weight":2.5,"difficulty":"low","criteria":["is a number"],"source":"book"}
{"id":"2","input":"say, \"hi\"","expected":"hi"}"#;
    let json = r#"{"version": 3, "items": [
        {"expected":"4","id":1,"input":"two + two","tags":["sum","easy"],"cluster":"c","weight":2.5,"difficulty":"low","criteria":"is a number","metadata":{"source":"book"}},
        {"id":"2","input":"say, \"hi\"","expected":"hi"}]}"#;
    let list = r#"[{"id":"2","input":"say, \"hi\"","expected":"hi"},
        {"expected":"4","id":1,"input":"two + two","tags":["sum","easy"],"cluster":"c","weight":2.5,"difficulty":"low","criteria":"is a number","source":"book"}]"#;
    let csv = "\u{feff}id,input,expected,tags,cluster,weight,difficulty,criteria,source\r\n1,two + two,4,\"sum, easy\",c,2.5,low,is a number,book\r\n2,\"say, \"\"hi\"\"\",hi,,,,,,\r\n,,,,,,,,\r\n";
    let semicolons = "id;input;expected;tags;cluster;weight;difficulty;criteria;source\n1;two + two;4;sum|easy;c;2.5;low;is a number;book\n2;\"say, \"\"hi\"\"\";hi;;;;;;\n";
    let wanted = set(Format::Jsonl, jsonl);
    assert_eq!(wanted.len(), 2);
    assert_eq!(wanted.items()[0].weight, 2.5);
    assert_eq!(wanted.items()[0].extras.metadata["source"], "book");
    for (format, text) in [
        (Format::Json, json),
        (Format::Json, list),
        (Format::Csv, csv),
        (Format::Csv, semicolons),
    ] {
        assert_eq!(
            set(format, text).fingerprint(),
            wanted.fingerprint(),
            "{text}"
        );
    }
}

#[test]
fn fingerprint_does_not_change_between_versions() {
    // Resumed runs and caches rest on these values: a change of them is a change of format.
    let set = set(
        Format::Jsonl,
        r#"{"id":"1","input":"two + two","expected":"4"}"#,
    );
    // Computed apart from this code, with Python's hashlib.
    assert_eq!(
        set.fingerprint().to_string(),
        "a93f7d4ddd58ae36764140da8f57814a6d2d4924db2ef39adef790fe2d2f52a7"
    );
}

#[test]
fn hostile_bytes_are_named_or_survived() {
    let good = r#"{"id":"a","input":"x"}"#;
    let with_bom = |next: &str| format!("\u{feff}{good}\r\n\r\n   \r\n{next}");
    let other = good.replace('a', "b");
    assert_eq!(set(Format::Jsonl, with_bom(&other)).len(), 2);
    check_refused(
        Format::Jsonl,
        with_bom(good).as_bytes(),
        "line 4: `id`: id `a` is used on line 1",
        "give each item its own id",
    );

    let mut bytes = format!("{good}\n{{\"id\":\"b\",\"input\":\"").into_bytes();
    bytes.extend(b"\xff\"}\n");
    check_refused(
        Format::Jsonl,
        &bytes,
        "line 2, column 20: byte 20 (0xFF) is not UTF-8",
        "save the file as UTF-8",
    );
    check_refused(
        Format::Csv,
        b"id,input\na,x\nb,\xe9t\xe9\n",
        "line 3, column 1: `input`: byte 1 (0xE9) is not UTF-8",
        "UTF-8",
    );
    assert!(problems(Format::Json, b"[{\"input\":\"\xff\"}]")[0].starts_with("line 1, column 1"));

    let deep = format!(
        r#"{{"id":"d","input":"x","m":{}1{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    check_refused(Format::Jsonl, &deep, "line 1, column", "");
    check_refused(Format::Json, format!("[{deep}]"), "line 1, column", "");
    let deep = format!(
        r#"{{"id":"d","input":"x","expected":{}1{}}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    check_refused(Format::Jsonl, &deep, "line 1", "");

    assert_eq!(
        set(Format::Jsonl, r#"{"id":"n","input":"a\u0000b"}"#).len(),
        1
    );
    check_refused(
        Format::Jsonl,
        r#"{"id":"n","input":"\ud800"}"#,
        "line 1, column",
        "",
    );
}

#[test]
fn files_that_are_no_golden_set_are_one_problem() {
    let binary = b"\x7fELF\x02\x01\x01\0\0\xff\n".repeat(500);
    for format in [Format::Jsonl, Format::Json, Format::Csv] {
        check_refused(format, &binary, "is no text: byte 8 is 0x00", "JSONL");
    }
    check_refused(
        Format::Jsonl,
        b"\x89PNG\r\n\xc3\x28\n".repeat(200),
        "line 1, column 1: byte 1 (0x89) is not UTF-8; none of the 400 lines holds an item",
        "UTF-8",
    );
    check_refused(
        Format::Jsonl,
        "[\n  {\n  \"id\": 1\n  }\n]\n",
        "line 1, column 1: EOF while parsing a list; none of the 5 lines holds an item",
        "let its name end in .json",
    );
    let latin = b"id,input\na,caf\xe9\nb,tea\nc,caf\xe9\nd,caf\xe9\n";
    check_refused(
        Format::Csv,
        latin,
        "line 2, column 4: `input`: byte 4 (0xE9) is not UTF-8; so it is in 2 more places",
        "save the file as UTF-8",
    );
}

#[test]
fn huge_lines_are_read() {
    let huge = "x".repeat(64 << 20);
    for (format, text) in [
        (
            Format::Jsonl,
            format!("{{\"id\":\"a\",\"input\":\"{huge}\"}}\n{{\"id\":\"b\",\"input\":\"y\"}}"),
        ),
        (Format::Csv, format!("id,input\na,{huge}\nb,y\n")),
    ] {
        let set = set(format, text);
        assert_eq!(set.len(), 2);
        assert!(matches!(&set.items()[0].input, Input::Text(text) if text.len() == huge.len()));
    }
}

#[test]
fn empty_files_and_other_files_are_explained() {
    for format in [Format::Jsonl, Format::Csv] {
        check_refused(format, "", "holds no items", "one JSON object per line");
        check_refused(format, "\n\n", "holds no items", "");
    }
    check_refused(Format::Json, "[]", "holds no items", "");
    check_refused(Format::Json, "", "line 1, column 0", "");
    check_refused(
        Format::Json,
        r#"{"data":[]}"#,
        "`items`: the object has no list",
        "found: data",
    );
    check_refused(
        Format::Jsonl,
        b"PAR1....",
        "the file is Parquet",
        ".parquet",
    );
    check_refused(
        Format::Jsonl,
        b"\x1f\x8b\x08",
        "is compressed by gzip",
        "unpack",
    );
    check_refused(
        Format::Csv,
        b"PK\x03\x04",
        "is a ZIP archive or a spreadsheet",
        "CSV",
    );
    check_refused(Format::Csv, b"\xff\xfei\0", "is UTF-16", "UTF-8");
    let unknown = read_from(&b"hello"[..], "x", &ReadOptions::default()).unwrap_err();
    assert!(unknown.to_string().contains("the format is not recognised"));
}

#[test]
fn formats_are_recognised_by_content() {
    let read = |text: &str| {
        read_from(text.as_bytes(), "x", &ReadOptions::default())
            .unwrap()
            .len()
    };
    let one = r#"{"id":"a","input":"x"}"#;
    let two = r#"{"id":"b","input":"y"}"#;
    assert_eq!(read(&format!("{one}\n{two}\n")), 2);
    assert_eq!(read(&format!("\n[{one},\n{two}]")), 2);
    assert_eq!(read(&format!("{{\"items\":[{one}]}}")), 1);
    assert_eq!(read(&format!("{{\n\"items\":[{one},{two}]}}")), 2);
}

#[test]
fn all_problems_come_at_once() {
    let found = problems(
        Format::Jsonl,
        r#"{"id":"a","input":"x","weight":"much","tags":{"a":1}}
[1,2]
{"id":"b","input":
{"id":"c"}
{"id":"d","input":"x"}
{"id":"d","input":"y"}
{"id":"e","input":"x","input":"y"}
{"id":true,"input":"x"}
{"id":"f","input":"x","tools":[{"parameters":{}}]}
{"id":"g","inputs":"x"}
{"id":"h","prompt":"x"}"#,
    );
    let wanted = [
        "line 1: `tags`: expected a list of texts, found an object",
        "line 1: `weight`: expected a number, found `much`",
        "line 2: expected an object, found a list",
        "line 3, column 18: EOF while parsing a value",
        "line 4: `input`: is missing",
        "line 6: `id`: id `d` is used on line 5 and again here",
        "line 7: `input`: appears twice",
        "line 8: `id`: expected a text or a number",
        "line 9: `tools[0].name`: is missing",
        "line 10: `input`: is missing\n    hint: did you mean `input` where it says `inputs`?",
        "line 11: `input`: is missing\n    hint: if `prompt` is what is asked, map it: columns = { input = \"prompt\" }",
    ];
    assert_eq!(found.len(), wanted.len(), "{found:#?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!(found.starts_with(wanted), "{found}\n  is not\n{wanted}");
    }
}

#[test]
fn json_lists_name_lines_too() {
    let found = problems(
        Format::Json,
        "[\n  {\"id\":\"a\",\"input\":\"x\"},\n\n  7,\n  {\"id\":\n\"a\",\"input\":\"y\"},\n {\"id\":\"c\"}]",
    );
    assert!(
        found[0].starts_with("line 4: expected an object, found a number"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("line 5: `id`: id `a` is used on line 2"),
        "{found:?}"
    );
    assert!(
        found[2].starts_with("line 7: `input`: is missing"),
        "{found:?}"
    );
    let cut = problems(
        Format::Json,
        "[{\"id\":\"a\",\"input\":\"x\"},\n{\"id\":\"b\"",
    );
    assert!(
        cut.last().unwrap().starts_with("line 2, column 9: EOF"),
        "{cut:?}"
    );
}

#[test]
fn csv_rows_of_wrong_length_are_named() {
    let found = problems(Format::Csv, "id,input\na,x\nb\nc,\"x\ny\"\nd,x,y\n");
    assert!(
        found[0].starts_with("line 3: the row has 1 fields, the header line 2"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with("line 6: the row has 3 fields"),
        "{found:?}"
    );
    check_refused(
        Format::Csv,
        "id,input,id\n1,2,3\n",
        "line 1: two columns are named `id`",
        "rename",
    );
}

#[test]
fn an_open_quotation_mark_does_not_swallow_rows_in_silence() {
    check_refused(
        Format::Csv,
        "id,input\na,x\nb,\"y\nc,z\nd,w\n",
        "line 3: a quotation mark in this row is never closed",
        "close it",
    );
    assert_eq!(set(Format::Csv, "id,input\na,\"x\ny\"\n").len(), 1);
    assert_eq!(set(Format::Csv, "id,input\na,\"x\ny\"").len(), 1);
}

#[test]
fn csv_cells_hold_json_where_it_makes_sense() {
    let text = "id,messages,expected,tools,metadata,tags\n\
        a,\"[{\"\"role\"\":\"\"user\"\",\"\"content\"\":\"\"hi\"\"}]\",\"{\"\"x\"\": 1}\",\"[{\"\"name\"\":\"\"f\"\"}]\",\"{\"\"k\"\":[1]}\",\"[\"\"a,b\"\"]\"\n\
        b,plain [text],{not json,,,\n";
    let set = set(Format::Csv, text);
    let item = &set.items()[0];
    assert_eq!(item.input, user(vec![part("hi")]));
    assert_eq!(item.expected, Some(Expected::Json(json!({"x": 1}))));
    assert_eq!(item.extras.tools[0].name, "f");
    assert_eq!(item.extras.metadata["k"], json!([1]));
    assert_eq!(item.extras.tags, ["a,b"]);
    assert_eq!(set.items()[1].input, Input::Text("plain [text]".into()));
    assert_eq!(
        set.items()[1].expected,
        Some(Expected::Text("{not json".into()))
    );
}

#[test]
fn ids_may_be_numbers_or_absent() {
    let text = r#"{"id":12345678901234567890123,"input":"x"}
{"input":"same"}
{"input":"same"}
{"id":null,"input":"other"}"#;
    let ids = |text: &str| -> Vec<String> {
        let set = set(Format::Jsonl, text);
        set.items().iter().map(|item| item.id.to_string()).collect()
    };
    let found = ids(text);
    assert_eq!(found[0], "12345678901234567890123");
    assert!(
        found[1].starts_with("g-") && found[1].len() == 14,
        "{found:?}"
    );
    assert_eq!(found[2], format!("{}-2", found[1]));
    // The id rests on what is asked, so other items and labels do not change it.
    assert_eq!(ids(r#"{"input":"same","expected":"new"}"#)[0], found[1]);
    check_refused(
        Format::Jsonl,
        r#"{"id":"","input":"x"}"#,
        "line 1: `id`: the id is empty",
        "leave `id` out",
    );
}

#[test]
fn expected_takes_its_shape_from_the_json() {
    let text = |text: &str| Some(Expected::Text(text.into()));
    check_expected(r#""42""#, text("42"));
    check_expected("42", text("42"));
    check_expected("1.50", text("1.50"));
    check_expected("true", text("true"));
    check_expected("null", None);
    check_expected(
        r#"["a", 1, false]"#,
        Some(Expected::List(vec!["a".into(), "1".into(), "false".into()])),
    );
    check_expected("[]", Some(Expected::List(vec![])));
    check_expected(r#"[{"a":1}]"#, Some(Expected::Json(json!([{"a": 1}]))));
    check_expected(r#"{"a":1}"#, Some(Expected::Json(json!({"a": 1}))));
    check_expected(r#"{"json":["a"]}"#, Some(Expected::Json(json!(["a"]))));
    let call = |id: &str| {
        Some(Expected::ToolCalls(vec![trilemma_domain::ToolCall {
            id: id.into(),
            name: "f".into(),
            arguments: json!({"x": 1}),
        }]))
    };
    check_expected(
        r#"{"tool_calls":[{"name":"f","arguments":{"x":1}}]}"#,
        call(""),
    );
    check_expected(
        r#"{"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}}]}"#,
        call("c"),
    );
}

#[test]
fn conversations_in_our_shape_and_in_openais() {
    let image = |data: &str| Part::Image {
        url: None,
        data: Some(data.into()),
        media_type: Some("image/png".into()),
    };
    check_input(r#""hi""#, Input::Text("hi".into()));
    check_input("17", Input::Text("17".into()));
    check_input(r#"{"text":"hi"}"#, Input::Text("hi".into()));
    check_input(
        r#"[{"role":"user","content":"hi"}]"#,
        user(vec![part("hi")]),
    );
    check_input(
        r#"{"messages":[{"role":"user","parts":[{"type":"text","text":"hi"}]}]}"#,
        user(vec![part("hi")]),
    );
    check_input(
        r#"[{"type":"text","text":"hi"},{"type":"cache_breakpoint"}]"#,
        user(vec![part("hi"), Part::CacheBreakpoint]),
    );
    check_input(
        r#"[{"role":"user","content":[{"type":"input_text","text":"what"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}},{"type":"input_image","image_url":"data:image/png;base64,BBBB"},{"type":"image","data":"CCCC","media_type":"image/png"}]}]"#,
        user(vec![
            part("what"),
            image("AAAA"),
            image("BBBB"),
            image("CCCC"),
        ]),
    );
    check_input(
        r#"[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}},{"type":"image_url","image_url":{"url":"https://e.org/a.png"}}]}]"#,
        user(vec![
            Part::File {
                data: "AAAA".into(),
                media_type: "application/pdf".into(),
                name: Some("a.pdf".into()),
            },
            Part::Image {
                url: Some("https://e.org/a.png".into()),
                data: None,
                media_type: None,
            },
        ]),
    );
    let call = trilemma_domain::ToolCall {
        id: "c1".into(),
        name: "f".into(),
        arguments: json!("{broken"),
    };
    check_input(
        r#"[{"role":"developer","content":"be brief"},{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{broken"}}]},{"role":"tool","tool_call_id":"c1","content":"7"}]"#,
        Input::Messages(vec![
            Message::text(Role::System, "be brief"),
            Message {
                role: Role::Assistant,
                parts: vec![Part::ToolCall(call)],
            },
            Message {
                role: Role::Tool,
                parts: vec![Part::ToolResult {
                    id: "c1".into(),
                    text: "7".into(),
                }],
            },
        ]),
    );
}

#[test]
fn wrong_conversations_are_refused_at_their_place() {
    for (input, start) in [
        (
            "true",
            "line 1: `input`: expected a text or a list of messages, found the boolean true",
        ),
        (
            r#"[{"role":"robot","content":"x"}]"#,
            "line 1: `input[0].role`: expected a role, found the text `robot`",
        ),
        (
            r#"[{"role":"user","content":"x"},{"content":"x"}]"#,
            "line 1: `input[1].role`: the message has no role",
        ),
        (
            r#"[{"role":"user","content":7}]"#,
            "line 1: `input[0].content`: expected a text or a list of parts",
        ),
        (
            r#"[{"role":"user","contents":"x"}]"#,
            "line 1: `input[0].contents`: is not a field of a message",
        ),
        (
            r#"[{"role":"user","content":[{"type":"input_audio"}]}]"#,
            "line 1: `input[0].content[0].type`: parts of type `input_audio`",
        ),
        (
            r#"[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]"#,
            "line 1: `input[0].content[0]`: `file_id` names a file",
        ),
        (
            r#"[{"role":"user","content":[{"type":"image","data":"@@","media_type":"image/png"}]}]"#,
            "line 1: `input[0].content[0].data`: is not base64",
        ),
        (
            r#"[{"role":"user","content":[{"type":"image","data":"AAAA"}]}]"#,
            "line 1: `input[0].content[0].media_type`: is missing",
        ),
        (
            r#"[{"role":"tool","content":"x"}]"#,
            "line 1: `input[0]`: a message of role `tool` does not say",
        ),
        (
            r#"[{"role":"user","content":[{"type":"image","path":"a.png"}]}]"#,
            "line 1: `input[0].content[0].path`: a path cannot be resolved",
        ),
    ] {
        check_refused(
            Format::Jsonl,
            format!(r#"{{"id":"a","input":{input}}}"#),
            start,
            "hint",
        );
    }
    check_refused(
        Format::Jsonl,
        r#"{"input":"x","messages":[]}"#,
        "line 1: the item has `input` and `messages`",
        "keep one",
    );
}

#[test]
fn columns_are_mapped_and_checked() {
    let mut options = options(Format::Jsonl);
    options.columns = ColumnMap {
        input: Some("body.messages".into()),
        expected: Some("ideal".into()),
        id: Some("custom_id".into()),
        ..ColumnMap::default()
    };
    let text = r#"{"custom_id":7,"body":{"messages":[{"role":"user","content":"hi"}],"n":1},"ideal":1.0,"input":"kept"}"#;
    let set = read_from(text.as_bytes(), "t", &options).unwrap();
    let item = &set.items()[0];
    assert_eq!(
        (item.id.as_str(), &item.input),
        ("7", &user(vec![part("hi")]))
    );
    assert_eq!(item.expected, Some(Expected::Text("1.0".into())));
    assert_eq!(item.extras.metadata["input"], "kept");
    options.columns.tags = Some("topic".into());
    let errors = read_from(text.as_bytes(), "t", &options)
        .unwrap_err()
        .to_string();
    assert!(
        errors.contains("takes `tags` from `topic`, which no item has"),
        "{errors}"
    );
    assert!(
        errors.contains("columns are: custom_id, body, ideal, input"),
        "{errors}"
    );
}

#[test]
fn misspelt_fields_are_pointed_out() {
    let text = "{\"id\":\"a\",\"input\":\"x\",\"expeced\":\"1\",\"lang\":\"de\",\"Tags\":[]}\n{\"id\":\"b\",\"input\":\"y\",\"expeced\":\"2\"}";
    let set = set(Format::Jsonl, text);
    let warnings: Vec<_> = set.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("`Tags`") && warnings[0].contains("`tags`?"));
    assert!(warnings[1].contains("kept as metadata of 2 items, first on line 1"));
    assert!(warnings[1].contains("did you mean `expected`?"));
    assert_eq!(set.items()[0].extras.metadata["expeced"], "1");
    let ideal = self::set(Format::Jsonl, r#"{"input":"x","ideal":"1"}"#);
    assert!(
        ideal.warnings()[0]
            .to_string()
            .contains("columns = { expected = \"ideal\" }")
    );
}

fn write(path: &Path, bytes: &[u8]) {
    fs_err::File::create(path)
        .unwrap()
        .write_all(bytes)
        .unwrap();
}

#[test]
fn images_are_loaded_from_the_folder_and_from_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    fs_err::create_dir_all(home.join("pics")).unwrap();
    write(&home.join("pics/a.png"), b"\x89PNG\r\n\x1a\nrest");
    write(&home.join("doc.txt"), b"words");
    write(
        &folder.path().join("secret.png"),
        b"\x89PNG\r\n\x1a\nsecret",
    );
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path().join("secret.png"), home.join("link.png")).unwrap();
    let golden = home.join("golden.jsonl");
    let try_part = |part: &str| {
        write(
            &golden,
            format!(r#"{{"id":"a","input":[{part}]}}"#).as_bytes(),
        );
        read(&golden, &ReadOptions::default()).map(|set| set.into_items().remove(0).input)
    };
    let Input::Messages(messages) = try_part(r#"{"type":"image","path":"pics/a.png"}"#).unwrap()
    else {
        panic!("no messages");
    };
    assert_eq!(
        messages[0].parts[0],
        Part::Image {
            url: None,
            data: Some("iVBORw0KGgpyZXN0".into()),
            media_type: Some("image/png".into())
        }
    );
    assert!(try_part(r#"{"type":"file","path":"doc.txt"}"#).is_ok());
    for (part, message) in [
        (
            r#"{"type":"image","path":"../secret.png"}"#,
            "leaves the folder",
        ),
        (
            r#"{"type":"image","path":"/etc/hostname"}"#,
            "leaves the folder",
        ),
        (
            r#"{"type":"image_url","image_url":{"url":"../secret.png"}}"#,
            "leaves the folder",
        ),
        #[cfg(unix)]
        (r#"{"type":"image","path":"link.png"}"#, "leaves the folder"),
        (r#"{"type":"image","path":"none.png"}"#, "cannot be read"),
        (r#"{"type":"image","path":"pics"}"#, "is not a file"),
        (
            r#"{"type":"image","path":"doc.txt"}"#,
            "is not an image but text/plain",
        ),
    ] {
        let errors = try_part(part).unwrap_err().to_string();
        assert!(errors.contains(message), "{part}: {errors}");
    }
}

#[test]
fn missing_files_and_folders_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = read(&folder.path().join("no.jsonl"), &ReadOptions::default()).unwrap_err();
    assert!(missing.to_string().contains("no.jsonl"));
    let is_folder = read(folder.path(), &ReadOptions::default()).unwrap_err();
    assert!(is_folder.to_string().contains("is a folder"));
    // A file named .json that holds lines is common.
    let path = folder.path().join("lines.json");
    write(&path, b"{\"input\":\"x\"}\n{\"input\":\"y\"}\n");
    assert_eq!(read(&path, &ReadOptions::default()).unwrap().len(), 2);
}

#[cfg(feature = "parquet")]
mod parquet_files {
    use std::sync::Arc;

    use parquet::basic::Compression;
    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn bytes(compression: Compression) -> Vec<u8> {
        let schema = "message items { required int64 id; required binary input (UTF8); \
             optional binary expected (UTF8); optional group tags (LIST) { repeated group list \
             { optional binary element (UTF8); } } }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        let mut out = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::new(properties)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let text = |words: &[&str]| -> Vec<ByteArray> {
            words.iter().map(|w| ByteArray::from(*w)).collect()
        };
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&[1, 2], None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(
                &text(&["two + two", "[{\"role\":\"user\",\"content\":\"hi\"}]"]),
                None,
                None,
            )
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&text(&["4"]), Some(&[1, 0]), None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&text(&["sum", "easy"]), Some(&[3, 3, 0]), Some(&[0, 1, 0]))
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        out
    }

    #[test]
    fn rows_become_items() {
        for compression in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::ZSTD(parquet::basic::ZstdLevel::default()),
            Compression::GZIP(parquet::basic::GzipLevel::default()),
        ] {
            let bytes = bytes(compression);
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("golden.parquet");
            write(&path, &bytes);
            let from_file = read(&path, &ReadOptions::default()).unwrap();
            let set = read_from(&bytes[..], "t", &ReadOptions::default()).unwrap();
            assert_eq!(set.fingerprint(), from_file.fingerprint());
            assert_eq!(set.items()[0].extras.tags, ["sum", "easy"]);
            assert_eq!(set.items()[0].id.as_str(), "1");
            assert_eq!(set.items()[0].expected, Some(Expected::Text("4".into())));
            assert_eq!(set.items()[1].input, user(vec![part("hi")]));
            assert_eq!(set.items()[1].expected, None);
        }
    }

    #[test]
    fn corrupt_files_are_refused() {
        let good = bytes(Compression::SNAPPY);
        assert!(get(Format::Parquet, b"PAR1PAR1").is_err());
        let mut refused = 0;
        for cut in 0..good.len() {
            refused += usize::from(get(Format::Parquet, &good[..cut]).is_err());
        }
        assert_eq!(refused, good.len());
    }
}
