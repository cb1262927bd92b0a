//! What is meant by the paths that were given: a dataset, or record files.
//!
//! One path is a dataset in any format; where it is none, and holds records all the same, it is record files. Several paths, and
//! patterns, are record files: a dataset where each record is an image of a known kind, else just records.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::ViewError;
use super::records::begins_like_records;
use crate::convert::{self, ConvertError, TFRECORD, Watch, aside};
use crate::formats::{self, FormatErrorKind, LoadOptions, Loaded};
use crate::record::{ReadOptions, Recovery};
use crate::reshape::Inputs;

/// What is shown.
pub enum Source {
    /// Images.
    Dataset(Box<Loaded>),
    /// Records of any kind.
    Records(Inputs),
}

/// Finds and loads what `given` names.
pub fn open(given: &[PathBuf], load: &LoadOptions, watch: &mut Watch<'_>) -> Result<Source, ViewError> {
    let read = ReadOptions { recovery: Recovery::Skip, ..ReadOptions::default() };
    let loading = load.clone();
    let loaded = match given {
        [] => return Err(ViewError::Option("nothing was given to be shown".into())),
        [path] if path.exists() => {
            let path = path.clone();
            aside(move || convert::load(&path, &loading), watch)
        }
        several => {
            let files = Inputs::find(several, read)?.files;
            if let Some(file) = files.iter().find(|file| file.is_stdin()) {
                return Err(ViewError::Option(format!("{}: a page is made of files", file.path.display())));
            }
            if let Some(file) = files.iter().find(|file| !is_record_file(&file.path)) {
                let message =
                    format!("{}: is no TFRecord file; of datasets, one is shown at a time", file.path.display());
                return Err(ViewError::Option(message));
            }
            let paths: Vec<PathBuf> = files.into_iter().map(|file| file.path).collect();
            aside(move || load_files(&paths, &loading), watch)
        }
    };
    let error = match loaded {
        Ok(loaded) => return Ok(Source::Dataset(Box::new(loaded))),
        Err(error @ ConvertError::Format(_)) => error,
        Err(error) => return Err(error.into()),
    };
    // Who says which format it is, or names what is not there, hears of that.
    let of_format = load.from.as_deref().is_none_or(|name| name == TFRECORD);
    let there = !matches!(&error, ConvertError::Format(error)
        if matches!(error.kind(), FormatErrorKind::Io(_) | FormatErrorKind::Ambiguous(_)));
    match Inputs::find(given, read) {
        Ok(inputs) if of_format && there && inputs.files.iter().any(|file| is_record_file(&file.path)) => {
            Ok(Source::Records(inputs))
        }
        _ => Err(error.into()),
    }
}

/// Record files as one dataset.
fn load_files(paths: &[PathBuf], options: &LoadOptions) -> Result<Loaded, formats::FormatError> {
    // What classes are called may stand beside them.
    let is_map = |name: &str| name.ends_with(".pbtxt") || name.ends_with(".labels.txt");
    let tree = formats::tree::Tree::open_files(paths, is_map, options.allow_outside)?;
    let options = LoadOptions { from: options.from.clone().or_else(|| Some(TFRECORD.into())), ..options.clone() };
    formats::read_among(&convert::formats(), &tree, paths.first().map_or("".as_ref(), PathBuf::as_path), &options)
}

fn is_record_file(path: &Path) -> bool {
    File::open(path).is_ok_and(begins_like_records)
}
