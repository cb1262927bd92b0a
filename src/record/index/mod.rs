//! Where each record of an uncompressed file is, and reading them in any order.
//!
//! An index file has one of two forms, which its first byte tells apart: DALI's text ([`text`]), which may name only some of the
//! records, and a binary one of ours ([`binary`]), which has all of them and knows the file that it is of.

mod access;
mod binary;
mod text;

use std::fs::File;
use std::io::{self, BufRead, Seek, Write};
use std::path::Path;

use super::{Places, Positioned, Reader, RecordError};

pub use access::{RandomAccess, read_at};
use binary::Stamp;

/// Where one record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Where its header begins.
    pub offset: u64,
    /// Its bytes, framing included.
    pub size: u64,
}

/// The forms of an index file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IndexForm {
    /// Lines "offset size", as NVIDIA DALI's `tfrecord2idx` writes them.
    #[default]
    Dali,
    /// Ours: checksums, and what file it is of.
    Binary,
}

impl IndexForm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Dali, Self::Binary];

    /// The name in options: `dali`, `binary`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dali => "dali",
            Self::Binary => "binary",
        }
    }

    /// The form of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// What stands behind the file's name in that of its index.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Dali => ".idx",
            Self::Binary => ".rmx",
        }
    }
}

/// Where the records of a file are.
#[derive(Clone, Debug)]
pub struct Index {
    entries: Entries,
    /// Of a binary one that was loaded.
    stamp: Option<Stamp>,
}

/// How entries are kept; those that can be dense always are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entries {
    /// One behind the other from the beginning of the file: where each begins, and where the last ends.
    Dense(Vec<u64>),
    Listed(Vec<Entry>),
}

impl Index {
    /// Goes through a whole file for the places of its records; payloads are read only if they are to be verified.
    pub fn build(reader: &mut Reader<Positioned>) -> Result<Self, RecordError> {
        let mut index = Self::default();
        let mut places = Places::of(reader)?;
        while let Some(entry) = places.next_place()? {
            index.push(entry);
        }
        Ok(index)
    }

    /// Loads an index from the file at `path`, whichever form it has.
    pub fn load(path: &Path) -> Result<Self, RecordError> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Self::read(io::BufReader::new(file), len)
    }

    /// Reads an index of either form.
    pub fn read_from(file: impl BufRead) -> Result<Self, RecordError> {
        Self::read(file, 0)
    }

    /// Of so many bytes, if that is known.
    fn read(mut file: impl BufRead, len: u64) -> Result<Self, RecordError> {
        match file.fill_buf()?.first() {
            Some(&first) if first == binary::MAGIC[0] => binary::read(file, len),
            _ => text::read(file),
        }
    }

    /// Writes the text form.
    pub fn write_to(&self, mut out: impl Write) -> io::Result<()> {
        self.iter().try_for_each(|entry| writeln!(out, "{entry}"))?;
        out.flush()
    }

    /// Whether it was loaded from a file that says what file it is of: then [`write`](Self::write) needs that no more.
    pub fn knows_its_file(&self) -> bool {
        self.stamp.is_some()
    }

    /// Writes an index file; see [`IndexWriter`].
    pub fn write<W: Write + Seek>(
        &self,
        form: IndexForm,
        out: W,
        file: impl FnOnce() -> io::Result<File>,
    ) -> Result<W, RecordError> {
        let mut writer = IndexWriter::new(form, out)?;
        self.iter().try_for_each(|entry| writer.push(entry))?;
        match (self.stamp, writer.binary.take()) {
            (Some(stamp), Some(packer)) => packer.finish(stamp, &mut writer.out)?,
            (_, packer) => writer.binary = packer,
        }
        writer.finish(file)
    }

    /// How many records it has.
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Dense(offsets) => offsets.len().saturating_sub(1),
            Entries::Listed(entries) => entries.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where record `number` of the index is.
    pub fn get(&self, number: usize) -> Option<Entry> {
        match &self.entries {
            Entries::Dense(offsets) => {
                let [start, end] = offsets.get(number..)?.first_chunk()?;
                Some(Entry { offset: *start, size: end - start })
            }
            Entries::Listed(entries) => entries.get(number).copied(),
        }
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry> + '_ {
        (0..self.len()).map(|number| self.get(number).unwrap_or(Entry { offset: 0, size: 0 }))
    }

    /// Adds a record.
    pub fn push(&mut self, entry: Entry) {
        if let Entries::Dense(offsets) = &mut self.entries {
            match entry.offset.checked_add(entry.size).filter(|_| offsets.last() == Some(&entry.offset)) {
                Some(end) => return offsets.push(end),
                None => self.entries = Entries::Listed(self.iter().collect()),
            }
        }
        if let Entries::Listed(entries) = &mut self.entries {
            entries.push(entry);
        }
    }
}

impl Default for Index {
    fn default() -> Self {
        Self { entries: Entries::Dense(vec![0]), stamp: None }
    }
}

impl FromIterator<Entry> for Index {
    fn from_iter<T: IntoIterator<Item = Entry>>(entries: T) -> Self {
        let mut index = Self::default();
        entries.into_iter().for_each(|entry| index.push(entry));
        index
    }
}

/// Indexes are equal that name the same records.
impl PartialEq for Index {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Index {}

/// Writes an index file record by record.
#[derive(Debug)]
pub struct IndexWriter<W> {
    out: W,
    /// Of the binary form.
    binary: Option<binary::Packer>,
}

impl<W: Write + Seek> IndexWriter<W> {
    /// Writes into `out`, which is at its beginning and should be buffered.
    pub fn new(form: IndexForm, mut out: W) -> io::Result<Self> {
        let binary = match form {
            IndexForm::Dali => None,
            IndexForm::Binary => Some(binary::Packer::begin(&mut out)?),
        };
        Ok(Self { out, binary })
    }

    /// Adds a record. The binary form has all records of a file, in order.
    pub fn push(&mut self, entry: Entry) -> Result<(), RecordError> {
        match &mut self.binary {
            None => Ok(writeln!(self.out, "{entry}")?),
            Some(packer) => packer.push(entry, &mut self.out),
        }
    }

    /// Writes what is left. Of the binary form this looks at `file`, the TFRecord file that it is of, which must end where the
    /// last record does.
    pub fn finish(mut self, file: impl FnOnce() -> io::Result<File>) -> Result<W, RecordError> {
        if let Some(packer) = self.binary {
            let stamp = Stamp::of(&file()?, packer.ends())?;
            packer.finish(stamp, &mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests;
