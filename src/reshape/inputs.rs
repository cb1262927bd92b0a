//! Which files are read, and their records one after the other.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::damage::Damage;
use super::error::{of_io, of_record};
use super::{Job, ReshapeError};
use crate::record::{Compression, HEADER_LEN, Positioned, ReadOptions, Reader, Record, RecordError, detect, read_at};

/// The name of standard input and output.
pub const STANDARD: &str = "-";

/// Endings of names that are taken for TFRecord files whatever is in them: a damaged one has no other sign.
const NAMES: [&str; 6] = [".tfrecord", ".tfrecords", ".tfrec", ".tfr", ".record", ".records"];
const COMPRESSED: [(&str, Compression); 4] = [
    (".gz", Compression::Gzip),
    (".gzip", Compression::Gzip),
    (".zlib", Compression::Zlib),
    (".zz", Compression::Zlib),
];

/// A file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called below the folder that was given, or alone; with `/`.
    pub name: String,
}

impl Input {
    /// Whether it is standard input, which can be read once only.
    pub fn is_stdin(&self) -> bool {
        self.path == Path::new(STANDARD)
    }

    /// Opens it for a run.
    pub fn open(&self, read: ReadOptions, job: &Job) -> Result<Reader<Positioned>, ReshapeError> {
        let file = if self.is_stdin() { Positioned::stdin() } else { Positioned::open(&self.path) };
        let file = file.map_err(|error| of_record(&self.path)(error.into()))?;
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
        let (_, compression) =
            COMPRESSED.iter().find(|(ending, _)| self.name.ends_with(ending)).filter(|_| read.salvage)?;
        let mut head = [0; HEADER_LEN];
        let len = read_at(&fs::File::open(&self.path).ok()?, &mut head, 0).ok()?;
        let unknown = len > 0 && detect(head.get(..len)?).is_none();
        unknown.then_some(*compression)
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
            if path == Path::new(STANDARD) {
                if files.iter().any(Input::is_stdin) {
                    return Err(ReshapeError::Option("standard input can be read once only".into()));
                }
                files.push(Input { path: path.clone(), name: "stdin.tfrecord".into() });
                continue;
            }
            match fs::metadata(path) {
                Ok(there) if there.is_dir() => {
                    several = true;
                    below(path, &mut files)?;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => match matching(path)? {
                    Some(found) => {
                        several = true;
                        for path in found {
                            match path.is_dir() {
                                true => below(&path, &mut files)?,
                                false => files.push(alone(path)),
                            }
                        }
                    }
                    None => return Err(of_record(path)(error.into())),
                },
                // What else is wrong, opening it says.
                _ => files.push(alone(path.clone())),
            }
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

fn alone(path: PathBuf) -> Input {
    let name = path.file_name().map_or_else(|| "records.tfrecord".into(), |name| name.to_string_lossy().into_owned());
    Input { path, name }
}

/// Files that match `path` as a pattern, sorted; `None` if it is none.
pub fn matching(path: &Path) -> Result<Option<Vec<PathBuf>>, ReshapeError> {
    let Some(pattern) = path.to_str().filter(|text| text.contains(['*', '?', '['])) else { return Ok(None) };
    // A name with a bracket that is no pattern is a file that is not there.
    let Ok(found) = glob::glob(pattern) else { return Ok(None) };
    let found: Vec<PathBuf> = found.collect::<Result<_, _>>().map_err(|error: glob::GlobError| {
        let path = error.path().to_owned();
        of_io("cannot be read", &path)(error.into())
    })?;
    Ok(Some(found).filter(|found| !found.is_empty()))
}

/// TFRecord files below `folder`, sorted; what is hidden is left out, and links to folders are not followed.
fn below(folder: &Path, files: &mut Vec<Input>) -> Result<(), ReshapeError> {
    let before = files.len();
    walk(folder, "", files)?;
    if files.len() == before {
        return Err(ReshapeError::Option(format!("{}: no TFRecord file in this folder", folder.display())));
    }
    Ok(())
}

fn walk(folder: &Path, above: &str, files: &mut Vec<Input>) -> Result<(), ReshapeError> {
    let refused = of_io("cannot be read", folder);
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(&refused)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let relative = format!("{above}{name}");
        if entry.file_type().map_err(&refused)?.is_dir() {
            walk(&path, &format!("{relative}/"), files)?;
        } else if path.is_file() && (is_named(&name) || holds_records(&path)) {
            files.push(Input { path, name: relative });
        }
    }
    Ok(())
}

/// The name without what says that the file is compressed.
pub(super) fn uncompressed_name(name: &str) -> &str {
    COMPRESSED.iter().find_map(|(ending, _)| name.strip_suffix(ending)).unwrap_or(name)
}

/// The name of a file without its folder, its endings and its number: `train` of `a/train-00000-of-00002.tfrecord.gz`.
pub(super) fn bare_name(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = uncompressed_name(name);
    let name = NAMES.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let shard = name.rsplit_once("-of-").and_then(|(before, count)| {
        let (name, number) = before.rsplit_once('-')?;
        (digits(count) && digits(number)).then_some(name)
    });
    let name = shard.unwrap_or(name);
    let name = NAMES.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    if name.is_empty() || name.starts_with('.') { "records".into() } else { name.to_owned() }
}

/// Whether a file of this name is a TFRecord file: `train.tfrecord`, `train.tfrecord-00000-of-00002`, `train.tfrecord.gz`.
fn is_named(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = uncompressed_name(&name);
    let shard = |rest: &str| rest.starts_with('-') && rest.bytes().any(|byte| byte.is_ascii_digit());
    NAMES
        .iter()
        .any(|ending| name.ends_with(ending) || name.rfind(ending).is_some_and(|at| shard(&name[at + ending.len()..])))
}

/// Whether the file begins with a record, be it compressed or not.
fn holds_records(path: &Path) -> bool {
    let options = ReadOptions { max_record_len: 1 << 20, buffer_len: 1 << 12, verify: false, ..ReadOptions::default() };
    let Ok(mut reader) = Reader::open(path, options) else { return false };
    use crate::record::RecordErrorKind::{TooLong, TruncatedRecord};
    match reader.next_record() {
        Ok(record) => record.is_some(),
        // The header is one, and that is enough.
        Err(error) => matches!(error.kind(), TooLong { .. } | TruncatedRecord { .. }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::append;

    #[test]
    fn names_of_record_files() {
        let yes = ["a.tfrecord", "A.TFRECORD.gz", "a.tfrecord-00000-of-00002", "b.record", "c.tfrec", "d.tfrecords"];
        let no = ["a.txt", "a.tfrecord.idx", "record", "a.recording", "a.tfrecord-notes"];
        assert!(yes.iter().all(|name| is_named(name)));
        assert!(no.iter().all(|name| !is_named(name)), "{:?}", no.map(is_named));
    }

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
    fn finds_files_in_folders_and_by_patterns() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut block = Vec::new();
        append(&mut block, b"x");
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, bytes).expect("written");
        };
        for name in ["b/one.tfrecord", "a/two", ".hidden/x.tfrecord", "b/.x.partial"] {
            put(name, &block);
        }
        put("a/notes.txt", b"nothing of the kind, but long enough");
        put("b/damaged.tfrecord", b"garbage");
        let find = |given: &[&str]| {
            let given: Vec<PathBuf> = given.iter().map(|name| folder.path().join(name)).collect();
            Inputs::find(&given, ReadOptions::default())
                .map(|inputs| inputs.files.into_iter().map(|input| input.name).collect::<Vec<_>>())
        };
        assert_eq!(find(&[""]).expect("found"), ["a/two", "b/damaged.tfrecord", "b/one.tfrecord"]);
        assert_eq!(find(&["b/*.tfrecord", "a/two"]).expect("found"), ["damaged.tfrecord", "one.tfrecord", "two"]);
        assert_eq!(find(&["**/one*"]).expect("found"), ["one.tfrecord"]);
        for missing in ["none", "none*", "[x"] {
            assert!(matches!(find(&[missing]), Err(ReshapeError::Record { .. })), "{missing}");
        }
        assert!(find(&["a/notes.txt"]).is_ok(), "a file that is named is read");
    }
}
