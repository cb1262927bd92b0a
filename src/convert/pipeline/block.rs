//! One block: the records of some images, framed, one behind the other.
//!
//! Bytes are not paid for twice: an image is read to where it will be written. Before its bytes come the record's
//! header and the start of the Example, whose length is guessed (it depends on the lengths of what follows by a few
//! bytes, as lengths are varints); the rest is put behind. Only where the guess was wrong the image moves.

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::buffer::Buffer;
use super::tell::Teller;
use crate::convert::fitting;
use crate::convert::images::{self, ImageFile};
use crate::convert::plan::{Content, PlannedImage};
use crate::convert::reencode::Rewrite;
use crate::convert::report::DROP_EMPTY;
use crate::convert::schema::{self, SHA256_LEN, Sample};
use crate::dataset::{Dataset, Place, ProblemKind, Problems, Skipped};
use crate::example::{self, Encoder};
use crate::files::Root;
use crate::formats::target::Frame;
use crate::image::{Header, header};
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
    pub records: u64,
    /// Images in them.
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
        self.records += other.records;
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
    pub(super) dataset: &'a Dataset,
    pub(super) content: &'a Content,
    roots: &'a [Root],
    encoder: Encoder,
    pub(super) around: Vec<u8>,
}

/// An image that cannot be written, and why.
pub struct Unusable(pub ProblemKind, pub String);

/// An image of which `message` says what is wrong with it.
pub fn bad_image(message: String) -> Unusable {
    Unusable(ProblemKind::BadImage, message)
}

/// An image whose bytes are in their block.
pub struct Fetched {
    /// How many there are.
    pub len: usize,
    /// What they say of themselves.
    pub header: Header,
    /// How what was drawn lies in it.
    pub frame: Frame,
    /// They are not those of its file.
    pub rewritten: bool,
}

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
        let objects = self.dataset.objects_of(image.row).len();
        let (profile, content) = (self.content.schema.profile(), self.content);
        let key = profile.keys.first().map_or(0, |(key, _)| key.name.len());
        let place = |len: usize| record::HEADER_LEN + prefix_guess(key, len, objects);
        let fetched = self.fetch(image, block, place, outcome)?;
        let (encoder, around) = (&mut self.encoder, &mut self.around);
        let encode = |sample: &Sample<'_>| {
            let features = schema::features(profile, sample);
            around.clear();
            let holes = encoder.encode_around(&features, around);
            let digest_len = if content.columns.sha256 { SHA256_LEN } else { 0 };
            let payload = around.len() + fetched.len + digest_len;
            if payload as u64 > example::MAX_LEN {
                let message = format!("record would have {payload} bytes, more than an Example can hold (2 GiB)");
                return Err(Unusable(ProblemKind::BadImage, message));
            }
            if mode == Mode::Write {
                block.put_record(place(fetched.len), fetched.len, around, holes).map_err(bad_image)?;
            }
            Ok((payload + record::OVERHEAD) as u64)
        };
        let teller = Teller { dataset: self.dataset, content: self.content };
        let made = teller.tell(image, &fetched, outcome, encode)?;
        outcome.records += u64::from(made.is_some());
        outcome.bytes += made.unwrap_or(0);
        Ok(made.is_some())
    }

    /// Reads an image to where `place` says that one of so many bytes belongs, behind the last record of `block`, and encodes it
    /// anew where that is wanted.
    pub(super) fn fetch(
        &self,
        image: PlannedImage,
        block: &mut Buffer,
        place: impl Fn(usize) -> usize,
        outcome: &mut Outcome,
    ) -> Result<Fetched, Unusable> {
        // TensorFlow cannot read a larger Example; 1 MiB is more than all else in it.
        if image.bytes > example::MAX_LEN - (1 << 20) {
            let message = format!("image has {} bytes, more than an Example can hold (2 GiB)", image.bytes);
            return Err(bad_image(message));
        }
        let Ok(mut len) = usize::try_from(image.bytes) else {
            return Err(bad_image("image is larger than this machine's memory".into()));
        };
        // One byte more, to see whether the file grew.
        let room = block.room(place(len), len + 1).map_err(bad_image)?;
        self.read(image, room)?;
        outcome.read += image.bytes;
        let bytes = room.get(..len).unwrap_or_default();
        let mut header = header::read(bytes).map_err(|error| bad_image(error.to_string()))?;
        let rewrite = Rewrite::of(&header, self.content.reencode, self.content.auto_orient).map_err(bad_image)?;
        let frame = fitting::look_at(self.dataset, image.row, &header, rewrite, &mut outcome.problems);
        if let Some(rewrite) = rewrite {
            let made = rewrite.bytes(bytes, &header).map_err(bad_image)?;
            len = made.len();
            block.room(place(len), len).map_err(bad_image)?.copy_from_slice(&made);
            // What a record says of its image is said of these bytes.
            header = header::read(&made).map_err(|error| bad_image(error.to_string()))?;
        }
        Ok(Fetched { len, header, frame, rewritten: rewrite.is_some() })
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
}

/// Bytes of an Example before the image's, if that is the first feature and its name has `key` bytes, for an image of `len` bytes.
fn prefix_guess(key: usize, len: usize, objects: usize) -> usize {
    let field = |len: usize| 1 + varint_len(len) + len;
    let list = field(len);
    let feature = field(list);
    let entry = field(key) + field(feature);
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
