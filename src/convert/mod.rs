//! Conversion, the room with all the doors: from a dataset to record files, a label map, a README, a manifest and a
//! report.
//!
//! ```text
//! fetched   images from where the dataset says they can be had
//! scripted  what the script does to a dataset whose schema is asked for
//! select    which images and classes are taken, and under which names
//! labels    which number each class gets
//! split     which image goes into which part
//! fitting   an image's header against its annotation, and its objects inside it
//! losses    what the target cannot hold
//! settle, save   any other target: a dataset of which nothing is open, its files and images in a folder of their own
//! plan      which record goes into which file and block: plain data, decided before the first byte is written
//! clips     which images are a clip, and in which order
//! boxes     a source's box to one that trainers take
//! schema    which features a record has
//! reencode  which images are written as another file than their own
//! pipeline  blocks of framed records, on any number of threads, in plan order
//! shard     temporary files, and the moment when all get their names
//! check     what is in a dataset, and what is wrong with it; writes nothing
//! against   whether records hold all that a source says, and nothing else
//! report    what was read, written, put right and left out; the counts have to add up
//! ```
//!
//! The same input, options and seed give the same bytes, whatever the number of threads, the order of the directory or
//! the machine.

mod against;
pub mod boxes;
pub mod check;
mod clips;
pub mod columns;
mod error;
mod fetched;
mod fitting;
mod images;
pub mod labels;
mod losses;
mod manifest;
mod options;
mod pipeline;
pub mod plan;
mod readme;
mod reencode;
mod report;
mod run;
mod save;
pub mod schema;
mod scripted;
mod select;
mod settle;
mod shard;
pub mod split;
mod tfrecord;
mod watch;

pub use against::{Comparison, Found, against};
pub use boxes::SkipRule;
pub use check::{Health, check, check_dataset};
pub use error::ConvertError;
pub use fetched::{Fetched, with_fetched};
pub use images::read_image;
pub use losses::Loss;
pub use manifest::{MANIFEST, README};
pub use options::{
    ImagesMode, LabelSource, Layout, MaskForm, OnError, Options, SchemaKind, Segmentation, ShardRule, SourceId,
};
pub use reencode::Reencode;
pub use report::{ClassCount, FileReport, Report, SplitCount};
pub use run::{convert, convert_dataset};
pub use select::Selection;
pub use split::SplitRule;
pub use watch::{Monitor, Phase, Progress};
// For the room of pages, which shows what a conversion would see.
pub(crate) use check::{Overview, SizeCount, check_and_keep, look};
pub(crate) use fitting::frame as frame_of;
pub(crate) use images::open as open_image;
pub(crate) use run::aside;
pub(crate) use select::shown as shown_rows;
pub(crate) use split::hash;
pub(crate) use tfrecord::NAME as TFRECORD;
pub(crate) use watch::Watch;

use std::path::Path;

use crate::formats::{self, FORMATS, Format, FormatError, LoadOptions, Loaded};

/// All formats that are read, TFRecord among them, sorted by name.
pub fn formats() -> Vec<&'static Format> {
    let mut all: Vec<&'static Format> = FORMATS.iter().copied().chain([&tfrecord::FORMAT]).collect();
    all.sort_by_key(|format| format.name);
    all
}

/// Reads the dataset in `source`, a folder or a file of annotations or records.
pub fn load(source: &Path, options: &LoadOptions) -> Result<Loaded, FormatError> {
    formats::load_among(&formats(), source, options)
}

#[cfg(test)]
mod tests {
    use crate::dataset::{Dataset, Image, NO_SOURCE};

    /// Images without objects.
    pub(super) fn dataset_of(keys: impl IntoIterator<Item = String>) -> Dataset {
        let mut dataset = Dataset::default();
        for key in keys {
            let image =
                Image { key: &key, name: &key, file: Some((0, &key)), source: (NO_SOURCE, 0), ..Image::default() };
            dataset.push(image, []);
        }
        dataset
    }
}
