//! From annotation files that speak of one image after the other to a dataset.
//!
//! A format reads each of its files into a [`Page`] of [`Sheet`]s, one per image; [`gather`] finds the images, joins what
//! several files say, counts what is lost. There are two kinds of file ([`Kind`]): one that belongs to an image of its stem,
//! whose folder's other images are then negatives; and one that lists images, where what is not listed is left out.
//!
//! An image that is listed twice: the same annotation counts once; other objects are an error, the first entry stays.

mod files;
mod found;
mod gather;

pub use files::{LIMIT, detect, files, nothing, own_files, read, read_each, read_lines, read_stream, read_table};
pub use found::{Found, draw_holes, runs_of};
pub use gather::gather;

use super::text::{self, Fault};
use super::tree::FileId;
use crate::dataset::{Class, ProblemKind, Skipped, Split};

/// Something wrong, with the line.
pub type Finding = (ProblemKind, u32, String);

/// What a file says of one image.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Name of the image.
    pub name: String,
    /// Whether the file says nothing of the name, so that no image is called otherwise.
    pub made_up: bool,
    /// Another name that it may have.
    pub other_name: Option<String>,
    /// The path where it has to be, of which `name` is the end.
    pub path: Option<String>,
    /// Whether it counts only where its image is found.
    pub optional: bool,
    /// Where the entry starts.
    pub line: u32,
    /// Width and height as the annotation says, or 0.
    pub size: (u32, u32),
    /// Split as the entry says.
    pub split: Option<Split>,
    /// The source's own number.
    pub id: Option<i64>,
    /// Where the image can be fetched.
    pub url: Option<Box<str>>,
    /// Sentences about it.
    pub captions: Vec<Box<str>>,
    /// Classes of the image as a whole.
    pub labels: Vec<Box<str>>,
    /// Its objects.
    pub objects: Vec<Found>,
    /// Where the image was put that the file itself holds ([`super::spill`]).
    pub spilled: Option<[u64; 2]>,
    /// Pictures of its masks, which are no images of the dataset.
    pub pictures: Vec<FileId>,
    /// Objects that cannot be understood.
    pub lost: u64,
    /// Objects that the model has no place for.
    pub left_out: u64,
}

impl Sheet {
    /// Adds an object, or tells why it is none.
    pub fn add(&mut self, found: Result<Found, Fault>, findings: &mut Vec<Finding>) {
        match found {
            Ok(found) => self.objects.push(found),
            Err(fault) => {
                findings.push((ProblemKind::BadEntry, fault.line, fault.message));
                self.lost += 1;
            }
        }
    }

    /// Leaves out an object that the model has no place for.
    pub fn leave_out(&mut self, what: &str, line: u32, findings: &mut Vec<Finding>) {
        findings.push((ProblemKind::IgnoredField, line, format!("{what} left out")));
        self.left_out += 1;
    }

    /// Adds a class of the whole image, once.
    pub fn label(&mut self, name: &str) {
        if !text::trim(name).is_empty() && !self.labels.iter().any(|known| **known == *name) {
            self.labels.push(name.into());
        }
    }

    fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.labels.is_empty() && self.captions.is_empty()
    }
}

/// What a file says.
#[derive(Debug, Default)]
pub struct Page {
    /// Images.
    pub sheets: Vec<Sheet>,
    /// Classes in the source's order, where it has one.
    pub classes: Vec<Class>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What is left out besides what the sheets count.
    pub skipped: Skipped,
    /// Pictures that are annotations, and no images.
    pub pictures: Vec<FileId>,
}

/// What a format's files are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each belongs to the image of its stem; the member of this name says which image that is.
    Own(&'static str),
    /// Each lists images.
    List,
}

/// A file with what it says.
pub type Read = (FileId, Result<Page, Fault>);
