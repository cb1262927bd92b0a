//! What is wrong with the input, and where. Problems are gathered, not met one per run.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::brief;

/// Where a problem is: a file, and in it a line or nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file, relative to the dataset's root where it lies below it.
    pub path: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub line: u32,
}

impl Place {
    /// The whole of a file.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), line: 0 }
    }

    /// A line of a file; 0 means the whole file.
    pub fn line(path: impl Into<String>, line: u32) -> Self {
        Self { path: path.into(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if self.line > 0 {
            write!(formatter, ":{}", self.line)?;
        }
        Ok(())
    }
}

/// What a problem means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing was changed; worth knowing.
    Note,
    /// Something was put right or left out by a documented rule; `--strict` refuses.
    Fixed,
    /// An image or an annotation cannot be used: stops the run, or is left out with `--on-error skip`.
    Error,
}

macro_rules! problem_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $severity:ident;)+) => {
        /// What is wrong. The word is what reports and `--json` say.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ProblemKind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl ProblemKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word in reports.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// What it means for the run.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$severity,)+
                }
            }
        }
    };
}

problem_kinds! {
    /// An annotation file that cannot be read at all.
    UnreadableAnnotation = "unreadable-annotation", Error;
    /// A part of an annotation file (a row, an object) that cannot be understood.
    BadEntry = "bad-entry", Error;
    /// An annotation names an image that is not there.
    MissingImage = "missing-image", Error;
    /// A name that leads outside the dataset's folders.
    OutsideRoot = "outside-root", Error;
    /// A file that is no image, or a damaged one.
    BadImage = "bad-image", Error;
    /// A class that the given label map does not have.
    UnknownClass = "unknown-class", Error;
    /// An image of no class or of several, where one is wanted (`--schema classification`).
    OneClass = "one-class", Error;
    /// A frame of another size or kind than the first of its clip (`--schema sequence`).
    OddFrame = "odd-frame", Error;
    /// A clip that is larger than a record can be (`--schema sequence`).
    LargeClip = "large-clip", Error;
    /// An image name that fits several files.
    AmbiguousImage = "ambiguous-image", Error;
    /// Two entries for one image that do not agree.
    DuplicateImage = "duplicate-image", Error;
    /// min was larger than max: exchanged.
    SwappedCorners = "swapped-corners", Fixed;
    /// A box over the edge of the image: clipped.
    BoxOutside = "box-outside", Fixed;
    /// A box leads over the edge of the image and is written like that, as the script does whose schema was asked for.
    BoxKept = "box-kept", Note;
    /// A box without area: left out.
    EmptyBox = "empty-box", Fixed;
    /// A box that TensorFlow's own script would drop, left out as asked (`--skip-rule tf`).
    SkipRule = "skip-rule", Note;
    /// A box that is smaller than was asked for, left out (`--min-box-size`).
    MinBoxSize = "min-box-size", Note;
    /// The boxes were drawn on the image as its EXIF orientation shows it: turned to the stored pixels.
    TurnedBoxes = "turned-boxes", Fixed;
    /// The same annotation stands twice: taken once.
    RepeatedEntry = "repeated-entry", Fixed;
    /// Keypoints that lie on one point or one upright line: the box around them is made a pixel wide, so that they are not lost
    /// with it.
    PointBox = "point-box", Note;
    /// A box smaller than a pixel: perhaps fractions of the size that were taken for pixels.
    TinyBox = "tiny-box", Note;
    /// The annotation's size is not the image's, nor has it the same shape: the image's was taken. A mask of such a size is
    /// left out.
    SizeMismatch = "size-mismatch", Fixed;
    /// The boxes, or a mask alone, were drawn on the image when it was larger or smaller: scaled to the stored pixels.
    ScaledBoxes = "scaled-boxes", Fixed;
    /// An outline, or a picture of masks, that cannot be read, of objects that have boxes without it: it is left out. Who reads
    /// boxes alone does not see it.
    BadMask = "bad-mask", Fixed;
    /// A list of a record that has not as many values as the record's boxes want: it is left out.
    UnfitList = "unfit-list", Fixed;
    /// The annotation has no size, or 0: the image's was taken.
    MissingSize = "missing-size", Note;
    /// The annotation names another file than the one that fits; the fitting one was taken.
    StaleName = "stale-name", Note;
    /// The annotation writes the file's name with the same letters in another form of Unicode (macOS decomposes them).
    UnicodeForm = "unicode-form", Note;
    /// The file's name says another kind than its bytes.
    WrongExtension = "wrong-extension", Note;
    /// The image is stored turned (EXIF orientation); TensorFlow will not turn it.
    Rotated = "rotated", Note;
    /// The image is stored turned, and boxes are taken to lie in the pixels as they are stored: nothing tells whether the tool showed
    /// them turned (`drawn_turned`).
    MaybeTurned = "maybe-turned", Note;
    /// TensorFlow cannot decode this kind of image.
    UndecodableKind = "undecodable-kind", Note;
    /// Text that is not UTF-8 and was read by a guess.
    Encoding = "encoding", Note;
    /// Something that the format forbids and that has one meaning all the same.
    LooseSyntax = "loose-syntax", Note;
    /// Between two frames of a video an object's shape stays as it was, because the next one has other points.
    HeldShape = "held-shape", Note;
    /// An image that no annotation names: kept without objects.
    UnlabelledImage = "unlabelled-image", Note;
    /// The source has splits, and this image is in none: taken for training.
    NoSplit = "no-split", Note;
    /// An annotation field that was not understood and has a default.
    IgnoredField = "ignored-field", Note;
    /// Class names that differ only in letter case, blanks, or the signs between words.
    SimilarClasses = "similar-classes", Note;
    /// Blanks around the name of a class, which do not count.
    TrimmedClass = "trimmed-class", Note;
    /// A class that the source lists, and no object or image is of.
    UnusedClass = "unused-class", Note;
    /// Nothing says what the numbers of the classes mean.
    NamelessClasses = "nameless-classes", Note;
    /// Two image files with the same bytes.
    SameContent = "same-content", Note;
    /// The same bytes are an image of one split and of another: what is measured on one was learnt from the other. Nothing
    /// but a check of the whole dataset looks for it.
    SplitLeak = "split-leak", Error;
}

impl Serialize for ProblemKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// One thing that is wrong, at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// Where.
    pub place: Place,
    /// In words, both sides, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

/// Problems in the order they were found, bounded: of each kind all are counted and the first [`Problems::KEPT`] kept
/// (errors are all kept).
#[derive(Clone, Debug, Default)]
pub struct Problems {
    kept: Vec<Problem>,
    counts: BTreeMap<ProblemKind, u64>,
}

impl Problems {
    /// How many of one kind are kept with their places.
    pub const KEPT: u64 = 10_000;

    /// Adds a problem; what its place and message have of the input is cut where it is long ([`brief`]).
    pub fn push(&mut self, kind: ProblemKind, place: Place, message: impl Into<String>) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= Self::KEPT || kind.severity() == Severity::Error {
            let place = Place { path: brief(place.path), ..place };
            self.kept.push(Problem { kind, place, message: brief(message) });
        }
    }

    /// Adds all of `other`, behind those that are here.
    pub fn append(&mut self, other: Self) {
        if self.counts.is_empty() {
            *self = other;
            return;
        }
        for problem in other.kept {
            let before = self.counts.get(&problem.kind).copied().unwrap_or(0);
            if before < Self::KEPT || problem.kind.severity() == Severity::Error {
                self.kept.push(problem);
            }
        }
        for (kind, count) in other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
    }

    /// Forgets all of one kind.
    pub fn forget(&mut self, kind: ProblemKind) {
        self.kept.retain(|problem| problem.kind != kind);
        self.counts.remove(&kind);
    }

    /// Has `revise` change those of one kind, and forgets the ones for which it says no.
    pub fn revise(&mut self, kind: ProblemKind, mut revise: impl FnMut(&mut Problem) -> bool) {
        let before = self.kept.len();
        self.kept.retain_mut(|problem| problem.kind != kind || revise(problem));
        let gone = (before - self.kept.len()) as u64;
        if let Some(count) = self.counts.get_mut(&kind) {
            *count -= gone;
            if *count == 0 {
                self.counts.remove(&kind);
            }
        }
    }

    /// The kept ones.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.kept.iter()
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> &BTreeMap<ProblemKind, u64> {
        &self.counts
    }

    /// How many there are of `severity`.
    pub fn count(&self, severity: Severity) -> u64 {
        self.counts.iter().filter(|(kind, _)| kind.severity() == severity).map(|(_, count)| count).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
