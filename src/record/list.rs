//! Which files hold records: what a caller's paths, folders and patterns mean.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Compression, ReadOptions, Reader, RecordErrorKind};

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

/// A file that may hold records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called below the folder that was given, or alone; with `/`.
    pub name: String,
}

impl Listed {
    /// Whether it is standard input, which can be read once only.
    pub fn is_stdin(&self) -> bool {
        self.path == Path::new(STANDARD)
    }

    /// What the name says is around the records.
    pub fn named_compression(&self) -> Option<Compression> {
        COMPRESSED.iter().find(|(ending, _)| self.name.ends_with(ending)).map(|(_, compression)| *compression)
    }
}

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// At least one.
    pub files: Vec<Listed>,
    /// It is a folder or a pattern: more than one file was meant, though there may be only one.
    pub several: bool,
}

/// Why a path means no file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// A folder without one.
    #[error("{}: no TFRecord file in this folder", .0.display())]
    Empty(PathBuf),
    /// There is no such file, and nothing that matches.
    #[error("{}: {error}", path.display())]
    Missing {
        /// What was given.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
    /// A folder cannot be read.
    #[error("{}: cannot be read: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        error: io::Error,
    },
}

impl Listing {
    /// What `path` names: a file, a folder (every TFRecord file below, sorted), a pattern with `*`, `?`, `[...]` and `**`
    /// where no file has that name, or `-`, which is standard input.
    pub fn of(path: &Path) -> Result<Self, ListError> {
        if path == Path::new(STANDARD) {
            let files = vec![Listed { path: path.to_owned(), name: "stdin.tfrecord".into() }];
            return Ok(Self { files, several: false });
        }
        let mut files = Vec::new();
        match fs::metadata(path) {
            Ok(there) if there.is_dir() => below(path, &mut files)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let Some(found) = matching(path)? else {
                    return Err(ListError::Missing { path: path.to_owned(), error });
                };
                for path in found {
                    match path.is_dir() {
                        true => below(&path, &mut files)?,
                        false => files.push(alone(path)),
                    }
                }
            }
            // What else is wrong, opening it says.
            _ => return Ok(Self { files: vec![alone(path.to_owned())], several: false }),
        }
        Ok(Self { files, several: true })
    }
}

fn alone(path: PathBuf) -> Listed {
    let name = path.file_name().map_or_else(|| "records.tfrecord".into(), |name| name.to_string_lossy().into_owned());
    Listed { path, name }
}

/// Files that match `path` as a pattern, sorted; `None` if it is none.
pub fn matching(path: &Path) -> Result<Option<Vec<PathBuf>>, ListError> {
    let Some(pattern) = path.to_str().filter(|text| text.contains(['*', '?', '['])) else { return Ok(None) };
    // A name with a bracket that is no pattern is a file that is not there.
    let Ok(found) = glob::glob(pattern) else { return Ok(None) };
    let mut found: Vec<PathBuf> = found.collect::<Result<_, _>>().map_err(|error: glob::GlobError| {
        let path = error.path().to_owned();
        ListError::Folder { path, error: error.into() }
    })?;
    if pattern.contains("**") {
        // It goes through links to folders too, which may lead to where it was before.
        let mut seen = HashSet::new();
        found.sort_by_key(|path| path.components().count());
        found.retain(|path| fs::canonicalize(path).map_or(true, |whole| seen.insert(whole)));
        found.sort();
    }
    Ok(Some(found).filter(|found| !found.is_empty()))
}

/// TFRecord files below `folder`, sorted; what is hidden is left out, and links to folders are not followed.
fn below(folder: &Path, files: &mut Vec<Listed>) -> Result<(), ListError> {
    let before = files.len();
    walk(folder, "", files)?;
    if files.len() == before {
        return Err(ListError::Empty(folder.to_owned()));
    }
    Ok(())
}

fn walk(folder: &Path, above: &str, files: &mut Vec<Listed>) -> Result<(), ListError> {
    let refused = |error| ListError::Folder { path: folder.to_owned(), error };
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(refused)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut left = Vec::new();
    let mut shapes = HashSet::new();
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if name.starts_with('.') {
            continue;
        }
        let relative = format!("{above}{name}");
        if entry.file_type().map_err(refused)?.is_dir() {
            walk(&path, &format!("{relative}/"), files)?;
        } else if path.is_file() && (is_named(&name) || holds_records(&path)) {
            shapes.extend(numbered(&name));
            files.push(Listed { path, name: relative });
        } else if path.is_file() {
            left.extend(numbered(&name).map(|shape| (shape, Listed { path, name: relative })));
        }
    }
    // One of a set whose beginning is damaged belongs to it all the same.
    let place = files.len();
    files.extend(left.into_iter().filter(|(shape, _)| shapes.contains(shape)).map(|(_, listed)| listed));
    if files.len() > place {
        files.sort_by(|one, other| one.path.cmp(&other.path));
    }
    Ok(())
}

/// The name without what says that the file is compressed.
pub fn uncompressed_name(name: &str) -> &str {
    COMPRESSED.iter().find_map(|(ending, _)| name.strip_suffix(ending)).unwrap_or(name)
}

/// The name without the ending of a TFRecord file.
pub fn without_ending(name: &str) -> &str {
    NAMES.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
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

/// The name of one of a set of files (`train-00001-of-00003`, `part-r-00001`) without its number.
fn numbered(name: &str) -> Option<String> {
    let number = name.char_indices().find(|(at, _)| {
        name[*at..].len() >= DIGITS && name.as_bytes()[*at..*at + DIGITS].iter().all(u8::is_ascii_digit)
    });
    let (at, _) = number?;
    let rest = name[at..].trim_start_matches(|letter: char| letter.is_ascii_digit());
    Some(format!("{}#{rest}", &name[..at]))
}

/// Digits of the number of one of a set of files.
const DIGITS: usize = 5;

/// Whether the file begins with a record, be it compressed or not.
fn holds_records(path: &Path) -> bool {
    let options = ReadOptions { max_record_len: 1 << 20, buffer_len: 1 << 12, verify: false, ..ReadOptions::default() };
    let Ok(mut reader) = Reader::open(path, options) else { return false };
    use RecordErrorKind::{TooLong, TruncatedRecord};
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
        let no = ["a.txt", "a.tfrecord.idx", "a.tfrecord.rmx", "record", "a.recording", "a.tfrecord-notes"];
        assert!(yes.iter().all(|name| is_named(name)));
        assert!(no.iter().all(|name| !is_named(name)), "{:?}", no.map(is_named));
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
        put("empty/notes.txt", b"");
        let find = |name: &str| {
            let found = Listing::of(&folder.path().join(name));
            found.map(|found| (found.several, found.files.into_iter().map(|file| file.name).collect::<Vec<_>>()))
        };
        let is = |name: &str, several: bool, names: &[&str]| {
            assert_eq!(find(name).expect("found"), (several, names.iter().map(|name| (*name).to_owned()).collect()));
        };
        is("", true, &["a/two", "b/damaged.tfrecord", "b/one.tfrecord"]);
        is("b/*.tfrecord", true, &["damaged.tfrecord", "one.tfrecord"]);
        is("a/two", false, &["two"]);
        is("**/one*", true, &["one.tfrecord"]);
        // A file that is named is read.
        is("a/notes.txt", false, &["notes.txt"]);
        for missing in ["none", "none*", "[x"] {
            assert!(matches!(find(missing), Err(ListError::Missing { .. })), "{missing}");
        }
        let message = find("empty").expect_err("nothing in it").to_string();
        assert!(message.ends_with("/empty: no TFRecord file in this folder"), "{message}");
    }
}
