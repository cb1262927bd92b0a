//! `README.txt` in the output: what it is, what is in it, and short programs that read it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::error::ConvertError;
use super::manifest::MANIFEST;
use super::options::{Layout, MaskForm, Options, SourceId};
use super::plan::Content;
use super::report::Report;
use super::schema::profile::FormatWord;
use super::schema::tfds;
use super::shard::Output;
use crate::dataset::Split;
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
    let _ = tables(&mut text, report, options, label_maps);
    let _ = features(&mut text, report, options, content);
    if let Some(reading) = reading {
        programs(&mut text, report, options, reading);
    }
    text
}

/// What the first records of the files that programs read have, for README.txt; none where there is no record. Keys that `is_list`
/// are taken for lists, however many values these have.
pub fn first_records(
    output: &Output,
    report: &Report,
    is_list: &dyn Fn(&str) -> bool,
) -> Result<Option<Reading>, ConvertError> {
    let split = shown_split(report);
    let shown = report.files.iter().enumerate().filter(|(_, file)| file.records > 0 && Some(file.split) == split);
    let paths: Vec<PathBuf> = shown.filter_map(|(shard, _)| output.closed_path(shard)).take(SHOWN_FILES).collect();
    if paths.is_empty() {
        return Ok(None);
    }
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let each = (SHOWN_FILES / paths.len()).max(1) as u64;
    let read = snippet::read(&paths, each, is_list, &AtomicBool::new(false));
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

fn tables(text: &mut String, report: &Report, options: &Options, label_maps: &[String]) -> std::fmt::Result {
    writeln!(text, "Files\n-----")?;
    let width = report.files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    for file in &report.files {
        let records = plural(file.records, "record", "records");
        writeln!(text, "{:width$}  {records}, {} bytes", file.name, file.bytes)?;
    }
    writeln!(text, "{}: the classes and their ids", label_maps.join(", "))?;
    if options.schema.profile().beside.is_some() {
        writeln!(text, "{}: what TensorFlow Datasets loads the folder by", tfds::METADATA.join(", "))?;
    }
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
    let profile = options.schema.profile();
    writeln!(text, "A record\n--------")?;
    let of_clips = profile.of_clips;
    let what = if of_clips { "tf.train.SequenceExample of one clip" } else { "tf.train.Example of one image" };
    writeln!(text, "Each record is a {what} (schema {}):\n", options.schema)?;
    if of_clips {
        text.write_str(SEQUENCE_FEATURES)?;
    }
    let again = match content.source_id {
        SourceId::Auto | SourceId::Index => "place in the source from 1, as text",
        SourceId::Id => "the source's id, as text",
        SourceId::Filename => "the name again",
        SourceId::Stem => "the name without its extension",
    };
    let encoded = match report.reencoded {
        0 => "the image's file, as it was",
        count => &format!("the image's file, as it was; of {count} images what it was made into"),
    };
    let masks = match content.columns.masks {
        MaskForm::Numerical => "list: 0 or 1 for each pixel of each object",
        _ => "list: a PNG of 0 and 1 for each object",
    };
    for (key, _) in profile.keys.iter().filter(|(key, _)| (key.found)(&content.columns)) {
        let Some((name, what)) = key.shown else { continue };
        let what = match (name, profile.format) {
            ("image/encoded" | "image", _) => encoded,
            ("image/format", FormatWord::Always(word)) => word,
            ("image/format", FormatWord::Jpeg(word)) => &format!("{word}, png ..."),
            ("image/object/mask", _) => masks,
            ("image/source_id", _) => again,
            ("image/id", _) => again.trim_end_matches(", as text"),
            _ => what,
        };
        match of_clips {
            true if sequence::OF_CLIP.iter().any(|key| name.starts_with(key)) => {}
            true => writeln!(text, "{:40} {what}", sequence::list_of(name))?,
            false => writeln!(text, "{name:40} {what}")?,
        }
    }
    let empty = match (profile.has_objects(), profile.empty_lists) {
        (false, _) => "",
        _ if of_clips => "\nA frame without objects has no value in its lists.\n",
        (true, true) => "\nAn image without objects has the lists, empty.\n",
        (true, false) => "\nAn image without objects does not have the lists.\n",
    };
    writeln!(text, "{empty}")?;
    if !profile.script.is_empty() {
        writeln!(text, "The same that {} writes.\n", profile.script)?;
    }
    Ok(())
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

/// Files that programs are made from at most, and records.
const SHOWN_FILES: usize = 16;
/// Frameworks whose programs stand in the text.
const FRAMEWORKS: [Framework; 3] = [Framework::TensorFlow, Framework::Keras, Framework::Torch];

/// The split whose files programs read.
fn shown_split(report: &Report) -> Option<Split> {
    report.splits.iter().find(|split| split.images > 0).map(|split| split.name)
}

fn programs(text: &mut String, report: &Report, options: &Options, reading: &Reading) {
    let split = shown_split(report);
    let names = report.files.iter().filter(|file| Some(file.split) == split).map(|file| file.name.clone());
    let files = Files { names: names.collect(), compression: options.compression };
    if let Some(beside) = options.schema.profile().beside {
        *text += beside.program;
    }
    for framework in FRAMEWORKS {
        let title = format!("{} (pip install {})", framework.title(), framework.needs());
        let program = snippet::program(framework, &files, reading);
        *text += &format!("{title}\n{}\n{program}\n", "-".repeat(title.len()));
    }
    *text += "For JAX, or another split: recordmill snippet FILE --for jax\n";
}
