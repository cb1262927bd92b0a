//! Short programs that read given TFRecord files, made from what is in them: for `recordmill snippet` and README.txt.
//!
//! ```text
//! tf, keras     tf.data alone; keras ends with what Keras trains on: bounding boxes, (image, label), (image, map)
//! torch, jax    recordmill, Pillow and numpy: TensorFlow is not needed
//! ```
//!
//! A program lists every feature and gives an item for each thing in it: `image`, `boxes`, `labels`, `masks` ..., or the
//! feature itself where it is nothing known. Of SequenceExamples it gives an item for each clip ([`sequence`]).

mod keras;
mod numpy;
mod reading;
mod sequence;
mod tensorflow;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

pub use reading::Reading;
pub use tensorflow::Lists;

use crate::files::shard::Shard;
use crate::inspect::{Schema, SchemaBuilder};
use crate::record::{Compression, Positioned, ReadOptions, Reader};
use crate::reshape::{Inputs, ReshapeError};

/// What a program is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framework {
    /// TensorFlow's `tf.data`.
    TensorFlow,
    /// Keras 3, fed by `tf.data`.
    Keras,
    /// PyTorch.
    Torch,
    /// JAX.
    Jax,
}

impl Framework {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TensorFlow, Self::Keras, Self::Torch, Self::Jax];

    /// The name in options: `tf`, `keras`, `torch`, `jax`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TensorFlow => "tf",
            Self::Keras => "keras",
            Self::Torch => "torch",
            Self::Jax => "jax",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|framework| framework.name() == name)
    }

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TensorFlow => "TensorFlow",
            Self::Keras => "Keras",
            Self::Torch => "PyTorch",
            Self::Jax => "JAX",
        }
    }

    /// What has to be installed.
    pub const fn needs(self) -> &'static str {
        match self {
            Self::TensorFlow => "tensorflow",
            Self::Keras => "tensorflow keras",
            Self::Torch => "recordmill pillow torch",
            Self::Jax => "recordmill pillow jax",
        }
    }
}

/// A program for `framework` that reads `files`, which have what `reading` says.
pub fn program(framework: Framework, files: &Files, reading: &Reading) -> String {
    if reading.of_sequences {
        return sequence::program(framework, files, reading);
    }
    match framework {
        Framework::TensorFlow => tensorflow::program(files, reading),
        Framework::Keras => keras::program(files, reading),
        Framework::Torch => numpy::torch(files, reading),
        Framework::Jax => numpy::jax(files, reading),
    }
}

/// The files of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// Paths, with `/`; as the program is to have them.
    pub names: Vec<String>,
    /// Around the records of each.
    pub compression: Compression,
}

impl Files {
    /// The pattern that all of these files match, where they are all shards of one set: `train-*-of-00010.tfrecord`.
    fn pattern(&self) -> Option<String> {
        let shards: Option<Vec<Shard<'_>>> = self.names.iter().map(|name| Shard::of(name)).collect();
        let shards = shards?;
        let first = shards.first()?;
        let odd = |text: &str| text.contains(['*', '?', '[', ']', '\\']);
        if odd(first.stem) || odd(first.end) || shards.iter().any(|shard| shard.pattern() != first.pattern()) {
            return None;
        }
        let numbers: BTreeSet<u32> = shards.iter().map(Shard::number).collect();
        (numbers.len() == first.count() as usize).then(|| first.pattern())
    }

    /// The lines that give `FILES`, `glob` being the function for patterns.
    fn lines(&self, glob: &str) -> String {
        if let Some(pattern) = self.pattern() {
            return format!("FILES = sorted({glob}({}))\n", literal(&pattern));
        }
        match &*self.names {
            [name] => format!("FILES = [{}]\n", literal(name)),
            names => {
                let rows: String = names.iter().map(|name| format!("    {},\n", literal(name))).collect();
                format!("FILES = [\n{rows}]\n")
            }
        }
    }
}

/// `text` as a literal of Python: JSON's are such.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The `tf.io` features that parse the records of the files that `given` are: Python code. Of each file the first `max_records` are
/// looked at, all where nothing is said.
pub fn feature_spec(
    given: &[PathBuf],
    lists: Lists,
    max_records: Option<u64>,
    stop: &AtomicBool,
) -> Result<String, ReshapeError> {
    let inputs = Inputs::find(given, ReadOptions::default())?;
    let paths: Vec<&Path> = inputs.files.iter().map(|input| &*input.path).collect();
    let (_, schema) = schema_of(&paths, max_records.unwrap_or(u64::MAX), stop)?;
    tensorflow::spec(&schema, lists).map_err(refused(&paths))
}

fn refused(paths: &[&Path]) -> impl Fn(String) -> ReshapeError {
    let path = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
    move |message| ReshapeError::Option(format!("{path}: {message}"))
}

/// Looks at the first `max_records` records of each of the files that `given` are: files, folders or patterns.
pub fn look_at(given: &[PathBuf], max_records: u64, stop: &AtomicBool) -> Result<(Files, Reading), ReshapeError> {
    let inputs = Inputs::find(given, ReadOptions::default())?;
    if !inputs.are_files() {
        return Err(ReshapeError::Option("a program reads files, and one of these is none".into()));
    }
    let paths: Vec<&Path> = inputs.files.iter().map(|input| &*input.path).collect();
    let (compression, reading) = read(&paths, max_records, &|_| false, stop)?;
    let name = |path: &&Path| {
        let refused =
            || ReshapeError::Option(format!("{}: a name that is no text cannot stand in a program", path.display()));
        path.to_str().map(|name| name.replace(std::path::MAIN_SEPARATOR, "/")).ok_or_else(refused)
    };
    let names = paths.iter().map(name).collect::<Result<_, _>>()?;
    Ok((Files { names, compression }, reading))
}

/// Bytes of records after which no more are looked at: clips are large.
const ENOUGH: u64 = 64 << 20;

/// What the first records of `paths` have, and what is around them. Keys that `is_list` are lists that not every record has,
/// whatever these records say.
pub fn read(
    paths: &[&Path],
    max_records: u64,
    is_list: &dyn Fn(&str) -> bool,
    stop: &AtomicBool,
) -> Result<(Compression, Reading), ReshapeError> {
    let (compression, schema) = schema_of(paths, max_records, stop)?;
    Ok((compression, Reading::of(&schema, is_list).map_err(refused(paths))?))
}

fn schema_of(paths: &[&Path], max_records: u64, stop: &AtomicBool) -> Result<(Compression, Schema), ReshapeError> {
    let mut schema = SchemaBuilder::default();
    let mut around = None;
    for path in paths {
        let failed = |error| ReshapeError::Record { path: path.to_path_buf(), error };
        let file = Positioned::open_or_stdin(path).map_err(|error| failed(error.into()))?;
        let mut reader = Reader::from_positioned(file, ReadOptions::default());
        while reader.records() < max_records && (reader.records() == 0 || reader.offset() < ENOUGH) {
            if stop.load(Ordering::Relaxed) {
                return Err(ReshapeError::Cancelled);
            }
            let Some(record) = reader.next_record().map_err(failed)? else { break };
            schema.add(record.payload);
        }
        // Of a file without a record nobody can tell.
        if reader.records() == 0 {
            continue;
        }
        let compression = reader.compression().map_err(failed)?;
        if *around.get_or_insert(compression) != compression {
            let message = format!("{}: is {compression}, others are not; a program reads one kind", path.display());
            return Err(ReshapeError::Option(message));
        }
    }
    Ok((around.unwrap_or_default(), schema.finish()))
}
