//! Datasets that only a second look shows as what they are: splits, objects, formats.

use std::fs;
use std::path::Path;

use recordmill::convert::{Options, convert};
use recordmill::dataset::{Dataset, ProblemKind, Split};
use recordmill::formats::{LoadOptions, Loaded, by_name, load};

fn loaded(files: &[(&str, &str)]) -> Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("made");
        fs::write(path, content).expect("written");
    }
    load(folder.path(), &LoadOptions::default()).expect("it loads")
}

fn splits(loaded: &Loaded) -> Vec<(&str, Option<Split>)> {
    let images = &loaded.dataset.images;
    (0..loaded.dataset.len()).map(|row| (images.key.get(row), images.split[row])).collect()
}

#[test]
fn a_word_that_tells_two_files_apart() {
    let row = |name: &str| format!("filename,width,height,class,xmin,ymin,xmax,ymax\n{name},100,80,cat,10,10,30,40\n");
    let (one, other) = (row("1.jpg"), row("2.jpg"));
    let images = [("images/1.jpg", ""), ("images/2.jpg", "")];
    let both = [images[0], images[1], ("ds_train_v2.csv", &one), ("ds_val_v2.csv", &other)];
    let found = [("images/1.jpg", Some(Split::Train)), ("images/2.jpg", Some(Split::Valid))];
    assert_eq!(splits(&loaded(&both)), found);
    // Alone it may be a word like any other.
    let alone = [images[0], ("crash_test_v2.csv", &*one)];
    assert_eq!(splits(&loaded(&alone)), [("images/1.jpg", None)]);
}

#[test]
fn the_subset_of_a_cvat_task() {
    let image = |id, more| {
        format!(
            r#"<image id="{id}" name="{id}.jpg" width="100" height="80"{more}>
              <box label="car" occluded="0" xtl="10.0" ytl="20.0" xbr="30.0" ybr="40.0" z_order="0"></box></image>"#
        )
    };
    let xml = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta><task><id>7</id>
        <subset>Validation</subset><labels><label><name>car</name></label></labels></task></meta>{}{}</annotations>"#,
        image(0, ""),
        image(1, r#" subset="Train""#)
    );
    let loaded = loaded(&[("annotations.xml", &xml), ("images/0.jpg", ""), ("images/1.jpg", "")]);
    assert_eq!(splits(&loaded), [("images/0.jpg", Some(Split::Valid)), ("images/1.jpg", Some(Split::Train))]);
}

#[test]
fn an_object_without_its_box_is_no_label_of_the_image() {
    let of = |annotation: &str| {
        let json = format!(
            r#"{{"images": [{{"id": 1, "file_name": "1.jpg", "width": 100, "height": 80}}],
            "categories": [{{"id": 1, "name": "cat"}}],
            "annotations": [{{"id": 5, "image_id": 1, "category_id": 1{annotation}}}]}}"#
        );
        let loaded = loaded(&[("a.json", &json), ("1.jpg", "")]);
        let labels = loaded.dataset.images.labels.get(0).map_or(0, |labels| labels.len());
        (labels, loaded.problems.iter().any(|problem| problem.kind == ProblemKind::BadEntry))
    };
    assert_eq!(of(r#", "bbox": null, "area": 600, "iscrowd": 0"#), (0, true));
    assert_eq!(of(r#", "bbox": null, "area": 0"#), (1, false));
    assert_eq!(of(""), (1, false));
}

#[test]
fn numbers_that_cannot_be_used_hide_no_format() {
    let yaml = "train: images/train\nnames: [a, b]\n";
    for line in ["0 50 40 20 20", "0 nan 0.5 0.2 0.2", "-1 0.5 0.5 0.2 0.2"] {
        let files = [("data.yaml", yaml), ("images/train/a.jpg", ""), ("labels/train/a.txt", line)];
        let loaded = loaded(&files);
        let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert_eq!((loaded.format.name, loaded.dataset.objects.len()), ("yolo", 0), "{line}");
        assert!(said.iter().any(|said| said.starts_with("labels/train/a.txt:1: ")), "{line}: {said:?}");
    }
}

/// Class and split of each image.
fn labelled(loaded: &Loaded) -> Vec<String> {
    let images = &loaded.dataset.images;
    let class = |row| images.labels.get(row).and_then(|labels| loaded.dataset.classes.get(*labels.first()? as usize));
    let name = |row| class(row).map_or("-", |class| &class.name);
    let split = |row: usize| images.split[row].map_or("-", Split::name);
    (0..loaded.dataset.len()).map(|row| format!("{}: {} {}", images.key.get(row), name(row), split(row))).collect()
}

#[test]
fn folders_that_a_word_tells_apart() {
    let files = [
        "seg_pred/seg_pred/1.jpg",
        "seg_test/seg_test/cat/1.jpg",
        "seg_test/seg_test/dog/2.jpg",
        "seg_train/seg_train/cat/3.jpg",
        "seg_train/seg_train/dog/4.jpg",
    ];
    let wanted = ["- -", "cat test", "dog test", "cat train", "dog train"];
    let wanted: Vec<String> = files.iter().zip(wanted).map(|(file, said)| format!("{file}: {said}")).collect();
    assert_eq!(labelled(&loaded(&files.map(|file| (file, "")))), wanted);
    // Without a sister it is a class like any other.
    let files = ["ball_test/1.jpg", "bat/2.jpg"].map(|file| (file, ""));
    assert_eq!(labelled(&loaded(&files)), ["ball_test/1.jpg: ball_test -", "bat/2.jpg: bat -"]);
    let xml = r#"<annotation><size><width>10</width><height>10</height></size></annotation>"#;
    let files = [("ds_train/a.xml", xml), ("ds_train/a.jpg", ""), ("ds_test/b.xml", xml), ("ds_test/b.jpg", "")];
    let found = [("ds_test/b.jpg", Some(Split::Test)), ("ds_train/a.jpg", Some(Split::Train))];
    assert_eq!(splits(&loaded(&files)), found);
}

#[test]
fn splits_below_classes() {
    let files = ["cat/test/1.jpg", "cat/train/2.jpg", "dog/train/deep/3.jpg"].map(|file| (file, ""));
    let wanted = ["cat/test/1.jpg: cat test", "cat/train/2.jpg: cat train", "dog/train/deep/3.jpg: dog train"];
    assert_eq!(labelled(&loaded(&files)), wanted);
}

#[test]
fn imagenet_as_kaggle_has_it() {
    let files = [
        ("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n"),
        ("LOC_val_solution.csv", "ImageId,PredictionString\nILSVRC2012_val_00000001,n01443537 1 2 30 40 \n"),
        ("train/n01440764/n01440764_1.JPEG", ""),
        ("train/n01443537/n01443537_1.JPEG", ""),
        ("val/ILSVRC2012_val_00000001.JPEG", ""),
    ];
    let wanted = [
        "train/n01440764/n01440764_1.JPEG: tench, Tinca tinca train",
        "train/n01443537/n01443537_1.JPEG: goldfish train",
        "val/ILSVRC2012_val_00000001.JPEG: goldfish valid",
    ];
    assert_eq!(labelled(&loaded(&files)), wanted);
}

#[test]
fn what_people_type_is_no_class() {
    let region = r#"[{"x": 10, "y": 10, "width": 20, "height": 25, "rotation": 0, "rectanglelabels": ["A"],
        "original_width": 100, "original_height": 80}]"#;
    let more = r#", "annotation_id": 1, "annotator": 1, "created_at": "2024-01-01T00:00:00Z", "lead_time": 1.5"#;
    for more in ["", more] {
        let json = format!(
            r#"[{{"photo": "/data/upload/1/a.jpg", "id": 1, "label": {region}, "comment": "not sharp", "seen": ["one", "two"],
            "weather": "sunny", "where": {{"choices": ["in", "out"]}}{more}}}]"#
        );
        let loaded = loaded(&[("a.json", &json), ("a.jpg", "")]);
        let classes: Vec<&str> = loaded.dataset.classes.iter().map(|class| &*class.name).collect();
        assert_eq!((loaded.format.name, classes), ("label-studio", vec!["sunny", "in", "out", "A"]));
        let said: Vec<&str> = loaded.dataset.images.captions.get(0).into_iter().flatten().map(|said| &**said).collect();
        assert_eq!(said, ["not sharp", "one", "two"]);
    }
}

#[test]
fn a_table_called_as_hugging_face_calls_it() {
    let files =
        [("train/metadata.csv", "file_name,label\na.jpg,cat\nb.jpg,dog\n"), ("train/a.jpg", ""), ("train/b.jpg", "")];
    let found = loaded(&files);
    assert_eq!(found.format.name, "hf-imagefolder");
    assert_eq!(labelled(&found), ["train/a.jpg: cat train", "train/b.jpg: dog train"]);
    let files = [("train/labels.csv", files[0].1), files[1], files[2]];
    assert_eq!(loaded(&files).format.name, "multilabel-csv");
}

/// The boxes, with the names of their classes.
fn boxes(loaded: &Loaded) -> Vec<(&str, [f64; 4])> {
    let objects = &loaded.dataset.objects;
    let name = |row: usize| &*loaded.dataset.classes[objects.class[row] as usize].name;
    (0..objects.len()).map(|row| (name(row), objects.bbox[row])).collect()
}

#[test]
fn regions_that_share_an_id() {
    let region = |x: u32, label: &str| {
        format!(
            r#"{{"id": "result1", "type": "rectanglelabels", "from_name": "label", "to_name": "image", "original_width": 100,
            "original_height": 80, "value": {{"x": {x}, "y": 10, "width": 20, "height": 25, "rotation": 0, "rectanglelabels": ["{label}"]}}}}"#
        )
    };
    let more = r#"{"id": "result1", "type": "choices", "from_name": "pose", "to_name": "image", "original_width": 100,
        "original_height": 80, "value": {"x": 10, "y": 10, "width": 20, "height": 25, "rotation": 0, "choices": ["up"]}}"#;
    let results = [region(10, "A"), more.to_owned(), region(50, "B")].join(",");
    let json = format!(r#"[{{"id": 1, "data": {{"image": "a.jpg"}}, "annotations": [{{"result": [{results}]}}]}}]"#);
    let loaded = loaded(&[("a.json", &json), ("a.jpg", "")]);
    assert_eq!(boxes(&loaded), [("A", [10.0, 8.0, 30.0, 28.0]), ("B", [50.0, 8.0, 70.0, 28.0])]);
    let attributes = loaded.dataset.objects.attributes.get(0).map_or(0, |all| all.len());
    assert_eq!((attributes, loaded.dataset.objects.attributes.get(1)), (1, None));
}

#[test]
fn a_copy_of_an_annotation_is_not_the_original() {
    let xml = |class: &str| {
        format!(
            "<annotation><filename>a.jpg</filename><size><width>100</width><height>80</height></size><object><name>{class}\
            </name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
        )
    };
    let (own, copy) = (xml("cat"), xml("dog"));
    let loaded = loaded(&[("a (1).xml", &copy), ("a.xml", &own), ("a.jpg", "")]);
    let row = (0..loaded.dataset.len()).find(|row| loaded.dataset.images.key.get(*row) == "a.jpg").unwrap();
    let of_image: Vec<&str> = loaded.dataset.objects_of(row).map(|object| boxes(&loaded)[object].0).collect();
    assert_eq!(of_image, ["cat"]);
    assert!(loaded.problems.iter().any(|problem| problem.to_string().starts_with("a (1).xml: ")));
}

#[test]
fn an_image_of_two_splits_is_told() {
    let xml = "<annotation><size><width>10</width><height>10</height></size></annotation>";
    let sets = [
        ("ImageSets/Main/trainval.txt", "a\nb\nc\n"),
        ("ImageSets/Main/val.txt", "b\n"),
        ("ImageSets/Main/test.txt", "c\n"),
    ];
    let annotations = [("Annotations/a.xml", xml), ("Annotations/b.xml", xml), ("Annotations/c.xml", xml)];
    let images = [("JPEGImages/a.jpg", ""), ("JPEGImages/b.jpg", ""), ("JPEGImages/c.jpg", "")];
    let loaded = loaded(&[&sets[..], &annotations, &images].concat());
    let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, [r#"ImageSets/Main/trainval.txt:3: image "c" is already in test, and stays there"#]);
    assert_eq!(loaded.dataset.images.split, [Some(Split::Train), Some(Split::Valid), Some(Split::Test)]);
}

#[test]
fn what_darwin_draws_in_several_parts_or_cannot_be_held() {
    let part =
        |x: u32| format!(r#"[{{"x": {x}, "y": 10}}, {{"x": {}, "y": 10}}, {{"x": {}, "y": 40}}]"#, x + 20, x + 20);
    let json = format!(
        r#"{{"dataset": "d", "image": {{"width": 100, "height": 80, "filename": "a.jpg", "path": "/"}}, "annotations": [
            {{"name": "cat", "polygon": {{"path": {}, "additional_paths": [{}]}}}},
            {{"name": "crate", "cuboid": {{"front": {{"x": 1, "y": 1, "w": 5, "h": 5}}}}}}]}}"#,
        part(10),
        part(50)
    );
    let loaded = loaded(&[("a.json", &json), ("a.jpg", "")]);
    assert_eq!(boxes(&loaded), [("cat", [10.0, 10.0, 70.0, 40.0])]);
    assert_eq!(loaded.dataset.objects.polygons.get(0).map(|outline| outline.parts().count()), Some(2));
    assert_eq!(loaded.problems.count(recordmill::dataset::Severity::Error), 0);
    assert!(loaded.skipped.reasons.values().any(|left| left.objects == 1), "{:?}", loaded.skipped);
}

#[test]
fn a_comma_too_many() {
    let json = r#"{"images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 80}],
        "categories": [{"id": 1, "name": "c"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]},]}"#;
    let loaded = loaded(&[("a.json", json), ("a.jpg", "")]);
    let said: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["a.json:3: annotation: nothing stands between this comma and the next, or the end"]);
    assert_eq!(boxes(&loaded).len(), 1);
}

#[test]
fn a_dataset_file_about_another_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("made");
        fs::write(path, content).expect("written");
    };
    for split in ["train", "val"] {
        write(&format!("datasets/x/images/{split}/{split}.jpg"), "");
        write(&format!("datasets/x/labels/{split}/{split}.txt"), "1 0.5 0.5 0.2 0.2\n");
    }
    // Another dataset file lies in the dataset's own folder, under the same name.
    write("datasets/x/pets.yaml", "train: images/val\nval: images/train\nnames: [a, b]\n");
    write("datasets/y/images/c.jpg", "");
    let load_it = |yaml: &str, allow_outside| {
        write("cfg/pets.yaml", yaml);
        let options = LoadOptions { allow_outside, ..LoadOptions::default() };
        load(&folder.path().join("cfg/pets.yaml"), &options)
    };
    let based = "path: ../datasets/x\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n";
    let bare = "train: ../datasets/x/images/train\nval: ../datasets/x/images/val\nnames: [cat, dog]\n";
    for yaml in [based, bare] {
        let loaded = load_it(yaml, true).expect("it loads");
        assert_eq!(
            splits(&loaded),
            [("images/train/train.jpg", Some(Split::Train)), ("images/val/val.jpg", Some(Split::Valid))]
        );
        assert_eq!(boxes(&loaded).iter().map(|(class, _)| *class).collect::<Vec<_>>(), ["dog", "dog"]);
        let refused = load_it(yaml, false).expect_err("it leads outside").to_string();
        let line = if yaml == based { 2 } else { 1 };
        assert!(refused.contains(&format!("cfg/pets.yaml:{line}: the images are in ")), "{refused}");
        assert!(refused.ends_with("outside of this file's folder (--allow-outside follows it)"), "{refused}");
    }
    let several = "train: ../datasets/x/images/train\nval: ../datasets/y/images\nnames: [cat, dog]\n";
    let refused = load_it(several, true).expect_err("two folders").to_string();
    assert!(refused.contains("pets.yaml:1: the images are in several folders"), "{refused}");
    // What leads to nothing at all is no reason to look elsewhere.
    let lost = load_it("path: /nowhere/x\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n", true);
    assert_eq!(lost.expect("it loads").dataset.len(), 0);
}

/// The same photo with another EXIF orientation.
fn turned(orientation: u8) -> Vec<u8> {
    let mut image = include_bytes!("../data/images/exif-6.jpg").to_vec();
    let tags: [&[u8]; 2] = [b"\x01\x12\0\x03\0\0\0\x01\0\x06", b"\x12\x01\x03\0\x01\0\0\0\x06\0"];
    let (at, tag) = tags
        .iter()
        .find_map(|tag| Some((image.windows(tag.len()).position(|bytes| bytes == *tag)?, tag)))
        .expect("an orientation");
    image[at + tag.iter().rposition(|byte| *byte == 6).expect("six")] = orientation;
    image
}

/// Where the upper left corner, a quarter of the width and half of the height, of an image as it is shown lies in the pixels as they
/// are stored; in parts of the stored size.
fn stored_corner(orientation: u8) -> [f64; 4] {
    match orientation {
        1 => [0.0, 0.0, 0.25, 0.5],
        2 => [0.75, 0.0, 1.0, 0.5],
        3 => [0.75, 0.5, 1.0, 1.0],
        4 => [0.0, 0.5, 0.25, 1.0],
        5 => [0.0, 0.0, 0.5, 0.25],
        6 => [0.0, 0.75, 0.5, 1.0],
        7 => [0.5, 0.75, 1.0, 1.0],
        _ => [0.5, 0.0, 1.0, 0.25],
    }
}

#[test]
fn tools_that_turn_images_as_exif_says() {
    for orientation in 2..=8 {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).expect("made");
        let image = turned(orientation);
        let header = recordmill::image::header::read(&image).expect("a header");
        assert_eq!(header.orientation, orientation);
        let (w, h) = if orientation >= 5 { (header.height, header.width) } else { (header.width, header.height) };
        // An eighth of the shown image, in its upper left corner.
        let (right, below) = (f64::from(w) / 4.0, f64::from(h) / 2.0);
        let json = format!(
            r#"{{"version": "5.4.1", "flags": {{}}, "shapes": [{{"label": "cat", "points": [[0.0, 0.0], [{right}, {below}]],
            "group_id": null, "shape_type": "rectangle", "flags": {{}}}}], "imagePath": "a.jpg", "imageData": null,
            "imageHeight": {h}, "imageWidth": {w}}}"#
        );
        fs::write(at("in/a.json"), json).expect("written");
        fs::write(at("in/a.jpg"), &image).expect("written");
        let options = |target| Options { target, sync: false, ..Options::default() };
        convert(&at("in"), &at("records"), &options(None), &mut ()).expect("records");
        // In the stored pixels, in parts of the size.
        let expected = stored_corner(orientation);
        let stored = [f64::from(header.width), f64::from(header.height)];
        let records = recordmill::convert::load(&at("records"), &LoadOptions::default()).expect("records");
        let found = records.dataset.objects.bbox[0];
        let normalised = records.dataset.objects.normalised[0];
        for (side, (found, expected)) in found.iter().zip(expected).enumerate() {
            let found = if normalised { *found } else { found / stored[side % 2] };
            assert!((found - expected).abs() < 1e-6, "{orientation}: {found} {expected}");
        }
        // From the records, which count stored pixels, and from the tool's own form: both as the tool shows it.
        for (source, target) in ["labelme", "label-studio", "cvat"].iter().flat_map(|to| [("in", to), ("records", to)])
        {
            let out = at(&format!("{target}-{source}"));
            convert(&at(source), &out, &options(by_name(target)), &mut ()).expect("written");
            let loaded = load(&out, &LoadOptions::default()).expect("it loads");
            let (images, bbox) = (&loaded.dataset.images, loaded.dataset.objects.bbox[0]);
            assert_eq!((images.width[0], images.height[0]), (w, h), "{orientation} {source} {target}");
            let close = bbox.iter().zip([0.0, 0.0, right, below]).all(|(a, b)| (a - b).abs() < 1e-4);
            assert!(close, "{orientation} {source} {target}: {bbox:?}");
        }
    }
}

/// Where the size does not tell whether a box was drawn on the image as it is shown, that is said, and the user can say it.
#[test]
fn whether_images_were_turned_can_be_said() {
    let yolo = |_: [u32; 2]| (String::from("0 0.125 0.25 0.25 0.5\n"), "a.txt", "yolo");
    let coco = |[w, h]: [u32; 2]| {
        let json = format!(
            r#"{{"images": [{{"id": 1, "file_name": "a.jpg", "width": {w}, "height": {h}}}], "categories": [{{"id": 1, "name": "cat"}}],
            "annotations": [{{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, {}, {}], "area": 1, "iscrowd": 0}}]}}"#,
            f64::from(w) / 4.0,
            f64::from(h) / 2.0
        );
        (json, "a.json", "coco")
    };
    for orientation in 1..=8 {
        let image = turned(orientation);
        let header = recordmill::image::header::read(&image).expect("a header");
        let stored = [header.width, header.height];
        let untold = [coco(stored), yolo(stored)];
        for (text, name, format) in untold {
            let folder = tempfile::tempdir().expect("a folder");
            let at = |name: &str| folder.path().join(name);
            fs::create_dir(at("in")).expect("made");
            fs::write(at("in").join(name), &text).expect("written");
            fs::write(at("in/a.jpg"), &image).expect("written");
            let told = orientation >= 5 && format == "coco";
            for (drawn_turned, place) in [(None, "unsaid"), (Some(false), "stored"), (Some(true), "turned")] {
                let load = LoadOptions { from: Some(format.into()), drawn_turned, ..LoadOptions::default() };
                let options = Options { load, sync: false, ..Options::default() };
                let report = convert(&at("in"), &at(place), &options, &mut ()).expect("records");
                let wanted = u64::from(orientation != 1 && drawn_turned.is_none() && !told);
                let said = report.problem_counts.get(&ProblemKind::MaybeTurned).copied().unwrap_or(0);
                assert_eq!(said, wanted, "{orientation} {format} {place}");
                let records = recordmill::convert::load(&at(place), &LoadOptions::default()).expect("records").dataset;
                let sides = [0, 1, 2, 3].map(|side| records.objects.bbox[0][side] / f64::from(stored[side % 2]));
                let drawn_on_shown = !told && drawn_turned == Some(true);
                let expected = stored_corner(if drawn_on_shown { orientation } else { 1 });
                let close = sides.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3);
                assert!(close, "{orientation} {format} {place}: {sides:?}");
            }
        }
    }
}

#[test]
fn boxes_that_become_masks_are_said() {
    let json = r#"{"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "cat"}], "annotations": [
        {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 4], "area": 32, "iscrowd": 0},
        {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 1, 8, 4], "area": 16, "iscrowd": 0,
         "segmentation": [[1, 1, 9, 1, 9, 5]]}]}"#;
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("in")).expect("made");
    fs::write(at("in/a.json"), json).expect("written");
    fs::write(at("in/a.jpg"), turned(1)).expect("written");
    for (target, wanted) in [
        ("coco-panoptic", "boxes written as masks of all of their pixels: 1"),
        ("semantic-masks", "boxes written as masks of all of their pixels: 1"),
        ("kaggle-rle", "boxes written as masks of all of their pixels: 1"),
        ("yolo-seg", "boxes written as outlines of their four corners: 1"),
    ] {
        let options = Options { target: by_name(target), sync: false, ..Options::default() };
        let report = convert(&at("in"), &at(target), &options, &mut ()).expect("written");
        assert!(report.reasons.iter().any(|reason| reason == wanted), "{target}: {:?}", report.reasons);
    }
}

#[test]
fn tracks_of_keyframes_among_others() {
    let shape = |frame: u32, keyframe: u8, outside: u8| {
        format!(
            r#"<box frame="{frame}" keyframe="{keyframe}" outside="{outside}" occluded="0" xtl="{frame}" ytl="2" xbr="20" ybr="30" z_order="0"></box>"#
        )
    };
    let all = shape(0, 1, 0) + &shape(1, 0, 0) + &shape(2, 1, 1);
    let keys = shape(1, 1, 0) + &shape(3, 1, 0);
    let xml = format!(
        r#"<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta><task><id>7</id><size>6</size>
        <mode>interpolation</mode><start_frame>0</start_frame><stop_frame>5</stop_frame><labels><label><name>car</name></label>
        <label><name>bus</name></label></labels><original_size><width>100</width><height>80</height></original_size></task></meta>
        <track id="0" label="car" source="manual">{all}</track><track id="1" label="bus" source="manual">{keys}</track></annotations>"#
    );
    let loaded = loaded(&[("annotations.xml", &xml)]);
    let (images, objects) = (&loaded.dataset.images, &loaded.dataset.objects);
    let frames = |track: i64| -> Vec<&str> {
        let has = |row: &usize| loaded.dataset.objects_of(*row).any(|object| objects.track.get(object) == Some(&track));
        (0..loaded.dataset.len()).filter(has).map(|row| images.name.get(row)).collect()
    };
    assert_eq!(frames(0), ["frame_000000", "frame_000001"]);
    // CVAT goes on with the last keyframe to the end.
    assert_eq!(frames(1), ["frame_000001", "frame_000002", "frame_000003", "frame_000004", "frame_000005"]);
}

#[test]
fn nested_datasets_of_supervisely() {
    let annotation = |class: &str| {
        format!(
            r#"{{"description": "", "tags": [], "size": {{"height": 80, "width": 100}}, "objects": [{{"classTitle": "{class}",
            "geometryType": "rectangle", "tags": [], "points": {{"exterior": [[1, 2], [10, 20]], "interior": []}}}}]}}"#
        )
    };
    let (outer, inner) = (annotation("car"), annotation("tree"));
    let loaded = loaded(&[
        (
            "meta.json",
            r#"{"classes": [{"title": "tree", "shape": "rectangle"}, {"title": "car", "shape": "rectangle"}], "tags": []}"#,
        ),
        ("ds0/ann/a.jpg.json", &outer),
        ("ds0/img/a.jpg", ""),
        ("ds0/datasets/inner/ann/a.jpg.json", &inner),
        ("ds0/datasets/inner/img/a.jpg", ""),
    ]);
    assert_eq!(splits(&loaded), [("ds0/datasets/inner/img/a.jpg", None), ("ds0/img/a.jpg", None)]);
    assert_eq!(boxes(&loaded).iter().map(|(class, _)| *class).collect::<Vec<_>>(), ["tree", "car"]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems.iter().collect::<Vec<_>>());
}

#[test]
fn sequences_of_mot_stay_apart() {
    let loaded = loaded(&[
        ("train/A/gt/gt.txt", "1,1,11,21,30,40,1,1,1\n1,2,1,1,100,80,0,7,0.25\n"),
        ("train/A/img1/000001.jpg", ""),
        ("train/B/gt/gt.txt", "1,1,11,21,30,40,1,3,1\n2,5,11,21,30,40,1,3,1\n"),
        ("train/B/img1/000001.jpg", ""),
        ("train/B/img1/000002.jpg", ""),
    ]);
    // The challenge counts from 1.
    assert_eq!(
        boxes(&loaded)[..2],
        [("pedestrian", [10.0, 20.0, 40.0, 60.0]), ("static person", [0.0, 0.0, 100.0, 80.0])]
    );
    let tracks = |loaded: &Loaded| -> Vec<Option<i64>> {
        let objects = &loaded.dataset.objects;
        (0..objects.len()).map(|row| objects.track.get(row).copied()).collect()
    };
    assert_eq!(tracks(&loaded), [1, 2, 4, 8].map(Some));
    let folder = tempfile::tempdir().expect("a folder");
    let mut sized = loaded;
    let count = sized.dataset.len();
    // The folder that it was read from is gone.
    sized.dataset.roots = vec![folder.path().to_owned()];
    sized.dataset.images.width = vec![100; count];
    sized.dataset.images.height = vec![80; count];
    let options = Options {
        target: by_name("mot"),
        images_mode: recordmill::convert::ImagesMode::None,
        sync: false,
        ..Options::default()
    };
    recordmill::convert::convert_dataset(&sized, &folder.path().join("out"), &options, &mut ()).expect("written");
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).expect("there");
    // Numbers of the challenge's classes, what is not to be evaluated, and how much is to be seen.
    assert_eq!(read("train/A/gt/gt.txt"), "1,1,10,20,30,40,1,1,1\n1,2,0,0,100,80,0,7,0.25\n");
    assert_eq!(read("train/B/gt/gt.txt"), "1,4,10,20,30,40,1,3,1\n2,8,10,20,30,40,1,3,1\n");
    assert_eq!(
        read("train/B/seqinfo.ini"),
        "[Sequence]\nname=B\nimDir=img1\nseqLength=2\nimWidth=100\nimHeight=80\nimExt=.jpg\n"
    );
    let back = load(&folder.path().join("out"), &LoadOptions::default()).expect("it loads");
    assert_eq!((boxes(&back), tracks(&back)), (boxes(&sized), tracks(&sized)));
}

/// What is said of losses.
fn lost(folder: &Path, target: &str) -> Vec<String> {
    let options = Options {
        target: by_name(target),
        images_mode: recordmill::convert::ImagesMode::None,
        sync: false,
        allow_empty: true,
        ..Options::default()
    };
    let out = folder.join(target);
    let report = convert(&folder.join("in"), &out, &options, &mut ()).expect("written");
    let remarks = report.reasons.iter().filter(|reason| reason.contains("corners")).cloned();
    report.losses.iter().map(|loss| format!("{} of {} {}", loss.what, loss.number, loss.of)).chain(remarks).collect()
}

#[test]
fn what_a_target_has_no_place_for_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("in")).expect("made");
    let json = r#"{"images": [{"id": 1, "file_name": "1.jpg", "width": 100, "height": 80}, {"id": 2, "file_name": "2.jpg", "width": 100,
        "height": 80}], "categories": [{"id": 1, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": []}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40], "area": 1200, "iscrowd": 0,
        "keypoints": [0, 0, 0, 0, 0, 0], "num_keypoints": 0}, {"id": 2, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 40],
        "area": 1200, "iscrowd": 0, "keypoints": [11, 22, 2, 0, 0, 0], "num_keypoints": 1}, {"id": 3, "image_id": 2, "caption": "nothing"}]}"#;
    fs::write(folder.path().join("in/a.json"), json).expect("written");
    let csv = lost(folder.path(), "csv");
    assert!(csv.iter().any(|loss| loss == "negatives of 1 images"), "{csv:?}");
    let outlines = lost(folder.path(), "yolo-seg");
    assert!(outlines.iter().any(|said| said == "boxes written as outlines of their four corners: 2"), "{outlines:?}");
    lost(folder.path(), "bdd100k");
    let back = load(&folder.path().join("bdd100k"), &LoadOptions::default()).expect("it loads");
    let seen = |row: usize| -> Vec<u8> {
        back.dataset
            .objects
            .keypoints
            .get(row)
            .map_or(Vec::new(), |points| points.iter().map(|point| point.visibility).collect())
    };
    assert_eq!([seen(0), seen(1)], [vec![0, 0], vec![2, 0]]);
}

#[test]
fn a_turned_box_is_an_outline_in_voc() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("in/labelTxt")).expect("made");
    fs::create_dir_all(at("in/images")).expect("made");
    fs::write(at("in/labelTxt/a.txt"), "20 10 40 30 20 50 0 30 ship 0\n").expect("written");
    let image = include_bytes!("../data/images/exif-6.jpg");
    fs::write(at("in/images/a.jpg"), image).expect("written");
    let options = Options { target: by_name("voc"), sync: false, ..Options::default() };
    let report = convert(&at("in"), &at("out"), &options, &mut ()).expect("written");
    assert!(report.losses.is_empty(), "{:?}", report.losses);
    let back = load(&at("out"), &LoadOptions::default()).expect("it loads");
    let outline: Vec<Vec<[f64; 2]>> =
        back.dataset.objects.polygons.get(0).expect("an outline").parts().map(|part| part.collect()).collect();
    assert_eq!(outline, [[[20.0, 10.0], [40.0, 30.0], [20.0, 50.0], [0.0, 30.0]]]);
}

/// One annotation of COCO, read and written as COCO again: what it is then, and what was said.
fn annotation(more: &str) -> (Loaded, Vec<String>) {
    let json = format!(
        r#"{{"images": [{{"id": 1, "file_name": "1.jpg", "width": 60, "height": 40}}],
        "categories": [{{"id": 1, "name": "cat", "keypoints": ["nose", "tail"], "skeleton": []}}],
        "annotations": [{{"id": 5, "image_id": 1{more}}}]}}"#
    );
    let loaded = loaded(&[("a.json", &json), ("1.jpg", "")]);
    let said = loaded.problems.iter().map(|problem| problem.message.clone()).collect();
    (loaded, said)
}

const BOX: &str = r#", "category_id": 1, "bbox": [5, 6, 20, 10]"#;

#[test]
fn an_object_with_a_caption_is_an_object() {
    let of = |more: &str| {
        let (loaded, said) = annotation(more);
        assert!(said.is_empty(), "{more}: {said:?}");
        let Dataset { objects, images, .. } = loaded.dataset;
        let text =
            objects.attributes.get(0).map(|all| all.iter().map(|(name, value)| format!("{name}={value}")).collect());
        (objects.len(), text.unwrap_or_else(Vec::new).join(" "), images.captions.get(0).map_or(0, |all| all.len()))
    };
    assert_eq!(of(&format!(r#"{BOX}, "caption": "hi""#)), (1, "caption=hi".into(), 0));
    assert_eq!(of(&format!(r#"{BOX}, "caption": """#)), (1, String::new(), 0));
    assert_eq!(of(&format!(r#"{BOX}, "caption": null"#)), (1, String::new(), 0));
    let outline = r#", "category_id": 1, "segmentation": [[1, 1, 20, 1, 20, 20]], "caption": "hi""#;
    assert_eq!(of(outline), (1, "caption=hi".into(), 0));
    // Of the whole image, whatever else is filled in.
    assert_eq!(of(r#", "caption": "hi""#), (0, String::new(), 1));
    let filled = r#", "category_id": 1, "bbox": [0, 0, 0, 0], "segmentation": [], "area": 0, "caption": "hi""#;
    assert_eq!(of(filled), (0, String::new(), 1));
}

#[test]
fn keypoints_without_a_number_are_not_labelled() {
    let of = |keypoints: &str| {
        let (loaded, said) = annotation(&format!(r#"{BOX}, "keypoints": {keypoints}"#));
        let points = loaded.dataset.objects.keypoints.get(0).map_or(&[][..], |points| points);
        (points.iter().map(|point| (point.x, point.y, point.visibility)).collect::<Vec<_>>(), said)
    };
    let lost = "annotation 5: keypoints with a value that is no number are not labelled: 1".to_owned();
    let second = (3.0, 4.0, 1);
    assert_eq!(of("[null, 2, 2, 3, 4, 1]"), (vec![(0.0, 0.0, 0), second], vec![lost.clone()]));
    assert_eq!(of("[1, 2, null, 3, 4, 1]"), (vec![(0.0, 0.0, 0), second], vec![lost.clone()]));
    let (points, said) = of("[NaN, 2, 2, 3, 4, 1]");
    assert_eq!((points, said.contains(&lost)), (vec![(0.0, 0.0, 0), second], true));
    assert_eq!(of("[null, null, 0, 3, 4, 1]"), (vec![(0.0, 0.0, 0), second], vec![]));
    let (points, said) = of("[1, 2, 3, 3, 4, -1]");
    assert_eq!(points, [(1.0, 2.0, 2), (3.0, 4.0, 0)]);
    assert_eq!(said, ["annotation 5: visibility 3 of a keypoint is none of 0, 1 and 2; the nearest is taken"]);
}

#[test]
fn what_cannot_be_taken_of_an_annotation_is_said() {
    let (loaded, said) = annotation(&format!(r#"{BOX}, "area": 1e300, "score": -1e39"#));
    assert_eq!(said, ["annotation 5: area 1e300 is left out", "annotation 5: score -1e39 is left out"]);
    assert!(loaded.dataset.objects.area.is_empty() && loaded.dataset.objects.score.is_empty());
    let attributes = r#", "attributes": {"a": [1, 2], "b": {"c": 1}, "d": null, "e": 7}"#;
    let (loaded, said) = annotation(&format!("{BOX}{attributes}"));
    assert_eq!(said, ["annotation 5: 2 attributes without a name and one value are left out"]);
    assert_eq!(loaded.dataset.objects.attributes.get(0).map(|all| all.len()), Some(1));
    // Runs as pandas writes them.
    let mask = r#", "segmentation": {"size": [40, 60], "counts": [50.0, 50.0, 2300.0]}"#;
    let (loaded, said) = annotation(&format!("{BOX}{mask}"));
    assert!(said.is_empty(), "{said:?}");
    assert_eq!(*loaded.dataset.objects.masks.get(0).expect("a mask").runs, [50, 50, 2300]);
}

#[test]
fn a_class_that_a_folder_does_not_hold_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("in")).expect("made");
    fs::write(at("in/_classes.csv"), "filename,a,b\n1.jpg,1,0\n2.jpg,1,1\n").expect("written");
    for name in ["in/1.jpg", "in/2.jpg"] {
        fs::write(at(name), include_bytes!("../data/images/exif-6.jpg")).expect("written");
    }
    for target in ["image-folder", "edge-impulse"] {
        let options = Options { target: by_name(target), no_loss: true, sync: false, ..Options::default() };
        let error = convert(&at("in"), &at(target), &options, &mut ()).expect_err("one class is lost").to_string();
        assert_eq!(error, format!("nothing was written: {target} cannot hold image labels of 1 image"));
    }
}
