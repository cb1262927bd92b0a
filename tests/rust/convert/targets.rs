//! What single formats are written with.

use std::fs;
use std::path::Path;

use recordmill::convert::{self, ConvertError, Options, Report};
use recordmill::formats::{self, FORMATS, LoadOptions};
use serde_json::{Value, json};

use super::corpus::png;

/// Converts `from` to `to` in a format.
fn write(from: &Path, to: &Path, format: &str) {
    let options = Options { target: formats::by_name(format), sync: false, ..Options::default() };
    convert::convert(from, to, &options, &mut ()).unwrap();
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Darwin: an object with a box and keypoints keeps its own `instance_id`, and has a number in the file alone where it has none or
/// shares its own.
#[test]
fn instances_of_darwin_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let posed = |instance: Value| {
        let mut one = json!({
            "name": "cat", "bounding_box": {"x": 1, "y": 2, "w": 30, "h": 15},
            "skeleton": {"nodes": [{"name": "nose", "x": 5, "y": 6}, {"name": "tail", "x": 9, "y": 8}]},
        });
        if !instance.is_null() {
            one["instance_id"] = json!({"value": instance});
        }
        one
    };
    let mut pair = [posed(42.into()), posed(42.into())];
    pair[0].as_object_mut().unwrap().remove("skeleton");
    pair[1].as_object_mut().unwrap().remove("bounding_box");
    let [boxed, skeleton] = pair;
    let document = json!({
        "version": "2.0", "item": {"name": "a.png", "path": "/", "slots": [{"width": 40, "height": 20}]},
        "annotations": [boxed, skeleton, posed(7.into()), posed(Value::Null), posed(9.into()), posed(9.into())],
    });
    fs::create_dir_all(path("in")).unwrap();
    fs::write(path("in/a.json"), document.to_string()).unwrap();
    fs::write(path("in/a.png"), png(40, 20, 0)).unwrap();
    let said = |folder: &Path| -> Vec<(usize, Vec<(String, String)>)> {
        let objects = convert::load(folder, &LoadOptions::default()).unwrap().dataset.objects;
        let pairs = |row| objects.attributes.get(row).into_iter().flatten();
        let attributes = |row| pairs(row).map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let points = |row| objects.keypoints.get(row).map_or(0, |points| points.len());
        (0..objects.len()).map(|row| (points(row), attributes(row))).collect()
    };
    let own = |value: &str| (2, vec![("instance_id".to_owned(), value.to_owned())]);
    let wanted = [own("42"), own("7"), (2, vec![]), own("9"), own("9")];
    assert_eq!(said(&path("in")), wanted);
    write(&path("in"), &path("out"), "darwin");
    let written = read_json(&path("out/train/annotations/a.json"));
    let written = written["annotations"].as_array().unwrap();
    let ids: Vec<i64> = written.iter().map(|one| one["instance_id"]["value"].as_i64().unwrap()).collect();
    assert_eq!(ids, [42, 42, 7, 7, 43, 43, 44, 44, 45, 45]);
    assert_eq!(said(&path("out")), wanted);
    write(&path("out"), &path("again"), "darwin");
    let file = |folder: &str| fs::read(path(folder).join("train/annotations/a.json")).unwrap();
    assert!(file("again") == file("out"));
}

/// BDD100K's own form is a plain list; Scalabel's is written where the classes have to be listed, and both are read.
#[test]
fn bdd100k_is_a_plain_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("in")).unwrap();
    fs::write(path("in/a.png"), png(40, 20, 0)).unwrap();
    fs::write(path("in/b.png"), png(40, 20, 0)).unwrap();
    let coco = |classes: [&str; 2], used: [i64; 2]| {
        let object = |(number, class): (i64, i64)| json!({"id": number, "image_id": number, "category_id": class, "bbox": [1, 2, 10, 10]});
        json!({
            "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
            "categories": [{"id": 1, "name": classes[0]}, {"id": 2, "name": classes[1]}],
            "annotations": (1..).zip(used).map(object).collect::<Vec<_>>(),
        })
    };
    for (place, (classes, used, is_list)) in
        [(["cat", "dog"], [2, 1], true), (["dog", "cat"], [1, 2], false), (["cat", "dog"], [1, 1], false)]
            .into_iter()
            .enumerate()
    {
        fs::write(path("in/train.json"), coco(classes, used).to_string()).unwrap();
        let out = path(&format!("out{place}"));
        write(&path("in"), &out, "bdd100k");
        let labels = read_json(&out.join("labels/det_20/det_train.json"));
        let list = if is_list { &labels } else { &labels["frames"] };
        assert_eq!(list.as_array().unwrap().len(), 2, "{classes:?}");
        assert_eq!(list[0]["labels"][0]["category"], classes[used[0] as usize - 1]);
        let loaded = convert::load(&out, &LoadOptions::default()).unwrap();
        assert_eq!((loaded.format.name, loaded.dataset.objects.len()), ("bdd100k", 2));
        let mut names: Vec<&str> = loaded.dataset.classes.iter().map(|class| class.name.as_str()).collect();
        // Nobody says an order: it is that of the names.
        if !loaded.dataset.classes_ordered {
            names.sort_unstable();
        }
        assert_eq!((loaded.dataset.classes_ordered, &*names), (!is_list, &classes[..]));
    }
}

/// A few bytes may say that they are billions of pixels. Nobody paints those.
#[test]
fn a_huge_image_is_not_painted() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let document = json!({
        "images": [{"id": 1, "file_name": "a.png", "width": 60_000, "height": 60_000}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 50_000, 50_000], "area": 2.5e9,
            "iscrowd": 0, "segmentation": [[10, 10, 50_010, 10, 50_010, 50_010]]}],
    });
    fs::create_dir_all(path("in")).unwrap();
    fs::write(path("in/a.json"), document.to_string()).unwrap();
    let mut image = png(4, 4, 0);
    image[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let sum = crc32fast::hash(&image[12..29]).to_be_bytes();
    image[29..33].copy_from_slice(&sum);
    fs::write(path("in/a.png"), image).unwrap();
    let started = std::time::Instant::now();
    let mut refused = Vec::new();
    for format in FORMATS.iter().filter(|format| format.write.is_some()) {
        let options = Options { target: Some(format), sync: false, allow_empty: true, ..Options::default() };
        if let Err(error) = convert::convert(&path("in"), &path(format.name), &options, &mut ()) {
            assert!(error.to_string().contains("60000 x 60000 pixels"), "{}: {error}", format.name);
            refused.push(format.name);
        }
    }
    assert!(["coco-panoptic", "semantic-masks"].iter().all(|name| refused.contains(name)), "{refused:?}");
    assert!(started.elapsed().as_secs() < 60);
}

/// A dataset in COCO with an image and an object of each class, or a label of the image.
fn numbered(folder: &Path, ids: [i64; 2], is_label: bool) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("a.png"), png(40, 20, 0)).unwrap();
    let annotation = |(number, class): (i64, i64)| match is_label {
        true => json!({"id": number, "image_id": 1, "category_id": class}),
        false => json!({"id": number, "image_id": 1, "category_id": class, "bbox": [1, 2, 10, 10]}),
    };
    let annotations: Vec<Value> = (1..).zip(ids).map(annotation).collect();
    let document = json!({
        "images": [{"id": 1, "file_name": "a.png", "width": 40, "height": 20}],
        "categories": [{"id": ids[0], "name": "cat"}, {"id": ids[1], "name": "dog"}], "annotations": annotations,
    });
    fs::write(folder.join("a.json"), document.to_string()).unwrap();
}

fn without_loss(from: &Path, to: &Path, format: &str) -> Result<Report, ConvertError> {
    let options = Options { target: formats::by_name(format), sync: false, no_loss: true, ..Options::default() };
    convert::convert(from, to, &options, &mut ())
}

/// Numbers that count from 0 or have gaps stay where the target has numbers; records have no 0.
#[test]
fn ids_of_classes_stay() {
    let folder = tempfile::tempdir().unwrap();
    for ids in [[0, 1], [0, 5], [1, 9]] {
        let (from, to) = (folder.path().join(format!("in{ids:?}")), folder.path().join(format!("out{ids:?}")));
        numbered(&from, ids, false);
        let report = without_loss(&from, &to, "coco").unwrap();
        assert_eq!(report.classes.iter().map(|class| class.id).collect::<Vec<_>>(), ids);
        let written = read_json(&to.join("annotations/instances_train.json"));
        let of = |list: &str, key: &str| -> Vec<i64> {
            written[list].as_array().unwrap().iter().map(|one| one[key].as_i64().unwrap()).collect()
        };
        assert_eq!((of("categories", "id"), of("annotations", "category_id")), (ids.to_vec(), ids.to_vec()));
    }
}

#[test]
fn classes_that_become_the_only_one_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("in"), folder.path().join("out"));
    numbered(&from, [1, 2], false);
    let Err(ConvertError::Lossy(report)) = without_loss(&from, &to, "kaggle-wheat") else { panic!("written") };
    let lost = report.losses.iter().find(|loss| loss.what == "names");
    assert_eq!(lost.map(|loss| (loss.number, loss.of)), Some((2, "classes")));
    assert!(!to.exists());
}

#[test]
fn labels_of_images_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    numbered(&folder.path().join("in"), [1, 2], true);
    for format in ["coco", "multilabel-csv", "tfrecord"] {
        let options = Options { target: formats::by_name(format), sync: false, dry_run: true, ..Options::default() };
        let report =
            convert::convert(&folder.path().join("in"), &folder.path().join(format), &options, &mut ()).unwrap();
        let counts: Vec<(u64, u64)> = report.classes.iter().map(|class| (class.objects, class.images)).collect();
        assert_eq!(counts, [(0, 1), (0, 1)], "{format}");
    }
}
