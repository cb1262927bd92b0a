//! `README.txt` in the output: what it is, what is in it, and short programs that read it.

use std::fmt::Write;
use std::sync::atomic::AtomicBool;

use super::error::ConvertError;
use super::manifest::MANIFEST;
use super::options::{Layout, MaskForm, Options, SchemaKind, Segmentation};
use super::plan::Content;
use super::report::Report;
use super::shard::Output;
use crate::inspect::sequence;
use crate::snippet::{self, Files, Framework, Reading};

/// The text. `label_maps` are the names of those files; `reading` is what records have, if there are any.
pub fn readme(
    report: &Report,
    options: &Options,
    content: &Content,
    label_maps: &[String],
    reading: Option<&Reading>,
) -> String {
    let mut text = String::new();
    // Writing into a String does not fail.
    let _ = match options.layout {
        Layout::Flat => head(&mut text, report),
        Layout::Roboflow => head_roboflow(&mut text, report, options),
    };
    let _ = tables(&mut text, report, label_maps);
    let _ = features(&mut text, report, options, content);
    if let Some(reading) = reading {
        programs(&mut text, report, options, reading);
    }
    text
}

/// What the first records have, for README.txt; none where there is no record.
pub fn first_records(output: &Output, report: &Report) -> Result<Option<Reading>, ConvertError> {
    let Some(path) = report.files.iter().position(|file| file.records > 0).and_then(|shard| output.closed_path(shard))
    else {
        return Ok(None);
    };
    let read = snippet::read(&[&path], SHOWN_RECORDS, &AtomicBool::new(false));
    read.map(|(_, reading)| Some(reading)).map_err(|error| ConvertError::Ledger(error.to_string()))
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn head(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(text, "An annotated image dataset as TFRecord files\n============================================\n")?;
    writeln!(
        text,
        "{} with {} of {}, made by recordmill {} from a dataset in the format {}.\n",
        plural(report.images, "image", "images"),
        plural(report.objects, "object", "objects"),
        plural(report.classes.len() as u64, "class", "classes"),
        env!("CARGO_PKG_VERSION"),
        report.format,
    )
}

/// In the words of the README that Roboflow puts beside such files.
fn head_roboflow(text: &mut String, report: &Report, options: &Options) -> std::fmt::Result {
    let mut group: Vec<char> = options.group().chars().collect();
    if let Some(first) = group.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    let group: String = group.into_iter().collect();
    writeln!(text, "\n{}\n==============================\n", options.group())?;
    writeln!(text, "This dataset was made by recordmill {}\n", env!("CARGO_PKG_VERSION"))?;
    writeln!(text, "The dataset includes {}.", plural(report.images, "image", "images"))?;
    writeln!(text, "{group} are annotated in Tensorflow TFRecord (raccoon) format.\n")?;
    writeln!(text, "No pre-processing was applied to the images.\n")?;
    writeln!(text, "No image augmentation techniques were applied.\n")
}

fn tables(text: &mut String, report: &Report, label_maps: &[String]) -> std::fmt::Result {
    writeln!(text, "Files\n-----")?;
    let width = report.files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    for file in &report.files {
        let records = plural(file.records, "record", "records");
        writeln!(text, "{:width$}  {records}, {} bytes", file.name, file.bytes)?;
    }
    writeln!(text, "{}: the classes and their ids", label_maps.join(", "))?;
    writeln!(text, "{MANIFEST}: options, counts and checksums of each file\n")?;
    writeln!(text, "Classes\n-------")?;
    for class in &report.classes {
        let images = plural(class.images, "image", "images");
        // A name is data: what would break the line is escaped.
        let name = class.name.escape_debug();
        writeln!(text, "{:>5}  {name}: {} in {images}", class.id, plural(class.objects, "object", "objects"))?;
    }
    writeln!(text)
}

fn features(text: &mut String, report: &Report, options: &Options, content: &Content) -> std::fmt::Result {
    let (columns, attributes) = (content.columns, !content.attributes.is_empty());
    writeln!(text, "A record\n--------")?;
    let of_clips = options.schema == SchemaKind::Sequence;
    let what = if of_clips { "tf.train.SequenceExample of one clip" } else { "tf.train.Example of one image" };
    writeln!(text, "Each record is a {what} (schema {}):\n", options.schema)?;
    if options.schema == SchemaKind::Classification {
        return text.write_str(CLASSIFICATION_FEATURES);
    }
    if of_clips {
        text.write_str(SEQUENCE_FEATURES)?;
    }
    let full = options.is_full();
    let optional = |wanted, name, what| (full && wanted).then_some((name, what));
    let source_id = match (options.schema, options.source_id.name()) {
        (SchemaKind::Basic, _) => "the name again",
        (_, "index") => "place in the source from 1, as text",
        (_, "id") => "the source's id, as text",
        _ => "the name again",
    };
    let encoded = match report.reencoded {
        0 => "the image's file, as it was",
        count => &format!("the image's file, as it was; of {count} images what it was made into"),
    };
    let rows = [
        optional(columns.captions, "image/caption", "list: sentences about the image"),
        optional(columns.labels, "image/class/{label,text}", "a list each: classes of the whole image"),
        Some(("image/encoded", encoded)),
        Some(("image/filename", "its name")),
        Some(("image/format", if full { "jpeg, png ..." } else { "jpg" })),
        Some(("image/height, image/width", "of the stored pixels")),
        optional(options.sha256 && !of_clips, "image/key/sha256", "of the image's file"),
        optional(columns.area, "image/object/area", "list: square pixels"),
        optional(attributes, "image/object/attribute/NAME", "a list each: values, none where an object has none"),
        optional(columns.confidence, "image/object/bbox/confidence", "list: 1 is sure"),
        Some(("image/object/bbox/{xmin,xmax,ymin,ymax}", "a list each: fractions of width and height")),
        Some(("image/object/class/label", "list: id in the label map")),
        Some(("image/object/class/text", "list: name in the label map")),
        optional(columns.corners, "image/object/corners/{x,y}", "a list each: four of each turned box, else zeros"),
        optional(columns.depiction, "image/object/depiction", "list: 1 is a drawing or the like"),
        optional(columns.difficult, "image/object/difficult", "list: 1 is hard to recognise"),
        optional(columns.group_of, "image/object/group_of", "list: 1 is one box around many"),
        optional(columns.id, "image/object/id", "list: the source's own number of the object"),
        optional(columns.crowd, "image/object/is_crowd", "list: 1 is one box around many"),
        optional(columns.keypoints > 0, "image/object/keypoint/{x,y}", "a list each: fractions of width and height"),
        optional(columns.keypoints > 0, "image/object/keypoint/{visibility,text}", "a list each: 0 to 2; name"),
        optional(columns.keypoints > 0, "image/object/keypoint/num", "list: how many of an object are labelled"),
        optional(columns.masks == MaskForm::Png, "image/object/mask", "list: a PNG of 0 and 1 for each object"),
        optional(
            columns.masks == MaskForm::Numerical,
            "image/object/mask",
            "list: 0 or 1 for each pixel of each object",
        ),
        optional(columns.occluded, "image/object/occluded", "list: 1 is partly hidden"),
        optional(columns.track, "image/object/track/label", "list: number of the track, -1 for none"),
        optional(columns.truncated, "image/object/truncated", "list: 1 is cut off"),
        optional(columns.view, "image/object/view", "list: pose"),
        optional(
            columns.maps == Segmentation::Panoptic,
            "image/panoptic/{category_mask,instance_mask}",
            "PNGs: id of the class, number of the object, for each pixel",
        ),
        optional(
            columns.maps == Segmentation::PanopticEncoded,
            "image/panoptic/{category,instance}/encoded",
            "PNGs: id of the class, number of the object, for each pixel",
        ),
        optional(
            columns.maps != Segmentation::None,
            "image/segmentation/class/encoded",
            "a PNG: id of the class for each pixel, 0 for none",
        ),
        Some(("image/source_id", source_id)),
    ];
    for (name, what) in rows.into_iter().flatten() {
        if !of_clips {
            writeln!(text, "{name:40} {what}")?;
        } else if !sequence::OF_CLIP.iter().any(|key| name.starts_with(key)) {
            writeln!(text, "{:40} {what}", sequence::list_of(name))?;
        }
    }
    let nothing = if of_clips {
        "A frame without objects has no value in its lists."
    } else {
        "An image without objects has the lists, empty."
    };
    writeln!(text, "\n{nothing}\n")
}

const SEQUENCE_FEATURES: &str = "\
Of the clip:

clip/{start,end}/timestamp               of the first and the last frame
clip/frames                              how many there are
clip/media_id                            name of the clip
example/dataset_name                     name of the dataset
image/channels                           3
image/format                             jpeg, png ...
image/height, image/width                of the stored pixels of all frames

Lists with an entry for each frame:

image/timestamp                          number of the frame
region/is_annotated                      1, or 0 where no annotation names the frame
";

const CLASSIFICATION_FEATURES: &str = "\
image/class/label                        id in the label map, from 1
image/class/text                         name in the label map
image/encoded                            the image's file, as it was
image/filename                           its name
image/format                             jpeg, png ...
image/height, image/width                of the stored pixels

";

/// Records that programs are made from.
const SHOWN_RECORDS: u64 = 16;
/// Frameworks whose programs stand in the text.
const FRAMEWORKS: [Framework; 3] = [Framework::TensorFlow, Framework::Keras, Framework::Torch];

fn programs(text: &mut String, report: &Report, options: &Options, reading: &Reading) {
    let split = report.splits.first().map(|split| split.name);
    let names = report.files.iter().filter(|file| Some(file.split) == split).map(|file| file.name.clone());
    let files = Files { names: names.collect(), compression: options.compression };
    for framework in FRAMEWORKS {
        let title = format!("{} (pip install {})", framework.title(), framework.needs());
        let program = snippet::program(framework, &files, reading);
        *text += &format!("{title}\n{}\n{program}\n", "-".repeat(title.len()));
    }
    *text += "For JAX, or another split: recordmill snippet FILE --for jax\n";
}
