//! Label maps: every form that protobuf's parser takes, those it refuses and people write, and both writers.

use recordmill::dataset::{Label, LabelMap};
use recordmill::formats::label_map::{self, parse, to_text, to_text_roboflow};

/// `id name` (and `id name/display name`) of what is read, and the warnings.
fn read(text: &str) -> Result<(String, Vec<String>), String> {
    let (map, warnings) = parse(text).map_err(|error| error.to_string())?;
    let labels = map.labels().iter().map(|Label { id, name, display_name }| match display_name {
        Some(display) => format!("{id} {name}/{display}"),
        None => format!("{id} {name}"),
    });
    let warnings = warnings.iter().map(|warning| format!("{}: {}", warning.line, warning.message));
    Ok((labels.collect::<Vec<_>>().join("; "), warnings.collect()))
}

#[test]
fn what_protobuf_takes() {
    for (text, labels) in [
        ("item {\n  id: 1\n  name: 'raccoon'\n}", "1 raccoon"),
        ("item { name: \"a\" id: 1 } item { name: \"b\" id: 2 }", "1 a; 2 b"),
        ("item: { name: \"a\", id: 1, display_name: \"A\" }", "1 a/A"),
        ("item < id: 2; name: 'b' >", "2 b"),
        ("item: [ { id: 1 name: 'a' }, { id: 2 name: 'b' } ]", "1 a; 2 b"),
        ("# classes\nitem { # first\n id: 1 name: 'a' # }\n}\n", "1 a"),
        ("item { id: 0x10 name: 'a' }", "16 a"),
        ("item { id: 010 name: 'a' }", "8 a"),
        ("item { id: 1 name: 'traf' \"fic\"\n 'light' }", "1 trafficlight"),
        ("item { id: 1 name: \"K\\303\\244tzchen \\\"\\x41\\\" \\u00e9\" }", "1 Kätzchen \"A\" é"),
        ("item { id: 1 name: 'Kätzchen' }", "1 Kätzchen"),
        (
            "item { id: 90 name: '/m/01g317' display_name: 'person' }\nitem { id: 3 name: 'x' }",
            "3 x; 90 /m/01g317/person",
        ),
        ("item{name:'a'id:1}", "1 a"),
        (
            "item { id: 1 name: 'p' keypoints { id: 1 label: 'nose' } keypoints < id: 2 label: 'eye' > ancestor_ids: ['x', 'y'] frequency: COMMON }",
            "1 p",
        ),
        ("item {\n    name: \"cube\",\n    id: 1,\n    display_name: \"cube\"\n}\n", "1 cube"),
        ("item { id: 1 name: 'it\\'s' }", "1 it's"),
        ("item { name: 'item' id: 1 }", "1 item"),
        ("item { id: 1 display_name: 'only this' }", "1 only this"),
    ] {
        assert_eq!(read(text), Ok((labels.into(), Vec::new())), "{text}");
    }
}

#[test]
fn what_protobuf_refuses_and_is_clear() {
    for (text, labels, warning) in [
        ("\u{feff}item { id: 1 name: 'a' }", "1 a", "1: a byte order mark, which TensorFlow refuses"),
        ("item {\n id: 1\n name: \u{201c}a b\u{201d}\n}", "1 a b", "3: curly quotes, which TensorFlow refuses"),
        ("item { id: 1 name: 'men's shoes' }", "1 men's shoes", "1: a quote inside a string, which TensorFlow refuses"),
        (
            "item { id: 1 name: \"24\" monitor\", }",
            "1 24\" monitor",
            "1: a quote inside a string, which TensorFlow refuses",
        ),
        (
            "item {\n id: 1\n name: 'a'\n\nitem {\n id: 2 name: 'b'\n}",
            "1 a; 2 b",
            "5: the item of line 1 is not closed before the next",
        ),
        ("item {\n id: 1\n name: 'a'\n", "1 a", "4: the item of line 1 is not closed"),
        ("item { id: 1 name: 'a' }\n}", "1 a", "2: a closing brace without an opening one"),
        ("item { id: 1 name: 'a' colour: 'red' }", "1 a", "1: unknown field \"colour\" skipped"),
        ("item { id: 1 name: traffic light\n}", "1 traffic light", "1: name \"traffic light\" without quotes"),
        ("item { id: '1' name: 'a' }", "1 a", "1: an id in quotes"),
        ("item { id = 1 name: 'a' }", "1 a", "1: = was read as a colon"),
        ("item { id 1 name: 'a' }", "1 a", "1: no colon behind id"),
        ("Item { id: 1 name: 'a' }", "1 a", "1: \"Item\" was read as item"),
        ("item { ID: 1 name: 'a' }", "1 a", "1: \"ID\" was read as id"),
        (
            "item { id: 0 name: 'background' }\nitem { id: 1 name: 'a' }",
            "1 a",
            "1: \"background\" with id 0 left out: 0 is the background in any case",
        ),
        ("item { id: 1 name: 'a' }\nitem { id: 1 name: 'a' }", "1 a", "2: item \"a\" stands already at line 1"),
    ] {
        assert_eq!(read(text), Ok((labels.into(), vec![warning.into()])), "{text}");
    }
}

#[test]
fn what_has_no_meaning() {
    for (text, message) in [
        ("", "no class in it"),
        ("item { }", "line 1: an item without a name"),
        ("item {\n name: 'a'\n}", "line 1: item \"a\" has no id"),
        ("item {\n name: 'a'\n id: None\n}", "line 3: id None is no whole number"),
        ("item { name: 'a' id: 1.5 }", "line 1: id 1.5 is no whole number"),
        ("item { name: 'a' id: 99999999999999999999 }", "line 1: id 99999999999999999999 is no whole number"),
        ("item { name: 'a' id: 4294967296 }", "line 1: item \"a\" has id 4294967296, ids go from 1 to 2147483647"),
        ("item { name: 'a' id: 0 }", "line 1: item \"a\" has id 0, ids go from 1 to 2147483647"),
        ("item { name: 'a' id: -1 }", "line 1: item \"a\" has id -1, ids go from 1 to 2147483647"),
        ("item { name: 'a' id: 1 }\nitem { name: 'b' id: 1 }", "line 2: item \"b\" has id 1, as \"a\" at line 1 has"),
        ("item { name: 'a' id: 1 }\nitem { name: 'a' id: 2 }", "line 2: item \"a\" has id 2, and id 1 at line 1"),
        ("item {\n name: 'a\n id: 1 }", "line 2: a string that is not closed on its line"),
        ("item { name: '\\377' id: 1 }", "line 1: \"\\\\377\" is not UTF-8 text"),
        ("item { id: 1 name: 'a' }\nthing { }", "line 2: \"thing\" where item was expected"),
        ("item: 5", "line 1: '5' where an opening brace was expected"),
        ("item { id: 1 name: 'a' x: { { { }", "line 1: '{' is not closed"),
    ] {
        assert_eq!(read(text), Err(message.to_owned()), "{text}");
    }
    let deep = format!("item {{ x: {}", "{ y: ".repeat(100_000));
    assert_eq!(read(&deep), Err("line 1: fields nested deeper than 64".into()));
}

#[test]
fn json_and_yaml() {
    for (text, labels) in [
        ("[\"cat\", \"dog, wet\"]", "1 cat; 2 dog, wet"),
        ("{\n\"cat\": 1,\n\"dog\": 7}", "1 cat; 7 dog"),
        ("{\"2\": \"dog\", \"1\": \"cat\"}", "1 cat; 2 dog"),
        ("[{\"id\": 90, \"name\": \"toothbrush\"}, {\"id\": 1, \"name\": \"person\"}]", "1 person; 90 toothbrush"),
        ("{\"info\": {}, \"categories\": [{\"id\": 3, \"name\": \"cat\"}]}", "3 cat"),
        ("{\"item\": [{\"id\": 3, \"name\": \"cat\"}]}", "3 cat"),
        ("{\"model_type\": \"detr\", \"id2label\": {\"3\": \"cat\"}, \"label2id\": {\"cat\": 3}}", "3 cat"),
        ("{\"label2id\": {\"cat\": 3}}", "3 cat"),
        ("{\"names\": [\"cat\", \"dog\"], \"nc\": 2}", "1 cat; 2 dog"),
        ("# of a training\ntrain: images\nnames:\n  - cat\n  - \"no\"\n", "1 cat; 2 no"),
        ("names: [cat, dog]\nnc: 2", "1 cat; 2 dog"),
        ("names:\n  1: cat\n  2: 24\n", "1 cat; 2 24"),
    ] {
        assert_eq!(read(text), Ok((labels.into(), Vec::new())), "{text}");
    }
    let counted = "classes are counted from 0 here; their ids are one more, as 0 is the background";
    for (text, line) in [("names: {0: cat, 1: dog}", 1), ("{\"dog\": 1,\n\"cat\": 0}", 2)] {
        assert_eq!(read(text), Ok(("1 cat; 2 dog".into(), vec![format!("{line}: {counted}")])), "{text}");
    }
    let left_out = "1: \"background\" with id 0 left out: 0 is the background in any case";
    assert_eq!(read("{\"background\": 0, \"cat\": 1}"), Ok(("1 cat".into(), vec![left_out.into()])));
    for (text, message) in [
        ("[\"cat\", [\"dog\"]]", "line 1: an element of the list is neither a class's name nor one with its number"),
        ("{\"cat\": {},\n\"dog\": 1}", "line 1: member \"cat\" is neither a class's name nor one with its number"),
        ("[{\"id\": 1, \"name\": \"cat\"}, \"dog\"]", "line 1: class \"dog\" has no number, as others have"),
        ("{\"cat\": 1,, \"dog\": 2}", "line 1: expected a member's name"),
        ("names:\n  - cat\n  - [dog]\n", "line 3: this is neither a class's name nor one with its number"),
        ("names: []", "no class in it"),
    ] {
        assert_eq!(read(text), Err(message.to_owned()), "{text}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        label_map::read(&path).map(|(map, _)| map.labels().len()).map_err(|error| error.to_string())
    };
    assert_eq!(file("a.yaml", "cat: 1\ndog: 2\n"), Ok(2));
    assert_eq!(file("a.json", "item { id: 1 name: 'a' }"), Ok(1));
    let cut = file("cut.json", "[\"cat\",\n\"dog\"").expect_err("cut");
    assert!(cut.starts_with(&format!("{}:2: ", folder.path().join("cut.json").display())), "{cut}");
    let text = file("text.yml", "just words").expect_err("no classes");
    assert!(text.ends_with("text.yml:1: YAML without a list of classes (names)"), "{text}");
}

#[test]
fn a_class_per_line() {
    for (text, labels) in [
        ("cat\ndog\n", "1 cat; 2 dog"),
        ("\r\ncat \r\n# no class\r\n\r\ntraffic light\r\n", "1 cat; 2 traffic light"),
        ("1,cat\n2,dog\n", "1 cat; 2 dog"),
        ("id,name\n3,cat\n1,\"dog\"\n", "1 dog; 3 cat"),
        ("cat,1\ndog,2\n", "1 cat; 2 dog"),
        ("1: cat\n2: dog", "1 cat; 2 dog"),
        ("1 cat\n2 traffic light", "1 cat; 2 traffic light"),
        ("0\n1\n2", "1 0; 2 1; 3 2"),
        ("24 inch monitor\ncat", "1 24 inch monitor; 2 cat"),
        ("cat:128,0,0::\ndog:::\n", "1 cat; 2 dog"),
        ("item\nitems", "1 item; 2 items"),
        ("item 5", "1 item 5"),
    ] {
        assert_eq!(read(text), Ok((labels.into(), Vec::new())), "{text:?}");
    }
    let left_out = |name: &str| {
        Ok(("1 cat".to_owned(), vec![format!("1: {name:?} left out: the background has no number of its own")]))
    };
    assert_eq!(read("background\ncat"), left_out("background"));
    assert_eq!(read("???\ncat"), left_out("???"));
    assert_eq!(read("background:0,0,0::\ncat:1,2,3::"), left_out("background"));
    assert_eq!(read("0,cat\n1,dog"), Err("line 1: item \"cat\" has id 0, ids go from 1 to 2147483647".into()));
    assert_eq!(read("1,cat\ndog\n"), Err("line 2: \"dog\" is not id,name as other lines are".into()));
    assert_eq!(read("cat\ncat\n"), Err("line 2: item \"cat\" has id 2, and id 1 at line 1".into()));
    assert_eq!(read("cat\n{\"dog\": 1"), Err("line 2: \"{\\\"dog\\\": 1\" is neither an item nor a class name".into()));
}

#[test]
fn writers() {
    let label =
        |id, name: &str, display: Option<&str>| Label { id, name: name.into(), display_name: display.map(Into::into) };
    let map = LabelMap::new(vec![label(3, "it's \"24\\\" \u{1}\n", None), label(1, "traffic sign", Some("Schild"))])
        .expect("good");
    assert_eq!(
        to_text(&map),
        "item {\n  name: \"traffic sign\"\n  id: 1\n  display_name: \"Schild\"\n}\nitem {\n  name: \"it's \\\"24\\\\\\\" \\001\\n\"\n  id: 3\n}\n"
    );
    // To the byte as Roboflow has it.
    let cube = LabelMap::new(vec![label(1, "cube", None)]).expect("good");
    assert_eq!(to_text_roboflow(&cube), "item {\n    name: \"cube\",\n    id: 1,\n    display_name: \"cube\"\n}\n");
    for text in [to_text(&map), to_text_roboflow(&map)] {
        let (again, warnings) = parse(&text).expect("our own");
        assert_eq!(warnings, []);
        assert_eq!(
            again.labels().iter().map(|label| (label.id, &*label.name)).collect::<Vec<_>>(),
            [(1, "traffic sign"), (3, "it's \"24\\\" \u{1}\n".trim_end())]
        );
    }
}

#[test]
fn files_and_their_encodings() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("label_map.pbtxt");
    std::fs::write(&path, b"\xef\xbb\xbfitem { id: 1 name: 'a' }").expect("written");
    let (map, warnings) = label_map::read(&path).expect("good");
    assert_eq!((map.id("a"), warnings.len(), warnings[0].line), (Some(1), 1, 1));
    std::fs::write(&path, b"K\xe4tzchen\n").expect("written");
    let (map, warnings) = label_map::read(&path).expect("good");
    assert_eq!(map.id("Kätzchen"), Some(1));
    assert_eq!(warnings[0].message, "the text is not UTF-8, read as windows-1252");
    std::fs::write(&path, "item {\n id: x name: 'a' }").expect("written");
    let error = label_map::read(&path).expect_err("bad");
    assert_eq!((error.to_string(), error.line()), (format!("{}:2: id x is no whole number", path.display()), 2));
    let error = label_map::read(&folder.path().join("none")).expect_err("not there");
    assert!(matches!(error.kind(), recordmill::formats::FormatErrorKind::Io(_)));
}

#[test]
fn no_prefix_and_no_changed_byte_panics() {
    let good = "item {\n  id: 1 # x\n  name: \"a\\303\\244\" 'b'\n keypoints < id: 1 >\n}\nitem: [ { id: 0x2, name: \u{201c}c\u{201d} } ]\n";
    for end in (0..good.len()).filter(|end| good.is_char_boundary(*end)) {
        let _ = parse(&good[..end]);
    }
    for at in 0..good.len() {
        for byte in [b'\0', b'"', b'\'', b'{', b'}', b'<', b'[', b'\\', b'\n', b':', b',', b'9', 0xc3] {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] = byte;
            let _ = parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
