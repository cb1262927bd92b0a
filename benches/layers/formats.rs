//! `formats`: a walk, detection and reading of 1,000 images with 7 objects each. The images themselves are not looked at here.

use std::fmt::Write;
use std::fs;

use divan::Bencher;
use divan::counter::ItemsCount;
use recordmill::formats::{LoadOptions, load};
use tempfile::TempDir;

const IMAGES: usize = 1000;
const OBJECTS: usize = 7;

/// Annotations beside empty images: VOC, one file each, or one table.
fn dataset(voc: bool) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: String| folder.path().join(name);
    let mut table = String::from("filename,width,height,class,xmin,ymin,xmax,ymax\n");
    for image in 0..IMAGES {
        fs::write(path(format!("{image:06}.jpg")), b"").unwrap();
        let mut objects = String::new();
        for object in 0..OBJECTS {
            let (x, y) = (image % 300 + object, image % 200 + object);
            let (right, low) = (x + 40, y + 30);
            writeln!(table, "{image:06}.jpg,640,480,person,{x},{y},{right},{low}").unwrap();
            writeln!(
                objects,
                "<object>\n<name>person</name>\n<pose>Left</pose>\n<truncated>0</truncated>\n<difficult>0</difficult>\n\
                 <bndbox>\n<xmin>{x}</xmin>\n<ymin>{y}</ymin>\n<xmax>{right}</xmax>\n<ymax>{low}</ymax>\n</bndbox>\n</object>"
            )
            .unwrap();
        }
        if voc {
            let size = "<size>\n<width>640</width>\n<height>480</height>\n<depth>3</depth>\n</size>";
            let text = format!("<annotation>\n<filename>{image:06}.jpg</filename>\n{size}\n{objects}</annotation>\n");
            fs::write(path(format!("{image:06}.xml")), text).unwrap();
        }
    }
    if !voc {
        fs::write(path("labels.csv".into()), table).unwrap();
    }
    folder
}

#[divan::bench(args = ["voc", "csv"])]
fn read(bencher: Bencher, format: &str) {
    let folder = dataset(format == "voc");
    let options = LoadOptions { workers: 1, ..LoadOptions::default() };
    bencher.counter(ItemsCount::new(IMAGES)).bench_local(|| {
        let loaded = load(folder.path(), &options).unwrap();
        assert_eq!((loaded.format.name, loaded.dataset.objects.len()), (format, IMAGES * OBJECTS));
    });
}
