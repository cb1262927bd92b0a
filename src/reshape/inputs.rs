//! Which files are read, and their records one after the other.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::damage::Damage;
use super::error::of_record;
use super::{Job, ReshapeError};
use crate::files::shard::Shard;
use crate::record::{
    Compression, HEADER_LEN, Listed, Listing, Positioned, ReadOptions, Reader, Record, RecordError, STANDARD, detect,
    read_at, uncompressed_name, without_ending,
};

/// A file to read.
pub type Input = Listed;

impl Listed {
    /// Opens it for a run.
    pub fn open(&self, read: ReadOptions, job: &Job) -> Result<Reader<Positioned>, ReshapeError> {
        let file = Positioned::open_or_stdin(&self.path).map_err(|error| of_record(&self.path)(error.into()))?;
        let stop = job.stop.clone();
        let file = file.counting(job.bytes()).asking(Box::new(move || match stop.load(Ordering::Relaxed) {
            true => Err(io::Error::other("stopped")),
            false => Ok(()),
        }));
        Ok(Reader::from_positioned(
            file,
            ReadOptions { compression: read.compression.or(self.compression(&read)), ..read },
        ))
    }

    /// What the name says is around the records, where that is all there is to go by: the first bytes are damaged.
    fn compression(&self, read: &ReadOptions) -> Option<Compression> {
        let compression = self.named_compression().filter(|_| read.salvage)?;
        let mut head = [0; HEADER_LEN];
        let len = read_at(&fs::File::open(&self.path).ok()?, &mut head, 0).ok()?;
        let unknown = len > 0 && detect(head.get(..len)?).is_none();
        unknown.then_some(compression)
    }

    /// What is wrong with it; of a reader that was asked to stop, that it was.
    pub fn error(&self, error: RecordError, job: &Job) -> ReshapeError {
        job.check().err().unwrap_or_else(|| of_record(&self.path)(error))
    }
}

/// Files to read, in order.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// At least one.
    pub files: Vec<Input>,
    /// How they are read.
    pub read: ReadOptions,
    /// More than one file was meant, though there may be only one.
    pub several: bool,
}

impl Inputs {
    /// What `given` names: files, folders (every TFRecord file below, sorted), patterns with `*`, `?`, `[...]` and `**`
    /// where no file has that name, and `-` for standard input.
    pub fn find(given: &[PathBuf], read: ReadOptions) -> Result<Self, ReshapeError> {
        let mut files = Vec::new();
        let mut several = given.len() > 1;
        for path in given {
            let found = Listing::of(path)?;
            if path == Path::new(STANDARD) && files.iter().any(Input::is_stdin) {
                return Err(ReshapeError::Option("standard input can be read once only".into()));
            }
            several |= found.several;
            files.extend(found.files);
        }
        if files.is_empty() {
            return Err(ReshapeError::Option("no file was given".into()));
        }
        Ok(Self { files, read, several })
    }

    /// Whether all can be read more than once.
    pub fn are_files(&self) -> bool {
        let is_file = |input: &Input| !input.is_stdin() && fs::metadata(&input.path).is_ok_and(|data| data.is_file());
        self.files.iter().all(is_file)
    }

    /// Bytes of all files; standard input and pipes have none.
    pub fn bytes(&self) -> u64 {
        let len =
            |input: &Input| fs::metadata(&input.path).map_or(0, |data| if data.is_file() { data.len() } else { 0 });
        self.files.iter().filter(|input| !input.is_stdin()).map(len).sum()
    }

    /// Opens the first.
    pub fn stream(&self, job: &Job) -> Result<Stream<'_>, ReshapeError> {
        job.expect(self.bytes());
        let Some(input) = self.files.first() else { return Err(ReshapeError::Option("no file was given".into())) };
        let mut first = input.open(self.read, job)?;
        let compression = first.compression().map_err(|error| input.error(error, job))?;
        Ok(Stream { inputs: self, job: job.clone(), first: Some(first), compression })
    }
}

/// The records of all files, one behind the other.
pub struct Stream<'i> {
    inputs: &'i Inputs,
    job: Job,
    first: Option<Reader<Positioned>>,
    compression: Compression,
}

impl Stream<'_> {
    /// What is around the records of the first file.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// Gives every record to `take`, with its file's number, until that breaks off. What was passed over is the result.
    pub fn each(
        mut self,
        mut take: impl FnMut(usize, Record<'_>) -> Result<ControlFlow<()>, ReshapeError>,
    ) -> Result<Vec<Damage>, ReshapeError> {
        let mut damage = Vec::new();
        for (number, input) in self.inputs.files.iter().enumerate() {
            let mut reader = match self.first.take() {
                Some(reader) => reader,
                None => input.open(self.inputs.read, &self.job)?,
            };
            let flow = each_of(input, &mut reader, &self.job, &mut |record| take(number, record))?;
            damage.extend(Damage::of(input, &mut reader));
            if flow.is_break() {
                break;
            }
        }
        Ok(damage)
    }
}

/// Gives every record of `reader` to `take` until that breaks off.
pub(super) fn each_of(
    input: &Input,
    reader: &mut Reader<Positioned>,
    job: &Job,
    take: &mut impl FnMut(Record<'_>) -> Result<ControlFlow<()>, ReshapeError>,
) -> Result<ControlFlow<()>, ReshapeError> {
    loop {
        job.check()?;
        match reader.next_record() {
            Ok(Some(record)) => {
                job.count();
                if take(record)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            Ok(None) => return Ok(ControlFlow::Continue(())),
            Err(error) => return Err(input.error(error, job)),
        }
    }
}

/// The name of a file without its folder, its endings and its number: `train` of `a/train-00000-of-00002.tfrecord.gz`.
pub(super) fn bare_name(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = uncompressed_name(name);
    let name = without_ending(name);
    let name = Shard::of(name).filter(|shard| shard.end.is_empty()).map_or(name, |shard| shard.stem);
    let name = without_ending(name);
    if name.is_empty() || name.starts_with('.') { "records".into() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::append;

    #[test]
    fn bare_names() {
        let rows = [
            ("a/train-00000-of-00002.tfrecord.gz", "train"),
            ("train.tfrecord-00000-of-00002", "train"),
            ("x.y.record", "x.y"),
            ("plain", "plain"),
            (".tfrecord", "records"),
        ];
        for (name, bare) in rows {
            assert_eq!(bare_name(name), bare, "{name}");
        }
    }

    #[test]
    fn what_several_paths_name_is_read_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut block = Vec::new();
        append(&mut block, b"x");
        for name in ["one.tfrecord", "two"] {
            fs::write(folder.path().join(name), &block).expect("written");
        }
        let find = |given: &[&str]| {
            let given: Vec<PathBuf> = given.iter().map(|name| folder.path().join(name)).collect();
            Inputs::find(&given, ReadOptions::default())
                .map(|inputs| (inputs.several, inputs.files.into_iter().map(|input| input.name).collect::<Vec<_>>()))
        };
        assert_eq!(find(&["two", "*.tfrecord"]).expect("found"), (true, vec!["two".into(), "one.tfrecord".into()]));
        assert_eq!(find(&["two"]).expect("found"), (false, vec!["two".into()]));
        assert!(matches!(find(&["none"]), Err(ReshapeError::Record { .. })));
        let twice = Inputs::find(&[STANDARD.into(), STANDARD.into()], ReadOptions::default());
        assert_eq!(twice.expect_err("twice").to_string(), "standard input can be read once only");
        assert_eq!(find(&[]).expect_err("nothing").to_string(), "no file was given");
    }
}
