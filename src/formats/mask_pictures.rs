//! Masks that an annotation file only names the pictures of: each is looked up among the files that the walk saw, by the end of its
//! address, and its pixels are told apart by their colours.

use std::collections::BTreeMap;

use super::images::{Asker, Match, Matcher};
use super::label_image::{self, Kind, LabelImage};
use super::pages::{Finding, Sheet};
use super::splits;
use super::text::Fault;
use super::tree::{FileId, Tree, file_name};
use crate::dataset::{Mask, ProblemKind};

/// Finds pictures of masks.
pub struct Pictures<'t> {
    tree: &'t Tree,
    matcher: Matcher<'t>,
}

impl<'t> Pictures<'t> {
    /// Those of `tree`.
    pub fn new(tree: &'t Tree) -> Self {
        Self { tree, matcher: Matcher::new(tree) }
    }

    /// The file that an annotation in `asker` means. A colon, which not all file systems take, may be `_`.
    pub fn find(&self, name: &str, asker: FileId) -> Option<FileId> {
        let path = self.tree.path(asker);
        let asker = Asker { path, split: splits::of_folders(self.tree, path) };
        let end = |name: &str| name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let other =
            |name: &str| name.strip_prefix("s3:").map_or_else(|| name.replace(':', "_"), |rest| rest.replace(':', "_"));
        [name.to_owned(), other(name)].iter().find_map(|name| match self.matcher.find(name, &asker) {
            // A picture with another extension is another one.
            Match::Found { file, .. } => (file_name(self.tree.path(file)) == end(name)).then_some(file),
            _ => None,
        })
    }

    /// The mask of each colour, `0xRRGGBB`, in the picture called `name`; where it is gray, of each sample. What cannot be used is
    /// left out of the sheet, with a note.
    pub fn open(
        &self,
        name: &str,
        asker: FileId,
        line: u32,
        sheet: &mut Sheet,
        findings: &mut Vec<Finding>,
    ) -> Option<BTreeMap<u32, Mask>> {
        let Some(file) = self.find(name, asker) else {
            sheet.leave_out(&format!("the mask {name:?}, whose picture is not there,"), line, findings);
            return None;
        };
        sheet.pictures.push(file);
        match self.colours(file) {
            Ok(masks) => Some(masks),
            Err(fault) => {
                sheet.add(Err(Fault { line, ..fault }), findings);
                None
            }
        }
    }

    /// The mask of each colour of a picture.
    pub fn colours(&self, file: FileId) -> Result<BTreeMap<u32, Mask>, Fault> {
        let at_file = |fault: Fault| Fault::new(0, format!("{}: {}", self.tree.path(file), fault.message));
        self.picture(file).and_then(|picture| picture.masks()).map_err(at_file)
    }

    /// The mask of what is not black in a picture.
    pub fn painted(&self, file: FileId) -> Result<Mask, Fault> {
        let at_file = |fault: Fault| Fault::new(0, format!("{}: {}", self.tree.path(file), fault.message));
        let mut picture = self.picture(file).map_err(at_file)?;
        picture.values.iter_mut().for_each(|value| *value = u32::from(*value > 0));
        Ok(picture.masks().map_err(at_file)?.remove(&1).unwrap_or_default())
    }

    /// A picture whose values are colours, or samples of gray.
    fn picture(&self, file: FileId) -> Result<LabelImage, Fault> {
        let mut picture = label_image::open(self.tree, file)?;
        if let Kind::Indexed(palette) = &picture.kind {
            let colour = |value: &u32| palette.get(*value as usize).copied().unwrap_or(0);
            picture.values.iter_mut().for_each(|value| *value = colour(value));
        }
        Ok(picture)
    }
}

/// Notes colours of a picture that nobody says what they are.
pub fn note_unknown(rest: &BTreeMap<u32, Mask>, name: &str, line: u32, findings: &mut Vec<Finding>) {
    let Some((colour, _)) = rest.first_key_value() else { return };
    let (count, more) = (rest.len(), if rest.len() > 1 { " and others" } else { "" });
    let message = format!("{count} colours of {name:?} stand for nothing, #{colour:06x}{more}; left out");
    findings.push((ProblemKind::IgnoredField, line, message));
}
