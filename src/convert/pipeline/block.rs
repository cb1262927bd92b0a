//! One block: the records of some images, framed, one behind the other.
//!
//! Bytes are not paid for twice: an image is read to where it will be written. Before its bytes come the record's
//! header and the start of the Example, whose length is guessed (it depends on the lengths of what follows by a few
//! bytes, as lengths are varints); the rest is put behind. Only where the guess was wrong the image moves.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Read};

use super::buffer::Buffer;
use crate::convert::fitting;
use crate::convert::images::{self, ImageFile};
use crate::convert::options::{MaskForm, SchemaKind, Segmentation, SourceId};
use crate::convert::plan::{Content, PlannedImage};
use crate::convert::reencode::Rewrite;
use crate::convert::report::{DROP_EMPTY, NO_OBJECTS, STUFF};
use crate::convert::schema::profile::Name;
use crate::convert::schema::{self, Drawn, MapForm, ObjectColumns, Placed, SHA256_LEN, Sample, classification};
use crate::dataset::{Dataset, Place, ProblemKind, Problems, Skipped};
use crate::example::{self, Encoder};
use crate::files::Root;
use crate::formats::target::Frame;
use crate::formats::tree::stem_of;
use crate::image::header;
use crate::image::mask::MaskError;
use crate::record;

/// How much of the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The block's bytes are made.
    Write,
    /// The block's length is taken and all is checked, but its bytes are not made.
    Measure,
}

/// What became of the images of a block. Merged in the order of the plan.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Records made.
    pub images: u64,
    /// Objects in them.
    pub objects: u64,
    /// Records that say nothing of their image: no object, class or caption.
    pub empty: u64,
    /// Objects whose mask has no pixel, since they have no outline.
    pub unmasked: u64,
    /// Images that are not the bytes of their files.
    pub reencoded: u64,
    /// Bytes of the block before compression.
    pub bytes: u64,
    /// Bytes of image files that were read.
    pub read: u64,
    /// What was left out.
    pub skipped: Skipped,
    /// Objects and images by place in the label map.
    pub classes: BTreeMap<usize, (u64, u64)>,
    /// What was found on the way.
    pub problems: Problems,
}

impl Outcome {
    /// Adds what came behind.
    pub fn merge(&mut self, other: Self) {
        self.images += other.images;
        self.objects += other.objects;
        self.empty += other.empty;
        self.unmasked += other.unmasked;
        self.reencoded += other.reencoded;
        self.bytes += other.bytes;
        self.read += other.read;
        self.skipped.add(&other.skipped);
        for (class, (objects, images)) in other.classes {
            let total = self.classes.entry(class).or_default();
            total.0 += objects;
            total.1 += images;
        }
        self.problems.append(other.problems);
    }
}

/// Makes blocks, one after the other, on one thread.
pub struct Builder<'a> {
    dataset: &'a Dataset,
    content: &'a Content,
    roots: &'a [Root],
    encoder: Encoder,
    around: Vec<u8>,
}

/// An image that cannot be written, and why.
struct Unusable(ProblemKind, String);

impl<'a> Builder<'a> {
    /// A builder for records of `dataset`, whose roots are open as `roots`.
    pub fn new(dataset: &'a Dataset, content: &'a Content, roots: &'a [Root]) -> Self {
        Self { dataset, content, roots, encoder: Encoder::default(), around: Vec::new() }
    }

    /// Appends the record of `image` to `block`; with [`Mode::Measure`] only its length counts.
    pub fn add(&mut self, image: PlannedImage, mode: Mode, block: &mut Buffer, outcome: &mut Outcome) {
        let objects = self.dataset.objects_of(image.row).len() as u64;
        match self.try_add(image, mode, block, outcome) {
            Ok(true) => {}
            Ok(false) => outcome.skipped.image(DROP_EMPTY, objects),
            Err(Unusable(kind, message)) => {
                outcome.problems.push(kind, Place::file(self.dataset.images.key.get(image.row)), message);
                outcome.skipped.image(kind.word(), objects);
            }
        }
    }

    /// Whether a record was made; not for an image without objects that is to be dropped.
    fn try_add(
        &mut self,
        image: PlannedImage,
        mode: Mode,
        block: &mut Buffer,
        outcome: &mut Outcome,
    ) -> Result<bool, Unusable> {
        let unusable = |kind, message: &str| Err(Unusable(kind, message.to_owned()));
        let rows = self.dataset.objects_of(image.row);
        // TensorFlow cannot read a larger Example; 1 MiB is more than all else in it.
        if image.bytes > example::MAX_LEN - (1 << 20) {
            let message = format!("image has {} bytes, more than an Example can hold (2 GiB)", image.bytes);
            return Err(Unusable(ProblemKind::BadImage, message));
        }
        let Ok(mut len) = usize::try_from(image.bytes) else {
            return unusable(ProblemKind::BadImage, "image is larger than this machine's memory");
        };
        let mut guess = record::HEADER_LEN + prefix_guess(len, rows.len());
        // One byte more, to see whether the file grew.
        let room = block.room(guess, len + 1).map_err(|message| Unusable(ProblemKind::BadImage, message))?;
        self.read(image, room)?;
        outcome.read += image.bytes;
        let bad = |message| Unusable(ProblemKind::BadImage, message);
        let bytes = room.get(..len).unwrap_or_default();
        let mut header = header::read(bytes).map_err(|error| bad(error.to_string()))?;
        let rewrite = Rewrite::of(&header, self.content.reencode, self.content.auto_orient).map_err(bad)?;
        let frame = fitting::look_at(self.dataset, image.row, &header, rewrite, &mut outcome.problems);
        if let Some(rewrite) = rewrite {
            let made = rewrite.bytes(bytes, &header).map_err(bad)?;
            len = made.len();
            guess = record::HEADER_LEN + prefix_guess(len, rows.len());
            block.room(guess, len).map_err(bad)?.copy_from_slice(&made);
            // What a record says of its image is said of these bytes.
            header = header::read(&made).map_err(|error| bad(error.to_string()))?;
        }

        let mut columns = ObjectColumns::default();
        let mut found = Outcome::default();
        let profile = self.content.schema.profile();
        match profile.has_objects() {
            true => self.objects(image.row, frame, &mut columns, &mut found)?,
            false => rows.clone().for_each(|_| found.skipped.object(NO_OBJECTS)),
        }
        // What nothing is said of has no map where lists without values have no key either.
        let drawn = self.content.columns.maps != Segmentation::None;
        if drawn && (profile.empty_lists || !rows.is_empty()) {
            columns
                .draw_maps(self.dataset, self.content.columns, profile.maps, frame)
                .map_err(|message| Unusable(ProblemKind::BadImage, message))?;
        }
        let images = &self.dataset.images;
        let of_image = images.labels.get(image.row).map_or(&[][..], |labels| labels);
        let captions = images.captions.get(image.row).map_or(&[][..], |captions| captions);
        let captions = if self.content.columns.captions { captions } else { &[] };
        if columns.is_empty() && of_image.is_empty() && captions.is_empty() && self.content.drop_empty {
            // Their objects are left out with the image.
            outcome.problems.append(found.problems);
            return Ok(false);
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
        if self.content.schema == SchemaKind::Classification
            && let Some(message) = classification::refusal(&labels)
        {
            return Err(Unusable(ProblemKind::OneClass, message));
        }
        for class in &labels {
            found.classes.entry(class.index).or_default();
        }
        let sample = Sample {
            encoded_len: len,
            header,
            filename,
            format: profile.format.of(header.kind),
            source_id: &source_id,
            columns: self.content.columns,
            attributes: &self.content.attributes,
            captions,
            labels: &labels,
            objects: &columns,
        };
        let features = schema::features(profile, &sample);
        self.around.clear();
        let holes = self.encoder.encode_around(&features, &mut self.around);
        let digest_len = if self.content.columns.sha256 { SHA256_LEN } else { 0 };
        let payload = self.around.len() + len + digest_len;
        if payload as u64 > example::MAX_LEN {
            let message = format!("record would have {payload} bytes, more than an Example can hold (2 GiB)");
            return Err(Unusable(ProblemKind::BadImage, message));
        }
        if mode == Mode::Write {
            block
                .put_record(guess, len, &self.around, holes)
                .map_err(|message| Unusable(ProblemKind::BadImage, message))?;
        }

        let objects = columns.len() as u64;
        outcome.images += 1;
        outcome.objects += objects;
        outcome.empty += u64::from(objects == 0 && labels.is_empty() && captions.is_empty());
        outcome.unmasked += found.unmasked;
        outcome.reencoded += u64::from(rewrite.is_some());
        outcome.bytes += (payload + record::OVERHEAD) as u64;
        outcome.skipped.add(&found.skipped);
        for (class, (count, _)) in found.classes {
            let total = outcome.classes.entry(class).or_default();
            total.0 += count;
            total.1 += 1;
        }
        outcome.problems.append(found.problems);
        Ok(true)
    }

    /// Reads the file of `image` into `room`, which is one byte larger than the file was.
    fn read(&self, image: PlannedImage, room: &mut [u8]) -> Result<(), Unusable> {
        let opened = images::open(self.dataset, self.roots, image.row);
        let got = opened.and_then(|file| read_up_to(file, room)).map_err(|error| unreadable(&error))?;
        let expected = image.bytes;
        match got as u64 {
            got if got == expected => Ok(()),
            got if got < expected => {
                let message = format!("the file shrank during the run: {expected} bytes before, {got} now");
                Err(Unusable(ProblemKind::BadImage, message))
            }
            _ => {
                let message = format!("the file grew during the run: {expected} bytes before, more now");
                Err(Unusable(ProblemKind::BadImage, message))
            }
        }
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

/// Bytes of an Example before the image's, if `image/encoded` is its first key, for an image of `len` bytes.
fn prefix_guess(len: usize, objects: usize) -> usize {
    const KEY: usize = "image/encoded".len();
    let field = |len: usize| 1 + varint_len(len) + len;
    let list = field(len);
    let feature = field(list);
    let entry = field(KEY) + field(feature);
    let features = field(entry) + 600 + 60 * objects;
    field(features) - 600 - 60 * objects - len
}

fn varint_len(value: usize) -> usize {
    (usize::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// Reads until `room` is full or the file ends.
fn read_up_to(mut file: ImageFile, room: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < room.len() {
        match file.read(&mut room[got..]) {
            Ok(0) => break,
            Ok(count) => {
                got += count;
                // A regular file gives all it has at once; what is one byte short of the room is the whole file. One of an
                // archive says at its end whether its checksum is right.
                if got + 1 == room.len() && file.whole().is_some() {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

/// What an error of the system means for an image.
fn unreadable(error: &io::Error) -> Unusable {
    match error.kind() {
        io::ErrorKind::NotFound => Unusable(ProblemKind::MissingImage, "the file vanished during the run".into()),
        io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => {
            Unusable(ProblemKind::OutsideRoot, error.to_string())
        }
        _ => Unusable(ProblemKind::BadImage, format!("cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_counted() {
        for (value, len) in [(0, 1), (127, 1), (128, 2), (16383, 2), (16384, 3), (usize::MAX, 10)] {
            assert_eq!(varint_len(value), len, "{value}");
        }
    }
}
