//! The walk and the image matcher: links, hidden files, strange names, and every rule by which an image is found.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use recordmill::dataset::{ProblemKind, Split};
use recordmill::formats::images::{Asker, Match, Matcher, Rule};
use recordmill::formats::tree::Tree;
use recordmill::formats::{FormatErrorKind, LoadOptions, load};

/// A folder with these empty files.
fn folder_of(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        put(folder.path(), file, "");
    }
    folder
}

fn put(folder: &Path, file: &str, content: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().expect("in a folder")).expect("made");
    fs::write(path, content).expect("written");
}

fn paths(tree: &Tree) -> Vec<String> {
    tree.files().map(|(_, file)| format!("{}:{}", file.root, file.path)).collect()
}

fn problems(tree: &Tree) -> Vec<String> {
    tree.problems().iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect()
}

fn open(folder: &Path) -> Tree {
    Tree::open(folder, &[], false).expect("it opens")
}

#[test]
fn what_the_walk_sees() {
    let folder = folder_of(&[
        "b/2.xml",
        "b/1.jpg",
        "a.xml",
        "b-c/x.PNG",
        ".git/config.xml",
        "a/.DS_Store",
        "a/._1.jpg",
        "__MACOSX/1.jpg",
        "Thumbs.db",
        "desktop.ini",
        "b/@eaDir/1.jpg",
        "ü/ö.jpg",
    ]);
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["0:a.xml", "0:b-c/x.PNG", "0:b/1.jpg", "0:b/2.xml", "0:ü/ö.jpg"]);
    let xml: Vec<&str> = tree.annotations(&["xml"]).map(|file| tree.path(file)).collect();
    assert_eq!(xml, ["a.xml", "b/2.xml"]);
    assert!(tree.problems().is_empty());
    let error = Tree::open(&folder.path().join("none"), &[], false).expect_err("not there");
    assert!(matches!(error.kind(), FormatErrorKind::Io(error) if error.kind() == ErrorKind::NotFound));
    let file = folder.path().join("a.xml");
    let error = Tree::open(folder.path(), &[file], false).expect_err("no folder");
    assert!(matches!(error.kind(), FormatErrorKind::Io(error) if error.kind() == ErrorKind::NotADirectory));
}

#[test]
fn folders_of_images_are_walked_once() {
    let folder =
        folder_of(&["set/labels.csv", "set/images/a.jpg", "set/deep/er/b.jpg", "more/c.jpg", "more/deep/d.jpg"]);
    let at = |path: &str| folder.path().join(path);
    let tree = Tree::open(&at("set"), &[at("set/images"), at("more"), at("more/deep")], false).expect("it opens");
    assert_eq!(paths(&tree), ["0:deep/er/b.jpg", "0:images/a.jpg", "0:labels.csv", "1:c.jpg", "1:deep/d.jpg"]);
    assert_eq!(tree.image_folders(), [(0, "images".into()), (1, String::new()), (1, "deep".into())]);
    // A folder of images around the root leaves the root out.
    let tree = Tree::open(&at("set/images"), &[at("set")], false).expect("it opens");
    assert_eq!(paths(&tree), ["0:a.jpg", "1:deep/er/b.jpg", "1:labels.csv"]);
    // A file, alone: all of its folder. With folders of images: what lies beside it.
    let tree = Tree::open(&at("set/labels.csv"), &[], false).expect("it opens");
    assert_eq!(paths(&tree), ["0:deep/er/b.jpg", "0:images/a.jpg", "0:labels.csv"]);
    let tree = Tree::open(&at("set/labels.csv"), &[at("set/images")], false).expect("it opens");
    assert_eq!(paths(&tree), ["0:labels.csv", "1:a.jpg"]);
}

#[test]
fn links_inside() {
    let folder = folder_of(&["raw/1.jpg", "raw/1.xml", "raw/deep/2.jpg", "x.jpg"]);
    let link = |target: &str, name: &str| symlink(target, folder.path().join(name)).expect("linked");
    link("raw", "train");
    link("../x.jpg", "raw/y.jpg");
    link("..", "raw/up");
    link(".", "self");
    link("loop-b", "loop-a");
    link("loop-a", "loop-b.jpg");
    let absolute = folder.path().canonicalize().expect("real").join("raw/deep");
    symlink(absolute, folder.path().join("absolute")).expect("linked");
    let tree = open(folder.path());
    assert_eq!(
        paths(&tree),
        [
            "0:absolute/2.jpg",
            "0:raw/1.jpg",
            "0:raw/1.xml",
            "0:raw/deep/2.jpg",
            "0:raw/y.jpg",
            "0:train/1.jpg",
            "0:train/1.xml",
            "0:train/deep/2.jpg",
            "0:train/y.jpg",
            "0:x.jpg",
        ]
    );
    assert_eq!(problems(&tree), ["bad-image: loop-b.jpg: the link leads to nothing: loop-a"]);
    // The same file under two names is read once, and can be opened by either.
    let xml: Vec<&str> = tree.annotations(&["xml"]).map(|file| tree.path(file)).collect();
    assert_eq!(xml, ["raw/1.xml"]);
    for (id, _) in tree.files() {
        tree.open_file(id).unwrap_or_else(|error| panic!("{}: {error}", tree.path(id)));
    }
    let find = |path: &str| tree.find(0, path).expect(path);
    assert!(tree.same_file(find("raw/1.jpg"), find("train/1.jpg")));
    assert!(!tree.same_file(find("raw/1.jpg"), find("x.jpg")));
}

#[test]
fn links_in_circles_end() {
    let folder = folder_of(&["a/1.jpg", "b/2.jpg", "c/3.jpg"]);
    for (from, to) in [("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")] {
        for copy in ["x", "y"] {
            symlink(format!("../{to}"), folder.path().join(format!("{from}/to-{to}-{copy}"))).expect("linked");
        }
    }
    assert_eq!(open(folder.path()).files().count(), 6);
}

#[test]
fn links_outside() {
    let outside = folder_of(&["secret.jpg", "more/1.jpg", "notes.xml"]);
    let folder = folder_of(&["a.jpg", "labels.csv"]);
    for (target, name) in [("secret.jpg", "b.jpg"), ("more", "more"), ("notes.xml", "c.xml"), ("notes.xml", "python3")]
    {
        symlink(outside.path().join(target), folder.path().join(name)).expect("linked");
    }
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["0:a.jpg", "0:labels.csv"]);
    let real = outside.path().canonicalize().expect("real");
    let expected: Vec<String> = [("b.jpg", "secret.jpg"), ("c.xml", "notes.xml"), ("more", "more")]
        .map(|(name, target)| {
            let target = real.join(target);
            format!("outside-root: {name}: the link leads outside the dataset's folder, to {}", target.display())
        })
        .into();
    assert_eq!(problems(&tree), expected);
    let matcher = Matcher::new(&tree);
    let asker = Asker { path: "labels.csv", split: None };
    for name in ["b.jpg", "more/1.jpg", "/data/b.jpg", "x/../b.jpg"] {
        assert_eq!(matcher.find(name, &asker), Match::Outside, "{name}");
    }
    assert_eq!(matcher.find("c.jpg", &asker), Match::Missing);
    let tree = Tree::open(folder.path(), &[], true).expect("it opens");
    assert_eq!(paths(&tree), ["0:a.jpg", "0:b.jpg", "0:c.xml", "0:labels.csv", "0:more/1.jpg", "0:python3"]);
    assert!(tree.problems().is_empty());
    for (id, _) in tree.files() {
        tree.open_file(id).unwrap_or_else(|error| panic!("{}: {error}", tree.path(id)));
    }
    // For one file, the links beside it are nobody's business until a row names one.
    let tree = Tree::open(&folder.path().join("labels.csv"), &[], false).expect("it opens");
    assert!(tree.problems().is_empty());
    put(folder.path(), "labels.csv", "filename,class,xmin,ymin,xmax,ymax\nb.jpg,cat,1,2,3,4\n");
    let loaded = load(&folder.path().join("labels.csv"), &LoadOptions::default()).expect("it loads");
    let kinds: Vec<ProblemKind> = loaded.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::OutsideRoot]);
}

/// A folder that holds the data by a link: the refusal says what stands in the way.
#[test]
fn a_source_that_is_all_behind_a_link() {
    let outside = folder_of(&["a.jpg"]);
    put(outside.path(), "labels.csv", "filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,3,4\n");
    let folder = folder_of(&[]);
    symlink(outside.path(), folder.path().join("data")).expect("linked");
    let error = load(folder.path(), &LoadOptions::default()).expect_err("nothing there").to_string();
    let hint = "; links that lead outside, as data, are not followed (--allow-outside follows them)";
    assert!(error.ends_with(hint), "{error}");
    let followed = LoadOptions { allow_outside: true, ..LoadOptions::default() };
    assert_eq!(load(folder.path(), &followed).expect("it loads").dataset.len(), 1);
}

#[test]
fn a_link_that_is_exchanged_after_the_walk_opens_nothing_outside() {
    let outside = folder_of(&["secret.xml"]);
    let folder = folder_of(&["a.xml"]);
    let tree = open(folder.path());
    let file = tree.find(0, "a.xml").expect("seen");
    fs::remove_file(folder.path().join("a.xml")).expect("gone");
    symlink(outside.path().join("secret.xml"), folder.path().join("a.xml")).expect("linked");
    assert!(tree.read(file, 100).is_err());
}

#[test]
fn names_that_are_not_utf8() {
    let folder = folder_of(&["a.jpg"]);
    for name in [&b"b\xff.jpg"[..], b"c\xff.xml", b"d\xff.bin"] {
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), "").expect("written");
    }
    let below = folder.path().join(std::ffi::OsStr::from_bytes(b"e\xfe"));
    fs::create_dir(&below).expect("made");
    fs::write(below.join("f.jpg"), "").expect("written");
    let tree = open(folder.path());
    assert_eq!(paths(&tree), ["0:a.jpg"]);
    assert_eq!(
        problems(&tree),
        [
            r"bad-image: b\xff.jpg: the file's name is not UTF-8, so nothing can name it",
            r"unreadable-annotation: c\xff.xml: the file's name is not UTF-8, so nothing can name it",
            r"bad-image: e\xfe/f.jpg: the file's name is not UTF-8, so nothing can name it",
        ]
    );
}

#[test]
fn pipes_are_not_waited_for() {
    let folder = folder_of(&["a.jpg"]);
    let pipe = folder.path().join("b.xml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        symlink("b.xml", folder.path().join("c.xml")).expect("linked");
        assert_eq!(paths(&open(folder.path())), ["0:a.jpg"]);
    }
}

#[test]
fn a_head_is_not_read_again() {
    let folder = folder_of(&[]);
    let long = "x".repeat(200_000);
    put(folder.path(), "long.csv", &long);
    put(folder.path(), "short.csv", "abc");
    put(folder.path(), "empty.csv", "");
    let tree = open(folder.path());
    let find = |path: &str| tree.find(0, path).expect(path);
    for (path, head) in [("long.csv", &long[..65536]), ("short.csv", "abc"), ("empty.csv", "")] {
        assert_eq!(tree.head(find(path)).expect("read"), head.as_bytes());
        assert_eq!(tree.head(find(path)).expect("kept"), head.as_bytes());
        fs::remove_file(folder.path().join(path)).expect("gone");
    }
    for (path, content) in [("long.csv", &long[..]), ("short.csv", "abc"), ("empty.csv", "")] {
        assert_eq!(tree.read(find(path), 1 << 20).expect("from what was kept"), content.as_bytes());
    }
    put(folder.path(), "long.csv", &long);
    let error = tree.read(find("long.csv"), 199_999).expect_err("longer");
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
}

#[test]
fn a_file_that_the_walk_leaves_out_can_be_named() {
    let folder = folder_of(&["a.jpg"]);
    let outside = folder_of(&[]);
    let rows = "filename,class,xmin,ymin,xmax,ymax\na.jpg,cat,1,2,3,4\n";
    put(folder.path(), ".labels.csv", rows);
    put(outside.path(), "elsewhere.csv", rows);
    symlink(outside.path().join("elsewhere.csv"), folder.path().join("linked.csv")).expect("linked");
    for name in [".labels.csv", "linked.csv"] {
        let loaded = load(&folder.path().join(name), &LoadOptions::default()).expect(name);
        assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (1, 1), "{name}");
        assert!(loaded.problems.is_empty());
        assert_eq!(loaded.dataset.sources.get(0), name);
    }
}

#[test]
fn every_rule_of_the_matcher() {
    let folder = folder_of(&[
        "train/labels/x.csv",
        "train/labels/beside.jpg",
        "root.jpg",
        "given/only.jpg",
        "given/sub/s.jpg",
        "train/images/001.jpg",
        "val/images/001.jpg",
        "train/images/Mixed Case.JPG",
        "a/dup.jpg",
        "b/dup.jpg",
        "a/ext.png",
        "b/two.png",
        "b/two.bmp",
        "deep/er/path/p.jpg",
        "c/images/mask.png",
        "c/previews/mask.png",
        "Screenshot 2020.01.02.jpg",
        "d/dots.v1.jpg",
        "50%.jpg",
        "a b.jpg",
        "é.jpg",
        "e/same.jpg",
        "e/same.JPG",
    ]);
    let tree = Tree::open(folder.path(), &[folder.path().join("given")], false).expect("it opens");
    let matcher = Matcher::new(&tree);
    let asker = Asker { path: "train/labels/x.csv", split: Some(Split::Train) };
    let found = |name: &str| match matcher.find(name, &asker) {
        Match::Found { file, rule } => format!("{rule:?} {}", tree.path(file)),
        Match::Ambiguous(files) => {
            format!("Ambiguous {}", files.iter().map(|file| tree.path(*file)).collect::<Vec<_>>().join(" "))
        }
        other => format!("{other:?}"),
    };
    for (name, result) in [
        // To the letter.
        ("beside.jpg", "BesideAnnotation train/labels/beside.jpg"),
        ("./beside.jpg", "BesideAnnotation train/labels/beside.jpg"),
        ("../images/001.jpg", "BesideAnnotation train/images/001.jpg"),
        ("root.jpg", "FromRoot root.jpg"),
        ("val/images/001.jpg", "FromRoot val/images/001.jpg"),
        ("only.jpg", "ImageFolder given/only.jpg"),
        ("sub/s.jpg", "ImageFolder given/sub/s.jpg"),
        ("50%.jpg", "FromRoot 50%.jpg"),
        // As tools write it.
        (r"sub\s.jpg", "ImageFolder given/sub/s.jpg"),
        ("a%20b.jpg", "FromRoot a b.jpg"),
        ("%C3%A9.jpg", "FromRoot é.jpg"),
        ("file:root.jpg", "FromRoot root.jpg"),
        ("file:///home/me/root.jpg", "Name root.jpg"),
        ("gs://bucket/deep/er/path/p.jpg", "FromRoot deep/er/path/p.jpg"),
        ("s3://bucket/some/path/p.jpg", "PathEnd deep/er/path/p.jpg"),
        ("https://example.org/x/root.jpg?width=3#top", "Name root.jpg"),
        ("HTTP://example.org/root.jpg", "FromRoot root.jpg"),
        ("root.jpg?v=2", "FromRoot root.jpg"),
        // By the end of the path.
        (r"C:\Users\me\er\path\p.jpg", "PathEnd deep/er/path/p.jpg"),
        ("/home/me/path/p.jpg", "PathEnd deep/er/path/p.jpg"),
        ("P.JPEG", "Name deep/er/path/p.jpg"),
        ("mixed case.jpg", "Name train/images/Mixed Case.JPG"),
        ("ext.jpg", "Name a/ext.png"),
        ("ext", "Name a/ext.png"),
        ("Screenshot 2020.01.02", "Name Screenshot 2020.01.02.jpg"),
        ("dots.v1", "Name d/dots.v1.jpg"),
        ("root.xml", "Name root.jpg"),
        // Of several: the nearest, the split's, the one in a folder for images.
        ("001.jpg", "Name train/images/001.jpg"),
        ("x/val/images/001.jpg", "PathEnd val/images/001.jpg"),
        ("a/dup.jpg", "FromRoot a/dup.jpg"),
        ("old/b/dup.jpg", "PathEnd b/dup.jpg"),
        ("mask.png", "Name c/images/mask.png"),
        ("two.png", "Name b/two.png"),
        ("x/same.JPG", "Name e/same.JPG"),
        ("dup.jpg", "Ambiguous a/dup.jpg b/dup.jpg"),
        ("two", "Ambiguous b/two.bmp b/two.png"),
        // Not there.
        ("none.jpg", "Missing"),
        ("", "Missing"),
        (" \u{feff} ", "Missing"),
        ("..", "Missing"),
        ("/", "Missing"),
        ("/etc/passwd", "Missing"),
        ("nul\0.jpg", "Missing"),
        ("x.csv", "Missing"),
        ("../../../etc/passwd", "Outside"),
        (r"..\..\..\x.jpg", "Outside"),
        ("a/../../../../x.jpg", "Outside"),
        ("%2e%2e/%2e%2e/%2e%2e/x.jpg", "Outside"),
        ("../../../elsewhere/root.jpg", "Name root.jpg"),
    ] {
        assert_eq!(found(name), result, "{name:?}");
    }
    // Without a split and from elsewhere, the nearest is none.
    let asker = Asker { path: "x.csv", split: None };
    assert!(matches!(matcher.find("x/001.jpg", &asker), Match::Ambiguous(files) if files.len() == 2));
    let asker = Asker { path: "x.csv", split: Some(Split::Valid) };
    let valid = tree.find(0, "val/images/001.jpg").expect("there");
    assert_eq!(matcher.find("x/001.jpg", &asker), Match::Found { file: valid, rule: Rule::Name });
}

#[test]
fn many_images_of_one_name_are_found_fast() {
    let names: Vec<String> = (0..500).map(|number| format!("{number}/image.jpg")).collect();
    let folder = folder_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let tree = open(folder.path());
    let matcher = Matcher::new(&tree);
    let asker = Asker { path: "labels.csv", split: None };
    let start = std::time::Instant::now();
    for number in 0..500 {
        let name = format!("C:\\data\\{number}\\IMAGE.PNG");
        assert!(matches!(matcher.find(&name, &asker), Match::Found { .. }), "{name}");
    }
    assert!(start.elapsed().as_secs() < 5);
}

/// All that the process opens below `load` of hostile data lies inside: seen by the paths that `strace` reports, in the
/// tests of the whole; here, that a listed file named like a way out is only ever a name.
#[test]
fn hostile_names_are_names() {
    let folder = folder_of(&["images/a.jpg"]);
    let hostile = [
        "../../../../etc/passwd",
        "/etc/passwd",
        "....//....//etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e%2fetc/passwd",
        r"..\..\etc\passwd",
        r"C:\Windows\win.ini",
        r"\\server\share\x.jpg",
        "file:///etc/passwd",
        "file://../../etc/passwd",
        "images/../../x.jpg",
        "/proc/self/environ",
        "~/x.jpg",
        "$HOME/x.jpg",
        "`id`.jpg",
        "CON.jpg",
        "a\u{202e}gpj.exe",
        "images/a.jpg/../../../x.jpg",
        "//etc/passwd",
        "http://169.254.169.254/latest/x.jpg",
        "gs://../../etc/passwd",
        "é\u{0}.jpg",
        "|cat /etc/passwd",
        "-rf.jpg",
        "x".repeat(5000).leak(),
        "../".repeat(2000).leak(),
    ];
    let rows: String = hostile.iter().map(|name| format!("\"{}\",cat,1,2,3,4\n", name.replace('"', "\"\""))).collect();
    put(folder.path(), "labels.csv", &format!("filename,class,xmin,ymin,xmax,ymax\n{rows}"));
    let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
    assert_eq!(loaded.dataset.len(), hostile.len());
    assert!(loaded.dataset.images.root.iter().all(|root| *root == recordmill::dataset::NO_FILE));
    let lines: Vec<u32> = loaded.problems.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, (2..2 + hostile.len() as u32).collect::<Vec<_>>());
    let allowed = [ProblemKind::OutsideRoot, ProblemKind::MissingImage];
    assert!(loaded.problems.iter().all(|problem| allowed.contains(&problem.kind)));
    let outside = loaded.problems.counts().get(&ProblemKind::OutsideRoot);
    assert!(outside.is_some_and(|count| *count >= 6), "{outside:?}");
}

#[test]
fn a_name_counts_from_the_folder_of_images() {
    let folder = folder_of(&["images/a.jpg", "images/sub/a.jpg", "images/train/b.jpg", "images/train/x/b.jpg"]);
    let tree = Tree::open(folder.path(), &[], false).expect("it opens");
    let matcher = Matcher::new(&tree);
    let asker = Asker { path: "annotations/x.json", split: None };
    for (name, path) in [("a.jpg", "images/a.jpg"), ("sub/a.jpg", "images/sub/a.jpg"), ("b.jpg", "images/train/b.jpg")]
    {
        let Match::Found { file, .. } = matcher.find(name, &asker) else { panic!("{name}") };
        assert_eq!(tree.path(file), path);
    }
}

#[test]
fn images_of_two_folders_with_one_name_keep_apart() {
    let folder = folder_of(&["one/a.jpg", "two/a.jpg", "two/sub/a.jpg"]);
    let xml = |filename: &str| format!("<annotation><filename>{filename}</filename></annotation>");
    put(folder.path(), "labels/a.xml", &xml("a.jpg"));
    let dirs: Vec<PathBuf> = ["one", "two"].map(|dir| folder.path().join(dir)).into();
    let options = LoadOptions { image_dirs: dirs, ..LoadOptions::default() };
    let loaded = load(&folder.path().join("labels"), &options).expect("it loads");
    let keys: Vec<&str> = loaded.dataset.images.key.iter().collect();
    assert_eq!(keys, ["a.xml"]);
    assert_eq!(loaded.problems.counts().get(&ProblemKind::AmbiguousImage), Some(&1));
    // All named, by folder.
    put(
        folder.path(),
        "rows/labels.csv",
        "filename,class,xmin,ymin,xmax,ymax\none/a.jpg,c,1,2,3,4\ntwo/a.jpg,c,1,2,3,4\nsub/a.jpg,c,1,2,3,4\n",
    );
    let loaded = load(
        &folder.path().join("rows"),
        &LoadOptions {
            image_dirs: vec![folder.path().join("one"), folder.path().join("two")],
            ..LoadOptions::default()
        },
    );
    let loaded = loaded.expect("it loads");
    let keys: Vec<&str> = loaded.dataset.images.key.iter().collect();
    assert_eq!(keys, ["a.jpg", "sub/a.jpg", "two/a.jpg"]);
    let files: Vec<(u16, &str)> =
        loaded.dataset.images.root.iter().copied().zip(loaded.dataset.images.file.iter()).collect();
    assert_eq!(files, [(1, "a.jpg"), (2, "sub/a.jpg"), (2, "a.jpg")]);
    assert!(loaded.problems.is_empty());
}

/// macOS gives the names of files decomposed; who wrote the annotations typed them composed.
#[test]
fn names_in_another_form_of_unicode() {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    let folder = folder_of(&[&format!("images/{decomposed}.jpg"), "images/\u{1112}\u{1161}\u{11ab}/1.jpg"]);
    let rows = format!("filename,class,xmin,ymin,xmax,ymax\n{composed}.jpg,c,1,2,3,4\n\u{d55c}/1.jpg,c,1,2,3,4\n");
    put(folder.path(), "labels.csv", &rows);
    let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
    let problems: Vec<String> =
        loaded.problems.iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect();
    let note = format!(
        "unicode-form: labels.csv:2: {:?} was found as images/{decomposed}.jpg, the same in another form of Unicode",
        format!("{composed}.jpg")
    );
    assert_eq!(problems, [note]);
    // A file of exactly that name goes first.
    put(folder.path(), &format!("images/{composed}.jpg"), "");
    let dirs = vec![folder.path().join("images")];
    let loaded = load(folder.path(), &LoadOptions { image_dirs: dirs, ..LoadOptions::default() }).expect("it loads");
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    assert!(loaded.dataset.images.file.iter().any(|file| file == format!("images/{composed}.jpg")));

    let voc = folder_of(&[&format!("JPEGImages/{decomposed}.jpg")]);
    let object =
        "<object><name>c</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>";
    let xml = format!("<annotation><filename>{composed}.jpg</filename>{object}</annotation>");
    put(voc.path(), &format!("Annotations/{composed}.xml"), &xml);
    put(voc.path(), "ImageSets/Main/test.txt", &format!("{decomposed}\n"));
    let loaded = load(voc.path(), &LoadOptions::default()).expect("it loads");
    assert_eq!(loaded.dataset.images.split, [Some(Split::Test)]);
    assert_eq!(loaded.problems.counts().iter().collect::<Vec<_>>(), [(&ProblemKind::UnicodeForm, &1)]);
}

/// What looks encoded may be the file's own name: it is decoded only where no file is called so.
#[test]
fn names_that_look_encoded_are_first_taken_as_they_stand() {
    let folder = folder_of(&[
        "a.json",
        "images/a%20b.png",
        "images/a b.png",
        "images/c d.png",
        "images/e\\f.png",
        "images/f.png",
    ]);
    let tree = open(folder.path());
    let matcher = Matcher::new(&tree);
    let asker = Asker { path: "a.json", split: None };
    let found = |name: &str| match matcher.find(name, &asker) {
        Match::Found { file, .. } => tree.path(file).to_owned(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(found("a%20b.png"), "images/a%20b.png");
    assert_eq!(found("images\\a%20b.png"), "images/a%20b.png");
    assert_eq!(found("a b.png"), "images/a b.png");
    assert_eq!(found("c%20d.png"), "images/c d.png");
    assert_eq!(found("http://host/x/c%20d.png?size=1"), "images/c d.png");
    assert_eq!(found("images/e\\f.png"), "images/e\\f.png");
    assert_eq!(found("e\\f.png"), "images/e\\f.png");
    assert_eq!(found("g\\f.png"), "images/f.png");
    assert!(recordmill::formats::images::differs("a%20b.png", "images/a%20b.png").is_none());
}

/// An image that is not there does not get the file of another entry that has its last component.
#[test]
fn a_file_belongs_to_the_name_that_says_all_of_it() {
    let header = "filename,width,height,class,xmin,ymin,xmax,ymax\n";
    let rows = ["x/b.png,100,80,c0,10,20,40,60\n", "y/b.png,100,80,c1,11,20,40,60\n"];
    let coco = r#"{"images": [{"id": 1, "file_name": "y/b.png"}, {"id": 2, "file_name": "x/b.png"}],
        "categories": [{"id": 1, "name": "c"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4]},
                        {"id": 2, "image_id": 2, "category_id": 1, "bbox": [1, 2, 3, 5]}]}"#;
    let retinanet = ["x/b.png,10,20,40,60,c0\n", "y/b.png,11,20,40,60,c1\ny/b.png,12,20,40,60,c1\n"];
    for (name, text) in [
        ("labels.csv", format!("{header}{}{}", rows[0], rows[1])),
        ("labels.csv", format!("{header}{}{}", rows[1], rows[0])),
        ("annotations.csv", retinanet.concat()),
        ("two.csv", format!("{}z/b.png,1,2,3,4,c1\n{}", retinanet[1], retinanet[0])),
        ("annotations.csv", format!("{}{}y/b.png,1,2,3,4,c1\n", retinanet[1], retinanet[0])),
        ("a.json", coco.to_owned()),
    ] {
        let folder = folder_of(&["images/x/b.png"]);
        put(folder.path(), name, &text);
        let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
        let images = &loaded.dataset.images;
        let files: Vec<(&str, &str)> = images.name.iter().zip(images.file.iter()).collect();
        let mut expected = vec![("x/b.png", "images/x/b.png"), ("y/b.png", ""), ("z/b.png", "")];
        expected.truncate(if name == "two.csv" { 3 } else { 2 });
        assert_eq!(files, expected, "{name}");
        let objects =
            loaded.dataset.objects_of(images.name.iter().position(|name| name == "x/b.png").expect("is there"));
        assert_eq!(objects.len(), 1, "{name}");
        let missing: Vec<_> = loaded.problems.iter().filter(|one| one.kind == ProblemKind::MissingImage).collect();
        assert_eq!(missing.len(), expected.len() - 1, "{name}");
        assert_eq!(missing[0].message, "no image is called \"y/b.png\": images/x/b.png is another entry's");
    }
    // Alone it is a folder that was moved.
    for text in [&format!("{header}{}", rows[1]), retinanet[1]] {
        let folder = folder_of(&["images/x/b.png"]);
        put(folder.path(), "labels.csv", text);
        let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
        assert_eq!(loaded.dataset.images.file.get(0), "images/x/b.png");
    }
}

/// A name without extension may end like one with.
#[test]
fn an_image_is_found_by_its_whole_stem() {
    let folder = folder_of(&["a.jpg.png", "a.jpg"]);
    let header = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n";
    let row = |id: &str, x0: f64| format!("{id},xclick,/m/cat,1,{x0},0.5,0.25,0.75,0,0,0,0,0\n");
    put(folder.path(), "train-annotations-bbox.csv", &format!("{header}{}{}", row("a.jpg", 0.25), row("a", 0.125)));
    let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
    assert_eq!(loaded.format.name, "open-images");
    let dataset = &loaded.dataset;
    let left = |row: usize| dataset.objects_of(row).map(|object| dataset.objects.bbox[object][0]).collect::<Vec<_>>();
    let found: Vec<_> = (0..dataset.len()).map(|row| (dataset.images.file.get(row), left(row))).collect();
    assert_eq!(found, [("a.jpg", vec![0.125]), ("a.jpg.png", vec![0.25])]);
}

/// `a.jpg` in a list of VOC's is the image `a.jpg`, or that of the annotation `a.jpg.xml`.
#[test]
fn an_id_of_voc_may_look_like_an_image() {
    let xml = "<annotation><filename>x</filename><size><width>9</width><height>9</height></size><object><name>c</name>\
        <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>";
    for (image, annotation) in [("a.jpg.png", "a.jpg.xml"), ("a.jpg", "a.xml")] {
        let folder = folder_of(&[&format!("JPEGImages/{image}")]);
        put(folder.path(), &format!("Annotations/{annotation}"), xml);
        put(folder.path(), "ImageSets/Main/val.txt", "a.jpg\n");
        let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
        assert_eq!(loaded.dataset.images.split, [Some(Split::Valid)], "{image}");
        assert!(loaded.problems.iter().all(|problem| problem.kind != ProblemKind::MissingImage), "{image}");
    }
}

/// A folder around all of an archive stands in the keys, as it would where the archive had been unpacked.
#[test]
fn an_archive_is_the_folder_that_it_would_be_unpacked_into() {
    let folder = tempfile::tempdir().expect("a folder");
    let unpacked = folder.path().join("unpacked");
    let packed = folder.path().join("packed.zip");
    let mut zipped = zip::ZipWriter::new(std::fs::File::create(&packed).expect("created"));
    for (name, content) in [
        ("top/data.yaml", "train: [a/images, b/images]\nnames: [cat]\n"),
        ("top/a/images/1.png", ""),
        ("top/a/labels/1.txt", "0 0.5 0.5 0.5 0.5\n"),
        ("top/b/images/1.png", ""),
        ("top/b/labels/1.txt", ""),
    ] {
        let path = unpacked.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, content).expect("written");
        zipped.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        std::io::Write::write_all(&mut zipped, content.as_bytes()).expect("written");
    }
    zipped.finish().expect("whole");
    let [from_folder, from_archive] =
        [&unpacked, &packed].map(|source| load(source, &LoadOptions::default()).expect("it loads"));
    for loaded in [from_folder, from_archive] {
        let images = &loaded.dataset.images;
        assert_eq!(images.key.iter().collect::<Vec<_>>(), ["top/a/images/1.png", "top/b/images/1.png"]);
        assert_eq!(images.object_end, [1, 1]);
    }
}

#[test]
fn named_files_of_several_folders_are_one_tree() {
    let folder = folder_of(&["a/1.rec", "a/2.rec", "a/map.pbtxt", "b/1.rec", "b/deep/1.rec", "b/other.txt", "c/1.rec"]);
    let files = ["b/1.rec", "a/2.rec", "a/1.rec"].map(|file| folder.path().join(file));
    let tree = Tree::open_files(&files, |name| name.ends_with(".pbtxt"), false).expect("it opens");
    // Roots are in the order in which they are named, files in that of their names.
    assert_eq!(paths(&tree), ["0:1.rec", "1:1.rec", "1:2.rec", "1:map.pbtxt"]);
    assert_eq!(tree.find(1, "2.rec").map(|file| tree.full_path(file)), Some(folder.path().join("a/2.rec")));
    assert_eq!((tree.find(0, "2.rec"), tree.find(0, "other.txt"), tree.only()), (None, None, None));
    let gone = [folder.path().join("gone/1.rec")];
    assert!(matches!(Tree::open_files(&gone, |_| true, false).expect_err("no folder").kind(), FormatErrorKind::Io(_)));
}
