//! What writers of formats are given, and where they put their files.
//!
//! A [`Ready`] dataset is one of which nothing is open any more: every image has a size, a split and a file name that no
//! other has, every box lies inside its image, in pixels of the image as it is stored. It is a view: what a source says
//! beyond boxes is turned and scaled when a writer asks for it. A writer names its files below the output folder and hands
//! them to a [`Sink`]; where that folder is, and when the files get their names, is not its business.

mod frame;
mod list;
mod names;
mod number;
mod shapes;

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::Range;

pub use frame::{Frame, MaskFit, is_resized};
pub use list::{entry, put_list, write_list};
pub use names::{FileNames, usable};
pub use number::{Fixed, Plain};
pub use shapes::{Drawn, Draws, GROUP, Groups, HIDDEN, Points, Shape, colour, colour_text, joined};

use super::{FormatError, FormatErrorKind, geometry, parallel, text};
use crate::dataset::{Class, Dataset, Keypoint, Mask, Split};
use crate::image::mask::PIXELS;
use crate::image::runs;

/// A dataset that can be written as it is.
#[derive(Clone, Debug)]
pub struct Ready<'a> {
    /// What was read.
    pub dataset: &'a Dataset,
    /// The classes of the target, in its order.
    pub classes: Vec<ReadyClass<'a>>,
    /// The images that are written, in the dataset's order.
    pub images: Vec<ReadyImage>,
    /// Their objects, those of one image side by side.
    pub objects: Vec<ReadyObject>,
    /// Place in `classes` of each of the dataset's.
    pub of_class: Vec<Option<u32>>,
    /// Threads that a writer may take.
    pub workers: usize,
}

/// A class of the target.
#[derive(Clone, Debug)]
pub struct ReadyClass<'a> {
    /// Its number in the label map, 1 or more.
    pub id: i64,
    /// Its name.
    pub name: Cow<'a, str>,
    /// What the source says of it.
    pub details: Option<&'a Class>,
}

/// An image of the target.
#[derive(Clone, Debug)]
pub struct ReadyImage {
    /// Row in [`crate::dataset::Images`].
    pub row: usize,
    /// Its part of the dataset.
    pub split: Split,
    /// Name for its file, without a folder; neither it nor its stem is another image's, whatever the letter case.
    pub name: String,
    /// Columns of pixels as stored.
    pub width: u32,
    /// Rows of pixels as stored.
    pub height: u32,
    /// How what its objects were drawn on lies in those.
    pub frame: Frame,
    /// EXIF orientation of its file; 1 where that was not looked at.
    pub orientation: u8,
    /// How many bytes its file has, where that was looked at.
    pub bytes: Option<u64>,
    /// Its objects, in [`Ready::objects`].
    pub objects: Range<usize>,
}

/// An object of the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadyObject {
    /// Row in [`crate::dataset::Objects`].
    pub row: usize,
    /// Place in [`Ready::classes`].
    pub class: u32,
    /// `[x0, y0, x1, y1)` in pixels, with `0 <= x0 < x1 <= width`, the same for y.
    pub bbox: [f64; 4],
}

/// Where a writer puts its files. Names are relative to the output folder, with `/`.
pub trait Sink: Sync {
    /// Starts a file.
    fn create(&self, name: &str) -> io::Result<Box<dyn Write + Send>>;

    /// Puts the file of image `place` (in [`Ready::images`]) there, unless the user keeps the images where they are.
    fn image(&self, place: usize, name: &str) -> io::Result<()>;
}

/// What was decided while writing, for the report.
pub type Remarks = Vec<String>;

/// Writes a whole file.
pub fn put(sink: &dyn Sink, name: &str, bytes: &[u8]) -> Result<(), FormatError> {
    let written = sink.create(name).and_then(|mut file| {
        file.write_all(bytes)?;
        file.flush()
    });
    written.map_err(at(name))
}

/// Puts the file of the image at `place` where `name` says.
pub fn put_image(sink: &dyn Sink, place: usize, name: &str) -> Result<(), FormatError> {
    sink.image(place, name).map_err(at(name))
}

/// Puts all files of images where `name` says.
pub fn put_images(
    ready: &Ready<'_>,
    sink: &dyn Sink,
    mut name: impl FnMut(&ReadyImage) -> String,
) -> Result<(), FormatError> {
    for (place, image) in ready.images.iter().enumerate() {
        put_image(sink, place, &name(image))?;
    }
    Ok(())
}

/// Writes a file with a piece of text for each image of `places`, in order, behind `head`.
pub fn put_pieces(
    ready: &Ready<'_>,
    sink: &dyn Sink,
    name: &str,
    head: &str,
    places: &[usize],
    piece: impl Fn(usize, &ReadyImage, &mut Vec<u8>) + Sync,
) -> Result<(), FormatError> {
    let written = sink.create(name).and_then(|mut file| {
        file.write_all(head.as_bytes())?;
        ready.write_pieces(places, &mut file, piece)?;
        file.flush()
    });
    written.map_err(at(name))
}

/// The words that most tools have for a split.
pub fn val_word(split: Split) -> &'static str {
    word_of(split, ["train", "val", "test"])
}

/// The word of `words` for a split: those for training, validation, test.
pub fn word_of(split: Split, words: [&str; 3]) -> &str {
    let [train, valid, test] = words;
    match split {
        Split::Train => train,
        Split::Valid => valid,
        Split::Test => test,
    }
}

/// A box in whole pixels that is inside the image and not empty.
pub fn whole(image: &ReadyImage, [x0, y0, x1, y1]: [f64; 4]) -> [u32; 4] {
    let side = |from: f64, to: f64, size: u32| {
        let from = (from.round() as u32).min(size.saturating_sub(1));
        (from, (to.round() as u32).clamp(from + 1, size.max(from + 1)))
    };
    let ((x0, x1), (y0, y1)) = (side(x0, x1, image.width), side(y0, y1, image.height));
    [x0, y0, x1, y1]
}

/// A name without blanks, for formats that part their fields by them; a number would be taken for one of the others.
pub fn one_word(name: &str) -> String {
    let word: String = name.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect();
    if text::number(&word).is_some() { format!("class_{word}") } else { word }
}

/// What is said where [`one_word`] changes a class's name.
pub fn remark_words(ready: &Ready<'_>) -> Remarks {
    remark_names(ready, one_word, "blanks became _, or that are numbers and became class_")
}

/// What is said where the format has another name for a class than its own: how many are `changed`.
pub fn remark_names(ready: &Ready<'_>, held: impl Fn(&str) -> String, changed: &str) -> Remarks {
    let count = ready.classes.iter().filter(|class| held(&class.name) != class.name).count();
    if count > 0 { vec![format!("classes whose {changed}: {count}")] } else { Remarks::new() }
}

/// What is said where [`on_a_line`] changes a class's name.
pub fn remark_lines(ready: &Ready<'_>) -> Remarks {
    remark_names(ready, on_a_line, "tabs and line breaks became blanks")
}

/// A name on a line of its own: without breaks.
pub fn on_a_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// An error of the system, at the file called `name`.
pub fn at(name: &str) -> impl FnOnce(io::Error) -> FormatError + '_ {
    move |error| FormatError::new(FormatErrorKind::Io(error), name)
}

/// Images after which a piece of a file ends that is made on several threads.
const PIECE: usize = 256;

impl<'a> Ready<'a> {
    /// The same for a tool that shows images turned as their EXIF orientation says: sizes and objects are those of what it shows.
    pub fn as_shown(&self) -> Cow<'_, Self> {
        if self.images.iter().all(|image| image.orientation == 1) {
            return Cow::Borrowed(self);
        }
        let mut shown = self.clone();
        for image in shown.images.iter_mut().filter(|image| image.orientation != 1) {
            let frame = Frame::plain((image.width, image.height)).upright(image.orientation);
            for object in shown.objects.get_mut(image.objects.clone()).unwrap_or_default() {
                let [x0, y0, x1, y1] = object.bbox;
                let ([ax, ay], [bx, by]) = (frame.place([x0, y0]), frame.place([x1, y1]));
                object.bbox = [ax.min(bx), ay.min(by), ax.max(bx), ay.max(by)];
            }
            (image.width, image.height) = frame.stored;
            image.frame = image.frame.upright(image.orientation);
        }
        Cow::Owned(shown)
    }

    /// The splits that have images, in order.
    pub fn splits(&self) -> Vec<Split> {
        Split::ALL.into_iter().filter(|split| self.images.iter().any(|image| image.split == *split)).collect()
    }

    /// Places of the images of `split`.
    pub fn images_of(&self, split: Split) -> Vec<usize> {
        (0..self.images.len()).filter(|place| self.images[*place].split == split).collect()
    }

    /// The objects of an image.
    pub fn objects_of(&self, image: &ReadyImage) -> &[ReadyObject] {
        self.objects.get(image.objects.clone()).unwrap_or_default()
    }

    /// The name of an object's class.
    pub fn class_of(&self, object: &ReadyObject) -> &str {
        self.classes.get(object.class as usize).map_or("", |class| &class.name)
    }

    /// Places in [`Ready::classes`] of the classes of an image as a whole.
    pub fn labels(&self, image: &ReadyImage) -> Vec<u32> {
        let labels = self.dataset.images.labels.get(image.row).map_or(&[][..], |labels| labels);
        labels.iter().filter_map(|class| self.of_class.get(*class as usize).copied().flatten()).collect()
    }

    /// Names of the classes of an image as a whole.
    pub fn label_names(&self, image: &ReadyImage) -> Vec<&str> {
        let labels = self.labels(image).into_iter().filter_map(|class| self.classes.get(class as usize));
        labels.map(|class| &*class.name).collect()
    }

    /// Ids of the images: the source's where each has one of its own, else from `first` on.
    pub fn image_ids(&self, first: i64) -> Vec<i64> {
        let ids = &self.dataset.images.id;
        let own: Vec<i64> = self.images.iter().filter_map(|image| ids.get(image.row).copied()).collect();
        let different = own.iter().collect::<HashSet<_>>().len();
        if different == self.images.len() { own } else { (first..).take(self.images.len()).collect() }
    }

    /// Bits of [`crate::dataset::flag`] of an object.
    pub fn flags(&self, object: &ReadyObject) -> u16 {
        self.dataset.objects.flags.get(object.row).copied().unwrap_or(0)
    }

    /// The sentences about an image.
    pub fn captions(&self, image: &ReadyImage) -> &'a [Box<str>] {
        self.dataset.images.captions.get(image.row).map_or(&[][..], |captions| captions)
    }

    /// The outline of an object: points `[x, y]` in pixels of each part; empty where it has none.
    pub fn outline(&self, image: &ReadyImage, object: &ReadyObject) -> Vec<Vec<[f64; 2]>> {
        let Some(outline) = self.dataset.objects.polygons.get(object.row) else { return Vec::new() };
        let placed = self.placing(image, object);
        outline.parts().map(|part| part.map(&placed).collect()).collect()
    }

    /// The outline of an object for a format without turned boxes: where it has none, the corners of a turned box are one.
    pub fn outline_or_corners(&self, image: &ReadyImage, object: &ReadyObject) -> Vec<Vec<[f64; 2]>> {
        let outline = self.outline(image, object);
        if !outline.is_empty() {
            return outline;
        }
        self.corners(image, object).map(|corners| corners.to_vec()).into_iter().collect()
    }

    /// The same for a format that writes a mask besides: an object with one has no outline of its corners.
    pub fn outline_beside_mask(&self, image: &ReadyImage, object: &ReadyObject) -> Vec<Vec<[f64; 2]>> {
        match self.mask(image, object) {
            Some(_) => self.outline(image, object),
            None => self.outline_or_corners(image, object),
        }
    }

    /// The keypoints of an object, in pixels, in the order of its class.
    pub fn keypoints(&self, image: &ReadyImage, object: &ReadyObject) -> Option<Vec<Keypoint>> {
        let points = self.dataset.objects.keypoints.get(object.row)?;
        let placed = self.placing(image, object);
        let place = |point: &Keypoint| {
            // One that is not labelled stands at 0, 0, wherever the image is turned to.
            let [x, y] = if point.visibility > 0 { placed([point.x, point.y]) } else { [0.0, 0.0] };
            Keypoint { x, y, ..*point }
        };
        Some(points.iter().map(place).collect())
    }

    /// The area of an object in pixels, where its source says it.
    pub fn area(&self, image: &ReadyImage, object: &ReadyObject) -> Option<f64> {
        self.dataset.objects.area.get(object.row).map(|area| area * image.frame.area())
    }

    /// The corners `[x, y]` of a turned box, in pixels, in the source's order.
    pub fn corners(&self, image: &ReadyImage, object: &ReadyObject) -> Option<[[f64; 2]; 4]> {
        let corners = self.dataset.objects.corners.get(object.row)?;
        let placed = self.placing(image, object);
        Some(corners.map(&placed))
    }

    /// The mask of an object, of the size of its image; none where the source's has another shape.
    pub fn mask(&self, image: &ReadyImage, object: &ReadyObject) -> Option<Cow<'a, Mask>> {
        let mask = self.dataset.objects.masks.get(object.row)?;
        image.frame.mask(mask)
    }

    /// Refuses to paint pictures of images that are larger than any is: some bytes may say that they have billions of pixels.
    /// `painted` says which objects are.
    pub fn refuse_huge(&self, painted: impl Fn(&ReadyImage, &ReadyObject) -> bool) -> Result<(), FormatError> {
        let huge = self.images.iter().find(|image| {
            let pixels = u64::from(image.width) * u64::from(image.height);
            pixels > PIXELS && self.objects_of(image).iter().any(|object| painted(image, object))
        });
        let Some(image) = huge else { return Ok(()) };
        let message = format!("no masks of an image of {} x {} pixels: {PIXELS} at most", image.width, image.height);
        Err(FormatError::new(FormatErrorKind::Io(std::io::Error::other(message)), &image.name))
    }

    /// The pixels of an object: its mask, or what its outline, its corners or else its box has inside.
    pub fn filled(&self, image: &ReadyImage, object: &ReadyObject) -> Cow<'a, Mask> {
        if let Some(mask) = self.mask(image, object) {
            return mask;
        }
        let parts = self.outline_or_corners(image, object);
        let size = [image.width, image.height];
        let mask = geometry::mask_of_outline(size, &parts);
        if runs::area(&mask.runs) > 0 {
            return Cow::Owned(mask);
        }
        let [x0, y0, x1, y1] = whole(image, object.bbox).map(f64::from);
        Cow::Owned(geometry::mask_of_outline(size, &[vec![[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]))
    }

    /// What is said where [`Self::filled`] gives boxes for masks, since nothing else is known of objects.
    pub fn remark_filled(&self) -> Option<String> {
        let objects = &self.dataset.objects;
        let outlined = |row: usize| {
            objects.masks.get(row).is_some()
                || objects.polygons.get(row).is_some()
                || objects.corners.get(row).is_some()
        };
        let count = self.objects.iter().filter(|object| !outlined(object.row)).count();
        (count > 0).then(|| format!("boxes written as masks of all of their pixels: {count}"))
    }

    /// From a point as the source has it to pixels of the stored image.
    fn placing(&self, image: &ReadyImage, object: &ReadyObject) -> impl Fn([f64; 2]) -> [f64; 2] + use<> {
        let normalised = self.dataset.objects.normalised.get(object.row).copied().unwrap_or(false);
        image.frame.placing(normalised)
    }

    /// Makes a piece of text for each of `places` on several threads, and writes them in order.
    pub fn write_pieces(
        &self,
        places: &[usize],
        file: &mut dyn Write,
        piece: impl Fn(usize, &ReadyImage, &mut Vec<u8>) + Sync,
    ) -> io::Result<()> {
        let chunks: Vec<&[usize]> = places.chunks(PIECE).collect();
        // Few at a time, so that memory stays bounded.
        for wave in chunks.chunks(8 * parallel::threads(self.workers)) {
            let texts = parallel::map_each(wave.len(), self.workers, |number| {
                let mut text = Vec::new();
                for place in wave[number] {
                    piece(*place, &self.images[*place], &mut text);
                }
                text
            });
            texts.iter().try_for_each(|text| file.write_all(text))?;
        }
        Ok(())
    }

    /// Does `work` for each of `places` on several threads; the first error in their order is given back.
    pub fn for_each(
        &self,
        places: &[usize],
        work: impl Fn(usize, &ReadyImage) -> Result<(), FormatError> + Sync,
    ) -> Result<(), FormatError> {
        let stop = std::sync::atomic::AtomicBool::new(false);
        let results = parallel::map(places.len(), self.workers, |number| {
            if stop.load(std::sync::atomic::Ordering::Relaxed) {
                return Ok(());
            }
            let place = places[number];
            let result = work(place, &self.images[place]);
            if result.is_err() {
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            result
        });
        results.into_iter().collect()
    }
}

/// The name without its extension.
pub fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}
