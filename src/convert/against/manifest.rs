//! The options of a conversion, as its manifest has them: those that say what records must hold.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::convert::MANIFEST;
use crate::convert::boxes::SkipRule;
use crate::convert::error::{ConvertError, io_error};
use crate::convert::options::{MaskForm, OnError, Options, SchemaKind};
use crate::convert::reencode::Reencode;
use crate::convert::select::Selection;
use crate::convert::split::SplitRule;
use crate::formats::LoadOptions;

#[derive(Deserialize)]
struct Manifest {
    source_format: String,
    options: Written,
}

#[derive(Deserialize)]
struct Written {
    schema: String,
    split: String,
    split_exact: bool,
    seed: u64,
    masks: String,
    reencode: String,
    auto_orient: bool,
    drop_empty: bool,
    skip_rule: SkipRule,
    on_error: String,
    #[serde(default)]
    rename: Vec<(String, String)>,
    #[serde(default)]
    keep_classes: Option<Vec<String>>,
    #[serde(default)]
    drop_classes: Vec<String>,
    #[serde(default)]
    min_box_size: Option<f64>,
    #[serde(default)]
    sample: Option<u64>,
}

/// The options of the manifest in the folder `path`, or beside or above the file `path`, and where it is.
pub(super) fn beside(path: &Path) -> Result<Option<(Options, PathBuf)>, ConvertError> {
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    let above = folder.filter(|_| !path.is_dir()).and_then(Path::parent);
    let places = [folder, above].into_iter().flatten().map(|folder| folder.join(MANIFEST));
    let Some(place) = places.into_iter().find(|place| place.is_file()) else { return Ok(None) };
    let text = std::fs::read(&place).map_err(io_error("cannot be read", &place))?;
    let wrong = |why: String| ConvertError::Option(format!("{}: no manifest: {why}", place.display()));
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
    let options = options(manifest).map_err(wrong)?;
    Ok(Some((options, place.clone())))
}

fn options(Manifest { source_format, options: written }: Manifest) -> Result<Options, String> {
    let word = |what: &str, name: &str| format!("{what} {name:?} is not known");
    Ok(Options {
        load: LoadOptions { from: Some(source_format), ..LoadOptions::default() },
        schema: SchemaKind::from_name(&written.schema).ok_or_else(|| word("schema", &written.schema))?,
        split: SplitRule::parse(&written.split).map_err(|error| error.to_string())?,
        exact_split: written.split_exact,
        seed: written.seed,
        masks: MaskForm::from_name(&written.masks).ok_or_else(|| word("masks", &written.masks))?,
        reencode: Reencode::parse(&written.reencode)?,
        auto_orient: written.auto_orient,
        drop_empty: written.drop_empty,
        skip_rule: written.skip_rule,
        on_error: OnError::from_name(&written.on_error).ok_or_else(|| word("on_error", &written.on_error))?,
        select: Selection {
            rename: written.rename,
            keep_classes: written.keep_classes,
            drop_classes: written.drop_classes,
            min_box_size: written.min_box_size,
            sample: written.sample,
        },
        ..Options::default()
    })
}
