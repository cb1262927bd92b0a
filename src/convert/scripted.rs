//! What a schema that is a script's does to a dataset before anything else is decided: as that script does it without being asked.
//!
//! ```text
//! create_kitti  names of classes in small letters; car and pedestrian alone, unless other classes are asked for; no object that
//!               overlaps a DontCare region; images with a number below 500 are for validation, unless the source has a split
//! create_oid    classes are called by their codes (/m/01g317)
//! ```

use super::error::ConvertError;
use super::options::{Options, SchemaKind};
use super::split::SplitRule;
use crate::dataset::{Dataset, Ledger, Split};
use crate::formats::Loaded;
use crate::formats::kitti;
use crate::formats::tree::stem_of;

/// `validation_set_size` of `create_kitti_tf_record.py`.
const VALIDATION_SET_SIZE: u64 = 500;
/// Its `classes_to_use`.
const KITTI_CLASSES: [&str; 2] = ["car", "pedestrian"];

/// The dataset as the script of the schema takes it, and what is to be chosen of it; none if that is no other than before.
pub fn prepare(loaded: &Loaded, options: &Options) -> Result<Option<(Loaded, Options)>, ConvertError> {
    if options.target.is_some() {
        return Ok(None);
    }
    let (mut loaded, mut options) = match options.schema {
        SchemaKind::CreateKitti | SchemaKind::CreateOid => (loaded.clone(), options.clone()),
        _ => return Ok(None),
    };
    if options.schema == SchemaKind::CreateOid {
        for class in loaded.dataset.classes.iter_mut().filter(|class| !class.code.is_empty()) {
            class.name.clone_from(&class.code);
        }
        return Ok(Some((loaded, options)));
    }
    kitti_classes(&loaded.dataset, &mut options)?;
    divide(&mut loaded.dataset, &options);
    let cared_for: Vec<bool> = cared_for(&loaded.dataset);
    let lost = cared_for.iter().filter(|kept| !**kept).count() as u64;
    loaded.skipped.count(kitti::DONT_CARE, Ledger { images: 0, objects: lost });
    loaded.dataset = std::mem::take(&mut loaded.dataset).retain(|_| true, |object| cared_for[object]);
    Ok(Some((loaded, options)))
}

/// `x[0].lower()`, and which classes are used.
fn kitti_classes(dataset: &Dataset, options: &mut Options) -> Result<(), ConvertError> {
    let select = &mut options.select;
    for class in &dataset.classes {
        let (name, small) = (&class.name, class.name.to_lowercase());
        if *name != small && !select.rename.iter().any(|(from, _)| from == name) {
            select.rename.push((name.clone(), small));
        }
    }
    if select.keep_classes.is_some() || !select.drop_classes.is_empty() || dataset.classes.is_empty() {
        return Ok(());
    }
    let new_name =
        |name: &String| select.rename.iter().find(|(from, _)| from == name).map_or(name, |(_, to)| to).clone();
    let mut kept: Vec<String> = dataset.classes.iter().map(|class| new_name(&class.name)).collect();
    kept.retain(|name| KITTI_CLASSES.contains(&name.as_str()));
    kept.sort();
    kept.dedup();
    if kept.is_empty() {
        let message = "schema create_kitti: no class is called car or pedestrian, which the script takes; keep_classes names others";
        return Err(ConvertError::Option(message.into()));
    }
    select.keep_classes = Some(kept);
    Ok(())
}

/// `img_num < validation_set_size`.
fn divide(dataset: &mut Dataset, options: &Options) {
    let own = |split: &Option<Split>| split.is_some_and(|split| split != Split::Train);
    if options.split != SplitRule::Keep || dataset.images.split.iter().any(own) {
        return;
    }
    for row in 0..dataset.len() {
        let number = stem_of(dataset.images.own_name(row)).parse::<u64>().ok();
        let first = number.is_some_and(|number| number < VALIDATION_SET_SIZE);
        dataset.images.split[row] = Some(if first { Split::Valid } else { Split::Train });
    }
}

/// Which objects overlap no region that is to be ignored: `iou > 0`.
fn cared_for(dataset: &Dataset) -> Vec<bool> {
    let mut kept = vec![true; dataset.objects.len()];
    for (row, regions) in dataset.images.ignored.iter() {
        for object in dataset.objects_of(row) {
            let [x0, y0, x1, y1] = dataset.objects.bbox[object];
            let overlaps = |region: &[f64; 4]| {
                let [left, top, right, bottom] = *region;
                x1.min(right) - x0.max(left) > 0.0 && y1.min(bottom) - y0.max(top) > 0.0
            };
            kept[object] = !regions.iter().any(overlaps);
        }
    }
    kept
}
