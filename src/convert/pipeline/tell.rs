//! What is said of one image: its objects, fitted into it, its classes and captions.

use std::borrow::Cow;

use super::block::{Fetched, Outcome, Unusable, bad_image};
use crate::convert::fitting;
use crate::convert::options::{MaskForm, Segmentation, SourceId};
use crate::convert::plan::{Content, PlannedImage};
use crate::convert::report::{NO_OBJECTS, STUFF};
use crate::convert::schema::profile::Name;
use crate::convert::schema::{Drawn, MapForm, ObjectColumns, Placed, Sample, classification};
use crate::dataset::{Dataset, ProblemKind};
use crate::formats::target::Frame;
use crate::formats::tree::stem_of;
use crate::image::mask::MaskError;

/// Says it, of the images of a dataset.
#[derive(Clone, Copy)]
pub struct Teller<'a> {
    pub dataset: &'a Dataset,
    pub content: &'a Content,
}

impl<'a> Teller<'a> {
    /// Hands what is said of `image` to `write`, whose answer is given back, and counts it in `outcome`; none for an image without
    /// objects that is to be dropped.
    pub fn tell<T>(
        &self,
        image: PlannedImage,
        fetched: &Fetched,
        outcome: &mut Outcome,
        write: impl FnOnce(&Sample<'_>) -> Result<T, Unusable>,
    ) -> Result<Option<T>, Unusable> {
        let rows = self.dataset.objects_of(image.row);
        let frame = fetched.frame;
        let has_rows = !rows.is_empty();
        let mut columns = ObjectColumns::default();
        let mut found = Outcome::default();
        let profile = self.content.schema.profile();
        match profile.has_objects() {
            true => self.objects(image.row, frame, &mut columns, &mut found)?,
            false => rows.for_each(|_| found.skipped.object(NO_OBJECTS)),
        }
        // What nothing is said of has no map where lists without values have no key either.
        let drawn = self.content.columns.maps != Segmentation::None;
        if drawn && (profile.empty_lists || has_rows) {
            columns.draw_maps(self.dataset, self.content.columns, profile.maps, frame).map_err(bad_image)?;
        }
        let images = &self.dataset.images;
        let of_image = images.labels.get(image.row).map_or(&[][..], |labels| labels);
        let captions = images.captions.get(image.row).map_or(&[][..], |captions| captions);
        let captions = if self.content.columns.captions { captions } else { &[] };
        if columns.is_empty() && of_image.is_empty() && captions.is_empty() && self.content.drop_empty {
            // Their objects are left out with the image.
            outcome.problems.append(found.problems);
            return Ok(None);
        }

        let filename = match profile.filename {
            Name::Own if image.shared_name => images.key.get(image.row),
            Name::Own => images.own_name(image.row),
            Name::Annotated => images.name.get(image.row),
            Name::Path => images.key.get(image.row),
        };
        let source_id = match self.content.source_id {
            SourceId::Auto | SourceId::Index => Cow::Owned((image.row + 1).to_string()),
            SourceId::Id => Cow::Owned(images.id.get(image.row).map(i64::to_string).unwrap_or_default()),
            SourceId::Filename => Cow::Borrowed(filename),
            SourceId::Stem => Cow::Borrowed(stem_of(filename)),
        };
        // A class that the label map does not have was said with its place when the labels were made.
        let planned = |class: &u32| self.content.classes.get(*class as usize)?.as_ref();
        let labels: Vec<_> = of_image.iter().filter_map(planned).collect();
        if profile.has_one_class()
            && let Some(message) = classification::refusal(&labels, self.content.schema)
        {
            return Err(Unusable(ProblemKind::OneClass, message));
        }
        for class in &labels {
            found.classes.entry(class.index).or_default();
        }
        let sample = Sample {
            encoded_len: fetched.len,
            header: fetched.header,
            filename,
            format: profile.format.of(fetched.header.kind),
            source_id: &source_id,
            columns: self.content.columns,
            attributes: &self.content.attributes,
            captions,
            labels: &labels,
            objects: &columns,
        };
        let written = write(&sample)?;

        let objects = columns.len() as u64;
        outcome.images += 1;
        outcome.objects += objects;
        outcome.empty += u64::from(objects == 0 && labels.is_empty() && captions.is_empty());
        outcome.unmasked += found.unmasked;
        outcome.reencoded += u64::from(fetched.rewritten);
        outcome.skipped.add(&found.skipped);
        for (class, (count, _)) in found.classes {
            let total = outcome.classes.entry(class).or_default();
            total.0 += count;
            total.1 += 1;
        }
        outcome.problems.append(found.problems);
        Ok(Some(written))
    }

    /// Fits the objects of image `row`, which were drawn in `frame`, into it.
    fn objects(
        &self,
        row: usize,
        frame: Frame,
        columns: &mut ObjectColumns<'a>,
        found: &mut Outcome,
    ) -> Result<(), Unusable> {
        let form = self.content.schema.profile().maps;
        let draws = self.content.columns.maps != Segmentation::None;
        for (number, object) in (1..).zip(self.dataset.objects_of(row)) {
            let place = self.dataset.objects.class[object] as usize;
            let Some(class) = self.content.classes.get(place).and_then(Option::as_ref) else {
                // Said once for all, with its place, when the labels were made.
                found.skipped.object(ProblemKind::UnknownClass.word());
                continue;
            };
            if form == MapForm::ThingsAndStuff {
                let thing = self.dataset.classes.get(place).is_none_or(|class| !class.stuff);
                if draws {
                    // A segment is seen whatever its box is.
                    columns.push_drawn(Drawn::thing_or_stuff(object, class.id, number, thing));
                }
                if !thing {
                    found.skipped.object(STUFF);
                    continue;
                }
            }
            let rules = self.content.rules;
            match fitting::fit(self.dataset, (row, object), frame, rules, &mut found.problems) {
                Ok((unit, _)) => {
                    let placed = Placed { unit, class, frame };
                    columns.push(self.dataset, object, self.content.columns, placed);
                    if draws && form == MapForm::Plain {
                        columns.push_drawn(Drawn::plain(object, class.id, columns.len()));
                    }
                    if !self.content.attributes.is_empty() {
                        columns.push_attributes(self.dataset, object, &self.content.attributes);
                    }
                    if self.content.columns.masks != MaskForm::None {
                        self.mask((row, object), frame, columns, found)?;
                    }
                    found.classes.entry(class.index).or_default().0 += 1;
                }
                Err(reason) => found.skipped.object(reason.word()),
            }
        }
        Ok(())
    }

    /// Adds the mask of an object, which is without a pixel where there is none.
    fn mask(
        &self,
        (row, object): (usize, usize),
        frame: Frame,
        columns: &mut ObjectColumns<'a>,
        found: &mut Outcome,
    ) -> Result<(), Unusable> {
        fitting::look_at_mask(self.dataset, (row, object), frame, &mut found.problems);
        match columns.push_mask(self.dataset, object, self.content.columns, frame) {
            Ok(has_mask) => found.unmasked += u64::from(!has_mask),
            Err(error @ MaskError::Size(..)) => {
                let message = format!("{error} is more than a record can hold: --masks none leaves them out");
                return Err(Unusable(ProblemKind::BadImage, message));
            }
            Err(error) => {
                found.unmasked += 1;
                let place = self.dataset.object_place(row, object);
                found.problems.push(ProblemKind::BadMask, place, format!("its mask is left out: {error}"));
            }
        }
        Ok(())
    }
}
