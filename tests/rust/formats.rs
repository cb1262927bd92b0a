//! Annotation formats: the real dataset, and every fixture of `tests/data/formats`.

use std::path::{Path, PathBuf};

use recordmill::dataset::{NO_FILE, ProblemKind, Severity, Sparse, Split, flag};
use recordmill::formats::{FORMATS, FormatErrorKind, LoadOptions, Loaded, load};
use serde_json::{Value, json};

/// The raccoon dataset, if it is on this machine.
fn raccoon() -> Option<PathBuf> {
    let shared = std::env::var_os("RECORDMILL_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")));
    let folder = shared.join("data/raccoon");
    if !folder.is_dir() {
        println!("skipped: no {}", folder.display());
        return None;
    }
    Some(folder)
}

fn from(format: &str) -> LoadOptions {
    LoadOptions { from: Some(format.into()), ..LoadOptions::default() }
}

fn splits(loaded: &Loaded) -> [usize; 4] {
    let count = |split| loaded.dataset.images.split.iter().filter(|known| **known == split).count();
    [count(Some(Split::Train)), count(Some(Split::Valid)), count(Some(Split::Test)), count(None)]
}

#[test]
fn raccoon_voc() {
    let Some(folder) = raccoon() else { return };
    for (source, options) in [
        (folder.clone(), from("voc")),
        (folder.join("annotations"), LoadOptions { image_dirs: vec![folder.join("images")], ..LoadOptions::default() }),
    ] {
        let loaded = load(&source, &options).expect("it loads");
        assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (200, 217), "{:?}", loaded.reasons);
        assert_eq!(loaded.format.name, "voc");
        assert!(loaded.dataset.images.root.iter().all(|root| *root != NO_FILE));
        assert_eq!(loaded.problems.count(Severity::Error), 0, "{:?}", loaded.problems.counts());
        assert_eq!(loaded.dataset.classes.len(), 1);
        assert_eq!(splits(&loaded), [0, 0, 0, 200]);
    }
}

#[test]
fn raccoon_is_two_formats_at_once() {
    let Some(folder) = raccoon() else { return };
    let error = load(&folder, &LoadOptions::default()).expect_err("two formats");
    assert!(matches!(error.kind(), FormatErrorKind::Ambiguous(_)));
    assert_eq!(
        error.to_string(),
        format!(
            "{}: fits several formats: csv (raccoon_labels.csv, test_labels.csv, train_labels.csv have a header with \
             image, class and box), voc (200 XML files, annotations/raccoon-1.xml has <annotation> with <object> and a \
             box); say which with --from csv or --from voc",
            folder.display()
        )
    );
}

#[test]
fn raccoon_csv() {
    let Some(folder) = raccoon() else { return };
    // The three files together: each image stands in two of them.
    let loaded = load(&folder, &from("csv")).expect("it loads");
    assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (200, 217));
    assert_eq!(splits(&loaded), [160, 0, 40, 0]);
    assert_eq!(loaded.problems.counts().get(&ProblemKind::RepeatedEntry), Some(&200));
    assert_eq!(loaded.problems.count(Severity::Error), 0, "{:?}", loaded.problems.counts());

    // The test split alone: the other 160 images of the folder are not negatives.
    let options = LoadOptions { image_dirs: vec![folder.join("images")], ..LoadOptions::default() };
    let loaded = load(&folder.join("test_labels.csv"), &options).expect("it loads");
    assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (40, 44));
    assert_eq!(splits(&loaded), [0, 0, 40, 0]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems.counts());
    assert_eq!(loaded.dataset.images.key.get(0), "raccoon-105.jpg");
}

/// What a dataset holds, in the form of the fixtures' `expected.json`.
fn described(loaded: &Loaded) -> Value {
    let dataset = &loaded.dataset;
    let images: Vec<Value> = (0..dataset.len())
        .map(|image| {
            let objects: Vec<Value> =
                dataset.objects_of(image).map(|object| described_object(loaded, object)).collect();
            let (key, file) = (dataset.images.key.get(image), dataset.images.file.get(image));
            let split = dataset.images.split[image].map(Split::name);
            let size = [dataset.images.width[image], dataset.images.height[image]];
            let mut described = json!({
                "key": key, "name": dataset.images.name.get(image), "size": size, "split": split, "objects": objects,
            });
            let images = &dataset.images;
            if let Some(id) = images.id.get(image) {
                described["id"] = (*id).into();
            }
            if let Some(url) = images.url.get(image) {
                described["url"] = (**url).into();
            }
            if let Some(captions) = images.captions.get(image) {
                described["captions"] = json!(captions);
            }
            if let Some(labels) = images.labels.get(image) {
                let name = |class: &u32| dataset.classes[*class as usize].name.as_str();
                described["labels"] = labels.iter().map(name).collect();
            }
            if dataset.images.root[image] == NO_FILE {
                described["file"] = Value::Null;
            } else if file != key {
                described["file"] = file.into();
            }
            described
        })
        .collect();
    Value::Array(images)
}

fn described_object(loaded: &Loaded, object: usize) -> Value {
    let objects = &loaded.dataset.objects;
    let class = &loaded.dataset.classes[objects.class[object] as usize].name;
    let mut described = json!({"class": class, "box": objects.bbox[object]});
    if objects.line[object] > 0 {
        described["line"] = objects.line[object].into();
    }
    if let Some(source) = objects.source.get(object) {
        described["source"] = loaded.dataset.sources.get(*source as usize).into();
    }
    let flags: Vec<String> = [
        (flag::HAS_DIFFICULT, flag::DIFFICULT, "difficult"),
        (flag::HAS_TRUNCATED, flag::TRUNCATED, "truncated"),
        (flag::HAS_OCCLUDED, flag::OCCLUDED, "occluded"),
        (flag::HAS_CROWD, flag::CROWD, "crowd"),
    ]
    .into_iter()
    .filter(|(has, _, _)| objects.flags[object] & has != 0)
    .map(|(_, is, name)| format!("{}{name}", if objects.flags[object] & is != 0 { "" } else { "not " }))
    .collect();
    if !flags.is_empty() {
        described["flags"] = flags.into();
    }
    if let Some(pose) = objects.pose.get(object) {
        described["pose"] = (**pose).into();
    }
    if let Some(polygons) = objects.polygons.get(object) {
        described["polygons"] = json!(polygons.to_vec());
    }
    if let Some(attributes) = objects.attributes.get(object) {
        described["attributes"] = attributes.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    }
    for (name, value) in [("area", &objects.area), ("score", &objects.score)] {
        if let Some(value) = value.get(object) {
            described[name] = json!(value);
        }
    }
    for (name, value) in [("id", &objects.id), ("track", &objects.track)] {
        if let Some(value) = value.get(object) {
            described[name] = json!(value);
        }
    }
    if let Some(keypoints) = objects.keypoints.get(object) {
        described["keypoints"] = keypoints.iter().map(|point| json!([point.x, point.y, point.visibility])).collect();
    }
    if let Some(mask) = objects.masks.get(object) {
        described["mask"] = json!({"size": [mask.height, mask.width], "runs": mask.runs});
    }
    if let Some(corners) = objects.corners.get(object) {
        described["corners"] = json!(corners);
    }
    if objects.normalised[object] {
        described["normalised"] = true.into();
    }
    described
}

/// What one case gives, against what it must.
fn check_case(case: &Path, faults: &mut Vec<String>) -> bool {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(case.join("expected.json")).expect("readable")).expect("JSON");
    let input = case.join("input");
    let word = |key: &str| expected[key].as_str().map(str::to_owned);
    let source = word("source").map_or_else(|| input.clone(), |source| input.join(source));
    let folders = expected["image_dirs"].as_array().map_or(&[][..], Vec::as_slice);
    let options = |workers| LoadOptions {
        from: word("from"),
        image_dirs: folders.iter().filter_map(|folder| Some(input.join(folder.as_str()?))).collect(),
        voc_one_based: expected["voc_one_based"].as_bool(),
        class_attribute: word("class_attribute"),
        workers,
        ..LoadOptions::default()
    };
    let mut differ = |what: &str, got: &str, wanted: &str| {
        if got != wanted {
            faults.push(format!("{}: {what}\n    got {got}\n wanted {wanted}", case.display()));
        }
    };
    let loaded = match load(&source, &options(1)) {
        Ok(loaded) => loaded,
        Err(error) => {
            let wanted = word("error").unwrap_or_default().replace("{input}", &source.display().to_string());
            differ("error", &error.to_string(), &wanted);
            return false;
        }
    };
    differ("error", "none", word("error").as_deref().unwrap_or("none"));
    differ("format", loaded.format.name, word("format").as_deref().unwrap_or_default());
    let again = load(&source, &options(8)).expect("as before");
    // Where images were put aside differs, and their order there.
    let steady = |loaded: &Loaded| {
        let mut dataset = loaded.dataset.clone();
        if !std::mem::take(&mut dataset.kept).is_empty() {
            dataset.roots.pop();
            dataset.images.span = Sparse::default();
        }
        format!("{dataset:?}")
    };
    differ("with 8 workers", &steady(&again), &steady(&loaded));
    let problems = |loaded: &Loaded| -> Vec<String> {
        loaded.problems.iter().map(|problem| format!("{}: {problem}", problem.kind.word())).collect()
    };
    differ("problems with 8 workers", &problems(&again).join("\n"), &problems(&loaded).join("\n"));
    // Who wants the boxes alone, as a conversion to records, gets the same ones as who checks all.
    let alone = load(&source, &LoadOptions { boxes_only: true, ..options(1) }).expect("as before");
    let boxes = |loaded: &Loaded| {
        let mut boxes: Vec<String> = loaded.dataset.objects.bbox.iter().map(|bbox| format!("{bbox:?}")).collect();
        boxes.sort();
        boxes.join(" ")
    };
    differ("boxes alone", &boxes(&alone), &boxes(&loaded));
    // What is wrong with an outline or a mask alone costs no more than itself, and who reads none does not see it.
    let faults = |loaded: &Loaded| {
        let is_fault = |kind: &ProblemKind| kind.severity() != Severity::Note && *kind != ProblemKind::BadMask;
        let faults = problems(loaded).into_iter().zip(loaded.problems.iter());
        faults.filter(|(_, problem)| is_fault(&problem.kind)).map(|(line, _)| line).collect::<Vec<_>>().join("\n")
    };
    differ("faults of boxes alone", &faults(&alone), &faults(&loaded));
    if let Some(reason) = expected["reason"].as_str() {
        differ("reason", &loaded.reasons[0], reason);
    }
    let (got, wanted) = (described(&loaded), &expected["images"]);
    let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
    differ("number of images", &rows(&got).len().to_string(), &rows(wanted).len().to_string());
    for (got, wanted) in rows(&got).iter().zip(rows(wanted)) {
        differ("image", &got.to_string(), &wanted.to_string());
    }
    let mut got = problems(&loaded);
    let mut wanted: Vec<String> =
        rows(&expected["problems"]).iter().filter_map(|problem| Some(problem.as_str()?.to_owned())).collect();
    if expected["any_order"] == true {
        got.sort();
        wanted.sort();
    }
    differ("problems", &got.join("\n        "), &wanted.join("\n        "));
    let count = |kind: ProblemKind| loaded.problems.counts().get(&kind).copied().unwrap_or(0);
    let skipped = loaded.skipped.reasons.get("bad-entry").map_or(0, |ledger| ledger.objects);
    // An entry is an object's, unless the case says otherwise.
    let wanted = expected["lost_objects"].as_u64().unwrap_or_else(|| count(ProblemKind::BadEntry));
    differ("objects left out", &skipped.to_string(), &wanted.to_string());
    if let Some(classes) = expected["classes"].as_array() {
        let got: Vec<&str> = loaded.dataset.classes.iter().map(|class| class.name.as_str()).collect();
        differ("classes", &json!(got).to_string(), &json!(classes).to_string());
        differ("order", &loaded.dataset.classes_ordered.to_string(), &expected["ordered"].to_string());
        if let Some(wanted) = expected.get("class_ids") {
            let ids: Vec<Option<i64>> = loaded.dataset.classes.iter().map(|class| class.source_id).collect();
            differ("ids of classes", &json!(ids).to_string(), &wanted.to_string());
        }
        let skeletons: Vec<Value> = loaded
            .dataset
            .classes
            .iter()
            .filter(|class| !class.keypoints.is_empty())
            .map(|class| json!([class.name, class.supercategory, class.keypoints, class.skeleton]))
            .collect();
        differ("skeletons", &json!(skeletons).to_string(), &json!(rows(&expected["skeletons"])).to_string());
        let remarks = json!(loaded.reasons[1..]).to_string();
        differ("remarks", &remarks, &json!(rows(&expected["remarks"])).to_string());
    }
    loaded.problems.count(Severity::Error) == 0
}

#[test]
fn fixtures() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/formats"));
    let mut faults = Vec::new();
    for format in FORMATS {
        let folder = root.join(format.name);
        let cases = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut cases: Vec<PathBuf> =
            cases.map(|entry| entry.expect("listed").path()).filter(|path| path.is_dir()).collect();
        cases.sort();
        let good = cases.iter().filter(|case| check_case(case, &mut faults)).count();
        let bad = cases.len() - good;
        if good < 5 || bad < 3 {
            faults.push(format!("{} has {good} good and {bad} bad cases", format.name));
        }
    }
    assert!(faults.is_empty(), "{}\n{} differences", faults.join("\n"), faults.len());
}

/// A folder with one image and one annotation file, read as `from`.
struct One {
    folder: tempfile::TempDir,
    name: &'static str,
    format: &'static str,
}

impl One {
    fn new(name: &'static str, format: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.png"), "").expect("written");
        Self { folder, name, format }
    }

    fn load(&self, content: &[u8]) -> Result<Loaded, String> {
        std::fs::write(self.folder.path().join(self.name), content).expect("written");
        load(self.folder.path(), &from(self.format)).map_err(|error| error.to_string())
    }
}

/// What Open Images says of a box besides its place stands in what is written as Open Images again.
#[test]
fn open_images_flags_come_back() {
    const HEAD: &str = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,IsDepiction,IsInside\n";
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("in")).expect("made");
    std::fs::write(at("in/a.png"), crate::convert::corpus::png(40, 30, 0)).expect("written");
    let rows = "a,xclick,cat,1,0.25,0.5,0.25,0.5,-1,0,1,1,-1\na,xclick,dog,1,0.25,0.75,0.25,0.5,-1,1,0,-1,1\n";
    std::fs::write(at("in/train-annotations-bbox.csv"), format!("{HEAD}{rows}")).expect("written");
    let loaded = load(&at("in"), &LoadOptions::default()).expect("it loads");
    let target = recordmill::formats::by_name("open-images");
    let options = recordmill::convert::Options { target, sync: false, ..Default::default() };
    recordmill::convert::convert_dataset(&loaded, &at("out"), &options, &mut ()).expect("written");
    let text = std::fs::read_to_string(at("out/annotations/train-annotations-bbox.csv")).expect("there");
    assert_eq!(text, format!("{HEAD}{rows}"));
}

/// An archive in the source is named where images are missing, and where nothing is found.
#[test]
fn archives_inside_of_a_source_are_named() {
    const HINT: &str = "archives in a folder are not looked into, but can be the source or --images themselves: images.zip, more/b.tgz";
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let mut zipped = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zipped.start_file("a.png", zip::write::SimpleFileOptions::default()).expect("begun");
    std::fs::create_dir(at("more")).expect("made");
    std::fs::write(at("images.zip"), zipped.finish().expect("whole").into_inner()).expect("written");
    std::fs::write(at("more/b.tgz"), packed_tar()).expect("written");
    // The name alone makes none.
    std::fs::write(at("notes.zip"), "a, b").expect("written");
    let error = load(folder.path(), &LoadOptions::default()).expect_err("nothing there").to_string();
    assert!(error.contains(HINT), "{error}");
    std::fs::write(at("labels.csv"), CSV).expect("written");
    let loaded = load(folder.path(), &LoadOptions::default()).expect("it loads");
    assert_eq!(loaded.reasons.last().map(String::as_str), Some(HINT));
    // Images that are in the archive are there.
    let options = LoadOptions { image_dirs: vec![at("images.zip")], ..LoadOptions::default() };
    let loaded = load(folder.path(), &options).expect("it loads");
    assert!(loaded.dataset.images.root.iter().all(|root| *root != NO_FILE));
    assert!(loaded.reasons.iter().all(|reason| reason != HINT), "{:?}", loaded.reasons);
}

/// A `.tar.gz` with an empty file.
fn packed_tar() -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    header.set_cksum();
    tar.append_data(&mut header, "b.png", &[][..]).expect("added");
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).expect("whole")
}

const VOC: &str = "<?xml version=\"1.0\"?>\n<annotation verified=\"yes\">\n<filename>a.png</filename>\n<source><database>x</database></source>\n\
    <size><width>40</width><height>30</height></size>\n<object><name>salt &amp; <![CDATA[pepper]]></name><pose>Left</pose>\n\
    <difficult>0</difficult><!-- c --><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30.5</xmax><ymax>20</ymax></bndbox>\n\
    <attributes><attribute><name>a</name><value>b</value></attribute></attributes>\n\
    <polygon><x1>1</x1><y1>2</y1><x2>3</x2><y2>4</y2><x3>5</x3><y3>6</y3></polygon></object>\n</annotation>\n";

const CSV: &str = "filename,width,height,class,xmin,ymin,xmax,ymax,colour\na.png,40,30,cat,1,2,30,20,brown\n\
    a.png,40,30,\"big, dog\",10,20,30,25,\n";

#[test]
fn every_prefix_of_a_voc_file_is_an_error() {
    let one = One::new("a.xml", "voc");
    let whole = described(&one.load(VOC.as_bytes()).expect("good"));
    for end in 0..VOC.len() {
        let loaded = one.load(&VOC.as_bytes()[..end]).expect("it loads, with problems");
        // Only what stands behind the root element may be missing.
        if end >= VOC.trim_end().len() {
            assert_eq!(described(&loaded), whole);
            assert!(loaded.problems.is_empty());
            continue;
        }
        let problems: Vec<ProblemKind> = loaded.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(problems, [ProblemKind::UnreadableAnnotation], "{:?}", &VOC[..end]);
        assert!(loaded.dataset.is_empty(), "the image of a broken annotation is no negative");
    }
}

/// An image of whose objects none can be read is not one where there is nothing.
#[test]
fn a_voc_file_without_a_readable_object_makes_no_negative() {
    let one = One::new("a.xml", "voc");
    let loaded = one.load(VOC.replace("<xmin>1<", "<xmin>one<").as_bytes()).expect("it loads, with problems");
    assert_eq!(loaded.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), [ProblemKind::BadEntry]);
    assert!(loaded.dataset.is_empty());
    // One that says itself that there is none does.
    let (head, rest) = VOC.split_once("<object>").expect("an object");
    let empty = format!("{head}{}", rest.split_once("</object>").expect("its end").1);
    let loaded = one.load(empty.as_bytes()).expect("good");
    assert_eq!((loaded.dataset.len(), loaded.dataset.objects.len()), (1, 0));
}

/// CSV has no end mark. So a prefix is one of: no header (an error), whole rows, or whole rows and a last one that lacks
/// fields (an error) or ends inside its last field (not to be seen).
#[test]
fn every_prefix_of_a_csv_file_is_known() {
    let one = One::new("a.csv", "csv");
    let boxes = |loaded: &Loaded| loaded.dataset.objects.bbox.clone();
    let whole = boxes(&one.load(CSV.as_bytes()).expect("good"));
    assert_eq!(whole, [[1.0, 2.0, 30.0, 20.0], [10.0, 20.0, 30.0, 25.0]]);
    let header = CSV.find('\n').expect("a header");
    for end in 0..=CSV.len() {
        let text = &CSV[..end];
        match one.load(text.as_bytes()) {
            Err(_) => assert!(end < header, "{text:?}"),
            // A header that is cut behind `ymax` asks for fewer fields than the rows of the whole file have.
            Ok(loaded) if end <= header => assert!(loaded.dataset.is_empty() && end + ",colour".len() >= header),
            Ok(loaded) => {
                let last = text.rsplit('\n').next().unwrap_or_default();
                let rows = text.lines().count() - 1;
                let quoted = last.contains('"');
                let enough = last.is_empty() || last.matches(',').count() == 8 + usize::from(quoted);
                let errors = loaded.problems.count(Severity::Error);
                assert_eq!(errors, u64::from(!enough), "{text:?}");
                let good = rows - usize::from(!enough);
                assert_eq!(boxes(&loaded), whole[..good], "{text:?}");
            }
        }
    }
}

const COCO: &str = "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\", \"width\": 40, \"height\": 30}],\n\
    \"annotations\": [{\"id\": 1, \"image_id\": 1, \"category_id\": 2, \"bbox\": [1, 2.5, 3e0, 4], \"iscrowd\": 0,\n\
    \"segmentation\": [[1, 2, 3, 4, 5, 6]], \"attributes\": {\"a\": \"b\\\"}\"}}, {\"image_id\": 1, \"category_id\": 2,\n\
    \"bbox\": [0, 0, 9, 9], \"segmentation\": {\"size\": [30, 40], \"counts\": \"0hb0hb0\"}}],\n\
    \"categories\": [{\"id\": 2, \"name\": \"cat\"}]}\n";

#[test]
fn every_prefix_of_a_coco_file_is_an_error() {
    let one = One::new("a.json", "coco");
    let whole = one.load(COCO.as_bytes()).expect("good");
    assert_eq!((whole.dataset.objects.len(), whole.problems.is_empty()), (2, true));
    for end in 0..COCO.trim_end().len() {
        // Before COCO can be recognised, the format is not there; then the file is broken.
        if let Ok(loaded) = one.load(&COCO.as_bytes()[..end]) {
            let problems: Vec<ProblemKind> = loaded.problems.iter().map(|problem| problem.kind).collect();
            assert_eq!(problems, [ProblemKind::UnreadableAnnotation], "{:?}", &COCO[..end]);
            assert!(loaded.dataset.is_empty());
        }
    }
}

#[test]
fn no_changed_byte_panics() {
    for (name, format, good) in [("a.xml", "voc", VOC), ("a.csv", "csv", CSV), ("a.json", "coco", COCO)] {
        let one = One::new(name, format);
        for at in 0..good.len() {
            for byte in [b'\0', b'<', b'>', b'"', b'&', b'\n', b',', b'9', 0xff] {
                let mut bytes = good.as_bytes().to_vec();
                bytes[at] = byte;
                let _ = one.load(&bytes);
            }
        }
    }
}

#[test]
fn a_box_that_has_no_end_is_no_box() {
    let one = One::new("a.csv", "csv");
    for (header, row) in [("x,y,w,h", "1e308,0,1e308,1"), ("xmin,ymin,xmax,ymax", "-1e309,0,1,1")] {
        let loaded = one.load(format!("filename,class,{header}\na.png,cat,{row}\n").as_bytes()).expect("it loads");
        assert_eq!(loaded.dataset.objects.len(), 0);
        assert_eq!(loaded.problems.counts().get(&ProblemKind::BadEntry), Some(&1));
    }
}

#[test]
fn limits() {
    // Sparse, so it costs nothing but the attempt.
    let one = One::new("a.xml", "voc");
    let file = std::fs::File::create(one.folder.path().join("a.xml")).expect("made");
    file.set_len((64 << 20) + 1).expect("long");
    let loaded = load(one.folder.path(), &from("voc")).expect("it loads, with a problem");
    let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, ["a.xml: more than 67108864 bytes, which no annotation file needs"]);
}

#[test]
fn what_is_long_is_not_printed_whole() {
    let one = One::new("labels.csv", "csv");
    let table = |class: &str, image: &str| {
        format!("filename,class,xmin,ymin,xmax,ymax\na.png,{class},1,2,3,4\n{image},cat,1,2,3,4\n")
    };
    let long = "x".repeat(64 << 10);
    let loaded = one.load(table(&long, &long).as_bytes()).expect("it loads");
    assert_eq!(loaded.dataset.classes.iter().map(|class| class.name.len()).max(), Some(64 << 10));
    let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    let start = "x".repeat(80);
    assert_eq!(problems, [format!("labels.csv:3: no image is called \"{start}...\" (65536 characters)")]);
    let error = one.load(table(&(long + "y"), "a.png").as_bytes()).expect_err("too long a name");
    let file = one.folder.path().join("labels.csv");
    let message =
        format!("the name of class \"{start}...\" (65537 characters) has 65537 bytes, at most 65536 are taken");
    assert_eq!(error, format!("{}:2: {message}", file.display()));
}

/// The rows of an image may stand anywhere, and of rows that say the same the first one counts; the others are told in
/// the order of the file.
#[test]
fn repeated_rows_are_told_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = "a.jpg,cat,1,2,3,4\nb.jpg,cat,1,2,3,4\na.jpg,dog,1,2,3,4\na.jpg,cat,1,2,3,4\na.jpg,dog,1,2,3,4\n\
                b.jpg,cat,1,2,3.5,4\na.jpg,cat,1,2,3,4\na.jpg,cat,1,2,3,4.5\n";
    std::fs::write(folder.path().join("labels.csv"), format!("filename,class,xmin,ymin,xmax,ymax\n{rows}"))
        .expect("written");
    for image in ["a.jpg", "b.jpg"] {
        std::fs::write(folder.path().join(image), "").expect("written");
    }
    let loaded = load(folder.path(), &from("csv")).expect("it loads");
    let told: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "labels.csv:5: the same row as line 2; taken once",
            "labels.csv:6: the same row as line 4; taken once",
            "labels.csv:8: the same row as line 2; taken once",
        ]
    );
    assert_eq!(loaded.dataset.objects.line, [2, 4, 9, 3, 7]);
}
